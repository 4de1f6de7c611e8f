"""What every embedder and every report format must keep."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from forensics import registry
from forensics.embedders import Embedder
from forensics.errors import UsageError
from forensics.records.evidence import Evidence

GOLDEN = Path(__file__).parents[1] / "golden"
HEAVY = {"sentence_transformers"}
"""Embedders that take seconds to load."""


@pytest.fixture(
    params=[pytest.param(n, marks=[pytest.mark.slow] if n in HEAVY else []) for n in registry.names("embedders")]
)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    plugin = registry.load("embedders", request.param)
    assert 10 < len(plugin.SUMMARY) < 130
    if request.param in HEAVY:
        pytest.skip(f"{request.param} takes seconds to load; tests/test_embedders.py compares it with the light one")
    try:
        loaded: Embedder = plugin.load(None)
    except UsageError as error:
        pytest.skip(f"{request.param}: {error}")
    return loaded


def test_vectors_have_unit_length_and_hang_on_their_text_alone(embedder: Embedder) -> None:
    texts = ["", "The mill grinds.", "The mill grinds.", "\x00\u202e", "word " * 3000, "a\ud83d", "你好"]
    vectors = embedder.encode(texts)
    assert vectors.shape == (len(texts), embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    assert (vectors[1] == vectors[2]).all()
    alone = embedder.encode([texts[6]], workers=2)
    assert (alone[0] == vectors[6]).all()
    assert embedder.encode([]).shape == (0, embedder.dimension)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", embedder.digest)


# --- formats ------------------------------------------------------------------------------------------------------


BINARY = (".pdf", ".png", ".xlsx", ".docx")


def usable(name: str):
    plugin = registry.load("formats", name)
    if lacking := getattr(plugin, "missing", lambda: None)():
        pytest.skip(f"{name}: {lacking}")
    return plugin


@pytest.fixture(params=registry.names("formats"))
def format_(request: pytest.FixtureRequest):
    return usable(request.param)


def golden_evidence() -> Evidence:
    return Evidence.model_validate_json((GOLDEN / "case-1" / "evidence.json").read_bytes())


def hostile_evidence() -> Evidence:
    """The golden evidence with every free text replaced by something hostile."""
    nasty = "\x1b[31m<script>alert(1)</script>\u202e=cmd|'/c calc'!A1 [x](javascript:y) `|\r\n{{7*7}} \x00"
    content = golden_evidence().model_dump(mode="json", by_alias=True)

    def spoil(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: spoil(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [spoil(item, name) for item in value]
        spoilt = name in (
            "text",
            "prompt",
            "model",
            "models",
            "name",
            "warnings",
            "set_aside",
            "reference",
            "questioned",
        )
        return nasty + value if spoilt and isinstance(value, str) else value

    for exhibit in content["exhibits"]:
        for excerpt in exhibit["excerpts"]:
            excerpt["marks"] = []
    return Evidence.model_validate(spoil(content))


@functools.cache
def render(plugin, which) -> dict[str, bytes]:
    return render_anew(plugin, which)


def render_anew(plugin, which) -> dict[str, bytes]:
    from forensics.reporting.layout import make

    return plugin.render(make(which()))


def test_a_format_says_what_it_writes(format_) -> None:
    assert format_.__doc__
    assert 10 < len(format_.SUMMARY) < 110


def test_files_are_named_inside_the_case_and_the_same_each_time(format_) -> None:
    files = render(format_, golden_evidence)
    assert files
    for name, data in files.items():
        path = PurePosixPath(name)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", name)
        assert name not in ("case.json", "scores.json", "evidence.json"), "records are not for formats to write"
        assert isinstance(data, bytes)
        data.decode("utf-8") if not name.endswith(BINARY) else None
    assert render_anew(format_, golden_evidence) == files


def test_hostile_texts_act_on_nothing(format_) -> None:
    for name, data in render(format_, hostile_evidence).items():
        if name.endswith(BINARY):
            continue
        text = data.decode("utf-8")
        assert "\x1b" not in text, name
        assert "\x00" not in text, name
        if name.endswith(".json"):
            json.loads(text)
            continue
        assert "\u202e" not in text, name
        if name.endswith(".md"):
            text = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text)
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
            assert [c for c in cells if c.lstrip()[:1] in ("=", "+", "@") and not _is_number(c)] == []
            continue
        assert "<script>alert" not in text, name
        assert not name.endswith(".md") or not re.search(r"(?<!\\)\]\(javascript:", text), name


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def opened(data: bytes) -> bytes:
    """Return what lies in an archive or a PDF, or a file as it is."""
    if data.startswith(b"%PDF"):
        streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
        return b"".join(zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"x")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def test_every_statistic_found_is_in_every_format(format_) -> None:
    everything = b"".join(map(opened, render(format_, golden_evidence).values())).decode("utf-8", "replace")
    for finding in golden_evidence().findings:
        assert finding.statistic in everything


def test_two_formats_never_write_the_same_file() -> None:
    written: dict[str, str] = {}
    for name in registry.names("formats"):
        if getattr(registry.load("formats", name), "missing", lambda: None)():
            continue
        for file in render(registry.load("formats", name), golden_evidence):
            assert file not in written, f"{name} and {written[file]} both write {file}"
            written[file] = name

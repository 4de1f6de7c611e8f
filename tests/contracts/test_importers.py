"""What every importer must keep. A new one is tested by adding its file, and a small recording beside this test."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import zstandard

from forensics import importing, registry
from forensics.errors import BadFile, ForensicsError
from forensics.importers import Recorded, Recording

RECORDINGS = Path(__file__).parent / "recordings"
NAMES = registry.names("importers")


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def recording(name: str) -> Path:
    found = sorted(RECORDINGS.glob(f"{name}.*"))
    assert len(found) == 1, f"put one small recording of made-up answers at tests/contracts/recordings/{name}.SUFFIX"
    return found[0]


def test_it_says_what_it_reads(name: str) -> None:
    plugin = registry.load("importers", name)
    assert plugin.__doc__
    assert 10 < len(plugin.SUMMARY) < 110
    assert isinstance(getattr(plugin, "OPTIONS", ()), tuple)


def test_it_recognises_its_own_and_nobody_elses(name: str) -> None:
    """The table is the catch-all and may recognise more, which is why it is asked last."""
    for other in NAMES:
        start = recording(other).read_text("utf-8")[: importing._START]
        recognised = registry.load("importers", name).recognises(start, recording(other).name)
        assert recognised == (name == other) or name == "table", other
        assert importing.detect(recording(other), start) == other


@pytest.mark.parametrize(
    "start", ["", "\x00", "[", "{", "[{", "{}", "[]", "hello", "<html>", "a,b\n1,2\n", "\ufeff", '"', "%PDF-1.4"]
)
def test_it_recognises_nothing_in_other_files(name: str, start: str) -> None:
    assert not registry.load("importers", name).recognises(start, "x.json")


def test_it_reads_its_own(name: str) -> None:
    path = recording(name)
    found = list(registry.load("importers", name).read(Recording(path, path.read_text("utf-8")), {}))
    assert len(found) >= 3
    assert all(isinstance(item, Recorded) for item in found)
    transcript = importing.read_transcript(path)
    assert transcript.format == name
    assert len({entry.prompt_digest for entry in transcript.entries}) >= 3
    assert any(entry.state == "text" for entry in transcript.entries)


def test_it_reads_the_same_compressed_and_with_other_line_ends(name: str, tmp_path: Path) -> None:
    path = recording(name)
    data = path.read_bytes()
    plain = importing.read_transcript(path).entries
    for suffix, packed in ((".gz", gzip.compress(data)), (".zst", zstandard.ZstdCompressor().compress(data))):
        other = tmp_path / f"{path.name}{suffix}"
        other.write_bytes(packed)
        found = importing.read_transcript(other)
        assert found.entries == plain
        assert found.format == name
        assert found.digest != importing.read_transcript(path).digest
    if name != "native":  # a native transcript is chained byte by byte
        windows = tmp_path / path.name
        windows.write_bytes(data.replace(b"\n", b"\r\n"))
        assert [e.prompt_digest for e in importing.read_transcript(windows).entries] == [e.prompt_digest for e in plain]


def _check(error: ForensicsError, path: Path) -> None:
    assert error.exit_status in (2, 4)
    assert path.name in str(error)


def test_what_is_cut_off_is_refused_or_at_least_not_invented(name: str, tmp_path: Path) -> None:
    """JSON cut off is refused with its line; a table may lose rows at its end, but no answer may change but the last."""
    path = recording(name)
    text = path.read_text("utf-8")
    whole = {(e.prompt, e.draw): e.text for e in importing.read_transcript(path).entries}
    for cut in range(1, len(text.rstrip()), 1 + len(text) // 150):
        torn = tmp_path / path.name
        torn.write_text(text[:cut], "utf-8")
        try:
            entries = importing.read_transcript(torn, importer=name).entries
        except ForensicsError as error:
            _check(error, path)
        else:
            assert path.suffix in (".csv", ".jsonl"), cut
            assert all(whole.get((e.prompt, e.draw)) == e.text for e in entries[:-1])


def test_what_is_cut_off_in_json_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    path = recording(name)
    if path.suffix == ".csv":
        pytest.skip("a table cut off at the end of a cell is a whole table")
    torn = tmp_path / path.name
    torn.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(BadFile, match=rf"{re.escape(path.name)}, line \d+"):
        importing.read_transcript(torn)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "[1]", "{}", "[{}]", '[{"instruction": 1}]', "\x00", "a,b", '{"a": 1}\n{"b": 2}', "[[[["]
)
def test_it_refuses_what_is_not_its_own(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(BadFile, match=r"x\.json"):
        importing.read_transcript(path, importer=name)


def test_it_survives_being_given_the_others(name: str, tmp_path: Path) -> None:
    for other in NAMES:
        try:
            importing.read_transcript(recording(other), importer=name)
        except ForensicsError as error:
            _check(error, recording(other))


def test_it_changes_no_text(name: str) -> None:
    path = recording(name)
    raw = list(registry.load("importers", name).read(Recording(path, path.read_text("utf-8")), {}))
    checked = importing.read_transcript(path).entries
    assert [item.answer for item in raw] == [entry.text for entry in checked]

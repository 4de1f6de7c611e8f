"""Word and PDF: what they hold, that nothing hostile acts or breaks them, and the same bytes everywhere."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from forensics import listing, registry
from forensics.cli import main
from forensics.errors import UsageError
from forensics.records.evidence import Evidence
from forensics.reporting import layout
from forensics.reporting.court_texts import TO_COMPLETE

Make = Callable[..., Evidence]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")
"""The smallest picture, where drawing is not what is tested."""
ROOT = Path(__file__).parents[2]


def usable(name: str):
    plugin = registry.load("formats", name)
    if lacking := plugin.missing():
        pytest.skip(f"{name}: {lacking}")
    return plugin


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {item.filename: archive.read(item) for item in archive.infolist()}


def word(evidence: Evidence, style: str = "court") -> dict[str, bytes]:
    made = layout.make(evidence, style=style)  # type: ignore[arg-type]
    return opened(usable("docx").render(made)[f"{made.stem}.docx"])


def paragraphs(parts: dict[str, bytes]) -> list[str]:
    root = ElementTree.fromstring(parts["word/document.xml"])
    return ["".join(t.text or "" for t in p.iter(f"{W}t")) for p in root.iter(f"{W}p")]


@pytest.mark.parametrize("style", ["court", "analyst"])
def test_word_holds_every_paragraph_table_figure_and_field(make_evidence: Make, style: str) -> None:
    evidence = make_evidence(ratio=1.2)
    made = layout.make(evidence, style=style)  # type: ignore[arg-type]
    parts = word(evidence, style)
    text = paragraphs(parts)
    for section in made.walk():
        assert f"{section.number}  {section.title}" in text
        for place, words in enumerate(section.paragraphs):
            assert f"{'' if section.first is None else section.first + place}{words}" in text
        for table in section.tables:
            assert f"Table {table.number}. {table.title} ({table.id})" in text
    assert sum(TO_COMPLETE in line for line in text) == sum(1 for s in made.walk() for _ in s.fields) + (
        style == "court"
    )  # the paragraph that explains the boxes says it too
    figures = [name for name in parts if name.endswith(".svg")]
    assert len(figures) == len(made.figures())
    assert parts["word/document.xml"].count(b"<asvg:svgBlip") == len(figures)
    assert b"PAGE" in parts["word/footer1.xml"]
    assert b"NUMPAGES" in parts["word/footer1.xml"]


def test_word_opens_again_and_repeats_its_heads(make_evidence: Make) -> None:
    docx = pytest.importorskip("docx")
    made = layout.make(make_evidence(ratio=1.2), style="court")
    document = docx.Document(io.BytesIO(usable("docx").render(made)["report.court.docx"]))
    assert document.core_properties.language == "en-GB"
    assert sum(len(table.rows) for table in document.tables) > 100
    assert "w:tblHeader" in document.element.xml


def test_hostile_texts_stay_text_in_word(
    make_evidence: Make, batch: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usable("docx"), "png", lambda svg: DOT)
    turn = iter(batch * 400)
    evidence = make_evidence(
        lambda kind: next(turn), names=batch, exhibits=2, probes=5, statistics=("lexical",), ratio=1.2
    )
    plain = make_evidence(
        names=[f"word-{i}" for i in range(len(batch))], exhibits=2, probes=5, statistics=("lexical",), ratio=1.2
    )
    parts = word(evidence)
    relations = parts["word/_rels/document.xml.rels"].decode()
    assert "External" not in relations
    kinds = [
        {e.tag for e in ElementTree.fromstring(found["word/document.xml"]).iter()} for found in (parts, word(plain))
    ]
    assert kinds[0] <= kinds[1] | {f"{W}br"}
    text = "\n".join(paragraphs(parts))
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\x1b\x00")
    for name in (name for name in parts if name.endswith((".svg", ".xml", ".rels"))):
        ElementTree.fromstring(parts[name])


def small(make: Make) -> Evidence:
    """Return evidence with everything in it and little of each: PDF takes its time."""
    return make(ratio=1.2, cohort=4, probes=5, statistics=("lexical",))


def inflated(pdf: bytes) -> bytes:
    """Return a PDF's objects without compression."""
    streams = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            streams.append(zlib.decompressobj().decompress(found[1]))
        except zlib.error:
            streams.append(found[1])
    return b"\n".join(streams)


def test_pdf_is_tagged_with_embedded_fonts_and_numbered_pages(make_evidence: Make, tmp_path: Path) -> None:
    made = layout.make(small(make_evidence), style="court")
    pdf = usable("pdf").render(made)["report.court.pdf"]
    held = inflated(pdf)
    assert b"/MarkInfo <</Marked true>>" in held
    assert b"/StructTreeRoot" in held
    assert b"/Lang (en)" in held
    assert b'pdfuaid:part="1"' in held
    descriptors = re.findall(rb"<</Type /FontDescriptor.*?>>", held, re.DOTALL)
    assert descriptors
    assert all(b"/FontFile" in one for one in descriptors)
    assert b"/URI" not in held, "no link leaves the file"
    assert b"/JavaScript" not in held
    for section in made.walk():
        assert f"/Title ({section.number} {section.title})".encode() in held, "an outline to find one's way by"
    if shutil.which("pdftotext") is None:
        return
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    pages = done.stdout.split("\f")[:-1]
    assert all(f"page {n} of {len(pages)}" in page for n, page in enumerate(pages, start=1))
    assert TO_COMPLETE in done.stdout


def test_hostile_texts_do_not_break_the_pdf(make_evidence: Make, hostile_texts: list[str]) -> None:
    texts = [text[:500] for text in hostile_texts]
    turn = iter(texts * 40)
    evidence = make_evidence(lambda kind: next(turn), names=texts[:6], exhibits=1, probes=3, statistics=("lexical",))
    data = usable("pdf").render(layout.make(evidence, style="court"))["report.court.pdf"]
    assert data.startswith(b"%PDF-1.7")
    assert b"/URI" not in inflated(data)


SCRIPT = """
import hashlib, json, sys
from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import layout
evidence = Evidence.model_validate_json(open(sys.argv[1], "rb").read())
found = {}
for style in ("analyst", "court"):
    made = layout.make(evidence, style=style)
    for name in sys.argv[2].split(","):
        if name == "pdf" and style == "analyst":
            continue  # the same page, and slow to lay out
        for path, data in registry.load("formats", name).render(made).items():
            found[path] = hashlib.sha256(data).hexdigest()
print(json.dumps(found))
"""


def test_every_format_gives_the_same_bytes_in_another_process_and_place(make_evidence: Make, tmp_path: Path) -> None:
    recorded = tmp_path / "evidence.json"
    recorded.write_text(small(make_evidence).model_dump_json(by_alias=True), "utf-8")
    names = [
        n for n in registry.names("formats") if not getattr(registry.load("formats", n), "missing", lambda: None)()
    ]
    running = []
    for zone, seed in (("UTC", "0"), ("Asia/Kathmandu", "4242")):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
        environment.pop("SOURCE_DATE_EPOCH", None)
        command = [sys.executable, "-W", "error::DeprecationWarning", "-c", SCRIPT, str(recorded), ",".join(names)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder))
    digests = [json.loads(process.communicate()[0]) for process in running]
    assert digests[0] == digests[1]
    assert len(digests[0]) > 20


def test_the_source_date_is_honoured(monkeypatch: pytest.MonkeyPatch, make_evidence: Make) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert b"2023-11-14T22:13:20Z" in word(make_evidence())["docProps/core.xml"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        word(make_evidence())


def test_a_format_that_lacks_a_library_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        registry.load("formats", "pdf"), "missing", lambda: "the Pango library is not installed; run: x"
    )
    row = next(row for row in listing.rows("formats") if row.name == "pdf")
    assert "not usable here: the Pango library" in row.summary
    assert "broken" not in row.summary
    done = CliRunner().invoke(main, ["report", str(tmp_path), "--format", "html,pdf"])
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert "not usable here" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = registry.load("formats", "pdf")
    monkeypatch.setattr(plugin, "find_library", lambda name: None)
    assert re.search(r"Pango|WeasyPrint", plugin.missing())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'forensics[pdf]'" in plugin.missing()
    assert "pip install 'forensics[docx]'" in registry.load("formats", "docx").missing()


def test_figures_as_pixels_are_drawn_and_the_same_each_time(make_evidence: Make) -> None:
    usable("docx")
    from PIL import Image

    made = layout.make(make_evidence(ratio=1.2))
    parts = [word(make_evidence(ratio=1.2), "analyst") for _ in range(2)]
    pictures = {name: data for name, data in parts[0].items() if name.endswith(".png")}
    assert 0 < len(pictures) <= len(made.figures()), "figures that look alike share a picture"
    for name, data in pictures.items():
        colours = Image.open(io.BytesIO(data)).convert("L").getcolors()
        assert colours is not None
        assert len(colours) > 3, name
    assert {n: hashlib.sha256(d).digest() for n, d in parts[0].items()} == {
        n: hashlib.sha256(d).digest() for n, d in parts[1].items()
    }

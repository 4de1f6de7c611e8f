"""Reads documents and finds what they must not say: generated reports, and texts that a human has edited.

Quoted answers and prompts are evidence and are left out: elements of class `text` in HTML, fenced blocks and quoted list
items in Markdown, paragraphs of style `Quoted` in Word. The rules are in `wording_rules`; nothing is changed here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from forensics.errors import BadFile
from forensics.wording_rules import Rule, hits

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LARGEST = 200_000_000
"""Bytes of a document's text, unpacked."""
_AROUND = 50
"""Characters shown on each side of a finding."""
_PARTS = re.compile(r"word/(?:document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_INLINE = frozenset(("a", "b", "i", "em", "strong", "span", "mark", "small", "sub", "sup", "u", "code", "abbr", "wbr"))


class Line(NamedTuple):
    """A line or paragraph of a document."""

    number: int
    text: str


class Fault(NamedTuple):
    """One expression that says too much."""

    path: str
    line: int
    """Line of a text or page, paragraph of a Word document."""
    rule: Rule
    text: str
    context: str


def lint(path: Path) -> list[Fault]:
    """Return every expression in a document that says more than a comparison can.

    Raises BadFile for a file that is not text, HTML, Markdown or a Word document.
    """
    data = path.read_bytes()
    reader = _READERS.get(path.suffix.lower(), _plain)
    return [
        Fault(str(path), line.number, hit.rule, hit.text, _context(line.text, hit.start, len(hit.text)))
        for line in reader(data, path)
        for hit in hits(line.text)
    ]


def _context(text: str, start: int, length: int) -> str:
    begin, end = max(start - _AROUND, 0), min(start + length + _AROUND, len(text))
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


def _decoded(data: bytes, path: Path) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(
            path, "not text in UTF-8", remedy="Give a .docx, .html, .md or .txt file; of a PDF, its source."
        ) from error
    if "\0" in text:
        raise BadFile(path, "not a text", remedy="Give a .docx, .html, .md or .txt file; of a PDF, its source.")
    return text


def _plain(data: bytes, path: Path) -> Iterator[Line]:
    """Yield paragraphs: a sentence may run over several lines."""
    yield from _paragraphs(_decoded(data, path).splitlines())


def _paragraphs(lines: Sequence[str]) -> Iterator[Line]:
    held: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            held.append(line.strip())
        elif held:
            yield Line(number - len(held), " ".join(held))
            held = []


def _markdown(data: bytes, path: Path) -> Iterator[Line]:
    """Yield paragraphs without fenced blocks, quoted list items and marks of emphasis."""
    kept, fence = [], ""
    for line in _decoded(data, path).splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence:
            kept.append("")
            fence = "" if line.strip() == fence else fence
        elif mark:
            fence = mark[1]
            kept.append("")
        elif re.match(r"\s*[*-] “.*”\s*$", line):
            kept.append("")
        else:
            kept.append(re.sub(r"\\(?=[^\w\s])|\*\*|__", "", line))
    yield from _paragraphs(kept)


class _Page(HTMLParser):
    """Collects a page's blocks of text, quoted ones left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Line] = []
        self._text: list[str] = []
        self._line = 1
        self._skipped = 0
        self._open: list[tuple[str, bool]] = []

    def flush(self) -> None:
        """End a block of text."""
        text = " ".join("".join(self._text).split())
        if text:
            self.lines.append(Line(self._line, text))
        self._text, self._line = [], self.getpos()[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self.flush()
        if tag in _VOID:
            return
        classes = (dict(attrs).get("class") or "").split()
        skipped = tag in ("script", "style", "template") or "text" in classes
        self._open.append((tag, skipped))
        self._skipped += skipped

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.flush()
        if tag in [name for name, _ in self._open]:
            while self._open:
                name, skipped = self._open.pop()
                self._skipped -= skipped
                if name == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._text.append(data)


def _html(data: bytes, path: Path) -> Iterator[Line]:
    page = _Page()
    page.feed(_decoded(data, path))
    page.close()
    page.flush()
    yield from page.lines


def _word(data: bytes, path: Path) -> Iterator[Line]:
    """Yield the paragraphs of a Word document, notes, comments, headers and footers included."""
    number = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [item for item in archive.infolist() if _PARTS.fullmatch(item.filename)]
            if sum(item.file_size for item in found) > _LARGEST:
                raise BadFile(path, "its text is larger than 200 MB unpacked")
            roots = [ElementTree.fromstring(archive.read(item)) for item in found]  # noqa: S314  expat refuses bombs
    except (zipfile.BadZipFile, ElementTree.ParseError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadFile(
            path, f"not a Word document: {error}", remedy="Save it again as .docx, without a password."
        ) from error
    if not found:
        raise BadFile(path, "not a Word document", remedy="Save it again as .docx.")
    for root in roots:
        for block in root.iter(f"{_W}p"):
            number += 1
            style = block.find(f"{_W}pPr/{_W}pStyle")
            if style is None or style.get(f"{_W}val") != "Quoted":
                yield Line(number, "".join(_said(block)))


def _said(block: ElementTree.Element) -> Iterator[str]:
    """Yield a paragraph's text; what was struck out under tracked changes is not in it."""
    for element in block.iter():
        if element.tag == f"{_W}t":
            yield element.text or ""
        elif element.tag in (f"{_W}tab", f"{_W}br"):
            yield " "


_READERS: dict[str, Callable[[bytes, Path], Iterator[Line]]] = {
    ".docx": _word, ".html": _html, ".htm": _html, ".md": _markdown, ".markdown": _markdown,
}  # fmt: skip

"""Pieces of WordprocessingML: paragraphs, runs, tables, boxes, drawings. Knows nothing of reports.

Every text passes `hostile.visible` first, so that nothing in it is hidden or forbidden in XML.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from forensics import hostile

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACES = (
    f'xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main"'
)
_PIXEL = 9525
"""English Metric Units of a pixel."""
_WIDEST = 5_900_000
"""Width of the text on the page, in the same units."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP archive can hold."""


class Run(NamedTuple):
    """A piece of text in one manner."""

    text: str
    bold: bool = False
    italic: bool = False
    quiet: bool = False
    marked: bool = False
    tab: bool = False
    """True for a tab after the text."""


class Cell(NamedTuple):
    """One cell of a table."""

    content: str
    """Paragraphs, as XML."""
    shade: str = ""
    """Colour behind it, six hexadecimal digits."""


def rooted(xml: str) -> str:
    """Return an element with the name spaces that everything here uses."""
    tag = xml.index(">") if xml[xml.index(">") - 1] != "/" else xml.index(">") - 1
    return f"{xml[:tag]} {_SPACES}{xml[tag:]}"


def paragraph(runs: Iterable[Run] | str, style: str = "Normal", *, right: bool = False) -> str:
    """Return a paragraph."""
    pieces = [Run(runs)] if isinstance(runs, str) else runs
    side = '<w:jc w:val="right"/>' if right else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{side}</w:pPr>{"".join(map(_run, pieces))}</w:p>'


def _run(run: Run) -> str:
    manner = "".join(
        (
            "<w:b/>" if run.bold else "",
            "<w:i/>" if run.italic else "",
            '<w:color w:val="5F5A52"/>' if run.quiet else "",
            '<w:u w:val="single"/><w:shd w:val="clear" w:color="auto" w:fill="F7E3A1"/>' if run.marked else "",
        )
    )
    lines = hostile.visible(run.text).replace("\t", " ").split("\n")
    text = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in lines)
    return f"<w:r><w:rPr>{manner}</w:rPr>{text}{'<w:tab/>' if run.tab else ''}</w:r>"


def one_line(text: str) -> str:
    """Return a text for a place that has one line; a run of it makes its line breaks visible."""
    return text.replace("\r\n", "\n").replace("\n", hostile.NEWLINE)


def table(rows: Sequence[Sequence[Cell]], *, head: int = 0, widths: Sequence[int] = (), ruled: bool = True) -> str:
    """Return a table over the whole width; `head` rows are repeated on each page, `widths` are shares."""
    columns = max(map(len, rows))
    shares = widths or [1] * columns
    grid = "".join(f'<w:gridCol w:w="{round(9300 * share / sum(shares))}"/>' for share in shares)
    rule = '<w:{} w:val="single" w:sz="4" w:space="0" w:color="BBBBBB"/>'
    sides = ("top", "bottom", "insideH") if ruled else ("top", "left", "bottom", "right", "insideH", "insideV")
    layout = '<w:tblLayout w:type="fixed"/>' if widths else ""
    body = "".join(_row(row, head=place < head) for place, row in enumerate(rows))
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{"".join(map(rule.format, sides))}</w:tblBorders>'
        f'{layout}<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"
    )


def _row(cells: Sequence[Cell], *, head: bool) -> str:
    kept = "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" if head else "<w:trPr><w:cantSplit/></w:trPr>"
    return f"<w:tr>{kept}{''.join(map(_cell, cells))}</w:tr>"


def _cell(cell: Cell) -> str:
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{cell.shade}"/>' if cell.shade else ""
    return f"<w:tc><w:tcPr>{shade}</w:tcPr>{cell.content}</w:tc>"


def drawing(number: int, *, pixels: str, vector: str, name: str, size: tuple[float, float]) -> str:
    """Return a paragraph with a drawing: `vector` and `pixels` are relations to its SVG and to the same as pixels."""
    width, height = (round(side * _PIXEL) for side in size)
    width, height = min(width, _WIDEST), round(height * min(1, _WIDEST / width))
    said = quoteattr(hostile.one_line(name))
    extent = f'cx="{width}" cy="{height}"'
    return (
        f'<w:p><w:pPr><w:keepNext/></w:pPr><w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {extent}/>'
        f'<wp:docPr id="{number}" name="Figure {number}" descr={said}/><a:graphic><a:graphicData '
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="{number}" name="Figure {number}" descr={said}/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'<a:blip r:embed="{pixels}"><a:extLst><a:ext uri="{{96DAC541-7B7A-43D3-8B79-37D633B846F1}}">'
        f'<asvg:svgBlip r:embed="{vector}"/></a:ext></a:extLst></a:blip><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {extent}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def same_each_time(archive: bytes) -> bytes:
    """Return a ZIP archive with its files as they are, and every time and attribute in it fixed."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w") as new:
        for item in old.infolist():
            fresh = zipfile.ZipInfo(item.filename, _EARLIEST)
            fresh.compress_type, fresh.external_attr, fresh.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            new.writestr(fresh, old.read(item), compresslevel=6)
    return written.getvalue()

"""The report as a Word document, for lawyers and experts to edit; figures are SVG, fields to be completed are boxes.

Paragraph numbers are plain text, so that a citation stays right when somebody edits. Edited words can be checked with
`forensics lint`. Each figure also stands there as pixels, for programs that cannot draw SVG in a document.
"""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from forensics import hostile
from forensics.errors import UsageError
from forensics.formats import _word
from forensics.formats._date import source_date
from forensics.formats._raster import png
from forensics.formats._widths import shares
from forensics.formats._word import Cell, Run
from forensics.reporting.court_texts import TO_COMPLETE
from forensics.reporting.drawing import on_paper
from forensics.reporting.parts import Exhibit, Field, Figure, Report, Row, Section, Summary, Table

if TYPE_CHECKING:
    from docx.document import Document

SUMMARY = "report.docx: for lawyers and experts to edit, fields to be completed as boxes (needs forensics[docx])"

LONGEST_NAME = 120
ACROSS = 105
"""Characters across a table."""
_UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
"""Written where no date is given: the format wants one, and the time of making would differ each time."""
_SHADE = "F3F0E8"


def missing() -> str | None:
    """Return what must be installed before a document can be written here; None when nothing is missing."""
    lacking = [name for name in ("docx", "PIL") if importlib.util.find_spec(name) is None]
    return "python-docx and Pillow are not both installed; run: pip install 'forensics[docx]'" if lacking else None


def render(report: Report) -> dict[str, bytes]:
    """Return report.docx, or report.court.docx. Raises UsageError where python-docx is not installed."""
    if lacking := missing():
        raise UsageError(f"No Word document can be written here: {lacking}.")
    from docx.oxml import parse_xml

    from forensics.formats._word_styles import blank

    document = blank(tool=report.tool, title=_short(report.title), dated=source_date() or _UNDATED)
    body = document.element.body
    end = body.sectPr
    for piece in _pieces(report, _Figures(document)):
        end.addprevious(parse_xml(_word.rooted(piece)))
    stream = io.BytesIO()
    document.save(stream)
    return {f"{report.stem}.docx": _word.same_each_time(stream.getvalue())}


class _Figures:
    """Puts drawings into the document's package, each once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._count = 0

    def shown(self, figure: Figure) -> str:
        """Return the paragraph that shows a figure."""
        from docx.opc.constants import RELATIONSHIP_TYPE
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part

        part = self._document.part
        drawn = on_paper(figure.wide)
        pixels, _ = part.get_or_add_image(io.BytesIO(png(drawn)))
        self._count += 1
        name = PackURI(f"/word/media/figure{self._count}.svg")
        vector = Part(name, "image/svg+xml", drawn.encode(), part.package)
        relation = part.relate_to(vector, RELATIONSHIP_TYPE.IMAGE)
        box = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', figure.wide)
        size = (float(box[1]), float(box[2])) if box else (720.0, 300.0)
        return _word.drawing(self._count, pixels=pixels, vector=relation, name=figure.title, size=size)


def _pieces(report: Report, figures: _Figures) -> Iterator[str]:
    yield _word.paragraph([Run(f"{report.kicker}, made by forensics {report.tool}.", quiet=True)])
    yield _word.paragraph(_short(report.title), "Title")
    shown = None
    if report.style == "analyst":
        yield from _first_screen(report.summary, figures)
        shown = report.summary.figure.id if report.summary.figure else None
    title = f"What this {'annex' if report.style == 'court' else 'report'} does not show"
    limits = _word.paragraph([Run(title, bold=True)]) + "".join(map(_word.paragraph, report.limits))
    yield _word.table([[Cell(limits)]], ruled=False)
    for section in report.sections:
        yield from _section(section, 1, figures, shown)
    yield _word.paragraph([Run(
        f"Laid out by forensics {report.tool} from evidence.json, {report.evidence}. Every cell with its id, unit, n and "
        f"source digest is in {report.cells}.", quiet=True,
    )])  # fmt: skip


def _first_screen(summary: Summary, figures: _Figures) -> Iterator[str]:
    yield _word.paragraph([Run(summary.question, italic=True)])
    answer = _word.paragraph([Run("Answer", bold=True)]) + _word.paragraph(summary.answer)
    yield _word.table([[Cell(answer, _SHADE)]], ruled=False)
    yield _word.paragraph(summary.meaning)
    for caution in summary.cautions:
        yield _word.paragraph(_word.one_line(caution), "ListBullet")
    for weighed in summary.propositions:
        yield _word.paragraph([Run(f"{weighed.name}  ", bold=True), Run(_word.one_line(weighed.text))])
    yield from (_word.paragraph(_word.one_line(w.ratio), "ListBullet") for w in summary.propositions if w.ratio)
    steps = [Run(f"{step.ratios}: {step.words}; ", quiet=not step.applies, bold=step.applies) for step in summary.scale]
    if steps:
        yield _word.paragraph([Run("Scale of ratios: ", quiet=True), *steps, Run("mirrored below 1.", quiet=True)])
    if summary.figure:
        yield from _figure(summary.figure, figures)
    yield from _table(summary.key)


def _section(section: Section, level: int, figures: _Figures, shown: str | None) -> Iterator[str]:
    yield _word.paragraph(f"{section.number}  {_short(section.title)}", f"Heading{level}")
    for place, text in enumerate(section.paragraphs):
        if section.first is None:
            yield _word.paragraph(text)
        else:
            yield _word.paragraph([Run(f"{section.first + place}", quiet=True, tab=True), Run(text)], "Numbered")
    for place, field in enumerate(section.fields, start=len(section.paragraphs)):
        yield from _field(field, (section.first or 0) + place)
    for figure in section.figures:
        if figure.id == shown:
            yield _word.paragraph([Run(f"Figure {figure.number} stands at the top of this report.", quiet=True)])
        else:
            yield from _figure(figure, figures)
    for table in section.tables:
        yield from _table(table)
    for exhibit in section.exhibits:
        yield from _exhibit(exhibit, level + 1)
    for part in section.sections:
        yield from _section(part, level + 1, figures, shown)


def _field(field: Field, number: int) -> Iterator[str]:
    rule = f" ({field.rule})" if field.rule else ""
    lines = [
        _word.paragraph([Run(f"{number}", quiet=True, tab=True), Run(TO_COMPLETE, bold=True)], "Numbered"),
        _word.paragraph([Run(field.title, bold=True), Run(rule, quiet=True)]),
        _word.paragraph([Run(field.asks, italic=True)]),
        *(_word.paragraph(_word.one_line(line), "ListBullet") for line in field.draft),
        _word.paragraph("[                              ]"),
    ]
    yield _word.table([[Cell("".join(lines), _SHADE)]], ruled=False)
    yield _word.paragraph("")


def _figure(figure: Figure, figures: _Figures) -> Iterator[str]:
    yield figures.shown(figure)
    name = f"Figure {figure.number}. {figure.title}. "
    runs = [Run(name, bold=True), Run(f"{figure.note} Data: tables/{figure.data.id}.csv.", quiet=True)]
    yield _word.paragraph(runs, "Note")


def _table(whole: Table) -> Iterator[str]:
    table = whole.kept("page")
    name = f"Table {table.number}. {table.title}" if table.number else table.title
    yield _word.paragraph([Run(name, bold=True), Run(f" ({table.id})", quiet=True)], "Caption")
    if not table.rows:
        yield _word.paragraph([Run(table.empty, italic=True)])
        return
    head = [Cell(_word.paragraph([Run(c.title, bold=True)], "Cell", right=c.numeric)) for c in table.columns]
    rows = [head, *(_row(row, table) for row in table.rows)]
    yield _word.table(rows, head=1, widths=shares(table, across=ACROSS))
    if table.note:
        yield _word.paragraph([Run(table.note, quiet=True)], "Note")


def _row(row: Row, table: Table) -> list[Cell]:
    return [
        Cell(
            _word.paragraph([Run(_word.one_line(cell.text), bold=row.strong)], "Cell", right=column.numeric),
            _SHADE if row.strong else "",
        )
        for cell, column in zip(row.cells, table.columns, strict=True)
    ]


def _exhibit(exhibit: Exhibit, level: int) -> Iterator[str]:
    yield _word.paragraph(exhibit.title, f"Heading{level}")
    yield _word.paragraph([Run(exhibit.note, quiet=True)], "Note")
    yield _word.paragraph([Run("Prompt", bold=True)])
    yield _word.table([[Cell(_word.paragraph(exhibit.prompt, "Quoted"))]], ruled=False)
    said = []
    for excerpt in exhibit.excerpts:
        head = _word.paragraph([Run(f"{excerpt.label}: {_short(excerpt.model)}", bold=True)], "Cell")
        runs = [Run(run.text, marked=run.shared) for run in excerpt.passages] or [Run(excerpt.nothing, italic=True)]
        cut = [Run(f"\n{excerpt.cut:,} further characters are not shown.", quiet=True)] if excerpt.cut else []
        said.append(Cell(head + _word.paragraph([*runs, *cut], "Quoted")))
    pairs = [
        [*said[i : i + 2], *[Cell(_word.paragraph(""))] * (2 - len(said[i : i + 2]))] for i in range(0, len(said), 2)
    ]
    if pairs:
        yield _word.paragraph("")
        yield _word.table(pairs, widths=(1, 1), ruled=False)
    yield _word.paragraph("")


def _short(text: str) -> str:
    return _word.one_line(hostile.shortened(text, LONGEST_NAME))

"""The report as Markdown, with its figures as SVG files beside it; for code hosts, editors and version control."""

from __future__ import annotations

from collections.abc import Iterator

from forensics import hostile
from forensics.hostile import markdown as md
from forensics.reporting.court_texts import TO_COMPLETE
from forensics.reporting.parts import Exhibit, Field, Figure, Report, Section, Summary, Table

SUMMARY = "report.md and figures/*.svg: for code hosts, editors and version control"

MOST_ROWS = 60
"""Rows printed of a table; longer ones end with a pointer to their CSV file."""
LONGEST_CELL = 600
BLANK = "(blank)"
"""Stands where a text holds nothing that could be seen: an empty item would take what follows it into itself."""


def render(report: Report) -> dict[str, bytes]:
    """Return report.md and the figures it shows."""
    files = {f"{report.stem}.md": ("\n".join(_lines(report)) + "\n").encode()}
    for figure in report.figures():
        files[f"figures/{figure.id}.svg"] = figure.wide.encode()
    return files


def _lines(report: Report) -> Iterator[str]:
    yield from (f"# {_cell(report.title)}", "", f"*{md(report.kicker)}, made by forensics {md(report.tool)}.*", "")
    shown = None
    if report.style == "analyst":
        yield from _first_screen(report.summary)
        shown = report.summary.figure.id if report.summary.figure else None
    yield from (f"## What this {'annex' if report.style == 'court' else 'report'} does not show", "")
    yield from (f"* {md(limit)}" for limit in report.limits)
    yield ""
    for section in report.sections:
        yield from _section(section, 2, shown=shown)
    digest = f"Laid out by forensics {md(report.tool)} from evidence.json, {md(report.evidence)}."
    yield from ("---", "", f"{digest} Every cell with its id, unit, n and source digest is in {md(report.cells)}.")


def _first_screen(summary: Summary) -> Iterator[str]:
    yield from (
        f"* Questioned: **{_cell(summary.questioned)}**",
        f"* Reference: **{_cell(summary.reference)}**",
    )
    yield from (
        f"* Question: {md(summary.question)}",
        "",
        f"> **Answer.** {md(summary.answer)}",
        ">",
        f"> {md(summary.meaning)}",
        "",
    )
    for weighed in summary.propositions:
        yield f"* {md(weighed.name)}: {md(weighed.text)}"
    yield from (f"* {md(weighed.ratio)}" for weighed in summary.propositions if weighed.ratio)
    steps = [
        f"**{md(s.ratios)}: {md(s.words)}**" if s.applies else f"{md(s.ratios)}: {md(s.words)}" for s in summary.scale
    ]
    if steps:
        yield from (f"* Scale of ratios: {'; '.join(steps)}; mirrored below 1.", "")
    yield from (f"* {md(caution) or BLANK}" for caution in summary.cautions)
    yield ""
    if summary.figure:
        yield from _figure(summary.figure)
    yield from _table(summary.key)


def _section(section: Section, level: int, *, shown: str | None) -> Iterator[str]:
    yield from (f"{'#' * level} {section.number} {md(section.title)}", "")
    for place, paragraph in enumerate(section.paragraphs):
        yield from (f"{_numbered(section, place)}{md(paragraph)}", "")
    for place, field in enumerate(section.fields, start=len(section.paragraphs)):
        yield from _field(field, _numbered(section, place))
    for figure in section.figures:
        if figure.id == shown:
            yield from (f"Figure {figure.number} stands at the top of this report.", "")
        else:
            yield from _figure(figure)
    for table in section.tables:
        yield from _table(table)
    for exhibit in section.exhibits:
        yield from _exhibit(exhibit, level + 1)
    for part in section.sections:
        yield from _section(part, level + 1, shown=shown)


def _numbered(section: Section, place: int) -> str:
    """Return a paragraph's number as text, since Markdown would start each list anew."""
    return "" if section.first is None else f"**[{section.first + place}]** "


def _field(field: Field, number: str) -> Iterator[str]:
    rule = f" ({md(field.rule)})" if field.rule else ""
    yield from (f"> {number}**{TO_COMPLETE}: {md(field.title)}**{rule}", ">", f"> {md(field.asks)}", ">")
    yield from (f"> * {md(line)}" for line in field.draft)
    yield from (">", "> \\_\\_\\_\\_\\_\\_\\_\\_", "")


def _figure(figure: Figure) -> Iterator[str]:
    yield from (f"![{md(figure.title)}](figures/{figure.id}.svg)", "")
    yield from (
        f"*Figure {figure.number}. {md(figure.title)}.* {md(figure.note)} Data: tables/{figure.data.id}.csv.",
        "",
    )


def _table(table: Table) -> Iterator[str]:
    table = table.kept("page")
    name = f"Table {table.number}. {table.title}" if table.number else table.title
    yield from (f"**{md(name)}** ({md(table.id)})", "")
    if not table.rows:
        yield from (md(table.empty), "")
        return
    yield "| " + " | ".join(md(column.title) for column in table.columns) + " |"
    yield "| " + " | ".join("---:" if column.numeric else "---" for column in table.columns) + " |"
    for row in table.rows[:MOST_ROWS]:
        texts = [_cell(cell.text) for cell in row.cells]
        yield "| " + " | ".join(f"**{text}**" if row.strong else text for text in texts) + " |"
    yield ""
    if len(table.rows) > MOST_ROWS:
        yield from (f"{len(table.rows) - MOST_ROWS} further rows are in tables/{table.id}.csv.", "")
    if table.note:
        yield from (md(table.note), "")


def _exhibit(exhibit: Exhibit, level: int) -> Iterator[str]:
    yield from (
        f"{'#' * level} {md(exhibit.title)}",
        "",
        md(exhibit.note),
        "",
        "Prompt:",
        "",
        hostile.markdown_block(exhibit.prompt),
        "",
    )
    for excerpt in exhibit.excerpts:
        cut = f" ({excerpt.cut:,} further characters are not shown)" if excerpt.cut else ""
        yield from (f"{md(excerpt.label)}: {_cell(excerpt.model)}{cut}", "")
        if not excerpt.passages:
            yield from (f"*{md(excerpt.nothing)}*", "")
            continue
        yield from (hostile.markdown_block("".join(run.text for run in excerpt.passages)), "")
        passages = [run.text for run in excerpt.passages if run.shared]
        if passages and excerpt.label == "questioned":
            yield from ("Passages that both sides hold and neither of the other answers does:", "")
            yield from (f"* “{md(hostile.shortened(text, LONGEST_CELL))}”" for text in passages)
            yield ""


def _cell(text: str) -> str:
    return md(hostile.shortened(text, LONGEST_CELL))

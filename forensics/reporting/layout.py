"""From evidence to a report: the chapters of a style, one after another, numbered. Computes nothing; formats lay it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from forensics import canonical, case
from forensics.errors import UsageError
from forensics.records.evidence import Evidence
from forensics.reporting.chapters import ANALYST, WHERE
from forensics.reporting.court import COURT, COURT_LIMITS, with_us
from forensics.reporting.equality import EQUALITY_LIMITS, without_ratios
from forensics.reporting.first_screen import summary
from forensics.reporting.material import Chapter, Material
from forensics.reporting.parts import Figure, Report, Section, Style, Table
from forensics.reporting.texts import LIMITS

CHAPTERS: dict[Style, tuple[Chapter, ...]] = {"analyst": ANALYST, "court": COURT}
"""The chapters of each style, in order."""
KICKERS: dict[Style, str] = {
    "analyst": "Comparison of two language models by their behaviour. Analyst's report",
    "court": "Annex to the report of a human expert. Not an expert's report",
}
STATED_LIMITS: dict[Style, tuple[str, ...]] = {"analyst": LIMITS, "court": COURT_LIMITS}


def make(evidence: Evidence, *, style: Style = "analyst", us: bool = False) -> Report:
    """Return the report on a case's evidence in a style; `us` adds the United States set to the court's.

    Raises UsageError where `us` is asked for in another style.
    """
    check_style(style, us=us)
    material = Material(evidence, canonical.digest(case.as_written(evidence)))
    chapters = with_us(CHAPTERS[style]) if us else CHAPTERS[style]
    report = Report(
        style=style,
        title=f"{evidence.questioned} compared with {evidence.reference}",
        kicker=KICKERS[style],
        summary=summary(material),
        sections=without_ratios([c(material) for c in chapters if WHERE.get(c, always)(evidence)], evidence),
        limits=STATED_LIMITS[style] if evidence.equality is None else EQUALITY_LIMITS,
        tool=evidence.tool,
        evidence=material.digest,
    )
    return _sourced(_numbered(report), material.digest)


def _sourced(report: Report, evidence: str) -> Report:
    """Give every cell whose source is evidence.json itself that file's digest."""

    def table(one: Table) -> Table:
        rows = tuple(
            replace(row, cells=tuple(replace(c, source=c.source or evidence) for c in row.cells)) for row in one.rows
        )
        return replace(one, rows=rows, source=one.source or evidence)

    def figure(one: Figure) -> Figure:
        return replace(one, data=table(one.data))

    def section(one: Section) -> Section:
        return replace(
            one,
            figures=tuple(map(figure, one.figures)),
            tables=tuple(map(table, one.tables)),
            sections=tuple(map(section, one.sections)),
        )

    first = report.summary
    shown = replace(first, key=table(first.key), figure=figure(first.figure) if first.figure else None)
    return replace(report, summary=shown, sections=tuple(map(section, report.sections)))


def always(evidence: Evidence) -> bool:
    """Say of a chapter that it is part of every report."""
    return True


def check_style(style: Style, *, us: bool) -> None:
    """Raise UsageError where the United States set is asked for in a style that has none."""
    if us and style != "court":
        raise UsageError("The United States set belongs to the court style.", remedy="Add --style court.")


def _numbered(report: Report) -> Report:
    """Give sections, printed tables, figures and, for a court, paragraphs their numbers in reading order."""
    tables, paragraphs = iter(range(1, 10_000)), iter(range(1, 100_000))
    figures: dict[str, int] = {}

    def figure(one: Figure) -> Figure:
        return replace(one, number=figures.setdefault(one.id, len(figures) + 1))

    def section(one: Section, number: str) -> Section:
        own = [next(paragraphs) for _ in (*one.paragraphs, *one.fields)] if report.style == "court" else []
        return replace(
            one,
            number=number,
            first=own[0] if own else None,
            figures=tuple(figure(f) for f in one.figures),
            tables=tuple(replace(t, number=next(tables)) for t in one.tables),
            sections=tuple(section(s, f"{number}.{i}") for i, s in enumerate(one.sections, start=1)),
        )

    shown = report.summary.figure if report.style == "analyst" else None
    first = replace(report.summary, figure=figure(shown) if shown else None)
    names = _letters() if report.style == "court" else map(str, range(1, 100))
    return replace(report, summary=first, sections=_each(report.sections, names, section))


def _each(
    sections: tuple[Section, ...], names: Iterator[str], number_one: Callable[[Section, str], Section]
) -> tuple[Section, ...]:
    return tuple(number_one(section, name) for section, name in zip(sections, names, strict=False))


def _letters() -> Iterator[str]:
    """Yield A to Z, so that numbers are left to paragraphs."""
    return (chr(code) for code in range(ord("A"), ord("Z") + 1))

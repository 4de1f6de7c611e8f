"""The page that HTML and PDF have in common: one template, one style sheet, every text made harmless on its way in.

Knows nothing of files; `html` adds the script and its policy, `pdf` what paper needs.
"""

from __future__ import annotations

from functools import lru_cache

from jinja2 import BaseLoader, Environment, Template
from markupsafe import Markup

from forensics import hostile, pages
from forensics.formats._widths import shares
from forensics.reporting.court_texts import TO_COMPLETE
from forensics.reporting.parts import Cell, Column, Report, Table
from forensics.reporting.wording import EMPTY

MOST_ROWS = 200
"""Rows of data behind a figure that the page holds; longer tables are in the CSV files."""
LONGEST_NAME = 120
ACROSS = 120
"""Characters across a table on paper."""
LONG_CELL = 48
"""Characters from which a cell gets a wide column."""
SHORT_CELL = 22
"""Characters up to which a cell stays on one line."""
LONG_WORD = 24
"""Characters without a break from which a cell may be broken anywhere."""


def page(report: Report, *, css: str, js: str = "", policy: str = "", dated: str = "") -> str:
    """Return the page. Without a script it is made for paper: one width of each figure, no data to unfold.

    `dated` is the date that the document's properties give, ISO 8601; empty for none.
    """
    first = report.summary.figure if report.style == "analyst" else None
    return _template().render(
        report=report,
        css=Markup(css),  # noqa: S704  our own file
        js=Markup(js),  # noqa: S704  our own file
        policy=Markup(policy),  # noqa: S704  holds nothing but digests
        paper=not js,
        dated=dated,
        most_rows=MOST_ROWS,
        printed={table.id for section in report.walk() for table in section.tables},
        first_figure=first.id if first else None,
        to_complete=TO_COMPLETE,
    )


def part(name: str) -> str:
    """Return a file that stands beside the template."""
    return pages.part("forensics.formats", name)


@lru_cache(maxsize=1)
def _template() -> Template:
    """Return the template, in which every expression is made harmless before it is printed."""
    environment = Environment(
        loader=BaseLoader(), autoescape=True, finalize=_finalize, trim_blocks=False, lstrip_blocks=False
    )
    environment.filters.update(
        drawing=Markup,
        shown=_shown,
        short=lambda text: _line(hostile.shortened(text, LONGEST_NAME) if text.strip() else EMPTY),
        cell_class=_cell_class,
        page=lambda table: table.kept("page"),
        percents=_percents,
        line=_line,
    )
    return environment.from_string(part("report.html.j2"))


def _finalize(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return Markup(hostile.html(value))  # noqa: S704  escaped by hostile.html
    return value


def _shown(text: str) -> Markup:
    """Return an answer's text with the codes of hidden characters set apart."""
    return Markup("").join(
        Markup('<span class="hid">{}</span>').format(run) if hidden else Markup(hostile.escaped(run))  # noqa: S704
        for run, hidden in hostile.spans(text)
    )


def _percents(table: Table) -> list[str]:
    """Return the widths of a table's columns on paper, in per cent."""
    found = shares(table, across=ACROSS)
    return [f"{100 * share / sum(found):.2f}" for share in found]


def _line(text: str) -> Markup:
    return Markup(hostile.html_line(text))  # noqa: S704  escaped there


def _cell_class(cell: Cell, column: Column) -> Markup:
    if cell.text.startswith("sha256:"):
        return Markup(' class="hash"')
    if column.numeric:
        return Markup(' class="num"')
    if len(cell.text) <= SHORT_CELL:
        return Markup(' class="short"')
    return Markup(' class="long"') if _is_long(cell.text) else Markup("")


def _is_long(text: str) -> bool:
    return len(text) > LONG_CELL or any(len(word) > LONG_WORD for word in text.split())

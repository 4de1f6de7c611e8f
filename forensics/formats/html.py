"""The report as one HTML file: no network, readable on a phone and on paper, complete without its script.

Every text from the evidence passes `hostile` on its way into the template, whatever the template does.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources

from jinja2 import BaseLoader, Environment, Template
from markupsafe import Markup

from forensics import hostile
from forensics.reporting.parts import Cell, Column, Report
from forensics.reporting.wording import EMPTY

SUMMARY = "report.html: one self-contained page for screen, phone and paper"

MOST_ROWS = 200
"""Rows of data behind a figure that the page holds; longer tables are in the CSV files."""
LONGEST_NAME = 120
LONG_CELL = 48
"""Characters from which a cell gets a wide column."""


def render(report: Report) -> dict[str, bytes]:
    """Return report.html."""
    css, js = _part("report.css"), _part("report.js")
    policy = (
        f"default-src 'none'; style-src {_source(css)}; script-src {_source(js)}; base-uri 'none'; form-action 'none'"
    )
    page = _template().render(
        report=report,
        css=Markup(css),  # noqa: S704  our own file
        js=Markup(js),  # noqa: S704  our own file
        policy=Markup(policy),  # noqa: S704  holds nothing but digests
        most_rows=MOST_ROWS,
        printed={table.id for section in report.walk() for table in section.tables},
        first_figure=report.summary.figure.id if report.summary.figure else None,
    )
    return {"report.html": page.encode()}


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
        line=_line,
    )
    return environment.from_string(_part("report.html.j2"))


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


def _line(text: str) -> Markup:
    return Markup(hostile.html_line(text))  # noqa: S704  escaped there


def _cell_class(cell: Cell, column: Column) -> Markup:
    if cell.text.startswith("sha256:"):
        return Markup(' class="hash"')
    if column.numeric:
        return Markup(' class="num"')
    return Markup(' class="long"') if len(cell.text) > LONG_CELL else Markup("")


def _part(name: str) -> str:
    return resources.files("forensics.formats").joinpath("templates").joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Return the content-security-policy source of an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

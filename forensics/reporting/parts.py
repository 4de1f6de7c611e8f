"""What a report is made of: sections, tables of cells with stable ids, figures, exhibits. No layout, no computing.

Texts in here are as the evidence holds them; each format makes them harmless for its own target (`hostile`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from forensics import canonical
from forensics.reporting.wording import Value


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing that both sides can cite."""

    id: str
    """`table.row.column`; table and column hold no dot."""
    text: str
    """As printed: rounded for people."""
    value: Value
    """As in the evidence."""
    unit: str
    n: int
    """How many things the value was computed from: probes, models, pairs, lineages or answers, as the table says; 1 for a
    statement or a setting, 0 where there is no value because there was nothing to compute it from."""
    source: str | None
    """Digest of the file the value comes from; the program's version for its fixed texts. None until the report is put
    together: then it is evidence.json's."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    id: str
    title: str
    unit: str = ""
    numeric: bool = False
    where: Literal["both", "page", "data"] = "both"
    """`page` for what only people read, `data` for what stands behind it in CSV and JSON."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its id within the table, and a cell for each column."""

    id: str
    cells: tuple[Cell, ...]
    strong: bool = False
    """True for the row the reader is looking for."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or the reason why it is empty."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str
    """Why there are no rows; printed only then."""
    note: str
    """How to read it."""
    source: str | None
    number: int | None = None
    """Number in the order of the report; None for the data behind a figure."""

    def kept(self, where: Literal["page", "data"]) -> Table:
        """Return the table with the columns meant for a page or for data."""
        places = [i for i, column in enumerate(self.columns) if column.where in ("both", where)]
        return replace(
            self,
            columns=tuple(self.columns[i] for i in places),
            rows=tuple(replace(row, cells=tuple(row.cells[i] for i in places)) for row in self.rows),
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, wide for paper and screens, narrow for phones, with the data behind it."""

    id: str
    title: str
    note: str
    """How to read it."""
    wide: str
    """SVG; every text in it is already escaped."""
    narrow: str
    data: Table
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of an answer."""

    text: str
    shared: bool
    """True where both sides hold it and it is rare in the cohort."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One model's answer as far as it is shown."""

    label: str
    model: str
    passages: tuple[Passage, ...]
    cut: int
    nothing: str
    """What stands in place of an answer without text."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One probe with the answers side by side."""

    id: str
    title: str
    prompt: str
    note: str
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """Something that only a human can say, left open in the document."""

    id: str
    title: str
    rule: str
    """The rules that ask for it; empty where none does."""
    asks: str
    """What is to be stated."""
    draft: tuple[str, ...] = ()
    """Words from the evidence to start from, for the human to check, change or strike out."""


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered part of the report."""

    number: str
    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    sections: tuple[Section, ...] = ()
    fields: tuple[Field, ...] = ()
    first: int | None = None
    """Number of the first paragraph; the others and then the fields follow. None where paragraphs have no numbers."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One proposition as the first screen shows it."""

    name: str
    text: str
    ratio: str
    """The ratio against it, or why there is none; empty for Hp."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the verbal scale as the first screen shows it."""

    ratios: str
    words: str
    applies: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """The first screen: who is compared with whom, the question, the answer or why there is none."""

    reference: str
    questioned: str
    question: str
    answered: bool
    """False where there is no likelihood ratio."""
    answer: str
    verbal: str | None
    """The verbal equivalent of the headline's ratio."""
    propositions: tuple[Weighed, ...]
    """What is weighed against what."""
    scale: tuple[Step, ...]
    """The verbal scale in short."""
    meaning: str
    """What the answer does not say."""
    cautions: tuple[str, ...]
    key: Table
    figure: Figure | None


Style = Literal["analyst", "court"]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a format lays out."""

    style: Style
    title: str
    kicker: str
    """What kind of document this is, in a line above its title."""
    summary: Summary
    """The first screen of the analyst's style; the court's says the same in its sections."""
    sections: tuple[Section, ...]
    limits: tuple[str, ...]
    tool: str
    evidence: str
    """Digest of evidence.json as written."""

    @property
    def stem(self) -> str:
        """Name of the document's file without its ending: each style has its own, so that neither replaces the other."""
        return "report" if self.style == "analyst" else f"report.{self.style}"

    @property
    def cells(self) -> str:
        """Name of the file with every cell."""
        return "tables/cells.csv" if self.style == "analyst" else f"tables/{self.style}-cells.csv"

    def walk(self) -> Iterator[Section]:
        """Yield every section, parts after their whole."""
        for section in self.sections:
            yield section
            yield from section.sections

    def figures(self) -> tuple[Figure, ...]:
        """Return every figure once, in order."""
        own = (self.summary.figure,) if self.summary.figure else ()
        found = {figure.id: figure for figure in (*own, *(f for s in self.walk() for f in s.figures))}
        return tuple(found.values())

    def tables(self) -> tuple[Table, ...]:
        """Return every table once, in order, data behind figures last."""
        printed = [table for section in self.walk() for table in section.tables]
        behind = [figure.data for figure in self.figures()]
        return tuple({table.id: table for table in (*printed, self.summary.key, *behind)}.values())


def slug(text: str) -> str:
    """Return a name for use in ids and file names: letters, digits, `.`, `_`, `+`, `-`; never empty.

    A name that had to be changed carries a piece of its digest, so that two names never share an id.

    >>> slug("vicuna-13b-v1.5"), slug("a b") == slug("a_b")
    ('vicuna-13b-v1.5', False)
    """
    plain = re.sub(r"[^A-Za-z0-9._+-]", "_", text)[:60].strip(".")
    if plain == text and plain:
        return plain
    return f"{plain or 'x'}-{canonical.digest(canonical.well_formed(text).encode())[7:15]}"


def flat(text: str) -> str:
    """Return a slug without a dot, for table and column ids."""
    return slug(text).replace(".", "_")

"""Builds a report's tables row by row: ids, printed texts, intervals. What stands in them is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forensics.hostile import shortened
from forensics.records.scores import Interval
from forensics.reporting.parts import Cell, Column, Row, Table, slug
from forensics.reporting.wording import Value, between, number

LONGEST = 600
"""Characters printed of a value; the value itself stays whole in the data."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value with the words it is printed in, or with an n or a unit of its own."""

    value: Value
    text: str | None = None
    n: int | None = None
    unit: str | None = None


class Sheet:
    """Builds one table row by row; the ids of its cells come from its own, the rows' and the columns' ids.

    A cell without a unit is a text or a bare number; a row without an n is one statement. `source` None stands for
    evidence.json itself, whose digest is filled in when the report is put together.
    """

    def __init__(
        self,
        id_: str,
        title: str,
        columns: Sequence[Column],
        *,
        note: str = "",
        empty: str,
        source: str | None,
    ) -> None:
        self.id = id_
        self.title = title
        self.columns = tuple(columns)
        self.note = note
        self.empty = empty
        self.source = source
        self._rows: list[Row] = []
        self._taken: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Say whether there is a row of this name."""
        return slug(name) in self._taken

    def row(
        self,
        name: str,
        values: Sequence[Value | Shown],
        *,
        n: int = 1,
        source: str | None = None,
        strong: bool = False,
    ) -> None:
        """Add a row; `name` becomes its id, `values` its cells in the order of the columns."""
        row_id = base = slug(name)
        again = 2
        while row_id in self._taken:
            row_id, again = f"{base}~{again}", again + 1
        self._taken.add(row_id)
        cells = []
        for column, given in zip(self.columns, values, strict=True):
            shown = given if isinstance(given, Shown) else Shown(given)
            cells.append(
                Cell(
                    id=f"{self.id}.{row_id}.{column.id}",
                    text=shown.text if shown.text is not None else shortened(number(shown.value), LONGEST),
                    value=shown.value,
                    unit=shown.unit or column.unit or ("number" if column.numeric else "text"),
                    n=shown.n if shown.n is not None else n,
                    source=source or self.source,
                )
            )
        self._rows.append(Row(id=row_id, cells=tuple(cells), strong=strong))

    def table(self) -> Table:
        """Return the finished table."""
        return Table(
            id=self.id,
            title=self.title,
            columns=self.columns,
            rows=tuple(self._rows),
            empty=self.empty,
            note=self.note,
            source=self.source,
        )


def interval_columns(id_: str, title: str, unit: str = "") -> tuple[Column, Column, Column]:
    """Return the columns of an interval: one for the page, its two ends for data."""
    return (
        Column(f"{id_}_interval", title, unit, numeric=True, where="page"),
        Column(f"{id_}_low", f"{title}, low", unit, numeric=True, where="data"),
        Column(f"{id_}_high", f"{title}, high", unit, numeric=True, where="data"),
    )


def interval_cells(interval: Interval | None, *, digits: int = 3, n: int | None = None) -> tuple[Shown, Shown, Shown]:
    """Return the cells of an interval, in the order of `interval_columns`."""
    low, high = (interval.low, interval.high) if interval else (None, None)
    ends = (Shown(low, number(low, digits), n), Shown(high, number(high, digits), n))
    return Shown(between(interval, digits), n=n), *ends

"""Tables as CSV: one file per table, and every cell with its id, unit, n and source in one long file.

Texts are guarded so that no spreadsheet computes them; numbers stay numbers, in full precision.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from forensics import hostile
from forensics.reporting.parts import Report, Table
from forensics.reporting.wording import Value

SUMMARY = "tables/*.csv: one file per table, and cells.csv with every cell's id, unit, n and source digest"

LONGEST = 30_000
"""Characters of a cell; spreadsheets and readers give up soon after. The whole text stays in evidence.json."""


def render(report: Report) -> dict[str, bytes]:
    """Return the files of every table, by relative name."""
    tables = [table.kept("data") for table in report.tables()]
    files = {f"tables/{table.id}.csv": _written(_wide(table)) for table in tables}
    files[report.cells] = _written(_long(tables))
    return files


def _wide(table: Table) -> Iterable[Sequence[Value]]:
    """Yield the table as a reader sees it, the id of each row first; an empty table says why."""
    yield ["row", *(column.id for column in table.columns)]
    for row in table.rows:
        yield [f"{table.id}.{row.id}", *(cell.value for cell in row.cells)]
    if not table.rows:
        yield [f"{table.id}.", table.empty, *("" for _ in table.columns[1:])]


def _long(tables: Iterable[Table]) -> Iterable[Sequence[Value]]:
    yield ["id", "value", "printed", "unit", "n", "source"]
    for table in tables:
        for row in table.rows:
            for cell in row.cells:
                yield [cell.id, cell.value, cell.text, cell.unit, cell.n, cell.source]


def _written(lines: Iterable[Sequence[Value]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    for line in lines:
        writer.writerow([_cell(value) for value in line])
    return stream.getvalue().encode()


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return hostile.csv_cell(hostile.shortened(value, LONGEST)) if isinstance(value, str) else repr(value)

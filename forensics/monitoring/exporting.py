"""The history as tables for other programs: CSV as it is, Parquet and a DuckDB database through DuckDB."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forensics import canonical, hostile
from forensics.errors import UsageError
from forensics.monitoring.history import TABLES, History

FORMATS = ("csv", "parquet", "duckdb")
EXTRA = "forensics[history]"


def export(history: History, folder: Path, form: str) -> list[Path]:
    """Write every table in a format; returns the files. Raises UsageError where DuckDB is needed and missing."""
    tables = {table: history.rows(table) for table in TABLES}
    if form == "csv":
        return _csv(tables, folder)
    return _through_duckdb(tables, folder, form)


def _csv(tables: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path) -> list[Path]:
    written = []
    for table, rows in tables.items():
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_columns(table))
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
        written.append(folder / f"{table}.csv")
        canonical.write_atomic(written[-1], stream.getvalue().encode())
    return written


def _cell(value: Any) -> Any:
    """Return a value for a spreadsheet: numbers as they are, text so that none computes it."""
    return hostile.csv_cell(value) if isinstance(value, str) else value


def _columns(table: str) -> list[str]:
    columns = TABLES[table].partition(", PRIMARY KEY (")[0]
    return [column.split()[0] for column in columns.split(", ")]


def _through_duckdb(tables: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path, form: str) -> list[Path]:
    try:
        import duckdb
    except ImportError as error:
        raise UsageError(f"Exporting {form} needs DuckDB.", remedy=f"Install {EXTRA}, or export csv.") from error
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "history.duckdb"
    if form == "duckdb" and database.exists():
        raise UsageError(f"{database} exists already.", remedy="Name another folder.")
    written = [database] if form == "duckdb" else []
    with duckdb.connect(str(database) if form == "duckdb" else ":memory:") as connection:
        for table, rows in tables.items():
            types = TABLES[table].partition(", PRIMARY KEY (")[0].replace("INTEGER PRIMARY KEY", "INTEGER")
            connection.execute(f"CREATE TABLE {table} ({types.replace('INTEGER', 'BIGINT').replace('REAL', 'DOUBLE')})")
            if rows:
                marks = ", ".join("?" for _ in rows[0])
                connection.executemany(f"INSERT INTO {table} VALUES ({marks})", [list(row.values()) for row in rows])  # noqa: S608
            if form == "parquet":
                written.append(folder / f"{table}.parquet")
                connection.table(table).write_parquet(str(written[-1]))
    return written

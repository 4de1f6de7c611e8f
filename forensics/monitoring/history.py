"""All nights in one SQLite database. Rows are added and never changed; no answer, prompt or key is in it.

Numbers and digests only: answers lie in files, to which rows point by digest. Triggers refuse every change, so that a
tool that opens the file by accident cannot rewrite the past; who owns the file can still replace it, and is found out by
the digests of the sealed cases.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple

from forensics.errors import BadFile, UsageError

SCHEMA: Final = "forensics/history/1"
TABLES: Final[Mapping[str, str]] = {
    "meta": "schema TEXT NOT NULL",
    "runs": "run INTEGER PRIMARY KEY, night TEXT NOT NULL, started TEXT NOT NULL, tool TEXT NOT NULL, plan TEXT NOT NULL",
    "answers": (
        "night TEXT NOT NULL, pair TEXT NOT NULL, side TEXT NOT NULL, model TEXT NOT NULL, path TEXT NOT NULL, "
        "digest TEXT NOT NULL, fresh INTEGER NOT NULL, conditions TEXT NOT NULL, failed INTEGER NOT NULL, "
        "PRIMARY KEY (night, pair, side)"
    ),
    "measured": (
        "night TEXT NOT NULL, pair TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, question TEXT, "
        "case_digest TEXT, sealed INTEGER NOT NULL, calls INTEGER NOT NULL, prompt_tokens INTEGER, "
        "answer_tokens INTEGER, cost REAL, PRIMARY KEY (night, pair)"
    ),
    "measures": (
        "night TEXT NOT NULL, pair TEXT NOT NULL, side TEXT NOT NULL, name TEXT NOT NULL, value REAL, version TEXT, "
        "reason TEXT, PRIMARY KEY (night, pair, side, name)"
    ),
    "drift": (
        "night TEXT NOT NULL, pair TEXT NOT NULL, watch TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL, "
        "conditions TEXT NOT NULL, p REAL NOT NULL, log_e REAL NOT NULL, log_wealth REAL NOT NULL, "
        "PRIMARY KEY (night, pair, watch, stream)"
    ),
    "flips": (
        "night TEXT NOT NULL, pair TEXT NOT NULL, side TEXT NOT NULL, probe TEXT NOT NULL, kind TEXT NOT NULL, "
        "PRIMARY KEY (night, pair, side, probe)"
    ),
    "ledger": (
        "night TEXT NOT NULL, pair TEXT NOT NULL, path TEXT NOT NULL, asked INTEGER NOT NULL, "
        "prompt_tokens INTEGER, answer_tokens INTEGER"
    ),
    "results": (
        "run INTEGER NOT NULL, night TEXT NOT NULL, pair TEXT NOT NULL, exit_status INTEGER NOT NULL, "
        "record TEXT NOT NULL, PRIMARY KEY (run, pair)"
    ),
    "alarms": (
        "night TEXT NOT NULL, pair TEXT NOT NULL, watch TEXT NOT NULL, epoch TEXT NOT NULL, conditions TEXT NOT NULL, "
        "cause TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (pair, watch, epoch, conditions, cause)"
    ),
}
"""Columns by table. `record` is the JSON of a record of `records/nightly.py`."""


class Row(NamedTuple):
    """A row to add."""

    table: str
    values: Mapping[str, Any]


class History:
    """The database, open; a context manager."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows, all or none."""
        with self._connection:
            for row in rows:
                names = ", ".join(row.values)
                marks = ", ".join("?" for _ in row.values)
                # Table and columns are names of ours, checked against TABLES; values are bound.
                assert row.table in TABLES
                self._connection.execute(
                    f"INSERT INTO {row.table} ({names}) VALUES ({marks})",  # noqa: S608
                    tuple(row.values.values()),
                )

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Return the rows of a table with these values, in the order in which they were added."""
        assert table in TABLES
        condition = " AND ".join(f"{name} = ?" for name in where)
        found = self._connection.execute(
            f"SELECT * FROM {table}{f' WHERE {condition}' if where else ''} ORDER BY rowid",  # noqa: S608  as above
            tuple(where.values()),
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def last_night(self) -> str | None:
        """Return the latest night of which anything is recorded."""
        found = self._connection.execute("SELECT max(night) FROM runs").fetchone()[0]
        return str(found) if found is not None else None

    def new_run(self, night: str, *, started: str, tool: str, plan: str) -> int:
        """Begin a run and return its number."""
        with self._connection:
            cursor = self._connection.execute(
                "INSERT INTO runs (night, started, tool, plan) VALUES (?, ?, ?, ?)", (night, started, tool, plan)
            )
        return int(cursor.lastrowid or 0)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> History:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_history(path: Path, *, create: bool = False) -> History:
    """Open the database, making it where asked; raises UsageError where there is none, BadFile where it is another."""
    if not create and not path.is_file():
        raise UsageError(f"There is no history at {path}.", remedy="Run `forensics nightly PAIRS.toml` first.")
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30)
    try:
        _prepare(connection, path, create=create)
    except BaseException:
        connection.close()
        raise
    return History(connection, path)


def _prepare(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    try:
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not there and create:
            with connection:
                for statement in _statements():
                    connection.execute(statement)
                connection.execute("INSERT INTO meta (schema) VALUES (?)", (SCHEMA,))
            return
        found = connection.execute("SELECT schema FROM meta").fetchone() if "meta" in there else None
    except sqlite3.DatabaseError as error:
        raise BadFile(path, f"not a history: {error}") from error
    if found is None or found[0] != SCHEMA:
        raise BadFile(path, f"not a history of schema {SCHEMA}")


def _statements() -> Iterable[str]:
    for table, columns in TABLES.items():
        yield f"CREATE TABLE {table} ({columns})"
        for action in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_{action.lower()} BEFORE {action} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END"
            )
        if "PRIMARY KEY" in columns:
            # Otherwise INSERT OR REPLACE would delete without a trigger being asked.
            yield (
                f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} WHEN EXISTS "  # noqa: S608  names of ours
                f"(SELECT 1 FROM {table} WHERE {_same(columns)}) "
                "BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END"
            )


def _same(columns: str) -> str:
    """Return the condition that a row with the new row's key exists."""
    if "INTEGER PRIMARY KEY" in columns:
        name, *_ = columns.split()
        return f"{name} = NEW.{name}"
    names = columns.rpartition("PRIMARY KEY (")[2].rstrip(")").split(", ")
    return " AND ".join(f"{name} = NEW.{name}" for name in names)


@contextmanager
def only_run(path: Path) -> Any:
    """Hold the history for one run; raises UsageError where another run holds it.

    The lock is a transaction on a database of its own beside the history: it ends with the process, however that ends.
    """
    lock = path.with_name(f"{path.name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(lock, timeout=0, isolation_level=None)
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise UsageError(
                f"Another run is working on {path}.", remedy="Wait until it has ended; it loses nothing."
            ) from error
        yield
    finally:
        connection.close()


def latest(rows: Sequence[dict[str, Any]], *, by: Sequence[str]) -> list[dict[str, Any]]:
    """Keep the last row of each combination of some columns, in order of first appearance."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        kept[tuple(row[name] for name in by)] = row
    return list(kept.values())

"""Opening one SQLite file from several processes at once: waiting for the other, not for ever, and for nothing else."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from forensics import shared_files


@pytest.fixture
def busy(tmp_path: Path):
    """A file, and a connection that has it to itself."""
    path = tmp_path / "shared.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("CREATE TABLE t (x)")
        holder.execute("BEGIN EXCLUSIVE")
        yield path, holder


def test_a_file_that_another_holds_is_waited_for_even_where_sqlite_itself_does_not(busy) -> None:
    path, holder = busy
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as mine:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            mine.execute("PRAGMA journal_mode = WAL")
        release = threading.Timer(0.2, holder.execute, ["COMMIT"])
        release.start()
        shared_files.write_ahead(mine, patience=30)
        release.join()
        assert mine.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_patience_ends(busy) -> None:
    path, _ = busy
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as mine, pytest.raises(sqlite3.OperationalError):
        shared_files.write_ahead(mine, patience=0.05)


def test_any_other_fault_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asleep(_: float) -> None:
        raise AssertionError("waited for a file that no other process holds")

    monkeypatch.setattr(time, "sleep", asleep)
    (tmp_path / "none.sqlite").write_bytes(b"no database, whatever its name says" * 100)
    with contextlib.closing(sqlite3.connect(tmp_path / "none.sqlite")) as mine, pytest.raises(sqlite3.DatabaseError):
        shared_files.write_ahead(mine, patience=30)

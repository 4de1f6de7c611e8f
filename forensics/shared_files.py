"""SQLite files that several processes open at the same time."""

from __future__ import annotations

import sqlite3
import time

_PAUSE = 0.01
"""Seconds between two tries."""


def write_ahead(connection: sqlite3.Connection, *, patience: float) -> None:
    """Put a file into write-ahead mode, in which readers never wait for a writer; raises sqlite3.OperationalError.

    Where two processes open a new file at once, the mode can be changed by one of them alone, and SQLite tells the other
    at once that the file is locked, whatever its timeout: there its busy handler is not asked. So it is tried again, for
    `patience` seconds.
    """
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_PAUSE)
        else:
            return

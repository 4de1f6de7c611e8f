"""Vectors kept on disk, so that no text is embedded twice by the same model and software.

One SQLite table, keyed by model digest, back end and the SHA-256 of the text; no text is kept. It is a
cache and no evidence: deleting it costs time and nothing else. Several processes may use it at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forensics.canonical import well_formed
from forensics.embedders import Embedder, Progress
from forensics.errors import BadFile
from forensics.shared_files import write_ahead

Vector = NDArray[np.float32]

_LAYOUT: Final = 1
"""Kept as SQLite's `user_version`; a file with another number is refused."""
_SAVED_AT_ONCE: Final = 256
_PATIENCE_SECONDS: Final = 60.0
_STORED: Final = np.dtype("<f4")

_TABLES: Final = """
CREATE TABLE embedder (id INTEGER PRIMARY KEY, digest TEXT NOT NULL, backend TEXT NOT NULL,
                       UNIQUE (digest, backend));
CREATE TABLE vector (embedder INTEGER NOT NULL, text TEXT NOT NULL, value BLOB NOT NULL, seal BLOB NOT NULL,
                     UNIQUE (embedder, text));
"""


class CorruptCache(BadFile, ValueError):
    """The cache file is damaged or something else; nothing was read from it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, f"damaged embedding cache ({problem})", remedy="Delete it; it is filled anew.")


def encode_cached(
    embedder: Embedder,
    texts: Sequence[str],
    *,
    path: Path,
    workers: int = 1,
    progress: Progress | None = None,
) -> Vector:
    """Embed texts as `embedder.encode` does, taking vectors already on disk from there: [texts, dimension].

    The vectors equal `embedder.encode(texts)` bit for bit, given that a text's vector depends on that text
    alone. New vectors are on disk after every few hundred texts, so an interrupted run is taken up again.
    `progress` starts at the number found on disk. Raises CorruptCache for a damaged file and BadFile for
    one that cannot be used.
    """
    distinct = {_key(clean): clean for clean in map(well_formed, texts)}
    with _explained(path), contextlib.closing(_open(path)) as store:
        identity = _identity(store, embedder)
        found = dict(_read(store, identity, distinct, embedder.dimension, path))
        missing = sorted((text for key, text in distinct.items() if key not in found), key=lambda t: (-len(t), t))
        if progress is not None:
            progress(len(found), len(distinct))
        for start in range(0, len(missing), _SAVED_AT_ONCE):
            part = missing[start : start + _SAVED_AT_ONCE]
            vectors = embedder.encode(part, workers=workers, progress=_shifted(progress, len(found), len(distinct)))
            fresh = {_key(text): vector for text, vector in zip(part, vectors, strict=True)}
            _write(store, identity, fresh)
            found.update(fresh)
    result = np.empty((len(texts), embedder.dimension), np.float32)
    for row, text in enumerate(texts):
        result[row] = found[_key(well_formed(text))]
    return result


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _seal(key: str, value: bytes) -> bytes:
    """Eight bytes that tell whether a stored vector is still the one written for this text."""
    return hashlib.sha256(key.encode() + value).digest()[:8]


def _shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    return None if progress is None else lambda done, _: progress(before + done, total)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours: a damaged file is told apart from one that cannot be used just now."""
    try:
        yield
    except sqlite3.OperationalError as error:
        remedy = "See that its folder can be written and has room, or name another place for the cache."
        raise BadFile(path, f"the embedding cache cannot be used ({error})", remedy=remedy) from error
    except sqlite3.DatabaseError as error:
        raise CorruptCache(path, str(error)) from error


def _open(path: Path) -> sqlite3.Connection:
    """Open the cache, made if absent, in write-ahead mode: readers never wait for a writer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # No implicit transactions: each is opened below, at once for writing, so that two processes queue up.
    store = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)
    try:
        write_ahead(store, patience=_PATIENCE_SECONDS)
        store.execute("PRAGMA synchronous = NORMAL")
        with _writing(store):
            _lay_out(store, path)
    except BaseException:
        store.close()
        raise
    return store


def _lay_out(store: sqlite3.Connection, path: Path) -> None:
    """Make the tables in an empty file; refuse a file with other tables."""
    layout = store.execute("PRAGMA user_version").fetchone()[0]
    if layout == 0 and not store.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        for statement in filter(str.strip, _TABLES.split(";")):
            store.execute(statement)
        store.execute(f"PRAGMA user_version = {_LAYOUT}")
    elif layout != _LAYOUT:
        raise CorruptCache(path, f"its layout is {layout}, not {_LAYOUT}")


@contextlib.contextmanager
def _writing(store: sqlite3.Connection) -> Iterator[None]:
    """One transaction, whole or not at all."""
    store.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        store.execute("ROLLBACK")
        raise
    store.execute("COMMIT")


def _identity(store: sqlite3.Connection, embedder: Embedder) -> int:
    """Return the number under which this model and back end keep their vectors."""
    named = (embedder.digest, embedder.backend)
    with _writing(store):
        store.execute("INSERT OR IGNORE INTO embedder (digest, backend) VALUES (?, ?)", named)
        row = store.execute("SELECT id FROM embedder WHERE digest = ? AND backend = ?", named).fetchone()
    return int(row[0])


def _read(
    store: sqlite3.Connection, identity: int, keys: Iterable[str], dimension: int, path: Path
) -> Iterator[tuple[str, Vector]]:
    """Yield the vectors on disk for these keys; CorruptCache for one that is not as it was written."""
    # CROSS keeps the order of the two: the list outside, the index of the table inside.
    query = """SELECT vector.text, vector.value, vector.seal FROM json_each(?) AS wanted
               CROSS JOIN vector ON vector.embedder = ? AND vector.text = wanted.value"""
    for key, value, seal in store.execute(query, (json.dumps(list(keys)), identity)):
        if len(value) != dimension * _STORED.itemsize or _seal(key, value) != seal:
            raise CorruptCache(path, "a vector is not as it was written")
        yield key, np.frombuffer(value, _STORED).astype(np.float32)


def _write(store: sqlite3.Connection, identity: int, fresh: Mapping[str, Vector]) -> None:
    values = ((key, vector.astype(_STORED).tobytes()) for key, vector in fresh.items())
    rows = [(identity, key, value, _seal(key, value)) for key, value in values]
    with _writing(store):
        # Another process may have been faster; both computed the same bits.
        store.executemany("INSERT OR IGNORE INTO vector (embedder, text, value, seal) VALUES (?, ?, ?, ?)", rows)

"""The response cache: answers of services, kept so that nothing is paid for twice.

An entry is found by everything that made it: adapter and options, endpoint, facts about the model, parameters, messages,
draw, probe digest and version of this tool. Failures are not kept, and nothing in here is evidence: it may be deleted at
any time, and whatever goes wrong with it costs a request, never a run.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from forensics import __version__
from forensics.adapters import Ask, Model, ModelName
from forensics.places import home
from forensics.records.transcript import Answer
from forensics.shared_files import write_ahead

NAME = "answers.sqlite"
_PATIENCE = 5.0
"""Seconds to wait for another process that writes."""
_PREV = "sha256:" + "0" * 64


class Keys:
    """The keys of one model's answers."""

    def __init__(self, model: ModelName, endpoint: str, notes: Mapping[str, str], probe_set: str, twin: int) -> None:
        """`twin` counts earlier models of the same name in one run: each has draws of its own."""
        whose = [__version__, model.adapter, model.name, dict(model.options), endpoint, dict(notes), probe_set, twin]
        self._whose = hashlib.sha256(_bytes(whose))

    def of(self, ask: Ask) -> bytes:
        """Return the key of the answer to a question."""
        key = self._whose.copy()
        s = ask.sampling
        parameters = [s.temperature, s.top_p, s.max_tokens, s.seed, s.system, s.logprobs]
        key.update(_bytes([[[m.role, m.content] for m in ask.messages], ask.completion, parameters, ask.draw]))
        return key.digest()


def _bytes(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


class Kept:
    """The cache's file, open. Answers wait in memory until `flush`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._turn = threading.Lock()
        self._waiting: list[tuple[bytes, bytes]] = []
        self._file = sqlite3.connect(path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
        write_ahead(self._file, patience=_PATIENCE)
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute("CREATE TABLE IF NOT EXISTS answer (key BLOB PRIMARY KEY, line BLOB NOT NULL) WITHOUT ROWID")

    def find(self, key: bytes) -> Answer | None:
        """Return a kept answer, or None where there is none that can be read."""
        try:
            with self._turn:
                found = self._file.execute("SELECT line FROM answer WHERE key = ?", (key,)).fetchone()
            return Answer.model_validate({**json.loads(found[0]), "prev": _PREV}) if found else None
        except (sqlite3.Error, ValidationError, ValueError, TypeError):
            return None

    def put(self, key: bytes, line: bytes) -> None:
        """Keep an answer's line (without its link)."""
        with self._turn:
            self._waiting.append((key, line))

    def flush(self) -> None:
        """Write what waits; a cache that cannot be written is none."""
        with self._turn:
            waiting, self._waiting = self._waiting, []
            if waiting:
                with contextlib.suppress(sqlite3.Error):
                    self._file.execute("BEGIN")
                    self._file.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?)", waiting)
                    self._file.execute("COMMIT")

    def close(self) -> None:
        """Write what waits and let go of the file."""
        self.flush()
        with self._turn:
            self._file.close()


def worth_keeping(model: Model) -> bool:
    """Say whether a model's answers are kept: not those of this machine or its network, where a name stays and models change."""
    if not model.cacheable:
        return False
    try:
        host = urlsplit(model.endpoint).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return host != "localhost"


def open_cache() -> Kept | None:
    """Open the user's cache; None where that cannot be done."""
    try:
        return Kept(home() / NAME)
    except (OSError, sqlite3.Error):
        return None

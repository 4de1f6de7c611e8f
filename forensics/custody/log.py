"""The custody log of a case: who did what, when, with which tool, and each file's digest before and after.

One line per act, chained by digest. An act that changed nothing leaves no line.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from forensics import __version__, canonical
from forensics.custody.clock import now
from forensics.errors import BadFile, IntegrityBroken, UsageError
from forensics.records.custody import Act, Change

NAME = "custody.log"
ACTOR = "FORENSICS_ANALYST"
"""Who acts, where it is not the name the user is logged in by."""


class Log(NamedTuple):
    """A log as read."""

    acts: tuple[Act, ...]
    broken: tuple[int, ...]
    """Lines that do not name the line before them."""


@contextmanager
def watched(folder: Path, action: str) -> Iterator[None]:
    """Note what happens to a case's files while the body runs; also where it fails."""
    before = _digests(folder)
    try:
        yield
    finally:
        after = _digests(folder)
        changes = {
            path: (before.get(path), after.get(path))
            for path in sorted({*before, *after})
            if before.get(path) != after.get(path)
        }
        if changes:
            note(folder, action, changes)


def note(folder: Path, action: str, changes: Mapping[str, tuple[str | None, str | None]]) -> None:
    """Append one act."""
    path = folder / NAME
    content = path.read_bytes() if path.exists() else b""
    last = content.splitlines(keepends=True)[-1] if content else b""
    act = Act(
        time=now(),
        actor=actor(),
        action=action,
        tool=__version__,
        changes=tuple(Change(path=name, before=a, after=b) for name, (a, b) in changes.items()),
        prev=canonical.digest(last),
    )
    canonical.write_atomic(path, content + canonical.line(act.model_dump(mode="json")))


def read(folder: Path) -> Log:
    """Read a case's log; raises UsageError where there is none and BadFile where a line is no act."""
    path = folder / NAME
    if not path.is_file():
        raise UsageError(f"{folder} holds no {NAME}.", remedy="A case made with `forensics compare` keeps one.")
    return parse(path.read_bytes(), path=str(path))


def parse(data: bytes, *, path: str) -> Log:
    """Read a log's bytes; raises BadFile."""
    acts, broken, before = [], [], b""
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        try:
            act = Act.model_validate_json(line)
        except ValidationError as error:
            raise BadFile(path, "not a line of a custody log", line=number) from error
        if act.prev != canonical.digest(before):
            broken.append(number)
        acts.append(act)
        before = line
    return Log(tuple(acts), tuple(broken))


def raise_if_broken(found: Log, where: object) -> None:
    """Raise IntegrityBroken where a line does not name the one before it."""
    if found.broken:
        raise IntegrityBroken(
            f"{where}: {len(found.broken)} lines of the custody log do not name the line before them.",
            remedy="The log was edited after it was written; it is no evidence of what was done.",
        )


def lines(found: Log) -> Iterator[str]:
    """Yield what is printed: one line for an act, one for each file."""
    for number, act in enumerate(found.acts, start=1):
        mark = "  [BROKEN: the line before was changed, removed or reordered]" if number in found.broken else ""
        yield f"{act.time}  {act.actor}  {act.action}  (forensics {act.tool}){mark}"
        for change in act.changes:
            yield f"    {change.path}: {_short(change.before)} → {_short(change.after)}"


def actor() -> str:
    """Return who acts: FORENSICS_ANALYST, or the name the user is logged in by."""
    named = os.environ.get(ACTOR)
    if named:
        return canonical.well_formed(named)
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _short(digest: str | None) -> str:
    return digest or "none"


def _digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file of a case but the log itself."""
    if not folder.is_dir():
        return {}
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != NAME and not path.name.startswith("."):
            found[path.relative_to(folder).as_posix()] = canonical.file_digest(path)
    return found

"""Every error this project raises on purpose, and the exit status each one means.

    ForensicsError            1  our fault
    ├── UsageError            2  used wrongly: a name, an option, a file
    │   ├── UnknownName       2  a name that is not in a catalogue
    │   └── BadFile           2  a file that cannot be read as what it should be
    ├── ModelDidNotAnswer     3  a model did not answer enough
    ├── IntegrityBroken       4  bytes are not the bytes that were recorded
    ├── GateTripped           5  a gate the user set was tripped
    ├── TooLittleEvidence     6  not enough to decide anything
    └── Interrupted         130  the user, or the system, asked for an end

Each error says what happened (`message`) and what to do about it (`remedy`). Only the command line turns them
into text and an exit status; nothing in this package ends the process.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class ForensicsError(Exception):
    """Base of all errors raised on purpose."""

    exit_status = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders; by default they would be made again from their message alone, and fail at it.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ForensicsError], args: tuple[Any, ...], state: dict[str, Any]) -> ForensicsError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(ForensicsError):
    """The command was used wrongly."""

    exit_status = 2


class UnknownName(UsageError):
    """A name was asked for that no catalogue holds."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, remedy: str = "") -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        listed = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
        super().__init__(f"Unknown {kind} {name!r}.{hint}", remedy=remedy or f"Known: {listed or 'none'}.")


class BadFile(UsageError):
    """A file is corrupt, truncated or of another kind; names the file and, where known, the line."""

    def __init__(self, path: Path | str, problem: str, *, line: int | None = None, remedy: str = "") -> None:
        place = f"{path}, line {line}" if line is not None else str(path)
        super().__init__(f"{place}: {problem}.", remedy=remedy)
        self.path = str(path)
        self.line = line


class ModelDidNotAnswer(ForensicsError):
    """A model gave no usable answer, or too few."""

    exit_status = 3


class IntegrityBroken(ForensicsError):
    """A file is not the file that was recorded."""

    exit_status = 4


class GateTripped(ForensicsError):
    """A gate set by the user was tripped."""

    exit_status = 5


class TooLittleEvidence(ForensicsError):
    """There is not enough evidence to say anything; a result of its own, not a failure of the tool."""

    exit_status = 6


class Interrupted(ForensicsError):
    """The user, or the system, asked for an end; what was done is kept."""

    exit_status = 130

"""What a check of a bundle found: every fault, and what a reader should know besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from forensics.errors import IntegrityBroken

Kind = Literal[
    "missing", "extra", "changed", "out of order", "wrong key", "token invalid", "malformed", "unsafe", "not reproduced"
]


class Fault(NamedTuple):
    """One thing that is not as it was sealed."""

    kind: Kind
    path: str
    problem: str

    def line(self) -> str:
        """Return the fault in one line."""
        return f"{self.kind}: {self.path}: {self.problem}"


class Sealed(NamedTuple):
    """One seal of a bundle that was read."""

    stage: str
    made: str
    key: str
    stamps: tuple[str, ...]
    """Times that tokens say, with their authority."""


@dataclass
class Findings:
    """Everything found; nothing is raised while looking."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is no fault and yet limits what the check shows."""
    seals: list[Sealed] = field(default_factory=list)
    files: int = 0
    size: int = 0
    answers: int = 0

    def add(self, kind: Kind, path: str, problem: str) -> None:
        """Add a fault."""
        self.faults.append(Fault(kind, path, problem))

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def content(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "ok": not self.faults,
            "faults": [fault._asdict() for fault in self.faults],
            "notes": self.notes,
            "seals": [seal._asdict() for seal in self.seals],
            "files": self.files,
            "bytes": self.size,
            "answers": self.answers,
        }

    def lines(self) -> list[str]:
        """Return what is printed."""
        found = [f"FAULT  {fault.line()}" for fault in self.faults]
        found += [f"note   {text}" for text in self.notes]
        for seal in self.seals:
            stamps = "".join(f"; stamped {stamp}" for stamp in seal.stamps) or "; no time stamp"
            found.append(f"seal   {seal.stage}, {seal.made} by its maker's clock{stamps}; key {seal.key}")
        state = f"BROKEN: {len(self.faults)} faults" if self.faults else "intact"
        return [*found, f"{state}: {self.files} files, {self.size} bytes, {self.answers} leaves of answers"]


def raise_if_any(found: Findings, where: object) -> None:
    """Raise IntegrityBroken where there is a fault."""
    if found.faults:
        kinds: Sequence[str] = sorted({fault.kind for fault in found.faults})
        raise IntegrityBroken(
            f"{where}: {len(found.faults)} faults ({', '.join(kinds)}).",
            remedy="This is not what was sealed. Ask its maker for the bundle again, and say which faults were named.",
        )

"""What came of asking, read again from the transcripts: states, retries, and whether it is enough."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forensics.asking.inquiry import Inquiry
from forensics.errors import ForensicsError, ModelDidNotAnswer, TooLittleEvidence


@dataclass(slots=True)
class Tally:
    """The answers of one transcript, counted; of a question asked again the last answer counts."""

    states: Counter[str] = field(default_factory=Counter)
    retried: int = 0
    maybe_billed: int = 0
    cached: int = 0

    def line(self) -> str:
        """Say it in one line."""
        parts = [f"{count:,} {state}" for state, count in sorted(self.states.items())] or ["nothing"]
        for count, words in (
            (self.retried, "answered after a retry"),
            (self.maybe_billed, "attempts perhaps charged without an answer"),
            (self.cached, "from the cache"),
        ):
            if count:
                parts.append(f"{count:,} {words}")
        return ", ".join(parts)


def tally(path: Path) -> Tally:
    """Count the answers of a transcript, line by line: however long it is, it takes the same room."""
    found = Tally()
    failed: set[tuple[str, int]] = set()
    with path.open("rb") as stream:
        next(stream, None)
        for line in stream:
            if not line.endswith(b"\n"):
                break
            answer = json.loads(line)
            attempts = answer.get("attempts") or ()
            question = (answer["probe"], answer["draw"])
            found.maybe_billed += sum(attempt["maybe_billed"] for attempt in attempts)
            if answer["state"] == "failed":
                failed.add(question)
                continue
            failed.discard(question)
            found.states[answer["state"]] += 1
            found.retried += bool(attempts)
            found.cached += bool(answer.get("cached"))
    if failed:
        found.states["failed"] = len(failed)
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking one model."""

    name: str
    path: Path
    total: int
    """Questions of this run."""
    answered: int
    """Of these, now answered."""
    tally: Tally
    """Of the whole transcript."""
    ended: str
    remedy: str
    last_error: str
    stopped: str
    """Why the run was stopped early; empty where it was not."""
    torn: int
    """Bytes of a torn last line that were dropped at the start."""
    resent: int
    """Questions that were under way when an earlier run was broken off."""


def outcome(inquiry: Inquiry, *, stopped: str) -> Outcome:
    """Return what came of one inquiry, after its transcript was closed."""
    answered = inquiry.held + inquiry.cached + inquiry.answered
    return Outcome(
        name=inquiry.name,
        path=inquiry.path,
        total=inquiry.total,
        answered=answered,
        tally=tally(inquiry.path),
        ended=inquiry.ended,
        remedy=inquiry.remedy,
        last_error=inquiry.last_error,
        stopped=stopped if answered < inquiry.total else "",
        torn=inquiry.torn,
        resent=inquiry.resent,
    )


def notes(found: Outcome) -> list[str]:
    """Say what a user should know about how it went."""
    said = []
    if found.torn:
        said.append(f"{found.name}: the last line was torn ({found.torn} bytes) and was dropped; it is asked again.")
    if found.resent:
        said.append(f"{found.name}: {found.resent} questions were under way when an earlier run ended; asked again.")
    if found.stopped:
        said.append(f"{found.name}: {found.stopped}; the same command goes on from there.")
    return said


def judge(outcomes: Sequence[Outcome], *, min_answered: float) -> None:
    """Raise ModelDidNotAnswer where a model gave no text, TooLittleEvidence where too little was answered.

    Each names every model it is about; whatever was answered lies in the transcripts.
    """
    silent = [found for found in outcomes if not found.tally.states["text"]]
    short = [found for found in outcomes if found.answered < min_answered * found.total and found not in silent]
    if silent:
        _complain(ModelDidNotAnswer, [*silent, *short], outcomes)
    if short:
        _complain(TooLittleEvidence, short, outcomes)


def _complain(kind: type[ForensicsError], about: Sequence[Outcome], outcomes: Sequence[Outcome]) -> None:
    said = [f"{found.name} answered {found.answered:,} of {found.total:,} questions{_why(found)}" for found in about]
    remedies = list(dict.fromkeys(found.remedy for found in about if found.remedy))
    whole = len(outcomes) - len(about)
    if whole:
        remedies.append(f"The {whole} other models' answers are kept.")
    files = ", ".join(str(found.path) for found in about[:3])
    remedies.append(f"See {files}; the same command asks only what is missing.")
    raise kind("; ".join(said) + ".", remedy=" ".join(remedies))


def _why(found: Outcome) -> str:
    states = ", ".join(f"{count} {state}" for state, count in sorted(found.tally.states.items()) if state != "text")
    error = f"last error: {found.last_error}" if found.last_error and not found.ended else ""
    why = "; ".join(words.rstrip(".") for words in (found.ended or found.stopped or states, error) if words)
    return f" ({why})" if why else ""

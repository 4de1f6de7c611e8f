"""What is under way, beside the transcript: read again after a run that ended without warning.

A line when a question is sent and one for every try that failed. Whatever was sent and has no answer in the transcript
was under way when the run ended: it is asked again, and counted as an attempt that the service may have charged. A run
that ends in order leaves no journal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from forensics import canonical
from forensics.records.transcript import Attempt

SUFFIX = ".journal"
INTERRUPTED = "the run was broken off while this request was under way"
Question = tuple[str, int]
"""Probe id and draw."""


class Journal:
    """The journal of one transcript, while its lock is held."""

    def __init__(
        self, path: Path, *, transcript: str, answered: Collection[Question], settled: Mapping[Question, str]
    ) -> None:
        """`transcript` is the digest of the header's line; `settled` says when each failed answer there was given."""
        self._path = path
        self.attempts = {
            question: tries
            for question, tries in _unsettled(path, transcript, settled).items()
            if question not in answered
        }
        """Tries of earlier runs that are in no answer yet, oldest first."""
        start = canonical.line({"transcript": transcript})
        lines = [_line(question, attempt) for question, tries in self.attempts.items() for attempt in tries]
        canonical.write_atomic(path, b"".join([start, *lines]))
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))

    def sent(self, questions: Iterable[Question], time: str) -> None:
        """Note that questions are about to be sent."""
        ids = "".join(f'{{"ask":[{json.dumps(probe)},{draw}],"time":"{time}"}}\n' for probe, draw in questions)
        os.write(self._file, ids.encode("utf-8", "surrogatepass"))

    def failed(self, question: Question, attempt: Attempt) -> None:
        """Note a try that failed."""
        os.write(self._file, _line(question, attempt))

    def sync(self) -> None:
        """Wait until everything noted has reached the disk."""
        os.fsync(self._file)

    def close(self, *, settled: bool) -> None:
        """Let go of the file; it is removed where nothing is under way."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            if settled:
                self._path.unlink(missing_ok=True)


def beside(transcript: Path) -> Path:
    """Return where the journal of a transcript lies."""
    return transcript.with_name(transcript.name + SUFFIX)


def _line(question: Question, attempt: Attempt) -> bytes:
    return canonical.line({"ask": list(question), "attempt": attempt.model_dump(mode="json")})


def _unsettled(path: Path, transcript: str, settled: Mapping[Question, str]) -> dict[Question, list[Attempt]]:
    """Read what an earlier run left; a journal of another transcript, or a torn line, says nothing."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    if _object(lines[0]).get("transcript") != transcript:
        return {}
    sent: dict[Question, str] = {}
    tries: dict[Question, list[Attempt]] = {}
    for line in lines[1:]:
        content = _object(line)
        match content.get("ask"):
            case [str(probe), int(draw)]:
                question = (probe, draw)
            case _:
                continue
        attempt = _attempt(content.get("attempt"))
        time = attempt.time if attempt else content.get("time")
        if not isinstance(time, str) or time <= settled.get(question, ""):
            continue
        if attempt is None:
            sent[question] = time
        else:
            tries.setdefault(question, []).append(attempt)
            sent.pop(question, None)
    for question, time in sent.items():
        broken = Attempt(kind="interrupted", error=INTERRUPTED, time=time, maybe_billed=True)
        tries.setdefault(question, []).append(broken)
    return tries


def _object(line: bytes) -> dict[str, object]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _attempt(content: object) -> Attempt | None:
    try:
        return Attempt.model_validate(content) if content is not None else None
    except ValidationError:
        return None

"""Transcripts: every answer of one model, one line each, chained by digest.

`Transcript` is what the rest of the program works with; `chained` writes a whole native one, and `asking.writer` one that
grows. Which foreign formats can be read is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from forensics import canonical
from forensics.conduct import Conduct
from forensics.errors import BadFile, IntegrityBroken
from forensics.records.base import State
from forensics.records.probes import Message, Probe
from forensics.records.transcript import Answer, Imported, Sampling, TranscriptHeader

SCHEMA: Final = "forensics/transcript/1"


class Entry(NamedTuple):
    """One answer, as far as scoring needs it."""

    prompt: str
    prompt_digest: str
    draw: int
    state: State
    text: str
    finish_reason: str | None
    key: str | None
    conduct: Conduct | None = None
    first: tuple[tuple[str, float], ...] | None = None
    """Likeliest first tokens with their log-probabilities; None where they were not recorded."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """All answers of one model, whatever file they came from."""

    model: str
    format: str
    """Name of the importer that read it."""
    path: Path
    digest: str
    """Digest of the file's bytes on disk."""
    entries: tuple[Entry, ...]
    faults: dict[str, int]
    """Counts of answers that could not be taken as they were, by kind."""


def prompt_text(probe: Probe) -> str:
    """Return the text that stands for a probe's prompt in transcripts: itself, or its conversation as JSON."""
    if probe.prompt is not None:
        return canonical.well_formed(probe.prompt)
    return conversation_text(probe.messages or ())


def conversation_text(messages: Iterable[Message]) -> str:
    """Return the canonical JSON of a conversation."""
    return canonical.encode([{"role": m.role, "content": m.content} for m in messages]).decode()


def prompt_digest(text: str) -> str:
    """Return the digest by which prompts are matched between transcripts."""
    return canonical.digest(text.encode())


def sampling_text(sampling: Sampling | None, *, dropped: Collection[str] = ()) -> str:
    """Say in one line which parameters were asked for, or, without the `dropped` ones, which were sent."""
    if sampling is None:
        return "not recorded"
    # The seed is no condition: other seeds are other draws of the same experiment.
    asked = sampling.model_dump(exclude_none=True, exclude={"seed", *dropped})
    return ", ".join(f"{name} {value}" for name, value in asked.items()) or "defaults"


def header_line(header: TranscriptHeader) -> bytes:
    """Return the first line of a transcript."""
    return canonical.line(header.model_dump(mode="json", by_alias=True))


def answer_line(answer: Answer) -> bytes:
    """Return an answer's line: fields without a value are left out, the chain's link comes last."""
    return canonical.line(answer.model_dump(mode="json", exclude_none=True))


def chained(header: TranscriptHeader, answers: Iterable[Answer]) -> bytes:
    """Return the bytes of a whole transcript; each answer's `prev` is replaced by the true link."""
    lines = [header_line(header)]
    for answer in answers:
        lines.append(answer_line(answer.model_copy(update={"prev": canonical.digest(lines[-1])})))
    return b"".join(lines)


def safe_name(name: str) -> str:
    """Return a file name for any model name: nothing that leads elsewhere, hides or collides.

    >>> safe_name("demo:oak"), safe_name("../../etc") == safe_name("etc")
    ('demo_oak', False)
    """
    plain = re.sub(r"[^A-Za-z0-9._+-]", "_", name).strip("._-") or "model"
    # `adapter:name` with one colon and no underscore before it cannot become what another such name becomes.
    if plain == re.sub(r"^([^:_]*):", r"\1_", name) and len(plain) <= 80 and ".." not in plain:
        return plain
    return f"{plain[:80]}-{canonical.digest(canonical.well_formed(name).encode())[7:15]}"


def as_native(transcript: Transcript) -> bytes:
    """Return recorded answers as a native transcript; the same file gives the same bytes."""
    header = TranscriptHeader(
        schema=SCHEMA,
        model=transcript.model,
        adapter="replay",
        sampling=None,
        probe_set=None,
        provenance=None,
        imported=Imported(format=transcript.format, digest=transcript.digest, faults=transcript.faults),
        notes={},
    )
    return chained(header, (_recorded_answer(number, e) for number, e in enumerate(transcript.entries, start=1)))


def _recorded_answer(number: int, entry: Entry) -> Answer:
    return Answer(
        probe=f"recorded-{number}",
        draw=entry.draw,
        prompt=entry.prompt,
        prompt_digest=entry.prompt_digest,
        state=entry.state,
        text=entry.text,
        finish_reason=entry.finish_reason,
        key=entry.key,
        prev=canonical.digest(b""),
    )


def parse_header(line: bytes, path: Path) -> TranscriptHeader:
    """Read the first line of a native transcript; raises BadFile."""
    try:
        return TranscriptHeader.model_validate_json(line)
    except ValidationError as error:
        raise BadFile(path, f"not a transcript header: {_first(error)}", line=1) from error


def parse_answers(lines: Iterable[bytes], path: Path, *, before: bytes) -> Iterable[Answer]:
    """Read answer lines and check the chain; `before` is the header line.

    Raises BadFile for a line that is no answer and IntegrityBroken where a line does not name the one before it.
    """
    for number, line in enumerate(lines, start=2):
        try:
            answer = Answer.model_validate_json(line)
        except ValidationError as error:
            raise BadFile(path, f"not an answer: {_first(error)}", line=number) from error
        if answer.prev != canonical.digest(before):
            raise IntegrityBroken(
                f"{path}, line {number}: the line before it was changed, removed or reordered.",
                remedy="Use the transcript as it was first written; an edited one is not evidence.",
            )
        before = line
        yield answer


def _first(error: ValidationError) -> str:
    """Say the first fault of a validation in one line."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or "the line"
    return f"{place}: {fault['msg']}"

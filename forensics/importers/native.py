"""Our own transcripts: a header line and one chained line per answer. The chain is checked while reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forensics import conduct, transcripts
from forensics.errors import BadFile
from forensics.importers import Recorded, Recording

SUMMARY = "forensics transcript (.jsonl), hash chain checked"
HAS_HEADER = True
"""The first line is a transcript's header: the model's name and sampling are known, not guessed from the path."""


def recognises(start: str, name: str) -> bool:
    """Say whether the first characters of a file look like this format."""
    return f'"schema":"{transcripts.SCHEMA}"' in start.partition("\n")[0].replace(" ", "")


def read(recording: Recording, options: Mapping[str, str]) -> Iterator[Recorded]:
    """Yield the answers of a transcript; raises BadFile or IntegrityBroken, naming the line."""
    if not recording.text:
        raise BadFile(recording.path, "it is empty: a transcript begins with a header", line=1)
    lines = [line + b"\n" for line in recording.text.encode().split(b"\n")]
    if lines.pop() != b"\n":
        raise BadFile(
            recording.path,
            "the last line is not complete: the transcript was cut off while it was written",
            line=len(lines) + 1,
            remedy="Finish it by repeating the command that wrote it, or remove the torn line.",
        )
    header = transcripts.parse_header(lines[0], recording.path)
    for answer in transcripts.parse_answers(lines[1:], recording.path, before=lines[0]):
        yield Recorded(
            prompt=answer.prompt,
            answer=answer.text,
            draw=answer.draw,
            model=header.model,
            key=answer.key,
            finish_reason=answer.finish_reason,
            state=answer.state,
            conduct=conduct.of(answer) if header.provenance is not None else None,
            first=answer.logprobs[0].top or None if answer.logprobs else None,
        )

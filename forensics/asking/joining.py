"""Join the transcripts of shards to one: every line as it was answered, in a chain of its own, the sources on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from forensics import canonical
from forensics.asking.journal import beside
from forensics.asking.writer import Writer, conditions, unlinked
from forensics.errors import BadFile, UsageError
from forensics.records.transcript import Answer, TranscriptHeader
from forensics.transcripts import parse_answers, parse_header


def join(shards: Sequence[Path], path: Path) -> int:
    """Write one transcript of several of one model under the same conditions; returns the number of answers.

    Raises UsageError where they do not belong together or a file is there already, BadFile or IntegrityBroken where one
    is damaged; nothing is written then.
    """
    headers = [_header(shard) for shard in shards]
    if not headers:
        raise UsageError("No transcript was named.", remedy="Name the transcripts of all shards.")
    if path.exists():
        raise UsageError(f"{path} exists already.", remedy="Name another file with -o, or remove it.")
    for shard, header in zip(shards, headers, strict=True):
        if conditions(header) != conditions(headers[0]):
            raise UsageError(
                f"{shard} and {shards[0]} were recorded under different conditions (model, probe set, sampling or weights).",
                remedy="Join transcripts that differ in --shard alone.",
            )
    first = headers[0].provenance
    assert first is not None  # _header has made sure
    digests = tuple(canonical.file_digest(shard) for shard in shards)
    joined = headers[0].model_copy(update={"provenance": first.model_copy(update={"joined": digests})})
    making = path.with_name(f".{path.name}.joining")
    try:
        making.unlink(missing_ok=True)
        with Writer.resume(making, joined) as writer:
            count = _copy(shards, writer)
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)
    return count


def _copy(shards: Sequence[Path], writer: Writer) -> int:
    answered: dict[tuple[str, int], Path] = {}
    count = 0
    for shard in shards:
        for answer in _answers(shard):
            question = (answer.probe, answer.draw)
            if question in answered and answer.state != "failed":
                raise UsageError(
                    f"{shard} and {answered[question]} both answer draw {answer.draw} of {answer.probe!r}.",
                    remedy="Join shards that do not overlap.",
                )
            if answer.state != "failed":
                answered[question] = shard
            writer.write(unlinked(answer))
            count += 1
    return count


def _header(shard: Path) -> TranscriptHeader:
    if not shard.is_file():
        raise UsageError(f"{shard} does not exist.", remedy="Name the transcripts of all shards.")
    if beside(shard).exists():
        raise UsageError(f"{shard} is not finished.", remedy="Repeat the command that writes it.")
    with shard.open("rb") as stream:
        found = parse_header(next(stream, b""), shard)
    if found.provenance is None:
        raise UsageError(f"{shard} was imported, not asked.", remedy="Join transcripts of `forensics probe`.")
    return found


def _answers(shard: Path) -> Iterator[Answer]:
    with shard.open("rb") as stream:
        yield from parse_answers(_whole(stream, shard), shard, before=next(stream))


def _whole(stream: Iterator[bytes], shard: Path) -> Iterator[bytes]:
    for line in stream:
        if not line.endswith(b"\n"):
            raise BadFile(shard, "the last line is not complete", remedy="Repeat the command that writes it.")
        yield line

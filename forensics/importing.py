"""Recorded answers to transcripts: open a file, find its format, check every answer, count what is wrong.

Knows no format itself (those are `importers/`) and computes nothing about the answers.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, NamedTuple, cast

from forensics import canonical, registry
from forensics.errors import BadFile, UnknownName, UsageError
from forensics.importers import Recorded, Recording
from forensics.records.base import State
from forensics.records.transcript import Sampling
from forensics.transcripts import Entry, Transcript, as_native, parse_header, prompt_digest, safe_name

SUFFIXES = (".json", ".jsonl", ".csv", ".tsv")
COMPRESSED = (".gz", ".zst")
LARGEST = 1 << 31
"""Bytes a file may decompress to: more is taken for a decompression bomb."""
GENERIC_NAMES = {"model_outputs", "answers", "outputs", "transcript", "results", "responses"}
"""File names that say nothing about the model: the folder's name is taken instead."""
NOT_ANSWERS = {"models", "pairs", "case", "scores", "evidence", "report", "calibration"}
"""Tables that describe models, and records of ours that may lie in the same folder."""
_START = 1 << 16
_ZST_BLOCK = 1 << 11
"""Compressed bytes read at a time: four of them may stand for 128 KiB, so this bounds what a bomb takes at once."""


def read_transcript(path: Path, *, importer: str | None = None, options: Mapping[str, str] | None = None) -> Transcript:
    """Read one file of recorded answers, or a folder holding exactly one.

    `importer` forces a format, otherwise it is found from the content. Raises UnknownName, UsageError or BadFile.
    """
    path = answers_file(path)
    text = open_text(path)
    name = importer or detect(path, text)
    plugin = registry.load("importers", name)
    _check_options(name, plugin, options or {})
    recorded = list(plugin.read(Recording(path=path, text=text), dict(options or {})))
    entries, faults = _checked(recorded)
    if not entries:
        found = "".join(f"; {kind}: {count}" for kind, count in sorted(faults.items()))
        raise BadFile(path, f"no answers in it{found}")
    known = identify(path, importer=name)
    return Transcript(
        model=known.model,
        format=name,
        path=path,
        digest=canonical.file_digest(path),
        entries=tuple(entries),
        faults=dict(sorted((faults + Counter(known.faults)).items())),
    )


def _check_options(name: str, plugin: ModuleType, options: Mapping[str, str]) -> None:
    """Refuse an option the importer would ignore: a misspelt column name must not go unnoticed."""
    known = getattr(plugin, "OPTIONS", ())
    for option in options:
        if option not in known:
            raise UnknownName(f"option of the importer {name}", option, known)


class Converted(NamedTuple):
    """One transcript made from a file of recorded answers."""

    path: Path
    line: str
    """What was taken over, in one line."""


def convert(files: Sequence[Path], folder: Path, *, importer: str | None = None) -> list[Converted]:
    """Write the transcript of each file into a folder; every file is read before any transcript is written.

    The same file gives the same bytes. Raises UsageError or BadFile.
    """
    read = [read_transcript(path, importer=importer) for path in files]
    # As file systems see names: capitals make no difference on some.
    names = Counter(safe_name(transcript.model).casefold() for transcript in read)
    for transcript in read:
        count = names[safe_name(transcript.model).casefold()]
        if count > 1:
            raise UsageError(
                f"{count} of the files are answers of {transcript.model!r}, or of names that make one file name.",
                remedy="Import them into two folders.",
            )
    done = []
    for transcript in read:
        path = folder / f"{safe_name(transcript.model)}.jsonl"
        canonical.write_atomic(path, as_native(transcript))
        faults = "".join(f", {kind}: {count}" for kind, count in transcript.faults.items())
        line = (
            f"{transcript.path}: {transcript.format}, {len(transcript.entries)} answers of {transcript.model}{faults}"
        )
        done.append(Converted(path, line))
    return done


class Identified(NamedTuple):
    """What the beginning of a file says."""

    model: str
    format: str
    sampling: Sampling | None
    """None where the format does not carry it."""
    faults: Mapping[str, int]
    """What was found wrong when the answers were taken over from another format."""


def identify(path: Path, *, importer: str | None = None) -> Identified:
    """Say what a file of recorded answers is, from its beginning; raises BadFile."""
    start = _start_of(path)
    name = importer or detect(path, start)
    if not getattr(registry.load("importers", name), "HAS_HEADER", False):
        return Identified(model_name(path), name, None, {})
    # A header may be longer than the start: it holds the system prompt.
    first = start if "\n" in start else open_text(path)
    header = parse_header(first.partition("\n")[0].encode(), path)
    return Identified(header.model, name, header.sampling, header.imported.faults if header.imported else {})


def _start_of(path: Path) -> str:
    """Return the first characters of a file, at least as many as formats are recognised by."""
    data = b""
    try:
        for block in _blocks(path, _START):
            data += block
            if len(data) >= _START:
                break
    except (EOFError, OSError, zlib.error) as error:
        if not data:
            raise BadFile(path, f"unreadable ({error})", line=1) from error
    return data.decode("utf-8-sig", "replace")


def detect(path: Path, text: str) -> str:
    """Return the name of the importer whose format the content has; raises UsageError when none recognises it."""
    start = text[:_START]
    # The catch-all for tables goes last: it recognises by column names alone.
    for name in sorted(registry.names("importers"), key=lambda name: (name == "table", name)):
        try:
            plugin = registry.load("importers", name)
        except UsageError:  # a stranger's importer that cannot be loaded must not hide the others
            continue
        if plugin.recognises(start, path.name):
            return name
    raise BadFile(
        path,
        "the format was not recognised",
        remedy=f"Known formats: {', '.join(registry.names('importers'))}. Name one with --as, or ?as=FORMAT.",
    )


def answers_file(path: Path) -> Path:
    """Return the file itself, or the only answers file of a folder; raises UsageError."""
    if path.is_dir():
        files = answers_files(path)
        if len(files) != 1:
            found = ", ".join(file.name for file in files[:8]) or "none"
            raise UsageError(f"{path} holds {len(files)} answers files ({found}).", remedy="Name one file.")
        return files[0]
    if not path.exists():
        raise UsageError(f"{path} does not exist.", remedy="Name a file of recorded answers, or a folder holding one.")
    return path


def answers_files(folder: Path) -> list[Path]:
    """Return the answers files directly inside a folder, sorted by name."""
    return sorted(p for p in folder.iterdir() if p.is_file() and is_answers_file(p))


def answers_below(folder: Path) -> list[Path]:
    """Return the answers files inside a folder, then those inside each of its folders, sorted by name."""
    folders = [folder, *sorted(inside for inside in folder.iterdir() if inside.is_dir())]
    return [file for each in folders for file in answers_files(each)]


def is_answers_file(path: Path) -> bool:
    """Say whether a file's name is one that recorded answers may have."""
    stem, suffix = _stem(path)
    return suffix in SUFFIXES and stem not in NOT_ANSWERS and not path.name.startswith(".")


def model_name(path: Path) -> str:
    """Return the model's name: the file's own, or its folder's where the file's name says nothing."""
    stem, _ = _stem(path)
    return canonical.well_formed(path.resolve().parent.name if stem.lower() in GENERIC_NAMES else stem)


def open_text(path: Path) -> str:
    """Read, decompress (.gz, .zst) and decode a file; raises BadFile for a truncated, corrupt or huge one."""
    data = bytearray()
    try:
        for block in _blocks(path):
            data += block
            if len(data) > LARGEST:
                raise BadFile(path, f"it decompresses to more than {LARGEST >> 30} GiB")
    except (EOFError, OSError, zlib.error) as error:
        raise BadFile(
            path,
            f"unreadable ({error})",
            line=data.count(b"\n") + 1,
            remedy="The file may be truncated: get it again.",
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(path, "not UTF-8 text", line=data.count(b"\n", 0, error.start) + 1) from error


def _blocks(path: Path, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield a file's decompressed bytes; raises EOFError where compressed data end too early."""
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=raw) as stream:
                while block := stream.read(size):
                    yield block
        elif path.suffix == ".zst":
            yield from _zst_blocks(raw)
        else:
            while block := raw.read(size):
                yield block


def _zst_blocks(raw: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of all frames of a file, which may hold several one after the other."""
    import zstandard

    decompressor = zstandard.ZstdDecompressor().decompressobj()
    try:
        while block := raw.read(_ZST_BLOCK):
            while block:
                if decompressor.eof:
                    decompressor = zstandard.ZstdDecompressor().decompressobj()
                yield decompressor.decompress(block)
                block = decompressor.unused_data if decompressor.eof else b""
    except zstandard.ZstdError as error:
        raise OSError(str(error)) from error
    if not decompressor.eof:
        raise EOFError("Compressed file ended before the end-of-stream marker was reached")


def _stem(path: Path) -> tuple[str, str]:
    """Split a name into stem and suffix, compression left aside."""
    name = path.name
    for suffix in COMPRESSED:
        name = name.removesuffix(suffix)
    return Path(name).stem, Path(name).suffix


def _checked(recorded: list[Recorded]) -> tuple[list[Entry], Counter[str]]:
    """Check every answer: well-formed, one per prompt and draw; count what had to be left out or noted."""
    entries: dict[tuple[str, int], Entry] = {}
    faults: Counter[str] = Counter()
    for item in recorded:
        if not isinstance(item.prompt, str):
            faults["prompt is not text"] += 1
            continue
        prompt = canonical.well_formed(item.prompt)
        identity = prompt_digest(prompt)
        draw = item.draw or 0
        earlier = entries.get((identity, draw))
        # Only our own transcripts say `failed`: there the next line is the answer to the same question asked again.
        again = earlier is not None and earlier.state == "failed" and item.state is not None
        if earlier is not None:
            faults["failed, asked again" if again else "duplicate"] += 1
        if earlier is None or again:
            state, text = _state(item, faults)
            key = None if item.key is None else canonical.well_formed(item.key)
            entries[identity, draw] = Entry(
                prompt, identity, draw, state, text, item.finish_reason, key, item.conduct, item.first
            )
    return list(entries.values()), faults


def _state(item: Recorded, faults: Counter[str]) -> tuple[State, str]:
    """Say what an answer is, and return its text made well-formed."""
    if not isinstance(item.answer, str):
        faults["answer is not text"] += 1
        return "failed", ""
    text = canonical.well_formed(item.answer)
    if text != item.answer:
        faults["lone surrogates replaced"] += 1
    if item.state is not None:
        return cast("State", item.state), text
    if not text.strip():
        faults["empty"] += 1
        return "empty", text
    return "text", text

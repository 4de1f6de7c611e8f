"""Append answers to a native transcript: each one is on its way to disk before it counts as answered.

A transcript that was broken off is gone on with; a torn last line is dropped and said to have been. Two processes never
write one transcript.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from forensics import canonical
from forensics.asking.locking import lock
from forensics.errors import UsageError
from forensics.records.transcript import Answer, TranscriptHeader
from forensics.transcripts import header_line, parse_answers, parse_header

Each = Callable[[Answer], None]


class Writer:
    """The open end of one transcript. `write` may be called from several threads."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._turn = threading.Lock()
        self._size = 0
        self._link = b""
        self._synced = True
        self._broken: OSError | None = None
        self.header: TranscriptHeader
        """As it stands on disk: the one of the first run where this one goes on."""
        self.header_digest = ""
        self.torn = 0
        """Bytes of a torn last line that were dropped."""
        self.held: set[tuple[str, int]] = set()
        """Probe id and draw of every answer that was there and need not be asked again."""

    @classmethod
    def resume(cls, path: Path, header: TranscriptHeader, *, each: Each | None = None) -> Writer:
        """Begin a transcript, or go on with one that was broken off; `each` is shown every answer there is.

        Raises UsageError where the one on disk was made under other conditions or is being written by another process,
        BadFile or IntegrityBroken where it is damaged.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: what a write returns from has left this process.
        stream: BinaryIO = os.fdopen(
            os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644), "r+b", 0
        )
        writer = cls(stream, path)
        try:
            writer._go_on(header, each)
        except BaseException:
            stream.close()
            raise
        return writer

    def _go_on(self, header: TranscriptHeader, each: Each | None) -> None:
        """Read what is there, drop what is torn, and stand at its end."""
        if not lock(self._stream):
            raise UsageError(
                f"{self._path} is being written by another run.", remedy="Wait for it to end, or name another file."
            )
        with self._path.open("rb") as found:
            lines = self._whole_lines(found)
            first = next(lines, None)
            if first is not None:
                self.header = parse_header(first, self._path)
                if conditions(self.header) != conditions(header):
                    raise UsageError(
                        f"{self._path} was recorded under other conditions (model, probe set, sampling or weights).",
                        remedy="Name another folder with -o, or remove it.",
                    )
                self.header_digest = canonical.digest(first)
                for answer in parse_answers(lines, self._path, before=first):
                    if answer.state != "failed":
                        self.held.add((sys.intern(answer.probe), answer.draw))
                    if each is not None:
                        each(answer)
        self._stream.truncate(self._size)
        self._stream.seek(self._size)
        if first is None:
            self.header = header
            first = header_line(header)
            self.header_digest = canonical.digest(first)
            self._append(first)
            self.sync()
            _sync_folder(self._path.parent)

    def _whole_lines(self, found: BinaryIO) -> Iterator[bytes]:
        """Yield the lines that are complete; keeps their length and the link to the last."""
        for line in found:
            if not line.endswith(b"\n"):
                self.torn = len(line)
                return
            self._size += len(line)
            self._link = line
            yield line

    def write(self, content: bytes) -> None:
        """Append one answer: the JSON object of `unlinked`, to which the link to the line before is added here.

        Raises OSError where it could not be written whole; nothing of it is then left in the file.
        """
        with self._turn:
            link = canonical.digest(self._link).encode()
            self._append(b'%b,"prev":"%b"}\n' % (content[:-1], link))

    def _append(self, line: bytes) -> None:
        if self._broken is not None:
            raise self._broken
        try:
            done = 0
            while done < len(line):
                done += self._stream.write(line[done:])
        except OSError as error:
            # What arrived in part would be a torn line in the middle as soon as another follows.
            self._broken = error
            self._stream.truncate(self._size)
            raise
        self._size += len(line)
        self._link = line
        self._synced = False

    def sync(self) -> None:
        """Wait until everything written has reached the disk."""
        if not self._synced:
            self._synced = True
            os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Bring everything to disk and let go of the file; writing later raises OSError."""
        with self._turn:
            if not self._stream.closed:
                try:
                    self.sync()
                finally:
                    self._broken = OSError("the transcript is closed")
                    self._stream.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def unlinked(answer: Answer) -> bytes:
    """Return an answer's line without its link and line end."""
    return canonical.line(answer.model_dump(mode="json", exclude_none=True, exclude={"prev"}))[:-1]


def conditions(header: TranscriptHeader) -> TranscriptHeader:
    """Return everything but when and where."""
    return header.model_copy(update={"provenance": None})


def _sync_folder(folder: Path) -> None:
    """Bring a new file's name to disk; not every system lets a folder be opened for it."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(opened)
    except OSError:
        pass
    finally:
        os.close(opened)

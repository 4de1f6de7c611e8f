"""Read a file once: both digests, its size, and whatever else wants to see its bytes. Follows no symbolic link."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from forensics.errors import IntegrityBroken

_BLOCK = 1 << 20
_WORTH_A_THREAD = 4 * _BLOCK


class Scanned(NamedTuple):
    """What a file is."""

    sha256: str
    """In hexadecimal, without prefix."""
    sha512: str
    size: int

    @property
    def digest(self) -> str:
        """Return the SHA-256 as records write it."""
        return "sha256:" + self.sha256


Take = Callable[[bytes], Any]


def of_bytes(data: bytes) -> Scanned:
    """Return what a file of these bytes would be."""
    return Scanned(sha256(data).hexdigest(), sha512(data).hexdigest(), len(data))


def scan(path: Path, *, take: Take | None = None) -> Scanned:
    """Read a file once, giving each block to `take`; raises IntegrityBroken where it is no plain file."""
    with opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size <= _WORTH_A_THREAD:
            return _small(stream, take)
        return _large(stream, take)


def _small(stream: BinaryIO, take: Take | None) -> Scanned:
    short, long, size = sha256(), sha512(), 0
    while block := stream.read(_BLOCK):
        short.update(block)
        long.update(block)
        size += len(block)
        if take is not None:
            take(block)
    return Scanned(short.hexdigest(), long.hexdigest(), size)


def _large(stream: BinaryIO, take: Take | None) -> Scanned:
    """Hash in a second thread (hashing leaves the interpreter free) while the block is looked at."""
    short, long, size = sha256(), sha512(), 0

    def hashed(block: bytes) -> None:
        short.update(block)
        long.update(block)

    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(hashed, b"")
        while block := stream.read(_BLOCK):
            waiting.result()
            waiting = pool.submit(hashed, block)
            size += len(block)
            if take is not None:
                take(block)
        waiting.result()
    return Scanned(short.hexdigest(), long.hexdigest(), size)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a plain file; what turned into a link or a device since it was listed is refused."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if path.is_symlink():
            raise IntegrityBroken(f"{path} is a symbolic link.", remedy="Put the file itself there.") from error
        raise
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise IntegrityBroken(f"{path} is no plain file.", remedy="Put the file itself there.")
        yield stream


def read_small(path: Path, *, most: int) -> bytes:
    """Return a plain file's bytes; raises IntegrityBroken where it has more than `most`."""
    with opened(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise IntegrityBroken(f"{path} has more than {most} bytes.", remedy="No such file is made by this tool.")
    return data

"""The answers of a bundle as leaves of one tree: salted commitments to each line of a transcript, its chain checked.

A leaf commits to a line without its link to the line before, so that a line can be removed from a redacted edition and
nothing left in it tells what it said. A file in a foreign format is one leaf. Reads bytes, not records.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from forensics.custody.merkle import Tree, leaf_hash

TRANSCRIPTS, RECORDED = "transcripts/", "recorded/"
"""Where answers lie in a bundle: our own transcripts, and files in foreign formats."""
_LINK: Final = b',"prev":"sha256:'
_END: Final = b'"}\n'
TAIL: Final = len(_LINK) + 64 + len(_END)
"""Bytes at the end of a line that name the line before."""


def is_answers(path: str) -> bool:
    """Say whether a path in a bundle is one of a file of answers."""
    return path.startswith((TRANSCRIPTS, RECORDED))


def is_chained(path: str) -> bool:
    """Say whether a path in a bundle is one of a transcript whose lines are chained."""
    return path.startswith(TRANSCRIPTS) and path.endswith(".jsonl")


def line_salt(seed: bytes, path: str, line: int) -> bytes:
    """Return the salt of a line (the header is line 1), or of a whole file of answers (line 0)."""
    return sha256(seed + sha256(path.encode()).digest() + line.to_bytes(8, "big")).digest()


def file_salt(seed: bytes, path: str) -> bytes:
    """Return the salt of a payload file in the tree of files."""
    return sha256(seed + b"file" + path.encode()).digest()


def commitment(salt: bytes, content: bytes) -> bytes:
    """Return the leaf hash over a salt and the SHA-256 of what is committed to."""
    return leaf_hash(salt + content)


def content_of(line: bytes, *, header: bool, cut: bool = False) -> bytes:
    """Return the SHA-256 that a leaf commits to: of the whole header, or of an answer's line without its link.

    `cut` says that the link was taken out of the line already.
    """
    return sha256(line if header else line[: -2 if cut else -TAIL]).digest()


class Lines:
    """One transcript, fed in blocks: its lines become leaves, and breaks of its chain are collected by line."""

    def __init__(self, tree: Tree, path: str, seed: bytes | None) -> None:
        self._tree = tree
        self._prefix = None if seed is None else seed + sha256(path.encode()).digest()
        self._rest = b""
        self._last = ""
        self.lines = 0
        self.broken: list[int] = []
        """Lines that do not name the line before them."""

    def feed(self, block: bytes) -> None:
        """Take the next block of the file."""
        whole, newline, rest = (self._rest + block).rpartition(b"\n")
        self._rest = rest
        if not newline:
            return
        for line in whole.split(b"\n"):
            self._take(line + b"\n")

    def close(self) -> None:
        """End the file; a last line without its end is a break."""
        if self._rest or not self.lines:
            self.broken.append(self.lines + 1)
            self._rest = b""

    def _take(self, line: bytes) -> None:
        self.lines += 1
        body, tail = (line, b"") if self.lines == 1 else (line[:-TAIL], line[-TAIL:])
        if tail and tail != b"%b%b%b" % (_LINK, self._last.encode(), _END):
            self.broken.append(self.lines)
        hashed = sha256(body)
        if self._prefix is not None:
            salt = sha256(self._prefix + self.lines.to_bytes(8, "big")).digest()
            self._tree.add(sha256(b"\x00" + salt + hashed.digest()).digest())
        hashed.update(tail)
        self._last = hashed.hexdigest()


def lines_of(data: bytes) -> Iterator[bytes]:
    """Yield the lines of a whole transcript, their ends included."""
    for line in data.split(b"\n")[:-1]:
        yield line + b"\n"

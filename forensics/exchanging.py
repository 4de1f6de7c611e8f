"""One HTTP/1.1 exchange on an open connection: send a request, read the answer, say whether the connection can be kept.

The standard library's reader takes a header for an e-mail: three times the processor of everything else in a request. This
one reads what RFC 9112 allows in an answer (lengths, chunks, or an end), refuses the rest, and keeps to a deadline.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from http.client import BadStatusLine, HTTPException, IncompleteRead, RemoteDisconnected
from typing import NamedTuple

LARGEST_HEAD = 1 << 16
_BLOCK = 1 << 16
_NO_BODY = (204, 304)
_LATE = 0.01
"""Seconds by which a deadline may be exceeded."""


class Answer(NamedTuple):
    """An answer as received."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case; of several by one name the last."""
    body: bytes
    kept: bool
    """Whether the connection can be used again."""


class Stream:
    """What arrives on a connection until a deadline of the steady clock."""

    def __init__(self, sock: socket.socket, deadline: float, largest: int) -> None:
        self._sock, self._deadline, self._largest = sock, deadline, largest
        self._allowed = 0.0
        self.buffer = bytearray()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._wait()
        self._sock.sendall(data)

    def more(self) -> bool:
        """Take in what comes next; False at the end. Raises TimeoutError, or OSError for more than there may be."""
        self._wait()
        block = self._sock.recv(_BLOCK)
        self.buffer += block
        self.check(len(self.buffer))
        return bool(block)

    def check(self, size: int) -> None:
        """Refuse, with OSError, what no answer to a probe comes near."""
        if size > self._largest:
            raise OSError(f"the answer is larger than {self._largest >> 20} MiB")

    def until(self, end: bytes, most: int) -> bytes:
        """Return what comes before `end`, and pass over it; raises IncompleteRead or HTTPException."""
        start = 0
        while (place := self.buffer.find(end, start)) < 0:
            if len(self.buffer) > most:
                raise HTTPException("a head without end")
            start = max(len(self.buffer) - len(end) + 1, 0)
            if not self.more():
                raise IncompleteRead(bytes(self.buffer))
        return self._take(place, len(end))

    def exactly(self, length: int) -> bytes:
        """Return so many bytes; raises IncompleteRead."""
        self.check(length)
        while len(self.buffer) < length:
            if not self.more():
                raise IncompleteRead(bytes(self.buffer), length - len(self.buffer))
        return self._take(length, 0)

    def rest(self) -> bytes:
        """Return everything up to the end of the connection."""
        while self.more():
            pass
        return self._take(len(self.buffer), 0)

    def _take(self, length: int, beyond: int) -> bytes:
        taken = bytes(self.buffer[:length])
        del self.buffer[: length + beyond]
        return taken

    def _wait(self) -> None:
        """Have the next step end at the deadline: a byte now and then does not outlive it."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if not 0 <= self._allowed - left < _LATE:  # it costs a call to the system
            self._sock.settimeout(left)
            self._allowed = left


def exchange(sock: socket.socket, request: bytes, *, deadline: float, largest: int) -> Answer:
    """Send a request and read its answer.

    `deadline` is of the steady clock, in seconds; `largest` is in bytes. Raises OSError (TimeoutError at the deadline) or
    http.client.HTTPException; the connection is of no use then.
    """
    stream = Stream(sock, deadline, largest)
    stream.send(request)
    if not stream.more():
        raise RemoteDisconnected("closed without an answer")
    status, version, headers = _head(stream)
    while 100 <= status < 200:  # "go on", before the answer itself
        status, version, headers = _head(stream)
    body, bounded = _body(stream, status, headers)
    asked = headers.get("connection", "keep-alive" if version == "1" else "close").lower()
    return Answer(status, headers, body, kept=bounded and "close" not in asked and not stream.buffer)


def _head(stream: Stream) -> tuple[int, str, dict[str, str]]:
    """Read a status line and the headers after it."""
    if not stream.buffer.startswith(b"HTTP/1."[: len(stream.buffer)]):
        raise BadStatusLine("no status line")
    first, *lines = stream.until(b"\r\n\r\n", LARGEST_HEAD).decode("latin-1").split("\r\n")
    version, status = first[7:8], first[9:12]
    if version not in ("0", "1") or first[8:9] != " " or not (status.isascii() and status.isdigit()):
        raise BadStatusLine("no status line")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name.strip() != name:
            raise HTTPException("a line of the head is no header")
        name = name.lower()
        if name == "content-length" and headers.get(name, value.strip()) != value.strip():
            raise HTTPException("two lengths")
        headers[name] = value.strip()
    return int(status), version, headers


def _body(stream: Stream, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """Read a body; returns it and whether its end was told."""
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            raise HTTPException("a transfer coding that was not asked for")
        return _chunks(stream), True
    length = headers.get("content-length")
    if status in _NO_BODY:
        return b"", True
    if length is None:
        return stream.rest(), False
    if not (length.isascii() and length.isdigit()):
        raise HTTPException("a length that is no number")
    return stream.exactly(int(length[:18])), True


def _chunks(stream: Stream) -> bytes:
    body = bytearray()
    while True:
        size = stream.until(b"\r\n", LARGEST_HEAD).partition(b";")[0].strip()
        if not size or len(size) > 15 or size.strip(b"0123456789abcdefABCDEF"):
            raise HTTPException("a chunk without its size")
        length = int(size, 16)
        if not length:
            break
        body += stream.exactly(length)
        if stream.exactly(2) != b"\r\n":
            raise HTTPException("a chunk longer than its size")
        stream.check(len(body))
    while stream.until(b"\r\n", LARGEST_HEAD):  # trailers
        pass
    return bytes(body)

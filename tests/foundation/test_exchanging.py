"""Reading answers: whatever the standard library reads is read alike, however it is cut on the way, and the rest is refused."""

from __future__ import annotations

import contextlib
import http.client
import io
import itertools
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.exchanging import Answer, exchange

BODY = '{"text":"Grüße 🎈"}'.encode()
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id:  r1 \r\nContent-Length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5;x=1\r\n%b\r\n%X\r\n%b\r\n0\r\nTrailer: 1\r\n\r\n"
    % (BODY[:5], len(BODY) - 5, BODY[5:])
)  # fmt: skip
TO_THE_END = b"HTTP/1.1 503 Busy\r\n\r\n" + BODY
SOUND = {
    "plain": PLAIN,
    "chunked": CHUNKED,
    "to the end": TO_THE_END,
    "old": PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "closing": PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "empty": b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n",
    "go on": b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
    "two of a name": PLAIN.replace(b"\r\n\r\n", b"\r\nX-Request-Id: r2\r\n\r\n"),
}


class Pieces:
    """A connection that gives bytes in pieces, and then its end."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces, self.sent = [piece for piece in pieces if piece], b""

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def recv(self, most: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(b"".join(self.pieces))


def read(*pieces: bytes, largest: int = 1 << 20) -> Answer:
    sock = Pieces(list(pieces))
    return exchange(sock, b"POST", deadline=time.monotonic() + 5, largest=largest)  # type: ignore[arg-type]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(bounds)]


@pytest.mark.parametrize("case", SOUND)
@given(places=st.lists(st.integers(0, 1000), max_size=12))
def test_it_reads_what_the_standard_library_reads(case: str, places: list[int]) -> None:
    theirs = http.client.HTTPResponse(Pieces([SOUND[case]]), method="POST")  # type: ignore[arg-type]
    theirs.begin()
    body = theirs.read()
    ours = read(*cut(SOUND[case], places))
    assert (ours.status, ours.body) == (theirs.status, body)
    assert ours.headers == {name.lower(): value.strip() for name, value in theirs.getheaders()}
    assert ours.kept == (case not in ("to the end", "old", "closing"))


@given(data=st.sampled_from(sorted(SOUND)), end=st.integers(0, 1000))
def test_an_answer_cut_short_is_never_taken_for_whole(data: str, end: int) -> None:
    whole = SOUND[data]
    if data == "to the end" or end >= len(whole):
        return
    with pytest.raises((OSError, http.client.HTTPException)):
        read(whole[:end])


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_it(data: bytes, begun: bool) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        read((b"HTTP/1.1 200 OK\r\n" if begun else b"") + data)


@pytest.mark.parametrize(
    "wrong",
    [b"hello\r\n\r\n", b"HTTP/2 200 OK\r\n\r\n", b"HTTP/1.1 2x0 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n12345",
     b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000],
)  # fmt: skip
def test_what_is_no_proper_answer_is_refused(wrong: bytes) -> None:
    with pytest.raises(http.client.HTTPException):
        read(wrong)


def test_too_large_is_refused_before_it_is_held() -> None:
    for data in (
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        PLAIN,
        CHUNKED.replace(b"5;x", b"FFFFFFF;x"),
        TO_THE_END,
    ):
        with pytest.raises(OSError, match="larger"):
            read(data, largest=100 if data not in (PLAIN, TO_THE_END) else 30)


def test_bytes_after_the_answer_spoil_the_connection_not_the_answer() -> None:
    found = read(PLAIN + b"HTTP/1.1 200 OK\r\n")
    assert (found.body, found.kept) == (BODY, False)


def test_a_byte_now_and_then_does_not_outlive_the_deadline() -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def drip() -> None:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.02):
            theirs.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    begun = time.monotonic()
    with ours, theirs:
        with pytest.raises(TimeoutError):
            exchange(ours, b"POST", deadline=begun + 0.2, largest=1 << 20)
        over.set()
        thread.join()
    assert time.monotonic() - begun < 5

"""A server on loopback that answers as it is told: properly, wrongly, in part, late, or not at all."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Notes each request and acts the next line of the script; the last line is acted for ever."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Scripted

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked = json.loads(body)
        self.server.seen.append((self.path, dict(self.headers), self.asked))
        place = min(len(self.server.seen), len(self.server.script)) - 1
        self.server.script[place](self)

    def log_message(self, *_: object) -> None:
        pass


class Scripted(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """Connections that wait to be taken; the usual 5 are too few for a test that opens many at once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Act] = [answer("Yes.")]
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.connections = 0
        self.over = threading.Event()
        self._closed = threading.Semaphore(0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._closed.release()

    def wait_until_closed(self) -> None:
        """Wait until one more connection has been closed from this side."""
        assert self._closed.acquire(timeout=10)

    def handle_error(self, *_: object) -> None:
        pass  # clients that hang up are part of the tests


def raw(status: int, body: bytes, *, length: int | None = None, **headers: str) -> Act:
    """Answer with these bytes, whatever length is claimed for them."""

    def act(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)
        if length is not None:
            handler.close_connection = True

    return act


def document(content: object, *, status: int = 200, **headers: str) -> Act:
    return raw(status, json.dumps(content).encode(), **headers)


def choice(**fields: object) -> Act:
    """Answer with one choice of these fields."""
    return document({"id": "chat-1", "model": "m-0613", "system_fingerprint": "fp_1", "choices": [fields],
                     "usage": {"prompt_tokens": 3, "completion_tokens": 2}})  # fmt: skip


def answer(text: str | None, finish: str = "stop") -> Act:
    return choice(message={"role": "assistant", "content": text}, finish_reason=finish)


def error(status: int, message: str, code: str | None = None, **headers: str) -> Act:
    return document({"error": {"message": message, "code": code}}, status=status, **headers)


def reset(handler: Handler) -> None:
    """Hang up as rudely as TCP allows."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def hang_up_after(act: Act) -> Act:
    """Answer properly, then close without having said so."""

    def both(handler: Handler) -> None:
        act(handler)
        handler.close_connection = True

    return both


def silent(handler: Handler) -> None:
    handler.server.over.wait(10)
    handler.close_connection = True


def dripping(handler: Handler) -> None:
    """Send a byte now and then: no single wait is long, the whole never ends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while not handler.server.over.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()
    handler.close_connection = True


def chunked_and_cut(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"10\r\n{")
    handler.close_connection = True

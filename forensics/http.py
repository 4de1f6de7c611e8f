"""One HTTP client for the adapters: posts JSON, keeps connections open, and says what came back or what went wrong.

It does not retry, follow redirects, use proxies, or read a status: what an answer means is the adapter's business.
Secrets are taken out by value of everything that leaves this module.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import select
import socket
import ssl
import sys
import time
import weakref
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from forensics import __version__, canonical
from forensics.errors import UsageError
from forensics.exchanging import exchange

LARGEST_BODY = 32 << 20
"""Bytes; no answer to one probe comes near."""
SHORTEST_SECRET = 8
"""Shorter values are placeholders such as EMPTY; taking every "x" out of the answers would spoil them."""
REDACTED = "[redacted]"


class Unreachable(Exception):
    """No connection: nothing was sent."""

    def __init__(self, words: str, *, lasting: bool) -> None:
        """`lasting` where it will not pass by itself: no such host, or none that can be trusted."""
        super().__init__(words)
        self.lasting = lasting


class Broken(Exception):
    """A connection that broke, or took too long, before the whole answer was there."""


class Response(NamedTuple):
    """An answer as received."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: str
    """Decoded as UTF-8, secrets taken out; what is no UTF-8 is replaced by U+FFFD."""
    sound: bool
    """False where the body was no UTF-8."""


class Redaction:
    """Takes secrets out of text by their value, in the ways in which services echo them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                in_json = json.dumps(secret)[1:-1]
                forms |= {secret, in_json, in_json.replace("/", "\\/"), quote(secret, safe=""), quote(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for form in self._forms:
            text = text.replace(form, REDACTED)
        return text

    def document(self, text: str) -> str:
        """Return JSON text without secrets, also where escapes hide them; text that is no JSON as by itself."""
        if not self._forms or "\\u" not in text:
            return self(text)
        try:
            spelled = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            return self(text)
        return self(text) if self(spelled) == spelled else self(spelled)


class Base(NamedTuple):
    """Where a service is."""

    secure: bool
    host: str
    port: int
    path: str
    """Without a slash at the end."""

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def base(url: str) -> Base:
    """Split a service's address; raises UsageError for what is no plain web address."""
    remedy = "Write base_url=https://HOST/v1, without user, query or fragment."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"The base_url {url!r} cannot be read.", remedy=remedy) from error
    if parts.username is not None or parts.password is not None:
        # Not shown: it may hold a password.
        raise UsageError("The base_url holds a user name or password.", remedy="Name the key's variable with key_env.")
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or not plain:
        raise UsageError(f"The base_url {url!r} is no plain web address.", remedy=remedy)
    secure = parts.scheme == "https"
    return Base(secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/"))


class Client:
    """Posts to one service. Safe to use from several threads: each takes a connection of its own."""

    def __init__(self, service: Base, *, headers: Mapping[str, str], timeout: float, secrets: Iterable[str]) -> None:
        """`timeout` is in seconds, for the connection and then for the whole answer."""
        self._service = service
        sent = {
            "Host": _named(service),
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"forensics/{__version__}",
            **headers,
        }
        self._head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        assert self._head.count("\n") == self._head.count("\r") == len(sent)  # keys.find has refused line ends
        self._timeout = timeout
        self._idle: list[http.client.HTTPConnection] = []
        weakref.finalize(self, _close, self._idle)
        self._context = ssl.create_default_context() if service.secure else None
        self.redact = Redaction(secrets)

    def post(self, path: str, content: Mapping[str, Any]) -> Response:
        """Post a JSON object once; raises Unreachable or Broken, their messages free of secrets."""
        data = canonical.well_formed(json.dumps(content, ensure_ascii=False, allow_nan=False)).encode()
        connection = self._connected()
        try:
            response = self._exchange(connection, self._service.path + path, data)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            # Without the cause: what the standard library says there may quote headers.
            raise Broken(self.redact(_what(error, self._timeout))) from None
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._idle.append(connection)
        return response

    def _connected(self) -> http.client.HTTPConnection:
        """Return an open connection: one kept from before unless the service has closed it, or a new one."""
        while (kept := self._kept()) is not None:
            # An idle connection has nothing to say: what can be read is its end, or an answer that nobody asked for.
            if kept.sock is not None and not _readable(kept.sock):
                return kept
            kept.close()
        host, port = self._service.host, self._service.port
        fresh: http.client.HTTPConnection
        if self._context is not None:
            fresh = http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._context)
        else:
            fresh = http.client.HTTPConnection(host, port, timeout=self._timeout)
        try:
            fresh.connect()
            fresh.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, UnicodeError) as error:
            fresh.close()
            raise Unreachable(self.redact(_what(error, self._timeout)), lasting=_lasts(error)) from None
        return fresh

    def _kept(self) -> http.client.HTTPConnection | None:
        """Take one kept connection, which no other thread then has."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _exchange(self, connection: http.client.HTTPConnection, path: str, data: bytes) -> Response:
        if not (path.isascii() and path.isprintable()) or " " in path:
            raise http.client.InvalidURL("no path")
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Length: {len(data)}\r\n\r\n"
        deadline = time.monotonic() + self._timeout
        found = exchange(connection.sock, head.encode("latin-1") + data, deadline=deadline, largest=LARGEST_BODY)
        if not found.kept:
            connection.close()
        headers = {name: self.redact(value) for name, value in found.headers.items()}
        text = self.redact(found.body.decode("utf-8", "replace"))
        return Response(found.status, headers, text, sound="\ufffd" not in text or _is_utf8(found.body))


def _named(service: Base) -> str:
    """Return the host as requests name it."""
    host = f"[{service.host}]" if ":" in service.host else service.host
    return host if service.port == (443 if service.secure else 80) else f"{host}:{service.port}"


def _readable(sock: socket.socket) -> bool:
    """Say whether there is anything to read, the end included."""
    if sys.platform == "win32":
        return bool(select.select([sock], [], [], 0)[0])
    waiting = select.poll()  # `select` itself knows no more than 1,024 files
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))


def _close(connections: list[http.client.HTTPConnection]) -> None:
    while connections:
        connections.pop().close()


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


_WHAT: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((http.client.IncompleteRead,), "the answer was cut short on the way"),
    (
        (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError),
        "the service closed the connection without an answer",
    ),
    ((ConnectionRefusedError,), "connection refused"),
    ((http.client.HTTPException,), "no proper HTTP answer"),
    ((UnicodeError,), "the host's name cannot be used"),
)


def _lasts(error: Exception) -> bool:
    """Say whether trying again is pointless: a name that is unknown, a certificate that is not to be trusted."""
    if isinstance(error, socket.gaierror):
        return error.errno != socket.EAI_AGAIN
    untrusted = (
        isinstance(error, ssl.SSLCertVerificationError) or getattr(error, "reason", "") == "WRONG_VERSION_NUMBER"
    )
    return untrusted or isinstance(error, UnicodeError)


def _what(error: Exception, timeout: float) -> str:
    """Say in a few words what went wrong on the way."""
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    for kinds, words in _WHAT:
        if isinstance(error, kinds):
            return words
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__

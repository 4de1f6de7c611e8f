"""RFC 3161 time stamps over a seal's signature: asked of any authority, checked offline.

Whether an authority is to be trusted is for the reader: a token is checked against the certificates they give, or those
laid beside it, and which of the two is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from forensics.errors import ForensicsError, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TIMEOUT_SECONDS = 20
LARGEST_ANSWER = 1 << 20
_SHA256 = "2.16.840.1.101.3.4.2.1"


class NoStamp(ForensicsError):
    """An authority gave no usable token."""


class Checked(NamedTuple):
    """What a token says and whether it holds."""

    time: str | None
    """UTC, ISO 8601; None where the token cannot be read."""
    problem: str | None
    """What is wrong with it; None where nothing is."""
    trusted: bool
    """True where it leads to a certificate that was given."""


def ask(url: str, message: bytes, *, certificates: bytes | None = None) -> bytes:
    """Have an authority stamp a message; returns its answer (DER). Raises NoStamp, or UsageError for another scheme.

    The authority sees the message's SHA-256 and nothing else.
    """
    import http.client
    import urllib.error
    import urllib.request

    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url} is no web address.", remedy="Name a time-stamp authority as http://… or https://…")
    builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    query = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    request = urllib.request.Request(  # noqa: S310  the scheme was checked
        url, query.as_bytes(), {"Content-Type": "application/timestamp-query", "User-Agent": "forensics"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310
            data: bytes = reply.read(LARGEST_ANSWER + 1)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise NoStamp(f"{url} gave no time stamp: {error}.", remedy="Try again later, or another authority.") from error
    checked = check(data, message, certificates=certificates, nonce=query.nonce)
    if checked.problem is not None:
        raise NoStamp(f"{url} gave no valid time stamp: {checked.problem}.", remedy="Try another authority.")
    return data


def check(token: bytes, message: bytes, *, certificates: bytes | None = None, nonce: int | None = None) -> Checked:
    """Check an authority's answer over a message; `certificates` are trusted ones as PEM.

    Without certificates only what it stamps is compared: its signature then proves nothing, and `trusted` is False.
    """
    try:
        return _check(token, message, certificates, nonce)
    except BaseException as error:
        # The library's core stops with a panic, which is no Exception, where it meets what it did not expect.
        if type(error).__name__ != "PanicException":
            raise
        return Checked(None, "unreadable", trusted=False)


def _check(token: bytes, message: bytes, certificates: bytes | None, nonce: int | None) -> Checked:
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    time = None
    try:
        response = decode_timestamp_response(token)
        if response.status not in (0, 1):
            return Checked(None, f"the authority refused (status {response.status})", trusted=False)
        info = response.tst_info
        time = info.gen_time.strftime("%Y-%m-%dT%H:%M:%SZ")
        imprint, algorithm = info.message_imprint.message, info.message_imprint.hash_algorithm.dotted_string
        problem = _mismatch(algorithm, imprint, message)
        if problem is None and nonce is not None and info.nonce != nonce:
            problem = "it answers another request"
        if problem is None and certificates is not None:
            # Without a root the library refuses to build a verifier: a file without certificates proves nothing.
            VerifierBuilder(roots=read_certificates(certificates)).build().verify_message(response, message)
    except VerificationError as error:
        problem = f"its signature does not hold ({error})"
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        problem = f"unreadable ({error})"
    return Checked(time, problem, trusted=problem is None and certificates is not None)


def _mismatch(algorithm: str, imprint: bytes, message: bytes) -> str | None:
    if algorithm == _SHA256 and imprint == sha256(message).digest():
        return None
    return "it stamps something else"


def read_certificates(data: bytes) -> list[Certificate]:
    """Return the certificates of a PEM file, each once; none where it holds none."""
    from cryptography import x509
    from cryptography.x509 import InvalidVersion

    try:
        return list(dict.fromkeys(x509.load_pem_x509_certificates(data)))
    except (ValueError, InvalidVersion):
        return []


def joined(files: Sequence[bytes]) -> bytes | None:
    """Return several PEM files as one; None for none."""
    return b"\n".join(files) if files else None


def name_of(url: str) -> str:
    """Return what a token's file is called: the authority's host, plain letters only."""
    host = urlsplit(url).hostname or "authority"
    return (
        "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in host).strip("-") or "authority"
    )

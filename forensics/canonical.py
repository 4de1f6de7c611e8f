"""One encoding, one digest, one way to put a file on disk.

Everything that is hashed or signed goes through `encode` (RFC 8785); everything a person reads goes through
`pretty`; every line of a transcript through `line`. Text from outside is made well-formed once, here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

SIGNIFICANT_DIGITS = 6
"""Digits kept of every measured number in a record: far coarser than what differs between processors."""


def encode(value: Any) -> bytes:
    """Encode a JSON value canonically (RFC 8785): the same value gives the same bytes everywhere."""
    import rfc8785

    return rfc8785.dumps(value)


def line(value: Any) -> bytes:
    """Encode a JSON value compactly on one line, newline included, keys in the order given."""
    return well_formed(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)).encode() + b"\n"


def pretty(value: Any) -> bytes:
    """Encode a JSON object for people: a line per field, lists of records a line per record, keys in the order given.

    Deeper structure stays on its line: large records are then written ten times faster, and compared line by line.
    """
    if not isinstance(value, dict):
        return line(value)
    fields = [f"{_compact(name)}: {_field(item)}" for name, item in value.items()]
    return well_formed("{\n " + ",\n ".join(fields) + "\n}\n").encode()


def _field(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return "[\n  " + ",\n  ".join(_compact(item) for item in value) + "\n ]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), allow_nan=False)


def digest(data: bytes) -> str:
    """Return `sha256:` and the SHA-256 of the bytes in hexadecimal."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """Return the digest of a file's bytes on disk, read in blocks."""
    with path.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def well_formed(text: str) -> str:
    r"""Replace lone surrogates, which cannot be encoded, by U+FFFD; everything else stays as it came.

    >>> well_formed("a\ud83db")
    'a\ufffdb'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        # Surrogate pairs that a JSON decoder left unjoined become the character they stand for.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def rounded(value: float, digits: int = SIGNIFICANT_DIGITS) -> float:
    """Round to significant digits, so that records do not depend on the processor's last bits.

    Raises ValueError for NaN and infinities: those must become a reason before they reach a record.

    >>> rounded(1234567.891), rounded(0.000123456789), rounded(0.0)
    (1234570.0, 0.000123457, 0.0)
    """
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value}")
    if value == 0:
        return 0.0
    return float(f"{value:.{digits - 1}e}")


def write_atomic(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a whole file or nothing: to a temporary neighbour, flushed to disk if `durable`, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise

"""Derived arrays, kept by what they were derived from.

A cache entry may be deleted at any time and is never evidence. Its key names everything it depends on: digests of
inputs and versions of the code; an unreadable entry is made again.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics import canonical
from forensics.places import home

Arrays = Mapping[str, NDArray[Any]]
_CHECK = 32
"""Bytes of SHA-256 before an entry: numpy's reader fails in a dozen ways on a damaged file, or not at all."""


def key(*parts: object) -> str:
    """Return the key of whatever is derived from these parts, all JSON values."""
    return canonical.digest(canonical.encode(list(parts))).removeprefix("sha256:")


def holds(kind: str, name: str) -> bool:
    """Say whether there is an entry, whole or not."""
    return _path(kind, name).is_file()


def find(kind: str, name: str) -> Arrays | None:
    """Return a stored entry, or None where there is none that is whole."""
    try:
        content = _path(kind, name).read_bytes()
    except OSError:
        return None
    return unpacked(content)


def put(kind: str, name: str, arrays: Arrays) -> None:
    """Store an entry, whole or not at all."""
    canonical.write_atomic(_path(kind, name), packed(arrays), durable=False)


def get(kind: str, name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return a stored entry, or make and store it."""
    stored = find(kind, name)
    if stored is None:
        stored = make()
        put(kind, name, stored)
    return stored


def packed(arrays: Arrays) -> bytes:
    """Return arrays as the bytes of an entry."""
    stream = io.BytesIO()
    np.savez(stream, **dict(arrays))  # type: ignore[arg-type]  # numpy's stub takes the first keyword for a flag
    data = stream.getvalue()
    return hashlib.sha256(data).digest() + data


def unpacked(content: bytes) -> Arrays | None:
    """Return the arrays of an entry's bytes, or None where they are not whole."""
    data = content[_CHECK:]
    if content[:_CHECK] != hashlib.sha256(data).digest():
        return None
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return {field: stored[field] for field in stored.files}


def _path(kind: str, name: str) -> Path:
    return home() / kind / name[:2] / f"{name}.arrays"

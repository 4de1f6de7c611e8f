"""How each line of an answer begins: hashes of its first one, two and three words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics.features.tokens import FIRST_CHARACTERS, TOKEN, token_hash

VERSION = "1"


_TOKEN = TOKEN.pattern
_FIRST = re.compile(rf"\s*({_TOKEN})(?:\s*({_TOKEN})(?:\s*({_TOKEN}))?)?")
"""The first three tokens of a line at once. Between tokens there is white space or nothing."""


def beginnings(text: str) -> Iterator[str]:
    """Yield the first one, two and three words of every line that has so many, joined by spaces.

    >>> list(beginnings("Well, no."))
    ['well', 'well ,', 'well , no']
    """
    for line in text[:FIRST_CHARACTERS].lower().split("\n"):
        match = _FIRST.match(line)
        if match is None:
            continue
        first, second, third = match.groups()
        yield first
        if second is not None:
            yield f"{first} {second}"
            if third is not None:
                yield f"{first} {second} {third}"


def extract(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return `hashes[total]` of all beginnings and `offsets[n + 1]` for n texts."""
    known: dict[str, int] = {}
    offsets = [0]
    hashes: list[int] = []
    for text in texts:
        for beginning in beginnings(text):
            if beginning not in known:
                known[beginning] = token_hash(beginning)
            hashes.append(known[beginning])
        offsets.append(len(hashes))
    return {"hashes": np.array(hashes, np.uint64), "offsets": np.array(offsets, np.int64)}

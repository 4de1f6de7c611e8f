"""How each line of an answer begins: hashes of its first one, two and three words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics.features.tokens import FIRST_CHARACTERS, TOKEN, token_hash

VERSION = "1"
LONGEST = 3
"""Words of a beginning."""


def beginnings(text: str) -> Iterator[str]:
    """Yield the first one, two and three words of every line that has so many, joined by spaces.

    >>> list(beginnings("Well, no."))
    ['well', 'well ,', 'well , no']
    """
    for line in text[:FIRST_CHARACTERS].lower().split("\n"):
        words = [match.group() for match in islice(TOKEN.finditer(line), LONGEST)]
        for n in range(1, len(words) + 1):
            yield " ".join(words[:n])


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

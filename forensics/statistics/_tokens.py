"""Token hashes of one probe's answers in one array, for statistics that look at runs of tokens. No plugin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block

_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


def joined(block: Block) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all tokens, answer after answer, and how many each answer has: [total], [n]."""
    parts = []
    for owner, row in zip(block.owners.tolist(), block.rows.tolist(), strict=True):
        table = block.features[owner]
        offsets = table["offsets"]
        parts.append(table["vocabulary"][table["ids"][offsets[row] : offsets[row + 1]]])
    lengths = np.fromiter(map(len, parts), np.int64, count=len(parts))
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64), lengths


def grams(
    tokens: NDArray[np.uint64], lengths: NDArray[np.int64], sizes: Sequence[int]
) -> list[tuple[NDArray[np.uint64], NDArray[np.int64]]]:
    """Return, for each size, a hash and the first position of every run of so many tokens within one answer."""
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(tokens))
    hashed = np.zeros(len(tokens), np.uint64)
    found = []
    for n in range(1, max(sizes) + 1):
        # A run of n is a run of n − 1 and one token more.
        width = max(len(tokens) - n + 1, 0)
        hashed = (hashed[:width] ^ tokens[n - 1 : n - 1 + width]) * _MIX
        hashed ^= hashed >> _SHIFT
        if n in sizes:
            inside = np.flatnonzero(left[:width] >= n)
            found.append((hashed[inside], inside))
    return found

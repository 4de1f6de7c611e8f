"""What becomes of each kind of feature in a pack: counts of keyed hashes, or the numbers as they are. No text, no order.

A packed feature has the same meaning for the statistics that need no order of words: `packed(…)` of two answers agree
wherever the answers do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics.packs.keying import Words, prompt_keys, siphash
from forensics.statistics._tokens import grams

Arrays = Mapping[str, NDArray[Any]]

SIZES = (1, 2, 3, 4, 5)
"""Words in the runs that are counted."""
OPENINGS = (1, 3, 5, 8)
"""Words in the openings that are kept."""
_KEPT = np.uint64(16)
"""Low bits that are dropped: statistics look at 48."""
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


def packed(kind: str, arrays: Arrays, prompts: Sequence[bytes], key: bytes) -> Arrays:
    """Return a member's features of a kind as a pack holds them; `prompts` are the raw digests of its rows.

    Raises KeyError for a kind that nobody decided about.
    """
    return FORMS[kind](arrays, *prompt_keys(key, kind, prompts))


def _as_it_is(arrays: Arrays, first: Words, second: Words) -> Arrays:
    return arrays


def _tokens(arrays: Arrays, first: Words, second: Words) -> Arrays:
    """Count the runs of each size in each answer, in the order of their hashes, and hash the openings."""
    tokens, lengths = arrays["vocabulary"][arrays["ids"]], np.diff(arrays["offsets"])
    answer = np.repeat(np.arange(len(lengths)), lengths)
    made: dict[str, NDArray[Any]] = {}
    for size, (hashed, place) in zip(SIZES, grams(tokens, lengths, SIZES), strict=True):
        owner = answer[place]
        keyed = _cut(siphash(first[owner], second[owner], hashed))
        order = np.lexsort((keyed, owner))
        keyed, owner = keyed[order], owner[order]
        new = np.ones(len(keyed), bool)
        new[1:] = (keyed[1:] != keyed[:-1]) | (owner[1:] != owner[:-1])
        starts = np.flatnonzero(new)
        made[f"grams{size}"] = keyed[starts]
        made[f"times{size}"] = np.diff(np.append(starts, len(keyed))).astype(np.uint16)
        made[f"offsets{size}"] = np.searchsorted(owner[starts], np.arange(len(lengths) + 1))
    made["openings"] = _openings(tokens, arrays["offsets"], first, second)
    return made


def _openings(tokens: Words, offsets: NDArray[np.int64], first: Words, second: Words) -> Words:
    """Return a hash of the first 1, 3, 5 and 8 tokens of each answer; what an answer lacks counts as nothing: [n, 4]."""
    hashed = np.zeros(len(offsets) - 1, np.uint64)
    found = []
    for place in range(max(OPENINGS)):
        there = offsets[:-1] + place < offsets[1:]
        token = np.zeros(len(hashed), np.uint64)
        token[there] = tokens[(offsets[:-1] + place)[there]]
        hashed = (hashed ^ token) * _MIX
        hashed ^= hashed >> _SHIFT
        if place + 1 in OPENINGS:
            found.append(siphash(first, second, hashed))
    return np.stack(found, axis=1) if len(hashed) else np.zeros((0, len(OPENINGS)), np.uint64)


def _beginnings(arrays: Arrays, first: Words, second: Words) -> Arrays:
    """Hash the beginnings of lines, in the order of their hashes within each answer."""
    offsets = arrays["offsets"]
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    keyed = _cut(siphash(first[owner], second[owner], arrays["hashes"]))
    return {"hashes": keyed[np.lexsort((keyed, owner))], "offsets": offsets}


def _final(arrays: Arrays, first: Words, second: Words) -> Arrays:
    """Hash the final answers; 0 stays what it is: none."""
    value = arrays["value"]
    keyed = np.maximum(siphash(first, second, value), np.uint64(1))
    return {**arrays, "value": np.where(value == 0, np.uint64(0), keyed)}


def _cut(hashed: Words) -> Words:
    return hashed >> _KEPT << _KEPT


FORMS: dict[str, Callable[[Arrays, Words, Words], Arrays]] = {
    "tokens": _tokens,
    "beginnings": _beginnings,
    "final": _final,
    "layout": _as_it_is,
    "embedding": _as_it_is,
    "declined": _as_it_is,
    "claims": _as_it_is,
    "extent": _as_it_is,
}
"""Every kind of feature that a pack may hold."""

"""Word and punctuation tokens of each answer, lower-cased, as 64-bit hashes that mean the same in every file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "1"
FIRST_CHARACTERS = 2000
"""Characters of an answer that are read; what follows differs more in length than in manner."""

TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\w\s]")
"""A word, one punctuation mark, or one character of a script written without spaces."""

_MARKS = tuple(mark for mark in map(chr, range(128)) if not (mark.isalnum() or mark.isspace() or mark == "_"))
_HASHES: dict[str, int] = {}
_MOST_HASHES = 1 << 20


def tokenise(text: str) -> list[str]:
    """Return the tokens of an answer.

    >>> tokenise("It's 5 o'clock, isn't it?")
    ['it', "'", 's', '5', 'o', "'", 'clock', ',', 'isn', "'", 't', 'it', '?']
    """
    start = text[:FIRST_CHARACTERS].lower()
    if not start.isascii():
        return TOKEN.findall(start)
    # The same, twice as fast: marks are set apart by spaces, then words and marks are what stands between spaces.
    for mark in _MARKS:
        if mark in start:
            start = start.replace(mark, f" {mark} ")
    return start.split()


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each token of an answer begins and ends in it.

    >>> spans("No, no.")
    [(0, 2), (2, 3), (4, 6), (6, 7)]
    """
    start = text[:FIRST_CHARACTERS]
    lowered = start.lower()
    # Lower-casing may lengthen a text (İ): then places are found character by character.
    if len(lowered) == len(start):
        return [match.span() for match in TOKEN.finditer(lowered)]
    origin = [place for place, character in enumerate(start) for _ in character.lower()] + [len(start)]
    return [(origin[m.start()], origin[m.end() - 1] + 1) for m in TOKEN.finditer(lowered)]


def token_hash(token: str) -> int:
    """Return a token's 64-bit hash: the first eight bytes of BLAKE2b, little-endian."""
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "little")


def extract(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return `ids[total]` into `vocabulary[v]` (token hashes) and `offsets[n + 1]` for n texts."""
    ids = _Numbering()
    tokens = [tokenise(text) for text in texts]
    offsets = np.zeros(len(tokens) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, tokens), np.int64, count=len(tokens)), out=offsets[1:])
    numbered = np.fromiter(map(ids.__getitem__, chain.from_iterable(tokens)), np.uint32, count=int(offsets[-1]))
    if len(_HASHES) > _MOST_HASHES:
        _HASHES.clear()
    for token in ids:
        if token not in _HASHES:
            _HASHES[token] = token_hash(token)
    vocabulary = np.fromiter((_HASHES[token] for token in ids), np.uint64, count=len(ids))
    return {"ids": numbered, "vocabulary": vocabulary, "offsets": offsets}


class _Numbering(dict[str, int]):
    """Numbers tokens in the order they are first met."""

    def __missing__(self, token: str) -> int:
        self[token] = number = len(self)
        return number

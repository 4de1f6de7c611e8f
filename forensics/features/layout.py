"""Manner of each answer, apart from what it says: length, lines, lists, emphasis, punctuation, function words.

One row of numbers per answer; nothing here looks at any other answer. Rates are square roots of shares and counts are
logarithms, so that a habit weighs alike in short and in long answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics.features.tokens import FIRST_CHARACTERS

VERSION = "1"

_ASCII_MARKS, _OTHER_MARKS = ".,:;!?-()\"'*#`|[]/&%$=+_>~", "—–’“•…。，、：！？"
MARKS = tuple(_ASCII_MARKS + _OTHER_MARKS)
"""Marks counted, each relative to the characters read."""
_COUNTED = (
    "the a an of to and in that is it for as with on by this be are or you i we they he she not can will would should "
    "may might could must have has had do does if when which who what there here but so also such as these those your "
    "my our their its at from into about more most other some any each very just than then however therefore "
    "additionally overall furthermore moreover while because since although though sure certainly please let like "
    "over between through "
    "der die das und ist nicht mit le la les et est pas des el los y que una di che il per un e o não um"
)
FUNCTION_WORDS = tuple(dict.fromkeys(_COUNTED.split()))
"""Words counted, each relative to all words read; a few each for languages other than English."""
LINES = (
    "lines", "blank lines", "bullets", "numbered lines", "headings", "table rows", "quoted lines", "indented lines",
    "lines of bold", "lines ending in a colon",
)  # fmt: skip
"""Logarithms of counts."""
SHAPE = (
    "characters", "words", "sentences", "words per sentence", "words per line", "word length", "capitals", "digits",
    "not ASCII", "pictographs", "bold passages", "code fences", "ends with a letter", "ends asking",
    "ends exclaiming", "begins in lower case", "characters of the first line", "characters of the last line",
)  # fmt: skip
COLUMNS = (*LINES, *SHAPE, *MARKS, *FUNCTION_WORDS)
"""What a row holds, in order."""

SCALES = (
    *("logarithm" for _ in LINES),
    *("logarithm",) * 6, *("root",) * 4, *("logarithm",) * 2, *("share",) * 4, *("logarithm",) * 2,
    *("root" for _ in MARKS), *("root" for _ in FUNCTION_WORDS),
)  # fmt: skip
"""How each column is written: `logarithm` of one more than a count, square `root` of a share, or 0 and 1 as a `share`."""

_NUMBER_OF = {word.encode(): number for number, word in enumerate(FUNCTION_WORDS, start=1)}
_WORDS = bytes(
    byte + 32 if 65 <= byte <= 90 else byte if byte >= 128 or chr(byte).isalnum() else 32 for byte in range(256)
)
"""Lower-cases ASCII letters and turns everything that ends a word into a space."""
_BYTES_OF_MARKS = list(_ASCII_MARKS.encode())
_BYTES_OF_WORDS = np.array([byte != 32 for byte in _WORDS])
_PICTOGRAPHS = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
_STOPS = [MARKS.index(mark) for mark in ".!?。！？"]
_END = 200
"""Characters at the end of a text that are read for its last line, however long the text is."""
_KIND = {
    "-": 2, "*": 2, "+": 2, "•": 2, "#": 4, "|": 5, ">": 6, **dict.fromkeys("0123456789", 3),
}  # fmt: skip
"""Place in LINES that a line's first character speaks for."""


def extract(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return `manner[n, columns]`: a row per text, in 32-bit floats, all finite."""
    words: list[list[bytes]] = []
    held = np.zeros((len(texts), 256), np.int32)
    counts = np.zeros((len(texts), len(LINES)))
    shape = np.zeros((len(texts), len(SHAPE)))
    others = np.zeros((len(texts), len(_OTHER_MARKS)))
    for row, text in enumerate(texts):
        start = text[:FIRST_CHARACTERS]
        raw = start.encode()
        words.append(raw.translate(_WORDS).split())
        held[row] = np.bincount(np.frombuffer(raw, np.uint8), minlength=256)
        plain = len(raw) == len(start)
        if not plain:
            others[row] = [*map(start.count, _OTHER_MARKS)]
        counts[row] = _lines(start.split("\n"))
        shape[row] = _shape(text, start, words=len(words[-1]), plain=plain)
    marks = np.hstack([held[:, _BYTES_OF_MARKS], others])
    read = np.array([max(1, min(len(text), FIRST_CHARACTERS)) for text in texts], np.float64).reshape(-1, 1)
    _scale(shape, held=held, read=read, lines=counts[:, 0], stops=marks[:, _STOPS].sum(axis=1))
    shares = np.hstack([marks / read, _word_shares(words)])
    return {"manner": np.hstack([np.log1p(counts), shape, np.sqrt(shares)]).astype(np.float32)}


def _lines(lines: Sequence[str]) -> list[int]:
    """Count the lines of each kind, in the order of LINES."""
    found = [0] * len(LINES)
    for line in lines:
        bare = line.strip()
        if not bare:
            found[1] += 1
            continue
        kind = _KIND.get(bare[0])
        if kind is not None:
            if kind == 2 and bare.startswith("**"):
                kind = 8
            if kind != 3 or bare.lstrip("0123456789")[:1] in (".", ")"):
                found[kind] += 1
        if bare[-1] in ":：":
            found[9] += 1
        if line[0] in " \t":
            found[7] += 1
    found[0] = len(lines)
    return found


def _shape(text: str, start: str, *, words: int, plain: bool) -> list[float]:
    """Return what SHAPE names as counts; zeros stand where `_scale` fills in."""
    end = text[-_END:].rstrip()
    last = end[-1:]
    opening = start.lstrip()
    first_line = opening.find("\n")
    return [
        len(text), words, 0, 0, 0, 0, 0, 0, len(start),
        0 if plain else len(_PICTOGRAPHS.findall(start)), start.count("**") // 2, start.count("```"),
        last.isalnum(), last in ("?", "？"), last in ("!", "！"), opening[:1].islower(),
        len(opening) if first_line < 0 else first_line, len(end) - end.rfind("\n") - 1,
    ]  # fmt: skip


def _scale(
    shape: NDArray[np.float64],
    *,
    held: NDArray[np.int32],
    read: NDArray[np.float64],
    lines: NDArray[np.float64],
    stops: NDArray[np.float64],
) -> None:
    """Fill in the ratios, then turn counts into logarithms and characters into square roots of shares, in place."""
    words = shape[:, 1].copy()
    shape[:, 2], shape[:, 3], shape[:, 4] = stops, words / np.maximum(stops, 1), words / np.maximum(lines, 1)
    shape[:, 5] = held[:, _BYTES_OF_WORDS].sum(axis=1) / np.maximum(words, 1)
    shape[:, 6], shape[:, 7] = held[:, 65:91].sum(axis=1), held[:, 48:58].sum(axis=1)
    shape[:, 8] -= held[:, :128].sum(axis=1)
    shape[:, 6:10] = np.sqrt(shape[:, 6:10] / read)
    logarithmic = [0, 1, 2, 3, 4, 5, 10, 11, 16, 17]
    shape[:, logarithmic] = np.log1p(shape[:, logarithmic])


def _word_shares(words: Sequence[Sequence[bytes]]) -> NDArray[np.float64]:
    """Return the share of each function word in the words of each answer: [n, words counted]."""
    lengths = np.array([len(answer) for answer in words], np.int64)
    numbers = np.fromiter(
        map(_NUMBER_OF.get, chain.from_iterable(words), repeat(0)), np.int64, count=int(lengths.sum())
    )
    width = len(FUNCTION_WORDS) + 1
    cells = np.repeat(np.arange(len(words)), lengths) * width + numbers
    counts = np.bincount(cells, minlength=len(words) * width).reshape(len(words), width)
    shares: NDArray[np.float64] = counts[:, 1:] / np.maximum(lengths, 1)[:, None]
    return shares

"""Texts as counts of runs, and the distances between such counts. No statistic by itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.numerics.columns import unit_rows

Matrix = NDArray[np.float32]
_ROUNDING = 1e-9
_WIDTH = 1024
"""Columns that runs are dealt into where all probes share one space: a clash makes two runs count as one."""
_START, _END, _FIRST = np.array([1], np.uint64), np.array([2], np.uint64), np.uint64(3)
"""Numbers of a text's start, its end, and the first code point: all below 2²¹."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


def hamming(texts: Sequence[str]) -> Matrix:
    """Return the share of places at which two texts have different code points, shorter ones filled up: [n, n].

    Places are counted up to the end of the probe's longest answer: with fewer, the kernel would not be one.
    """
    width = max(1, *map(len, texts))
    points = np.zeros((len(texts), width), np.uint32)
    for row, text in zip(points, texts, strict=True):
        found = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        row[: len(found)] = found + 1
    return np.stack([(points != row).mean(axis=1, dtype=np.float32) for row in points])


def spectrum(texts: Sequence[str], lengths: Sequence[int]) -> Matrix:
    """Return 1 − cosine of the counts of runs of code points (the k-spectrum, Leslie et al. 2002): [n, n].

    Runs of at most three code points are told apart without error. An empty answer is at distance 0 of others like it,
    and 1 of all the rest.
    """
    return _cosine(*_runs(texts, lengths), count=len(texts))


def edges(texts: Sequence[str]) -> Matrix:
    """Return the share of the two edges, first and last code point, in which two texts differ: [n, n]."""
    found = np.array([[ord(text[0]), ord(text[-1])] if text else [-1, -1] for text in texts])
    return np.stack([(found != row).mean(axis=1, dtype=np.float32) for row in found])


def words(texts: Sequence[str]) -> Matrix:
    """Return 1 − cosine of the counts of words and pairs of words, parted by white space: [n, n]."""
    known: dict[tuple[str, ...], int] = {}
    keys, answers = [], []
    for place, text in enumerate(texts):
        said = text.split()
        runs = [*zip(said, strict=True), *itertools.pairwise(said)]
        keys += [known.setdefault(run, len(known)) for run in runs]
        answers += [place] * len(runs)
    return _cosine(np.array(keys, np.uint64), np.array(answers, np.int64), count=len(texts))


def _cosine(keys: NDArray[np.uint64], answers: NDArray[np.int64], *, count: int) -> Matrix:
    """Return 1 − cosine of how often each answer has each key; exactly 0 for equal counts."""
    _, columns = np.unique(keys, return_inverse=True)
    width = int(columns.max(initial=0)) + 1
    counts = np.bincount(answers * width + columns, minlength=count * width).reshape(count, width)
    unit = unit_rows(counts)
    cosine = unit @ unit.T
    silent = ~counts.any(axis=1)
    cosine[np.ix_(silent, silent)] = 1
    # In double precision: an energy distance takes the root of what is left, and rounding would grow with it.
    apart: Matrix = (1 - cosine).astype(np.float32)
    apart[apart < _ROUNDING] = 0
    return apart


def _runs(texts: Sequence[str], lengths: Sequence[int]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return a number for each run of each text, and the text it is of; a text's start and end are code points too.

    Without them a space before every answer would be one more among many.
    """
    keys, answers = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for place, text in enumerate(texts):
        inside = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64) + _FIRST
        edged = np.concatenate([_START, inside, _END])
        for length in lengths:
            points = inside if length == 1 else edged
            width = len(points) - length + 1
            if width <= 0 or not len(inside):
                continue
            key = points[:width].copy()
            for step in range(1, length):
                key = (key << np.uint64(21)) | points[step : step + width]
            keys.append(key)
            answers.append(np.full(width, place))
    return np.concatenate(keys), np.concatenate(answers)


def shared(texts: Sequence[str], lengths: Sequence[int]) -> Matrix:
    """Return roots of the counts of runs of code points, at unit length, in columns that mean the same for every text: [n, columns]."""
    keys, answers = _runs(texts, lengths)
    columns = ((keys * _MIX) >> np.uint64(64 - 10)).astype(np.int64)
    roots = np.sqrt(np.bincount(answers * _WIDTH + columns, minlength=len(texts) * _WIDTH).reshape(len(texts), _WIDTH))
    unit: Matrix = unit_rows(roots).astype(np.float32)
    return unit

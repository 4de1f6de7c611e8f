"""Texts as counts of runs, and the distances between such counts. No statistic by itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
_ROUNDING = 1e-6
_WIDTH = 2048
"""Columns that runs are dealt into where all probes share one space: a clash makes two runs count as one."""
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

    Runs of at most three code points are told apart without error. An answer too short to have any is at distance 0 of
    others like it, and 1 of all the rest.
    """
    return _cosine(*_runs(texts, lengths), count=len(texts))


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
    counts = np.bincount(answers * width + columns, minlength=count * width).reshape(count, width).astype(np.float32)
    norms = np.linalg.norm(counts, axis=1, keepdims=True)
    unit: Matrix = (counts / np.where(norms > 0, norms, 1)).astype(np.float32)
    cosine = unit @ unit.T
    silent = norms[:, 0] == 0
    cosine[np.ix_(silent, silent)] = 1
    apart: Matrix = np.float32(1) - cosine
    apart[apart < _ROUNDING] = 0
    return apart


def _runs(texts: Sequence[str], lengths: Sequence[int]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return a number for each run of each text, and the text it is of."""
    keys, answers = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for place, text in enumerate(texts):
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64) + np.uint64(1)
        for length in lengths:
            width = len(points) - length + 1
            if width <= 0:
                continue
            key = points[:width].copy()
            for step in range(1, length):
                key = (key << np.uint64(21)) | points[step : step + width]
            keys.append(key)
            answers.append(np.full(width, place))
    return np.concatenate(keys), np.concatenate(answers)


def shared(texts: Sequence[str], lengths: Sequence[int]) -> Matrix:
    """Return counts of runs of code points at unit length, in columns that mean the same for every text: [n, columns]."""
    keys, answers = _runs(texts, lengths)
    columns = ((keys * _MIX) >> np.uint64(64 - 11)).astype(np.int64)
    counts = np.bincount(answers * _WIDTH + columns, minlength=len(texts) * _WIDTH).reshape(len(texts), _WIDTH)
    norms = np.linalg.norm(counts, axis=1, keepdims=True)
    unit: Matrix = (counts / np.where(norms > 0, norms, 1)).astype(np.float32)
    return unit

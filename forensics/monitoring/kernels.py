"""Answers as kernels: what the nightly test of equality looks at, the same three views as `compare --question equality`.

`spectrum`: cosine of the counts of runs of 1 to 3 code points, probe by probe; `pooled`: roots of the same counts over all
probes together; `edges`: the first and the last code point. Counts are dealt into columns by a hash of the run, so that they
are read off the code points of thousands of answers at once. A clash of two runs costs a little power and no validity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.monitoring.draws import Codes

Matrix = NDArray[np.float32]

LENGTHS = (1, 2, 3)
COLUMNS = 2048
"""Columns of the counts behind `spectrum`."""
POOLED = 1024
"""Columns of the features behind `pooled`: two of those above make one. Fewer cost power: half as many, a tenth of the spreads
by which a model trained further stands out."""
_BITS = np.uint64(64 - 11)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_EDGE, _BEYOND = np.uint64(1), np.uint64(2)
"""Numbers of a text's start or end, and what code points are raised by."""


class Views(NamedTuple):
    """The draws of one probe."""

    spectrum: Matrix
    """[n, n], 1 on the diagonal."""
    edges: Matrix
    """[n, n], 1 on the diagonal."""
    pooled: Matrix
    """[n, POOLED], rows of length 1: roots of counts, whose spread hangs less on how frequent a run is (Hellinger)."""


def views(codes: Codes) -> Views:
    """Return the three views of one probe's draws: [n, length], −1 beyond an answer's end."""
    counts = _counted(codes)
    unit = _unit(counts)
    spectrum = unit @ unit.T
    silent = codes[:, 0] < 0
    spectrum[np.ix_(silent, silent)] = 1
    np.fill_diagonal(spectrum, 1)
    folded = counts.reshape(len(codes), POOLED, COLUMNS // POOLED).sum(axis=2)
    return Views(spectrum, _edges(codes), _unit(np.sqrt(folded)))


def _counted(codes: Codes) -> Matrix:
    """Return counts of runs: [n, COLUMNS]. A text's start and end are code points too, as in a run of 2."""
    count = len(codes)
    ends = (codes >= 0).sum(axis=1)
    wide = np.zeros((count, codes.shape[1] + 2), np.uint64)
    wide[:, 1:-1] = np.where(codes >= 0, codes.astype(np.int64) + int(_BEYOND), 0).astype(np.uint64)
    wide[:, 0] = np.where(ends > 0, _EDGE, 0)
    wide[np.arange(count), ends + 1] = np.where(ends > 0, _EDGE, 0)
    found = np.zeros(count * COLUMNS, np.float32)
    row = np.arange(count)[:, None] * COLUMNS
    for length in LENGTHS:
        key = wide[:, : wide.shape[1] - length + 1].copy()
        whole = key > (_EDGE if length == 1 else 0)
        for step in range(1, length):
            following = wide[:, step : wide.shape[1] - length + 1 + step]
            key = (key << np.uint64(21)) | following
            whole &= following > 0
        column = ((key * _MIX) >> _BITS).astype(np.int64)
        found += np.bincount((row + column)[whole], minlength=len(found)).astype(np.float32)
    return found.reshape(count, COLUMNS)


def _unit(counts: Matrix) -> Matrix:
    norms = np.linalg.norm(counts, axis=1, keepdims=True)
    unit: Matrix = (counts / np.where(norms > 0, norms, 1)).astype(np.float32)
    return unit


def _edges(codes: Codes) -> Matrix:
    """Return the share of the two edges, first and last code point, in which two answers are alike."""
    ends = np.maximum((codes >= 0).sum(axis=1) - 1, 0)
    found = np.stack([codes[:, 0], codes[np.arange(len(codes)), ends]], axis=1)
    shares: Matrix = (found[:, None] == found[None]).mean(axis=2, dtype=np.float32)
    return shares

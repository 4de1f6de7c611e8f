"""Draws as kernels: what the nightly test of equality looks at, the same as `compare --question equality`.

`spectrum`: cosine of the counts of runs of 1 to 3 code points, probe by probe; `pooled`: roots of the same counts over all
probes together; `edges`: the first and the last code point. Counts are dealt into columns by a hash of the run, so that they
are read off the code points of thousands of answers at once. A clash of two runs costs a little power and no validity.
Log-probabilities of first tokens, where they were asked for, are compared as `onetoken` compares them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import registry
from forensics.monitoring.draws import Codes, Listed
from forensics.numerics.columns import unit_rows

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
    """The draws of one probe, as several statistics see them."""

    kernels: tuple[Matrix, ...]
    """[n, n] each."""
    pooled: Matrix | None = None
    """[n, POOLED], rows of length 1: roots of counts, whose spread hangs less on how frequent a run is (Hellinger)."""


def of_answers(codes: Codes) -> Views:
    """Return `spectrum`, `edges` and `pooled` of one probe's draws: [n, length], −1 beyond an answer's end."""
    counts = _counted(codes)
    unit = unit_rows(counts)
    spectrum = unit @ unit.T
    silent = codes[:, 0] < 0
    spectrum[np.ix_(silent, silent)] = 1
    np.fill_diagonal(spectrum, 1)
    folded = counts.reshape(len(codes), POOLED, COLUMNS // POOLED).sum(axis=2)
    return Views((spectrum, _edges(codes)), unit_rows(np.sqrt(folded)))


def of_tokens(listed: Listed) -> Views:
    """Return minus the mean |Δ log-probability| over the first tokens that any draw of one probe lists: an energy distance.

    A token that a draw does not list is given the least listed there; differences up to the noise of runtimes count as none.
    """
    distinct, place = np.unique(listed, axis=0, return_inverse=True)
    tokens = np.unique(distinct["token"])
    tokens = tokens[tokens != 0]
    there = distinct["token"] != 0
    least = np.where(there, distinct["logprob"], np.inf).min(axis=1, initial=np.inf)
    table = np.repeat(np.where(np.isinf(least), 0, least)[:, None], len(tokens), axis=1)
    rows, columns = np.nonzero(there)
    table[rows, np.searchsorted(tokens, distinct["token"][rows, columns])] = distinct["logprob"][rows, columns]
    noise = registry.load("statistics", "onetoken").NOISE
    apart = np.stack([np.maximum(np.abs(table - row) - noise, 0).mean(axis=1) for row in table])
    kernel: Matrix = -apart[np.ix_(place.ravel(), place.ravel())].astype(np.float32)
    return Views((kernel,))


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


def _edges(codes: Codes) -> Matrix:
    """Return the share of the two edges, first and last code point, in which two answers are alike."""
    ends = np.maximum((codes >= 0).sum(axis=1) - 1, 0)
    found = np.stack([codes[:, 0], codes[np.arange(len(codes)), ends]], axis=1)
    shares: Matrix = (found[:, None] == found[None]).mean(axis=2, dtype=np.float32)
    return shares

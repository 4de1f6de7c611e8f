"""Agreement in free choices drawn many times: how alike two models' shares of each choice are.

With J the Jensen-Shannon divergence, in bits, of the two members' shares of final answers on a probe, and J₀ what it
would be on average were all their draws shuffled between them (exact, hypergeometric): (1 − J) / (1 − J₀). So 1 is what
two sets of draws from one model give on average, however few the draws, and 0 is no choice in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block

SUMMARY = "how alike the shares of each free choice are, over many draws"
VERSION = "1"
ROLE = "weighed"
FEATURE = "final"

FEWEST_DRAWS = 5
"""Draws per probe that both members need: fewer say nothing about shares."""
FEWEST = 5
"""Probes with so many draws from both sides."""
Floats = NDArray[np.float64]


def inapplicable(blocks: Sequence[Block], sides: tuple[int, int]) -> str | None:
    """Say why two members cannot be compared; None where they can."""
    draws = np.array([[int((block.owners == side).sum()) for side in sides] for block in blocks]).reshape(-1, 2)
    enough = int((draws >= FEWEST_DRAWS).all(axis=1).sum())
    if enough >= FEWEST:
        return None
    most = int(draws.min(axis=1).max(initial=0))
    return (
        f"at least {FEWEST_DRAWS} draws per probe from both sides are needed, on {FEWEST} probes; there are at most "
        f"{most} per probe, and {enough} such probes"
    )


def score(block: Block, rows: NDArray[np.int64]) -> Floats:
    """Return the agreement of members `rows` with all members: [len(rows), m], about 0 … 1.

    NaN for members with fewer than 5 draws, and where every draw of both was another answer, so that nothing could agree.
    """
    members = len(block.features)
    draws = np.bincount(block.owners, minlength=members)
    values, choice = np.unique(block.stacked("value"), return_inverse=True)
    counts = np.bincount(block.owners * len(values) + choice, minlength=members * len(values))
    counts = counts.reshape(members, len(values))
    result = np.full((len(rows), members), np.nan)
    enough = np.flatnonzero(draws >= FEWEST_DRAWS)
    for r, row in enumerate(rows.tolist()):
        if draws[row] >= FEWEST_DRAWS:
            result[r, enough] = _closeness(counts[row], counts[enough])
            result[r, row] = np.nan
    return result


def _closeness(one: NDArray[np.int64], others: NDArray[np.int64]) -> Floats:
    """Return (1 − J) / (1 − J₀) of one member's counts with each of others': [k choices], [n, k] → [n]."""
    n, sizes = int(one.sum()), others.sum(axis=1)
    divergence = _divergence(one / n, others / sizes[:, None]).sum(axis=1)
    by_chance = np.empty(len(others))
    for size in np.unique(sizes).tolist():
        same = sizes == size
        by_chance[same] = _expected(min(n, size), max(n, size))[one + others[same]].sum(axis=1)
    left = 1 - by_chance
    closeness: Floats = np.divide(1 - divergence, left, out=np.full(len(others), np.nan), where=left > 1e-9)
    return closeness


def _divergence(p: Floats, q: Floats) -> Floats:
    """Return each choice's part of the Jensen-Shannon divergence in bits, from its two shares."""
    return (_plogp(p) + _plogp(q)) / 2 - _plogp((p + q) / 2)


def _plogp(p: Floats) -> Floats:
    product: Floats = p * np.log2(p, out=np.zeros(p.shape), where=p > 0)
    return product


@lru_cache(maxsize=1024)
def _expected(n: int, m: int) -> Floats:
    """Return, for a choice made c times in n + m draws, its expected part of the divergence: [n + m + 1]."""
    expected = np.zeros(n + m + 1)
    for c in range(1, n + m + 1):
        ours = np.arange(max(0, c - m), min(n, c) + 1)
        ways = np.array([comb(c, a) * comb(n + m - c, n - a) / comb(n + m, n) for a in ours.tolist()])
        expected[c] = (ways * _divergence(ours / n, (c - ours) / m)).sum()
    return expected

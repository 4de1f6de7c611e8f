"""Are a few draws of the same kind as many others? Two-sample tests inside strata, by permutation, for lopsided samples.

Tonight's few answers to a probe against all that came before. The statistic needs only row sums of the kernel and the
few by few entries among the few, so a permutation costs the square of the few and owes nothing to the many.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

ENOUGH = 20
"""Permutations at least as extreme after which no more are drawn."""
MOST = 19_999
"""Permutations drawn at most: the least p-value is 1 / (MOST + 1)."""
_FIRST = 128
"""Permutations of the first block; every further block doubles what was drawn."""


class Strata(NamedTuple):
    """Q strata of equal size: which kernel each looks up, and which rows of it are its T draws, the few last."""

    kernels: NDArray[np.float32]
    """[kernels, M, M], symmetric."""
    which: Places
    """[Q]"""
    rows: Places
    """[Q, T]"""
    few: int
    """How many of the T draws are the few: 1 … T − 1."""
    sums: Floats
    """[Q, T]: for each draw the sum of the kernel over all T draws of its stratum."""
    everything: Floats
    """[Q]: the sum of the kernel over all pairs of different draws."""


def strata(kernels: NDArray[np.float32], which: Places, rows: Places, few: int) -> Strata:
    """Return strata with their row sums worked out."""
    sums = np.stack([kernels[k][np.ix_(r, r)].sum(axis=1, dtype=np.float64) for k, r in zip(which, rows, strict=True)])
    diagonal = kernels[which[:, None], rows, rows].sum(axis=1, dtype=np.float64)
    return Strata(kernels, which, rows, few, sums, sums.sum(axis=1) - diagonal)


def statistics(given: Strata, chosen: Places, *, of: Places | None = None) -> Floats:
    """Return each stratum's unbiased squared maximum mean discrepancy for choices of the few: [Q, B].

    `chosen` are places among the T draws, [Q, B, few], of all strata or of those that `of` names. Gretton et al. (2012),
    lemma 6. A single draw has no pair of its own, and that term, the same for every choice, is left out.
    """
    few, total = given.few, given.rows.shape[1]
    many = total - few
    strata_ = np.arange(len(given.rows)) if of is None else of
    place = strata_[:, None]
    kernel = given.which[strata_][:, None]
    rows = [given.rows[place, chosen[:, :, i]] for i in range(few)]
    own, at_home, reach = (np.zeros(chosen.shape[:2]) for _ in range(3))
    for i in range(few):
        at_home += given.kernels[kernel, rows[i], rows[i]]
        reach += given.sums[place, chosen[:, :, i]]
        for j in range(i):
            own += given.kernels[kernel, rows[i], rows[j]]
    own *= 2  # sum over ordered pairs of different draws among the few
    across = reach - own - at_home
    rest = given.everything[place] - 2 * across - own
    inside = rest / (many * (many - 1)) if many > 1 else 0.0
    found: Floats = inside - 2 * across / (few * many)
    return found + own / (few * (few - 1)) if few > 1 else found


def as_they_are(given: Strata) -> Floats:
    """Return each stratum's statistic for the few as they are: [Q]."""
    total = given.rows.shape[1]
    places = np.arange(total - given.few, total)
    return statistics(given, np.broadcast_to(places, (len(given.rows), 1, given.few)))[:, 0]


def choices(rng: np.random.Generator, strata_: int, count: int, *, few: int, total: int) -> Places:
    """Return uniform choices of `few` out of `total` places without repetition: [strata, count, few]."""
    chosen = np.empty((strata_, count, few), np.int64)
    for i in range(few):
        place = rng.integers(0, total - i, (strata_, count))
        # The place-th of those not taken yet: step over the taken ones in ascending order.
        for j in range(i):
            place += place >= chosen[:, :, j]
        chosen[:, :, i] = place
        chosen[:, :, : i + 1].sort(axis=2)
    return chosen


def p_values(
    parts: list[Strata], groups: int, rng: np.random.Generator, *, enough: int = ENOUGH, most: int = MOST
) -> Floats:
    """Return one p-value for each of some groups of strata: [groups].

    The strata of every part come group by group, as many for each. The statistic is the sum over a group's strata of all
    parts; the few are dealt out anew inside every stratum. Permutations are drawn until `enough` are at least as
    extreme, L of them, and p = enough / L; or `most` are drawn, g as extreme, and p = (g + 1) / (most + 1). Either way
    P(p ≤ u) ≤ u while all draws of a stratum are exchangeable (Besag and Clifford 1991).
    """
    observed = sum(as_they_are(part).reshape(groups, -1).sum(axis=1) for part in parts)
    p = np.full(groups, np.nan)
    extreme = np.zeros(groups, np.int64)
    open_, drawn = np.arange(groups), 0
    while len(open_):
        block = min(drawn or _FIRST, most - drawn, 4096)
        dealt = np.zeros((len(open_), block))
        for part in parts:
            dealt += _dealt(part, open_, groups, block, rng)
        # A little room for sums in another order: a tie must count as a tie.
        as_extreme = dealt >= (observed[open_] - 1e-9)[:, None]
        running = extreme[open_, None] + np.cumsum(as_extreme, axis=1)
        ended = running[:, -1] >= enough
        at = np.argmax(running >= enough, axis=1)
        p[open_[ended]] = enough / (drawn + at[ended] + 1)
        extreme[open_] = running[:, -1]
        drawn += block
        open_ = open_[~ended]
        if drawn >= most:
            p[open_] = (extreme[open_] + 1) / (most + 1)
            break
    return p


def _dealt(part: Strata, open_: Places, groups: int, block: int, rng: np.random.Generator) -> Floats:
    """Return the statistic of a block of permutations, summed over each open group's strata: [open, block]."""
    each = len(part.rows) // groups
    if not each:
        return np.zeros((len(open_), block))
    kept = (open_[:, None] * each + np.arange(each)).ravel()
    chosen = choices(rng, len(kept), block, few=part.few, total=part.rows.shape[1])
    found: Floats = statistics(part, chosen, of=kept).reshape(len(open_), each, block).sum(axis=1)
    return found

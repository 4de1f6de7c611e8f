"""The nearest models of one, and what a long list does to chance: p, q, and p for the whole list.

Among many models some unrelated one is always nearest. Three figures keep that honest, all of the near-cohort ratio:

* `p`: the share of unrelated pairs (of two lineages, declared or inferred, neither the suspect's) at least as near,
  (1 + n) / (1 + N). Pairs that share a model or a lineage are not independent: N is far more than there is evidence for.
* `q`: `p` adjusted for the length of the list by Benjamini and Yekutieli (Annals of Statistics 29, 2001), which holds for
  any dependence between the p-values. Its price is the factor Σ 1/i, and it cannot fall below (length · Σ 1/i) / (1 + N).
* `list_p`: the share of models outside the suspect's lineage whose own nearest unrelated model is at least as near,
  (1 + n) / (1 + N). A single-step maximum: whoever names only candidates with list_p ≤ α names an unrelated model for at
  most a share α of suspects, as far as suspects are like the other models. That bounds the false discovery rate too, and
  needs no factor for the length of the list, whose dependence is in the maximum. Models of one lineage are alike, so the
  number of lineages is said beside it.

Unlabelled relatives among the pairs taken for unrelated make all three larger, never smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Listed(NamedTuple):
    """Figures of every model but the suspect, in the order of the list."""

    order: NDArray[np.int64]
    """Positions of models, the nearest from either side first."""
    rank: NDArray[np.int64]
    """Seen from the suspect. By position."""
    rank_back: NDArray[np.int64]
    """Of the suspect, seen from each model. By position."""
    p: Floats
    q: Floats
    list_p: Floats
    pairs: int
    models: int
    lineages: int

    @property
    def least_q(self) -> float:
        """The least q that one candidate alone can reach."""
        return min(1.0, _penalty(len(self.order)) / (1 + self.pairs))


def nearest(
    near: Floats, lineages: Sequence[str], suspect: int, *, by: Floats, panel: NDArray[np.bool_] | None = None
) -> Listed:
    """List the models nearest to one by near-cohort ratios [m, m], with the figures of each by position.

    The order is by the geometric mean of the ranks from both sides in `by`, [m, m]: a model that is near to everybody
    stands high from one side only. Models without a value are left out. Where only candidates were scored, `panel` marks the models that
    everybody was scored with: the unrelated pairs are theirs, for candidates were chosen for being near.
    """
    m = len(near)
    ranks = ranked(by)
    there = np.flatnonzero(np.isfinite(near[suspect]) & (np.arange(m) != suspect))
    mutual = np.sqrt(ranks[suspect].astype(np.float64) * ranks[:, suspect])
    order = there[np.lexsort((there, -np.round(by[suspect, there], 9), np.round(mutual[there], 9)))]
    codes = np.unique(np.asarray(lineages), return_inverse=True)[1]
    outside = codes != codes[suspect]
    unrelated = outside[:, None] & outside[None, :] & (codes[:, None] != codes[None, :]) & np.isfinite(near)
    drawn = unrelated if panel is None else unrelated & (panel[:, None] | panel[None, :])
    null = np.sort(near[np.triu(drawn)])
    told = unrelated.any(axis=1)
    tops = np.sort(np.where(unrelated, near, -np.inf)[told].max(axis=1)) if told.any() else np.zeros(0)
    p, list_p, q = np.full((3, m), np.nan)
    p[there] = tail(null, near[suspect, there])
    list_p[there] = tail(tops, near[suspect, there])
    q[there] = adjusted(p[there])
    return Listed(
        order, ranks[suspect], ranks[:, suspect], p, q, list_p, len(null), int(told.sum()), len(set(codes[told]))
    )


def ranked(values: Floats) -> NDArray[np.int64]:
    """Return the rank of each column's model seen from each row's: [m, m]; 1 is nearest, ties share the better, 0 is none."""
    rounded = np.where(np.isfinite(values), np.round(values, 9), -np.inf)
    np.fill_diagonal(rounded, -np.inf)
    ranks = np.zeros(values.shape, np.int64)
    for row, own in enumerate(rounded):
        ordered = np.sort(own)
        ranks[row] = 1 + len(own) - np.searchsorted(ordered, own, side="right")
    ranks[~np.isfinite(rounded)] = 0
    return ranks


def tail(null: Floats, values: Floats) -> Floats:
    """Return the share of ascending null values at least as large as each value, (1 + n) / (1 + N)."""
    # Counting a value as large as itself despite rounding.
    beyond = len(null) - np.searchsorted(null, values - 1e-9, side="left")
    share: Floats = ((1.0 + beyond) / (1.0 + len(null))).astype(np.float64)
    return share


def adjusted(p: Floats) -> Floats:
    """Adjust p-values for their number by Benjamini and Yekutieli: any dependence between them is allowed."""
    n = len(p)
    if not n:
        return p.copy()
    order = np.argsort(p, kind="stable")
    steps = p[order] * _penalty(n) / np.arange(1, n + 1)
    q = np.empty(n)
    q[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return q


def _penalty(n: int) -> float:
    return float(n * (1.0 / np.arange(1, n + 1)).sum()) if n else 0.0

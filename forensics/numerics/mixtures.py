"""Decompose one vector by others from inner products alone: least squares for the base, then a non-negative fit.

The first vector is decomposed; the second is its own base; the rest compete for what the base leaves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SUSPECT, BASE, OTHERS = 0, 1, 2
"""Places of the vector that is decomposed, of its own base, and of the first other one."""
_JITTER = 1e-9


class Fit(NamedTuple):
    """One decomposition; shares are of the suspect's length squared, and all of them with the remainder sum to 1."""

    base: float
    """Share that the suspect's own base explains."""
    shares: Floats
    """Share of each other lineage, beyond the base, never negative."""
    remainder: float
    """Share that nothing explains."""


def fit(between: Floats, *, base: bool) -> Fit:
    """Decompose the first group by the others: [groups, groups] of inner products, the base in the second place.

    What lineages (the base among them) have in common is subtracted first.
    """
    first = BASE if base else OTHERS
    centred = _centred(between, np.arange(first, len(between)))
    whole = float(centred[SUSPECT, SUSPECT])
    if whole <= _JITTER:
        return Fit(0.0, np.zeros(len(between) - OTHERS), 1.0)
    left = centred
    own = 0.0
    if base and centred[BASE, BASE] > _JITTER:
        along = centred[:, BASE]
        own = float(along[SUSPECT] ** 2 / centred[BASE, BASE]) / whole
        left = centred - np.outer(along, along) / centred[BASE, BASE]
    shares = _non_negative(left[OTHERS:, OTHERS:], left[OTHERS:, SUSPECT]) / whole
    return Fit(own, shares, max(0.0, 1.0 - own - float(shares.sum())))


def _centred(between: Floats, common: NDArray[np.int64]) -> Floats:
    """Subtract from every vector the mean vector of some groups."""
    mean = between[common].mean(axis=0)
    centred: Floats = between - mean[None, :] - mean[:, None] + mean[common].mean()
    return centred


def _non_negative(inner: Floats, with_suspect: Floats) -> Floats:
    """Return what each vector contributes to the non-negative fit: weight times product with the suspect, none negative.

    A vector that only serves to cancel another is left out and the rest fitted again.
    """
    from scipy.optimize import nnls

    used = np.arange(len(inner))
    found = np.zeros(len(inner))
    while len(used):
        values, vectors = np.linalg.eigh(inner[np.ix_(used, used)])
        kept = values > _JITTER * max(1.0, float(values[-1]))
        if not kept.any():
            return found
        root = (vectors[:, kept] * np.sqrt(values[kept])).T
        weights, _ = nnls(root, (vectors[:, kept] / np.sqrt(values[kept])).T @ with_suspect[used])
        contributed = weights * with_suspect[used]
        if (contributed >= 0).all():
            found[used] = contributed
            return found
        used = used[contributed >= 0]
    return found

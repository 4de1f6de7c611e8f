"""What pictures are made of: models, the values of every pair, and the distances drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPREADS = 4.0
"""Normalised closeness at which two models lie half as far apart as unrelated ones. Of the scales tried on recorded
answers (1, 2, 4, 8), the trees of this one kept most known relatives side by side."""


class Shown(NamedTuple):
    """One model of a screen."""

    name: str
    developer: str
    """Empty where nobody named one."""
    lineage: str
    """Empty where neither declared nor inferred."""
    inferred: bool
    """True where the lineage was inferred from closeness and not declared."""


class Weighed(NamedTuple):
    """Likelihood ratios of all pairs, as log10; NaN where there is none. [m, m] each."""

    log10: Floats
    low: Floats
    high: Floats


class Evidence(NamedTuple):
    """How the evidence of any pair is made, and which pairs have a case already."""

    models: tuple[str, ...]
    """Each model as `forensics compare` takes it, quoted for a shell; empty where there is no such command."""
    options: str
    """What follows the two models, quoted."""
    folder: str
    """Where cases go, quoted."""
    short: tuple[str, ...]
    """Each model's part of its case's folder name."""
    cases: dict[tuple[int, int], str]
    """Report of a pair (a < b) relative to the page, where there is one."""


class Material(NamedTuple):
    """What is drawn. Matrices are [m, m] and symmetric, NaN on the diagonal and where there is no value."""

    models: Sequence[Shown]
    statistic: str
    probes: int
    raw: Floats
    normalised: Floats
    ranks: NDArray[np.int64]
    """Rank of the column's model among all, seen from the row's; 1 is nearest, 0 is none. [m, m], not symmetric"""
    weighed: Weighed | None
    """None where no calibration applies."""
    unweighed: str
    """Why there are no ratios; empty where there are."""
    reasons: dict[tuple[int, int], str]
    """Why a pair (a < b) has no value."""
    resampled: Sequence[Floats]
    """Normalised closeness of each bootstrap replicate over probes, for the support of the trees."""
    tool: str
    source: str
    """Digest of what the values were read from."""
    evidence: Evidence = Evidence((), "", "", (), {})


def distances(normalised: Floats) -> Floats:
    """Turn normalised closeness into distances, 0 … 1: 1 / (1 + max(z, 0) / 4), and 0 on the diagonal.

    1 is as far as unrelated models lie apart on average, and farther is not told apart: among unrelated models there is
    nothing to draw. A pair without a value counts as unrelated.
    """
    near = np.maximum(np.nan_to_num(normalised, nan=0.0), 0.0)
    apart: Floats = 1.0 / (1.0 + near / SPREADS)
    apart = (apart + apart.T) / 2
    np.fill_diagonal(apart, 0.0)
    return np.round(apart, 12)

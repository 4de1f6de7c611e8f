"""S-norms and near-cohort ratios of all pairs at once, relatives excluded: the work grows with the pairs, not with the lineages'.

The same values as `normalisation.Normaliser.all_pairs`, to rounding, where every pair has a score; that function is
general and slow where most models are a lineage of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.numerics.normalisation import (
    FEWEST,
    FEWEST_NEAREST,
    NEAR_COHORT,
    NEAREST_SHARE,
    S_NORM,
    Normaliser,
)

Floats = NDArray[np.float64]


class Scales(NamedTuple):
    """Centre and scale of each row's model, against all models of neither lineage of the pair. [m, m] each."""

    centre: Floats
    scale: Floats


def normalised(scores: Floats, lineages: Sequence[str], by: Normaliser) -> Floats:
    """Normalise every pair of m models by all models of neither lineage: [m, m] → [m, m], NaN on the diagonal.

    NaN where fewer than 4 models are left to compare with.
    """
    inner = ~np.eye(len(scores), dtype=bool)
    if by not in (S_NORM, NEAR_COHORT) or not np.isfinite(scores[inner]).all():
        return by.all_pairs(scores, lineages)
    scales = s_norm_scales(scores, lineages) if by is S_NORM else _near_scales(scores, lineages)
    return standardised(scores, scales)


def standardised(scores: Floats, scales: Scales) -> Floats:
    """Set each pair against both sides' scales and average."""
    varies = scales.scale > 1e-12 * np.maximum(1e-3, np.abs(scales.centre))
    seen = np.divide(scores - scales.centre, scales.scale, out=np.full(scores.shape, np.nan), where=varies)
    result: Floats = (seen + seen.T) / 2
    np.fill_diagonal(result, np.nan)
    return result


def s_norm_scales(scores: Floats, lineages: Sequence[str], cohort: NDArray[np.bool_] | None = None) -> Scales:
    """Return mean and standard deviation, n − 1; NaN where fewer than 4 scores are left.

    `cohort` marks the models that are compared with, all where None; missing scores are left out.
    """
    groups = _groups(lineages)
    there = np.isfinite(scores) & ~np.eye(len(scores), dtype=bool)
    if cohort is not None:
        there &= cohort[None, :]
    counts = there.sum(axis=1, keepdims=True)
    values = np.where(there, scores, 0.0)
    # About each row's own middle: the squares then lose nothing to cancellation.
    middle = values.sum(axis=1, keepdims=True) / np.maximum(counts, 1)
    values = np.where(there, scores - middle, 0.0)
    total, squares, n = (_left(part @ groups.member, groups) for part in (values, values**2, there.astype(np.float64)))
    enough = n >= FEWEST
    mean = np.divide(total, n, out=np.full(n.shape, np.nan), where=enough)
    spread = np.divide(squares - n * mean**2, n - 1, out=np.full(n.shape, np.nan), where=enough)
    return Scales(mean + middle, np.sqrt(np.maximum(spread, 0.0)))


class _Groups(NamedTuple):
    codes: NDArray[np.int64]
    sizes: Floats
    member: Floats
    """1 where a model is of a lineage. [m, lineages]"""


def _groups(lineages: Sequence[str]) -> _Groups:
    codes = np.unique(np.asarray(lineages), return_inverse=True)[1].astype(np.int64)
    member = (codes[:, None] == np.arange(codes.max() + 1)[None, :]).astype(np.float64)
    return _Groups(codes, member.sum(axis=0), member)


def _left(sums: Floats, groups: _Groups) -> Floats:
    """Return what is left of each row's sum without both lineages of each pair, from sums by lineage."""
    own = sums[np.arange(len(sums)), groups.codes]
    other = np.where(groups.codes[:, None] == groups.codes[None, :], 0.0, sums[:, groups.codes])
    left: Floats = (sums.sum(axis=1) - own)[:, None] - other
    return left


def _left_count(groups: _Groups) -> Floats:
    sizes = groups.sizes[groups.codes]
    other = np.where(groups.codes[:, None] == groups.codes[None, :], 0.0, sizes[None, :])
    left: Floats = len(sizes) - sizes[:, None] - other
    return left


def _near_scales(scores: Floats, lineages: Sequence[str]) -> Scales:
    """Return the mean of the nearest twelfth, and its lead over the mean of all."""
    groups = _groups(lineages)
    mean, n = s_norm_scales(scores, lineages).centre, _left_count(groups)
    nearest = np.full(scores.shape, np.nan)
    for row in range(len(scores)):
        _nearest_of(row, scores, groups, n[row], nearest[row])
    return Scales(nearest, nearest - mean)


def _nearest_of(row: int, scores: Floats, groups: _Groups, n: Floats, into: Floats) -> None:
    """Average the nearest of one model's cohort for every lineage that the other side may have."""
    others = np.flatnonzero(groups.codes != groups.codes[row])
    ordered = others[np.argsort(-scores[row, others], kind="stable")]
    values, codes = scores[row, ordered], groups.codes[ordered]
    upto = np.concatenate([[0.0], np.cumsum(values)])
    for left in np.unique(n[n >= FEWEST]).astype(int).tolist():
        k = max(FEWEST_NEAREST, round(left * NEAREST_SHARE))
        here = n == left
        into[here] = upto[k] / k
        # Only lineages among the nearest change who the nearest are.
        for code in np.unique(codes[:k]).tolist():
            asked = here & (groups.codes == code)
            if asked.any():
                kept = values[codes != code][:k]
                into[asked] = kept.sum() / k

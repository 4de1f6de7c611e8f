"""Points of the Tippett and empirical-cross-entropy curves of a likelihood-ratio system.

It gives numbers; drawing them is done elsewhere. Inputs and infinities as in `metrics`; PAV points are in
`pav`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forensics.numerics.classes import FloatArray, as_values, pool_ties, two_classes
from forensics.numerics.metrics import LOG2_OF_10
from forensics.numerics.pav import blocks_of


@dataclass(frozen=True, eq=False)
class TippettCurve:
    """Share of pairs of each class with at least this log10 LR, at every distinct observed log10 LR (ascending)."""

    log10_lr: FloatArray
    hp_at_least: FloatArray
    hd_at_least: FloatArray


@dataclass(frozen=True, eq=False)
class EceCurve:
    """Empirical cross-entropy in bits against prior log10 odds of Hp.

    At prior odds 1 `actual` is Cllr, `pav` is Cllr_min and `neutral` is 1.
    """

    prior_log10_odds: FloatArray
    actual: FloatArray
    """inf everywhere when an infinite LR points the wrong way."""
    pav: FloatArray
    neutral: FloatArray
    """A system that always says LR = 1: the entropy of the prior."""


def tippett_curve(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> TippettCurve:
    """Compute the Tippett curve; infinite log10 LRs stay as end points."""
    pooled = pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights))
    return TippettCurve(log10_lr=pooled.values, hp_at_least=pooled.hp_at_least(), hd_at_least=pooled.hd_at_least())


def ece_curve(
    hp: ArrayLike,
    hd: ArrayLike,
    *,
    prior_log10_odds: ArrayLike | None = None,
    hp_weights: ArrayLike | None = None,
    hd_weights: ArrayLike | None = None,
) -> EceCurve:
    """Compute ECE = P(Hp) E[-log2 P(Hp|LR)] + P(Hd) E[-log2 P(Hd|LR)] on a grid of finite prior log10 odds.

    Ramos, PhD thesis, Universidad Autonoma de Madrid (2007). The default grid runs from -3 to 3 in steps of
    0.05.
    """
    classes = two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)
    blocks = blocks_of(pool_ties(classes))
    # Divided rather than multiplied by 0.05, so that the grid holds 0 and its mirror images exactly.
    grid = np.arange(-60, 61) / 20 if prior_log10_odds is None else as_values(prior_log10_odds, "the prior log10 odds")
    if not np.isfinite(grid).all():
        raise ValueError("the prior log10 odds must be finite")
    has_hp, has_hd = blocks.hp > 0, blocks.hd > 0
    pav_lr = blocks.log10_lr
    zero = np.zeros(1)
    one = np.ones(1)
    return EceCurve(
        prior_log10_odds=grid.copy(),
        actual=_cross_entropy(grid, classes.hp, classes.hd, classes.hp_weights, classes.hd_weights),
        pav=_cross_entropy(grid, pav_lr[has_hp], pav_lr[has_hd], blocks.hp[has_hp], blocks.hd[has_hd]),
        neutral=_cross_entropy(grid, zero, zero, one, one),
    )


def _cross_entropy(
    grid: FloatArray, hp: FloatArray, hd: FloatArray, hp_weights: FloatArray, hd_weights: FloatArray
) -> FloatArray:
    hp_share, hd_share = hp_weights / hp_weights.sum(), hd_weights / hd_weights.sum()
    curve = np.empty(grid.size)
    # One prior at a time: the whole grid against ten thousand pairs at once would cost tens of megabytes for
    # nothing.
    for k, prior in enumerate(grid):
        p_hp = np.exp2(-np.logaddexp2(0.0, -prior * LOG2_OF_10))
        cost_hp = np.sum(hp_share * np.logaddexp2(0.0, -(hp + prior) * LOG2_OF_10))
        cost_hd = np.sum(hd_share * np.logaddexp2(0.0, (hd + prior) * LOG2_OF_10))
        curve[k] = p_hp * cost_hp + (1 - p_hp) * cost_hd
    return curve

"""Validation metrics of a likelihood-ratio system, from the log10 LRs it gave to Hp pairs and to Hd pairs.

Every function takes `hp` and `hd` (log10 LRs, one-dimensional, any order) and optional weights per pair (a
weight of 2 is the pair twice, 0 is the pair left out). Empty classes, NaN and bad weights raise ValueError.
Infinite log10 LRs are allowed: on their own side they cost nothing; on the wrong side the cost is what it is,
infinite, and `cllr`, `cllr_cal` and the Turing products return `inf`. Metrics that only use the order
(`cllr_min`, `auc`, `eer`, `tpr_at_fpr`) are always finite. Curves for figures are in `curves`; intervals are
in `folds` and `intervals`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forensics.numerics.classes import RATE_TOLERANCE, FloatArray, PooledValues, pool_ties, two_classes
from forensics.numerics.misleading import MisleadingEvidence, TuringCheck, misleading_rates, turing_products
from forensics.numerics.pav import blocks_of

LOG2_OF_10 = float(np.log2(10.0))
FALSE_POSITIVE_RATES = (0.01, 0.001)


@dataclass(frozen=True)
class OperatingPoint:
    """True positives at the loosest observed threshold whose false-positive rate does not exceed the one asked for."""

    asked_fpr: float
    tpr: float
    fpr: float
    """False-positive rate observed at the threshold; at most `asked_fpr`."""
    threshold: float
    """Values >= threshold are accepted; inf when even the highest value accepts too many Hd pairs."""
    resolved: bool
    """False when there are fewer than 1 / asked_fpr Hd pairs, so that the rate asked for cannot be observed.
    """


@dataclass(frozen=True)
class ValidationMetrics:
    """All scalar metrics of one set of pairs."""

    n_hp: int
    n_hd: int
    cllr: float
    cllr_min: float
    cllr_cal: float
    auc: float
    eer: float
    operating_points: tuple[OperatingPoint, ...]
    misleading: tuple[MisleadingEvidence, ...]
    turing: TuringCheck


def cllr(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> float:
    """Log-likelihood-ratio cost in bits, >= 0; 1 for a system that always says LR = 1.

    Bruemmer and du Preez, Computer Speech and Language 20 (2006): the mean over both classes, each counting
    one half.
    """
    c = two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)
    return _mean_cost(-c.hp, c.hp_weights) / 2 + _mean_cost(c.hd, c.hd_weights) / 2


def _mean_cost(log10_odds_against: FloatArray, weights: FloatArray) -> float:
    cost = np.logaddexp2(0.0, log10_odds_against * LOG2_OF_10)
    return float(np.sum(weights * cost) / np.sum(weights))


def cllr_min(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> float:
    """Cllr after PAV, in [0, 1]: what no monotone recalibration of these very pairs can improve on.

    PAV fits noise too: on few lineages it lies below its value for many (in simulation with 8 lineages of Hp pairs
    0.09 against 0.15), so Cllr_cal is overstated by as much, and no bootstrap interval repairs that.
    """
    return _cllr_min(pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)))


def _cllr_min(pooled: PooledValues) -> float:
    blocks = blocks_of(pooled)
    hp, hd = blocks.hp, blocks.hd
    both = hp > 0
    cost_hp = np.sum(hp[both] * np.log1p(hd[both] / hp[both]))
    both = hd > 0
    cost_hd = np.sum(hd[both] * np.log1p(hp[both] / hd[both]))
    return float((cost_hp + cost_hd) / (2 * np.log(2.0)))


def cllr_cal(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> float:
    """Calibration loss, Cllr - Cllr_min; >= 0 up to rounding."""
    weights = {"hp_weights": hp_weights, "hd_weights": hd_weights}
    return cllr(hp, hd, **weights) - cllr_min(hp, hd, **weights)


def auc(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> float:
    """P(Hp value > Hd value) + P(equal) / 2, in [0, 1]."""
    return _auc(pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)))


def _auc(pooled: PooledValues) -> float:
    hp_above = np.cumsum(pooled.hp[::-1])[::-1] - pooled.hp / 2
    return float(np.sum(pooled.hd * hp_above) / (pooled.hp.sum() * pooled.hd.sum()))


def eer(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> float:
    """Equal error rate, in [0, 1]: where misses equal false positives on the straight-line ROC curve (ties diagonal).

    It is the plain ROC curve, not its convex hull, whose equal error rate is never larger.
    """
    return _eer(pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)))


def _eer(pooled: PooledValues) -> float:
    miss = np.append(1 - pooled.hp_at_least(), 1.0)
    gap = miss - np.append(pooled.hd_at_least(), 0.0)
    after = int(np.argmax(gap >= 0))
    before = after - 1
    share = -gap[before] / (gap[after] - gap[before])
    return float(miss[before] + share * (miss[after] - miss[before]))


def tpr_at_fpr(
    hp: ArrayLike,
    hd: ArrayLike,
    *,
    fpr: float = 0.01,
    hp_weights: ArrayLike | None = None,
    hd_weights: ArrayLike | None = None,
) -> OperatingPoint:
    """Share of Hp pairs found while at most `fpr` of the Hd pairs are accepted.

    Conservative: only observed thresholds, no interpolation, an Hd pair tied with the threshold counts as
    accepted. With fewer than 1 / fpr Hd pairs it is the share of Hp pairs above every Hd pair, and `resolved`
    is False.
    """
    classes = two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)
    return _operating_point(pool_ties(classes), fpr=fpr, n_hd=classes.hd.size)


def _operating_point(pooled: PooledValues, *, fpr: float, n_hd: int) -> OperatingPoint:
    if not 0 < fpr < 1:
        raise ValueError(f"a false-positive rate must lie between 0 and 1, but {fpr} was asked for")
    hd_rate = pooled.hd_at_least()
    allowed = np.flatnonzero(hd_rate <= fpr + RATE_TOLERANCE)
    resolved = bool(n_hd * fpr >= 1 - RATE_TOLERANCE)
    if allowed.size == 0:
        return OperatingPoint(asked_fpr=fpr, tpr=0.0, fpr=0.0, threshold=float("inf"), resolved=resolved)
    k = int(allowed[0])
    return OperatingPoint(
        asked_fpr=fpr,
        tpr=float(pooled.hp_at_least()[k]),
        fpr=float(hd_rate[k]),
        threshold=float(pooled.values[k]),
        resolved=resolved,
    )


def validation_metrics(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> ValidationMetrics:
    """Compute every scalar metric at the package's standard levels, sorting the pairs once."""
    classes = two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)
    pooled = pool_ties(classes)
    cost = cllr(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)
    cost_min = _cllr_min(pooled)
    return ValidationMetrics(
        n_hp=classes.hp.size,
        n_hd=classes.hd.size,
        cllr=cost,
        cllr_min=cost_min,
        cllr_cal=cost - cost_min,
        auc=_auc(pooled),
        eer=_eer(pooled),
        operating_points=tuple(_operating_point(pooled, fpr=fpr, n_hd=classes.hd.size) for fpr in FALSE_POSITIVE_RATES),
        misleading=misleading_rates(pooled),
        turing=turing_products(pooled),
    )

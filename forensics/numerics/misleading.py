"""How often and how strongly a likelihood-ratio system misleads: rates of misleading evidence, and Turing's bound.

It counts on log10 LRs already computed; inputs, weights and infinities are as in `metrics`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forensics.numerics.classes import RATE_TOLERANCE, FloatArray, PooledValues, pool_ties, two_classes

EVIDENCE_LEVELS = (1.0, 10.0, 100.0)


@dataclass(frozen=True)
class MisleadingEvidence:
    """Rates of evidence that points the wrong way with at least this strength."""

    lr: float
    hd_rate: float
    """P(LR >= lr | Hd); at lr = 1, P(LR > 1 | Hd), because an LR of 1 misleads nobody."""
    hp_rate: float
    """P(LR <= 1 / lr | Hp); at lr = 1, P(LR < 1 | Hp)."""


@dataclass(frozen=True)
class TuringPoint:
    """The two Turing products at one LR; for a calibrated system the expectation of both is at most 1."""

    lr: float
    hd_product: float
    """lr * P(LR >= lr | Hd)."""
    hp_product: float
    """lr * P(LR <= 1 / lr | Hp)."""


@dataclass(frozen=True)
class TuringCheck:
    """Turing's bound x * P(LR >= x | Hd) <= 1 and its mirror image under Hp."""

    hd_max: float
    """Largest product over all observed x under Hd; inf when an Hd pair has an infinite LR."""
    hd_log10_lr: float
    """The log10 LR at which `hd_max` occurs."""
    hp_max: float
    hp_log10_lr: float
    """The log10 LR (not its mirror) at which `hp_max` occurs."""
    points: tuple[TuringPoint, ...]
    holds: bool
    """Both maxima are at most 1. A single extreme pair among few can break this by chance: read it with the counts."""


def misleading_evidence(
    hp: ArrayLike,
    hd: ArrayLike,
    *,
    levels: Sequence[float] = EVIDENCE_LEVELS,
    hp_weights: ArrayLike | None = None,
    hd_weights: ArrayLike | None = None,
) -> tuple[MisleadingEvidence, ...]:
    """Rates of misleading evidence at each LR of `levels` (all >= 1), both ways."""
    pooled = pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights))
    return misleading_rates(pooled, levels)


def misleading_rates(pooled: PooledValues, levels: Sequence[float] = EVIDENCE_LEVELS) -> tuple[MisleadingEvidence, ...]:
    """Do the work of `misleading_evidence` on values already pooled."""
    hp, hd = pooled.hp.sum(), pooled.hd.sum()
    rates = []
    for lr, x in zip(levels, _log10_levels(levels), strict=True):
        wrong_for_hd = pooled.values >= x if x > 0 else pooled.values > 0
        wrong_for_hp = pooled.values <= -x if x > 0 else pooled.values < 0
        rates.append(
            MisleadingEvidence(
                lr=float(lr),
                hd_rate=float(pooled.hd[wrong_for_hd].sum() / hd),
                hp_rate=float(pooled.hp[wrong_for_hp].sum() / hp),
            )
        )
    return tuple(rates)


def _log10_levels(levels: Sequence[float]) -> list[float]:
    if any(not 1 <= level < float("inf") for level in levels):
        raise ValueError(f"levels are likelihood ratios of at least 1, but {list(levels)} was asked for")
    return [float(np.log10(level)) for level in levels]


def turing_check(
    hp: ArrayLike,
    hd: ArrayLike,
    *,
    levels: Sequence[float] = EVIDENCE_LEVELS,
    hp_weights: ArrayLike | None = None,
    hd_weights: ArrayLike | None = None,
) -> TuringCheck:
    """Check Turing's bound over all observed LRs, and list both products at each LR of `levels`.

    Between observed values the products only grow with x, so the maximum over observed values is the maximum
    over all x.
    """
    pooled = pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights))
    return turing_products(pooled, levels)


def turing_products(pooled: PooledValues, levels: Sequence[float] = EVIDENCE_LEVELS) -> TuringCheck:
    """Do the work of `turing_check` on values already pooled."""
    hd_log10, hd_max = _largest_product(pooled.values, pooled.hd_at_least(), pooled.hd)
    hp_log10, hp_max = _largest_product(-pooled.values, pooled.hp_at_most(), pooled.hp)
    hp, hd = pooled.hp.sum(), pooled.hd.sum()
    points = tuple(
        TuringPoint(
            lr=float(lr),
            hd_product=float(lr * pooled.hd[pooled.values >= x].sum() / hd),
            hp_product=float(lr * pooled.hp[pooled.values <= -x].sum() / hp),
        )
        for lr, x in zip(levels, _log10_levels(levels), strict=True)
    )
    return TuringCheck(
        hd_max=hd_max,
        hd_log10_lr=hd_log10,
        hp_max=hp_max,
        hp_log10_lr=0.0 - hp_log10,
        points=points,
        holds=max(hd_max, hp_max) <= 1 + RATE_TOLERANCE,
    )


def _largest_product(log10_x: FloatArray, tail: FloatArray, weights: FloatArray) -> tuple[float, float]:
    seen = weights > 0
    log10_x, tail = log10_x[seen], tail[seen]
    log10_product = log10_x + np.log10(tail)
    k = int(np.argmax(log10_product))
    with np.errstate(over="ignore"):
        return float(log10_x[k]), float(np.power(10.0, log10_product[k]))

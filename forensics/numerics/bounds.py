"""How much a likelihood ratio may claim: the ELUB bounds, the cap by number of lineages, and the verbal scale.

It limits and words a log10 LR; it neither computes nor rounds one.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from forensics.numerics.classes import FloatArray, two_classes

BoundName = Literal["none", "elub", "lineages"]
Side = Literal["hp", "hd", "neither"]

ELUB_STEP = 0.01
ELUB_EXTREME = 9.0


@dataclass(frozen=True)
class ElubBounds:
    """Empirical lower (<= 0) and upper (>= 0) bound of a log10 LR."""

    lower: float
    upper: float


@dataclass(frozen=True)
class HeadlineLr:
    """A log10 LR after bounding, with the bound that decided it."""

    log10_lr: float
    uncapped: float
    bound: BoundName
    """The bound that changed the value: "elub", "lineages" (K + 1), or "none"; with equal bounds, "elub"."""
    lower: float
    upper: float
    """The interval [lower, upper] of log10 LR that could have been reported."""


@dataclass(frozen=True)
class VerbalStep:
    """One row of the verbal scale: LRs from `from_lr` (included) to `to_lr` (excluded), mirrored below 1."""

    from_lr: float
    to_lr: float
    """inf in the last row."""
    words: str


@dataclass(frozen=True)
class VerbalEquivalent:
    """The words for one LR and the proposition they support."""

    supports: Side
    words: str
    step: VerbalStep | None
    """None for an LR of exactly 1."""


VERBAL_SCALE = (
    VerbalStep(1.0, 10.0, "weak support"),
    VerbalStep(10.0, 100.0, "moderate support"),
    VerbalStep(100.0, 1_000.0, "moderately strong support"),
    VerbalStep(1_000.0, 10_000.0, "strong support"),
    VerbalStep(10_000.0, 1_000_000.0, "very strong support"),
    VerbalStep(1_000_000.0, math.inf, "extremely strong support"),
)
NO_SUPPORT = "support for neither proposition"


def elub(hp: ArrayLike, hd: ArrayLike) -> ElubBounds:
    """Compute the empirical lower and upper bound from the log10 LRs of Hp and Hd pairs.

    Vergeer, van Es, de Jongh, Alberink and Stoel, Science & Justice 56 (2016) 482-491: the widest range of
    thresholds over which acting on the LRs beats acting on LR = 1, with one misleading LR added to each
    class; steps of 0.01, LRs beyond 10^9 count as 10^9. Equal to lir 1.3.1's ELUBBounder, but the inputs stay
    as they were. Unweighted: the added misleading LR is one pair, which has no meaning among fractional
    pairs.
    """
    c = two_classes(hp, hd)
    hp_kept, hd_kept = (np.clip(values, -ELUB_EXTREME, ELUB_EXTREME) for values in (c.hp, c.hd))
    lowest = max(min(hp_kept.min(), hd_kept.min()), -np.log10(hp_kept.size + 1))
    highest = min(max(hp_kept.max(), hd_kept.max()), np.log10(hd_kept.size + 1))
    first = min(0, int(np.floor_divide(lowest, ELUB_STEP)))
    last = max(0, int(np.floor_divide(highest, ELUB_STEP)) + 1)
    thresholds = np.linspace(first * ELUB_STEP, last * ELUB_STEP, last - first + 1)
    lrs = 10**thresholds
    accepts_one = (lrs < 1.0).astype(np.float64)
    neutral = _utility_loss(accepts_one, accepts_one, lrs)
    system = _utility_loss(
        # The added pairs: an Hp pair that is never accepted and an Hd pair that always is.
        _count_above(10**hp_kept, lrs) / (hp_kept.size + 1),
        (_count_above(10**hd_kept, lrs) + 1) / (hd_kept.size + 1),
        lrs,
    )
    worse = neutral / system < 1
    lower = np.max(thresholds[(thresholds <= 0) & worse] + ELUB_STEP, initial=thresholds[0])
    upper = np.min(thresholds[(thresholds >= 0) & worse] - ELUB_STEP, initial=thresholds[-1])
    return ElubBounds(lower=min(float(lower), 0.0), upper=max(float(upper), 0.0))


def _utility_loss(accepted_hp: FloatArray, accepted_hd: FloatArray, lrs: FloatArray) -> FloatArray:
    return 1 - accepted_hp + lrs * accepted_hd


def _count_above(values: FloatArray, lrs: FloatArray) -> FloatArray:
    return (values.size - np.searchsorted(np.sort(values), lrs, side="right")).astype(np.float64)


def headline_lr(log10_lr: float, *, elub: ElubBounds, lineages: int) -> HeadlineLr:
    """Cap a log10 LR at min(ELUB bound, log10(K + 1)), mirrored below 0, K = `lineages` available as alternatives.

    K + 1 is what K lineages can show: with the questioned pair counted among them, no rarer than one in K +
    1. Infinite values are capped like any other; NaN or a negative K raises ValueError.
    """
    if math.isnan(log10_lr):
        raise ValueError("a log10 LR that is NaN cannot be reported; record why there is no value instead")
    if lineages < 0:
        raise ValueError(f"the number of lineages cannot be negative, but is {lineages}")
    cap = math.log10(lineages + 1)
    upper, lower = min(elub.upper, cap), max(elub.lower, -cap)
    value = float(min(max(log10_lr, lower), upper))
    bound: BoundName = "none"
    if value != log10_lr:
        limit = elub.upper if log10_lr > 0 else -elub.lower
        bound = "elub" if limit <= cap else "lineages"
    return HeadlineLr(log10_lr=value, uncapped=float(log10_lr), bound=bound, lower=lower, upper=upper)


def verbal_equivalent(log10_lr: float) -> VerbalEquivalent:
    """Word a log10 LR on `VERBAL_SCALE`; an LR on a boundary takes the stronger words, an LR of 1 supports neither.

    Pass the number as printed, or a reader may find "weak" beside a value rounded up to 10. NaN raises
    ValueError.
    """
    if math.isnan(log10_lr):
        raise ValueError("a log10 LR that is NaN has no verbal equivalent")
    if log10_lr == 0:
        return VerbalEquivalent(supports="neither", words=NO_SUPPORT, step=None)
    strength = abs(log10_lr)
    step = max((s for s in VERBAL_SCALE if strength >= math.log10(s.from_lr)), key=lambda s: s.from_lr)
    return VerbalEquivalent(supports="hp" if log10_lr > 0 else "hd", words=step.words, step=step)

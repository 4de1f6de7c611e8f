"""Effects with their intervals: a ratio of sums over probes, and a share of probes.

The effect Σa / Σb has the linearised standard error of a ratio of means, sd(a − effect · b) / (√P · mean b), and a t
interval with P − 1 degrees of freedom: probes are the units, whose draws are inside them (Cochran 1977, ch. 6). Its level
is 1 − 2α, so that "the upper limit lies below δ" is a test of "the effect is at least δ" at level α (Schuirmann 1987).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forensics import canonical
from forensics.equality.draws import Floats
from forensics.records.base import Interval


class Effect(NamedTuple):
    """An effect and its interval."""

    value: float
    interval: Interval | None


def ratio(numerators: Floats, denominators: Floats, *, alpha: float, order: int = 1) -> Effect:
    """Return Σ numerators / Σ denominators over probes with its t interval; 0 where nothing lies between the sides.

    `order` is 2 for a mean over pairs of probes, whose spread over probes counts twice.
    """
    from scipy.stats import t

    probes = len(numerators)
    total = float(denominators.sum())
    value = float(numerators.sum()) / total if total > 0 else 0.0
    if probes < 2:
        return Effect(value, None)
    spread = float((numerators - value * denominators).std(ddof=1))
    error = spread / (np.sqrt(probes) * denominators.mean()) if total > 0 else 0.0
    half = order * float(t.ppf(1 - alpha, probes - 1)) * float(error)
    return Effect(value, _interval(value - half, value + half, alpha, "t interval over probes, linearised ratio"))


def share(count: int, probes: int, *, alpha: float) -> Effect:
    """Return a share of probes with its exact interval (Clopper & Pearson 1934)."""
    from scipy.stats import beta

    low = float(beta.ppf(alpha, count, probes - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - alpha, count + 1, probes - count)) if count < probes else 1.0
    return Effect(count / probes, _interval(low, high, alpha, "Clopper-Pearson over probes"))


def _interval(low: float, high: float, alpha: float, method: str) -> Interval:
    level = canonical.rounded(1 - 2 * alpha)
    return Interval(low=canonical.rounded(low), high=canonical.rounded(high), level=level, method=method)

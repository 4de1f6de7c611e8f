"""What becomes of a normalised score when one choice is made differently: the stuff of the sensitivity table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forensics import canonical, measuring
from forensics.numerics.normalisation import FEWEST, NEAR_COHORT, NORMALISERS
from forensics.population import FIRST_COHORT, QUESTIONED, REFERENCE, Basis
from forensics.records.scores import Variant


def variants(agreement: NDArray[np.float64], means: NDArray[np.float64], basis: Basis) -> tuple[Variant, ...]:
    """Return the values under other cohorts and other probes: [probes, 2, members] and their means [2, members].

    Cohort halves are every other model, probe halves every other probe, in the corpus' own order, which owes nothing
    to the scores.
    """
    used = basis.used
    cohort = np.flatnonzero(used)
    everyone = np.arange(len(used)) >= FIRST_COHORT
    found = [
        _variant("as-measured", "nothing changed", means, used),
        _variant("relatives-kept", "relatives of both sides left in the cohort", means, everyone),
        _variant("cohort-half-1", "first half of the cohort", means, _only(used, cohort[0::2])),
        _variant("cohort-half-2", "second half of the cohort", means, _only(used, cohort[1::2])),
        _variant("probe-half-1", "first half of the probes", measuring.mean_over_probes(agreement[0::2]), used),
        _variant("probe-half-2", "second half of the probes", measuring.mean_over_probes(agreement[1::2]), used),
    ]
    return (*found, *_one_left_out(means, used, list(dict.fromkeys([basis.by.name, NEAR_COHORT.name]))))


def _one_left_out(means: NDArray[np.float64], used: NDArray[np.bool_], by: Sequence[str]) -> list[Variant]:
    """Leave out each cohort model in turn and keep, by normaliser, the lowest and the highest value."""
    cohort = np.flatnonzero(used)
    each = [_values(means, _only(used, cohort[cohort != m]), by) for m in cohort]
    names = [name for name in by if all(name in values for values in each)]
    if not each or not names:
        return []
    lowest = {name: min(values[name] for values in each) for name in names}
    highest = {name: max(values[name] for values in each) for name in names}
    return [
        Variant(id="one-left-out-low", change="one cohort model left out, lowest value", values=lowest, reason=None),
        Variant(id="one-left-out-high", change="one cohort model left out, highest value", values=highest, reason=None),
    ]


def _only(used: NDArray[np.bool_], members: NDArray[np.int64]) -> NDArray[np.bool_]:
    chosen = np.zeros_like(used)
    chosen[members] = True
    return chosen


def _variant(name: str, change: str, means: NDArray[np.float64], used: NDArray[np.bool_]) -> Variant:
    values = _values(means, used, list(NORMALISERS))
    return Variant(id=name, change=change, values=values, reason=None if values else "too few models or probes left")


def _values(means: NDArray[np.float64], used: NDArray[np.bool_], names: Sequence[str]) -> dict[str, float]:
    """Return the value of the pair by each of these normalisers that has one."""
    used = used & ~np.isnan(means).any(axis=0)
    pair = means[REFERENCE, QUESTIONED]
    if int(used.sum()) < FEWEST or np.isnan(pair):
        return {}
    found = {}
    for name in names:
        value = NORMALISERS[name].pair(float(pair), means[REFERENCE, used], means[QUESTIONED, used])
        if np.isfinite(value):
            found[name] = canonical.rounded(value)
    return found

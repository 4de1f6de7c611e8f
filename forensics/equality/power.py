"""What a pilot's difference is worth with other numbers of probes and draws: power carried on from what the pilot shows.

The statistic is the largest of several kernels, each in spreads of its permutations. A difference moves a kernel by ν
spreads. With P probes and n draws of each side ν grows

* as √P · n √((n − 1) / (2n − 1)) where D² is summed over probes: D² of a probe does not depend on n, and the variance of its
  U-statistic under no difference is in proportion to 2 / (n (n − 1)) + 2 / n² (Gretton et al. 2012, appendix);
* as √(P (P − 1)) · n where a product over pairs of different probes is summed.

A statistic that is moved is also spread more, in variance by a constant times ν: the part of a U-statistic's variance that is
linear in the difference (Serfling 1980, ch. 5), `SPREAD` of it as measured on demo models. Power is the share of
permutations, moved by ν and spread so, whose largest kernel passes the level that a share of α passes unmoved.

A pilot is one draw itself: with another one ν would have come out otherwise, and the largest of several noisy kernels comes
out too large. `share` therefore tells what share of ν to believe, by inverting the test: with it, half of all pilots would
look further apart than this one, so that the power is as often too high as too low; or a fifth of all pilots, which gives
safeguard power (Perugini, Gallucci & Costantini 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.equality import permuting
from forensics.equality.draws import Draws, Floats, Measure
from forensics.registry import load

STATISTIC = "mmd"
PERMUTATIONS = 999
SPREAD = 0.3
"""Variance that a moved statistic has more, in that of the permutations, for each spread it is moved by. Fresh draws of two
pairs of demo models had 0.0 to 0.6 where the power was neither small nor 1; the power found with 0.2 to 0.5 is the same within 0.02
on average."""
_SHARES = np.linspace(0, 1, 41)


class Pilot(NamedTuple):
    """What a pilot shows of its difference, kernel by kernel."""

    probes: int
    draws: int
    """Of each side and probe."""
    moved: Floats
    """ν, in spreads of the permutations; 0 where it is less. [k]"""
    null: Floats
    """The permutations, standardised. [k, B]"""
    pairs: NDArray[np.bool_]
    """Whether a kernel is summed over pairs of probes. [k]"""
    chance: Floats
    """Standard normal numbers. [k, B]"""


def values(probes: Sequence[Draws], permutations: int, seed: int) -> tuple[list[Measure], Floats]:
    """Return the kernels that decide, and their statistics as the labels are and dealt out: [k, 1 + B]."""
    from threadpoolctl import threadpool_limits

    plugin = load("statistics", STATISTIC)
    measures: list[Measure] = [plugin.measure(probes, kernel) for kernel in plugin.COMBINED]
    with threadpool_limits(limits=1):
        blocks = [permuting.as_they_are(probes), *permuting.deal(probes, permutations, seed)]
        found = [np.concatenate([m.under(dealt).statistic for dealt in blocks]) for m in measures]
    return measures, np.stack(found)


def pilot(probes: Sequence[Draws], *, seed: int) -> Pilot:
    """Measure a pilot; all its probes must have the same number of draws from each side."""
    measures, found = values(probes, PERMUTATIONS, seed)
    null = found[:, 1:]
    centre, spread = null.mean(axis=1), np.maximum(null.std(axis=1), 1e-12)
    return Pilot(
        probes=len(probes),
        draws=probes[0].reference,
        moved=np.maximum((found[:, 0] - centre) / spread, 0),
        null=(null - centre[:, None]) / spread[:, None],
        pairs=np.array([getattr(measure, "order", 1) == 2 for measure in measures]),
        chance=np.random.default_rng(seed).normal(size=null.shape),
    )


def power(pilot: Pilot, probes: int, draws: int, *, alpha: float, share: float = 1.0) -> float:
    """Return the power with so many probes and draws, if this share of the pilot's ν is no chance."""
    level = np.quantile(pilot.null.max(axis=0), 1 - alpha)
    return float((_largest(pilot, share * _growth(pilot, probes, draws)) >= level).mean())


def share(pilot: Pilot, *, confidence: float) -> float:
    """Return the largest share of ν with which only 1 − `confidence` of all pilots come out as far apart as this one.

    0 where so many do without any difference.
    """
    ones, seen = np.ones_like(pilot.moved), pilot.moved.max()
    reached = np.array([(_largest(pilot, part * ones) >= seen).mean() for part in _SHARES])
    fits = np.flatnonzero(reached <= 1 - confidence)
    return float(_SHARES[fits[-1]]) if len(fits) else 0.0


def _growth(pilot: Pilot, probes: int, draws: int) -> Floats:
    summed = np.sqrt(probes / pilot.probes) * _precision(draws) / _precision(pilot.draws)
    paired = np.sqrt(probes * (probes - 1) / (pilot.probes * (pilot.probes - 1))) * draws / pilot.draws
    growth: Floats = np.where(pilot.pairs, paired, summed)
    return growth


def _precision(draws: int) -> float:
    return float(draws * np.sqrt((draws - 1) / (2 * draws - 1)))


def _largest(pilot: Pilot, growth: Floats) -> Floats:
    """Return the largest kernel under every permutation, each moved by so many times the pilot's ν: [B]."""
    moved = (growth * pilot.moved)[:, None]
    largest: Floats = (moved + pilot.null + np.sqrt(SPREAD * moved) * pilot.chance).max(axis=0)
    return largest

"""Pairs whose answer is known, measured with the same suite in the same case.

Positive: the reference against itself, its even draws against its odd ones. Negative: every pair of unrelated cohort
models, which also says how often mere chance comes as close as the pair of the case.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from forensics import canonical, measuring
from forensics.corpus import Corpus, Member
from forensics.deriving import STATES
from forensics.numerics.normalisation import Normaliser
from forensics.population import FIRST_COHORT
from forensics.records.scores import Control

NEAR = 3.0
"""Normalised score that the reference against itself must reach."""
CENTRED = 1.0
"""Distance from 0 that the median unrelated pair must stay within."""


def controls(
    body: Corpus, statistic: str, *, used: NDArray[np.bool_], by: Normaliser, pair: float
) -> tuple[Control, ...]:
    """Measure the controls by one statistic; `pair` is the case's own normalised value by it."""
    return (_itself(body, statistic, used, by), _unrelated(body, statistic, used, by, pair))


def _itself(body: Corpus, statistic: str, used: NDArray[np.bool_], by: Normaliser) -> Control:
    reference = body.members[0]
    if int(reference.draws.max(initial=0)) < 1:
        return _itself_is(statistic, None, "the reference answered each probe once; its other draws are needed")
    halves = [_draws(reference, parity) for parity in (0, 1)]
    split = dataclasses.replace(body, members=(*halves, *body.members[FIRST_COHORT:]))
    means = measuring.mean_over_probes(measuring.measure(split, statistic, (0, 1)))
    there = used & ~np.isnan(means).any(axis=0)
    if np.isnan(means[0, 1]) or int(there.sum()) < 1:
        return _itself_is(statistic, None, "its draws share too few probes")
    return _itself_is(statistic, by.pair(float(means[0, 1]), means[0, there], means[1, there]), None)


def _itself_is(statistic: str, value: float | None, reason: str | None) -> Control:
    if value is None or not np.isfinite(value):
        value, verdict = None, "not available"
    else:
        verdict = "as expected" if value >= NEAR else "not as expected"
    return Control.model_validate(
        {
            "id": "reference-itself",
            "name": "the reference against itself (other draws)",
            "expected": f"at least {NEAR:g}",
            "statistic": statistic,
            "normalised": None if value is None else canonical.rounded(value),
            "log10_lr": None,
            "verdict": verdict,
            "reason": reason or (None if value is not None else "no value"),
        }
    )


def _draws(member: Member, parity: int) -> Member:
    """Return a member with its even or its odd draws only; the others count as not answered."""
    states = np.where(member.draws % 2 == parity, member.states, STATES.index("failed"))
    return member._replace(states=states)


def _unrelated(body: Corpus, statistic: str, used: NDArray[np.bool_], by: Normaliser, pair: float) -> Control:
    """Normalise every pair of unrelated cohort models as the case's own pair was."""
    means = measuring.all_means(body, statistic)
    values = by.all_pairs(means, body.lineages)
    lineage = np.array(body.lineages)
    cohort = np.flatnonzero(used)
    a, b = (cohort[side] for side in np.triu_indices(len(cohort), 1))
    apart = values[a, b][lineage[a] != lineage[b]]
    apart = apart[np.isfinite(apart)]
    median = float(np.median(apart)) if len(apart) else None
    centred = median is not None and abs(median) <= CENTRED
    as_close = int((np.round(apart, 9) >= round(pair, 9)).sum())
    return Control(
        id="unrelated-pairs",
        name="pairs of unrelated cohort models, median",
        expected=f"between −{CENTRED:g} and {CENTRED:g}",
        statistic=statistic,
        normalised=None if median is None else canonical.rounded(median),
        log10_lr=None,
        verdict="not available" if median is None else ("as expected" if centred else "not as expected"),
        reason=f"{as_close} of {len(apart)} such pairs are at least as close as the pair of this case",
    )

"""A screen and a calibration: whether the one fits the other, and the ratios of all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from forensics import calibrations, canonical, conditions, measuring
from forensics.errors import UsageError
from forensics.numerics.cohorts import normalised
from forensics.numerics.normalisation import NORMALISERS
from forensics.records.calibration import Calibration
from forensics.records.screen import Weighing
from forensics.screening.measured import Floats, Values
from forensics.screening.ratios import Ratios, Side, ratios


class Given(NamedTuple):
    """A calibration that was asked for."""

    calibration: Calibration
    digest: str


class Conditions(NamedTuple):
    """What of a screen a calibration may not fit."""

    probes: Sequence[str]
    draws: int
    sampling: str


class Outcome(NamedTuple):
    """What weighing gave."""

    record: Weighing
    ratios: Ratios | None
    """None where the calibration does not fit."""
    statistic: str
    """The statistic whose rows carry the ratios."""


def read(name: str) -> Given:
    """Read a calibration by name or path; raises UnknownName or BadFile."""
    data = calibrations.read_bytes(name)
    return Given(calibrations.parse(data, path=name), canonical.digest(data))


def weigh(given: Given, here: Conditions, found: Sequence[Values], sides: Sequence[Side], *, transfer: bool) -> Outcome:
    """Weigh all pairs; raises UsageError where the calibration does not fit and `transfer` was not asked for."""
    calibration = given.calibration
    by_name = {values.statistic: values for values in found}
    missing = [name for name in calibration.features if name not in by_name]
    if missing:
        raise UsageError(
            f"The calibration weighs {', '.join(missing)}, which this screen does not measure.",
            remedy=" ".join(["Add", *(f"--statistic {name}" for name in missing)]) + ".",
        )
    first = by_name[calibration.features[0]]
    told = conditions.compare(
        conditions.Here(
            question=calibration.question,
            versions={name: measuring.version(name) for name in by_name},
            probes=here.probes,
            draws=here.draws,
            sampling=here.sampling,
            cohort=_smallest_cohort(first.lineages),
        ),
        calibration,
    )
    transferred = conditions.check(told, transfer=transfer)
    by = NORMALISERS[calibration.normalisation]
    features = [by_name[name] for name in calibration.features]
    x = np.stack([normalised(one.raw, one.lineages, by) for one in features], axis=-1)
    kept: list[Floats] = []

    def resampled() -> list[Floats]:
        if not kept:
            drawn = zip(*(one.resampled for one in features), strict=True)
            kept.extend(np.stack([normalised(one, first.lineages, by) for one in ones], axis=-1) for ones in drawn)
        return kept or [x]

    weighed = ratios(calibration, sides, x, resampled)
    none = not np.isfinite(weighed.log10).any()
    reason = next(iter(weighed.reasons.values()), "no pair has a value") if none else None
    record = Weighing(
        calibration=given.digest,
        question=calibration.question,
        conditions=tuple(told),
        transferred=transferred,
        reason=reason,
    )
    return Outcome(record, weighed, calibration.features[0])


def _smallest_cohort(lineages: Sequence[str]) -> int:
    """Return the fewest models that any pair is compared with."""
    _, sizes = np.unique(np.asarray(lineages), return_counts=True)
    largest = np.sort(sizes)[::-1][:2]
    return int(len(lineages) - largest.sum())

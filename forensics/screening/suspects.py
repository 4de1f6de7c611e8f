"""The list of one suspect as a record: who is nearest, and what a list of that length does to chance."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from forensics import canonical
from forensics.errors import UnknownName
from forensics.records.screen import Candidate, Screen, Suspect
from forensics.screening import discovery
from forensics.screening.discovery import Listed
from forensics.screening.measured import Floats, Values
from forensics.screening.ratios import Ratios

SCHEMA: Final = "forensics/suspect/1"


def listed(record: Screen, found: Values, weighed: Ratios | None, name: str) -> Suspect:
    """List the models nearest to one; raises UnknownName where the screen has no such model."""
    names = [model.name for model in record.models]
    if name not in names:
        raise UnknownName("model of the screen", name, names)
    suspect = names.index(name)
    near = found.near()
    figures = discovery.nearest(near, found.lineages, suspect, by=found.order(), panel=found.panel)
    task = _Task(record, found, weighed, near, figures, suspect)
    valued = [other for other in figures.order.tolist() if np.isfinite(found.normalised[suspect, other])]
    candidates = [_candidate(task, place, other) for place, other in enumerate(valued, start=1)]
    return Suspect(
        schema=SCHEMA,
        tool=record.tool,
        suspect=name,
        digest=record.models[suspect].digest,
        statistic=found.statistic,
        unrelated_pairs=figures.pairs,
        unrelated_models=figures.models,
        unrelated_lineages=figures.lineages,
        least_q=canonical.rounded(figures.least_q),
        least_list_p=canonical.rounded(1 / (1 + figures.models)),
        candidates=tuple(candidates),
    )


class _Task(NamedTuple):
    """What a list is made from."""

    record: Screen
    found: Values
    weighed: Ratios | None
    near: Floats
    figures: Listed
    suspect: int


def _candidate(task: _Task, place: int, other: int) -> Candidate:
    """Return one line of the list."""
    found, weighed, figures, suspect = task.found, task.weighed, task.figures, task.suspect
    model = task.record.models[other]
    ratio = _number(weighed.log10[suspect, other]) if weighed else None
    reason = None
    if ratio is None:
        pair = min(suspect, other), max(suspect, other)
        reason = weighed.reasons.get(pair, "") if weighed else "no calibration was given"
    return Candidate(
        place=place,
        model=model.name,
        developer=model.developer,
        lineage=model.lineage,
        inferred=model.inferred,
        related=found.lineages[other] == found.lineages[suspect],
        raw=canonical.rounded(float(found.raw[suspect, other])),
        normalised=canonical.rounded(float(found.normalised[suspect, other])),
        near=canonical.rounded(float(task.near[suspect, other])),
        rank=int(figures.rank[other]),
        rank_back=int(figures.rank_back[other]),
        p=canonical.rounded(float(figures.p[other])),
        q=canonical.rounded(float(figures.q[other])),
        list_p=canonical.rounded(float(figures.list_p[other])),
        log10_lr=ratio,
        log10_lr_low=_number(weighed.low[suspect, other]) if weighed else None,
        log10_lr_high=_number(weighed.high[suspect, other]) if weighed else None,
        reason=reason,
    )


def _number(value: float) -> float | None:
    return canonical.rounded(float(value)) if np.isfinite(value) else None

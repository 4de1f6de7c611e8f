"""Habits of style, one by one: how often each side has each, beside the unrelated cohort models. Shown, never weighed.

A habit is a column of the feature `layout`. Each is taken as `style` takes it, less what is usual on the probe, so that
models that answered other probes stay comparable; the mean over probes is added again, so that it reads as a rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import canonical
from forensics.corpus import Corpus
from forensics.features import layout
from forensics.population import QUESTIONED, REFERENCE, Basis
from forensics.records.scores import Habit
from forensics.statistics import Block, member_means

FEWEST_COHORT = 4
_CONSTANT = 1e-6
"""Spread of the cohort below which a habit never varies; it is left out."""
LOW, HIGH = 0.1, 0.9

Kind = Literal["lines", "shape", "marks", "words"]


class _Column(NamedTuple):
    kind: Kind
    name: str
    scale: str
    unit: str


def profile(body: Corpus, basis: Basis) -> tuple[Habit, ...]:
    """Return the habits that vary in the unrelated cohort, those that both sides share most first.

    Empty where fewer than 4 unrelated models answered.
    """
    base, own, probes = _deviations(body, basis.used)
    used = basis.used & ~np.isnan(own).any(axis=1)
    if used.sum() < FEWEST_COHORT or np.isnan(own[[REFERENCE, QUESTIONED]]).any():
        return ()
    centre, spread = own[used].mean(axis=0), own[used].std(axis=0, ddof=1)
    quantiles = np.quantile(own[used], [LOW, 0.5, HIGH], axis=0)
    found = []
    for c, column in enumerate(_columns()):
        if spread[c] > _CONSTANT:
            lines = np.array([own[REFERENCE, c], own[QUESTIONED, c], *quantiles[:, c]])
            places = (lines - centre[c]) / spread[c]
            found.append(_habit(column, lines + base[c], places, n_cohort=int(used.sum()), n_probes=probes))
    return tuple(sorted(found, key=lambda habit: (-habit.shared, habit.id)))


def _deviations(body: Corpus, used: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Return the mean over probes of what is usual [columns], each member's mean difference from it, and the probes."""
    features = body.features("layout")
    members, width = len(body.members), len(layout.COLUMNS)
    total, counts, base, probes = np.zeros((members, width)), np.zeros(members), np.zeros(width), 0
    for docs in body.docs:
        present = np.unique(docs.owners)
        kept = used[present]
        if kept.any():
            means = member_means(Block(docs.owners, docs.rows, features).stacked("manner"), docs.owners)
            usual = means[kept].mean(axis=0)
            base += usual
            total[present] += means - usual
            counts[present] += 1
            probes += 1
    own = np.full((members, width), np.nan)
    np.divide(total, counts[:, None], out=own, where=counts[:, None] > 0)
    return base / max(probes, 1), own, probes


def _habit(
    column: _Column, lines: NDArray[np.float64], places: NDArray[np.float64], *, n_cohort: int, n_probes: int
) -> Habit:
    reference, questioned, low, middle, high = (canonical.rounded(_natural(v, column)) for v in lines.tolist())
    at = [canonical.rounded(round(place, 12)) for place in places.tolist()]
    nearer = min(abs(at[0]), abs(at[1]))
    return Habit(
        id=f"{column.kind}-{column.name}",
        kind=column.kind,
        name=column.name,
        unit=column.unit,
        reference=reference,
        questioned=questioned,
        low=low,
        middle=middle,
        high=high,
        reference_place=at[0],
        questioned_place=at[1],
        low_place=at[2],
        high_place=at[4],
        shared=nearer if at[0] * at[1] > 0 else -nearer,
        n_cohort=n_cohort,
        n_probes=n_probes,
    )


def _natural(value: float, column: _Column) -> float:
    """Return a value as people count: per answer, or as a share; never below nothing."""
    if column.scale == "logarithm":
        return max(float(np.expm1(value)), 0.0)
    share = max(value, 0.0) ** 2 if column.scale == "root" else min(max(value, 0.0), 1.0)
    return share * (1000 if column.unit == "per 1,000 characters" else 100)


def _columns() -> Iterator[_Column]:
    """Yield what each column of the feature is, in order."""
    units: dict[Kind, str] = {
        "lines": "per answer",
        "shape": "",
        "marks": "per 1,000 characters",
        "words": "% of words",
    }
    shapes = {"logarithm": "per answer", "root": "% of characters", "share": "% of answers"}
    kinds: list[tuple[Kind, tuple[str, ...]]] = [
        ("lines", layout.LINES), ("shape", layout.SHAPE), ("marks", layout.MARKS), ("words", layout.FUNCTION_WORDS),
    ]  # fmt: skip
    scales = iter(layout.SCALES)
    for kind, names in kinds:
        for name in names:
            scale = next(scales)
            yield _Column(kind, name, scale, units[kind] or _AVERAGES.get(name) or shapes[scale])


_AVERAGES = {
    "words per sentence": "words", "words per line": "words", "word length": "letters", "characters": "characters",
    "words": "words",
}  # fmt: skip
"""Units of columns that are averages or lengths and no counts of a habit."""

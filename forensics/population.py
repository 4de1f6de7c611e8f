"""Whom a pair is compared with, and how: relatives left out, the pair normalised and ranked among the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import canonical
from forensics.corpus import FEWEST_COHORT, Corpus
from forensics.numerics.normalisation import Normaliser, chosen
from forensics.records.case import Relative
from forensics.records.scores import CohortScore, Rank

REFERENCE, QUESTIONED, FIRST_COHORT = 0, 1, 2
"""Positions of members in a case's corpus."""


class Basis(NamedTuple):
    """What the normalisation of one statistic rests on."""

    used: NDArray[np.bool_]
    """Members that it compares with. [members]"""
    excluded: tuple[str | None, ...]
    """Why a member is left out. [members]"""
    by: Normaliser


def population(body: Corpus, relatives: Sequence[Relative] = ()) -> Basis:
    """Decide which members the pair is compared with: all that are declared or named relatives of neither side."""
    named = {relative.model: relative.role for relative in relatives}
    lineages = [member.source.lineage for member in body.members]
    own = {lineages[REFERENCE]: "reference", lineages[QUESTIONED]: "questioned"}
    own.pop(None, None)
    excluded: list[str | None] = ["is the reference", "is the questioned model"]
    for member in body.members[FIRST_COHORT:]:
        lineage, role = member.source.lineage, named.get(member.source.name)
        side = own.get(lineage)
        both = len(own) == 1 and lineages[REFERENCE] == lineages[QUESTIONED]
        if role is not None:
            excluded.append(f"named as a {role} of the questioned model")
        else:
            excluded.append(f"same lineage as {'both sides' if both else f'the {side}'}" if side else None)
    used = np.array([reason is None for reason in excluded])
    declared = all(lineage is not None for lineage in lineages)
    return Basis(used=used, excluded=tuple(excluded), by=chosen(declared=declared))


def normalise(
    means: NDArray[np.float64], used: NDArray[np.bool_], by: Normaliser
) -> tuple[NDArray[np.float64], str | None]:
    """Normalise the pair's mean, as measured in the first row and in replicates: [b, 2, members] → [b], or why not."""
    used = used & ~np.isnan(means[0]).any(axis=0)
    if int(used.sum()) < FEWEST_COHORT:
        return np.zeros(0), (f"only {int(used.sum())} unrelated cohort models with a value; {FEWEST_COHORT} are needed")
    values = by.replicates(means[:, REFERENCE, QUESTIONED], means[:, REFERENCE, used], means[:, QUESTIONED, used])
    if not np.isfinite(values[0]):
        return np.zeros(0), "the cohort's scores do not vary, so there is nothing to compare with"
    return values, None


def rank(means: NDArray[np.float64]) -> Rank:
    """Rank the other side among all models, relatives included, seen from each side; ties share the better rank."""
    # Rounded first: which of two equal scores comes first must not hang on the processor's last bits.
    rounded = np.round(means, 12)

    def place(side: int, other: int) -> int:
        scores = np.delete(rounded[side], side)
        return 1 + int((scores[~np.isnan(scores)] > rounded[side, other]).sum())

    return Rank(reference=place(REFERENCE, QUESTIONED), questioned=place(QUESTIONED, REFERENCE), of=means.shape[1] - 1)


def cohort_scores(body: Corpus, means: NDArray[np.float64], basis: Basis) -> tuple[CohortScore, ...]:
    """Return how close each cohort model is to either side, from the means [2, members]."""
    return tuple(
        CohortScore(
            model=member.source.name,
            lineage=member.source.lineage,
            reference=_value(means[REFERENCE, m]),
            questioned=_value(means[QUESTIONED, m]),
            excluded=basis.excluded[m],
        )
        for m, member in enumerate(body.members)
        if m >= FIRST_COHORT
    )


def _value(number: float) -> float | None:
    return None if np.isnan(number) else canonical.rounded(float(number))

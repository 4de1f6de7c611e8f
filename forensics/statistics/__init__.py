"""Statistics: one file each. A statistic measures how close answers are on one probe; nothing else is its business.

A module has `SUMMARY`, `VERSION`, `ROLE` (`weighed`, or `exhibit`: shown, never weighed), `FEATURE` (the kind of
feature it reads, a file in `features/`) and `score(block, rows)`. Averages, intervals, normalisation and ranks are made
from that by `scoring`, alike for all.

A module may have more: `STATES`, the states of the answers it reads (`text` alone where not said); `survey(blocks)`, for
what must be known of all probes before one can be scored, such as how often each member is right: `score` then takes
what it returns as a third argument; `OPT_IN`, why it is computed only when
asked for, and `ORDERED`, why it cannot do without the order of all words, which a cohort pack does not hold; `FOR`, questions for which it is computed all the same; `WHOLE`,
true where scoring all members costs no more than scoring two; `framed(block)` and `join(block, member, known)`, which let one
member join others that were scored before: the first returns all agreement and a number, the second takes that number and
returns the agreement of one member with all; `vectors(block)`, sparse vectors whose inner products say who is near, for
finding candidates among very many; and `inapplicable(blocks, sides)`, which says in words why two members (positions)
cannot be compared by it, or None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Block(NamedTuple):
    """What a statistic sees of one probe: n answers of m members, and the features of each."""

    owners: NDArray[np.int64]
    """Member of each answer, 0 … m−1, ascending; several in a row where a member was drawn several times. [n]"""
    rows: NDArray[np.int64]
    """Row of each answer in its owner's features. [n]"""
    features: Sequence[Mapping[str, NDArray[Any]]]
    """Features of each member. [m]"""

    def slices(self, values: str) -> list[NDArray[Any]]:
        """Return each answer's part of a ragged feature."""
        parts = []
        for owner, row in zip(self.owners.tolist(), self.rows.tolist(), strict=True):
            table = self.features[owner]
            offsets = table["offsets"]
            parts.append(table[values][offsets[row] : offsets[row + 1]])
        return parts

    def stacked(self, values: str) -> NDArray[Any]:
        """Return each answer's row of a rectangular feature: [n, …]."""
        if not len(self.owners):
            return self.features[0][values][:0]
        return np.stack([self.features[o][values][r] for o, r in zip(self.owners, self.rows, strict=True)])


def score_probe(plugin: ModuleType, block: Block, rows: NDArray[np.int64], survey: object) -> NDArray[np.float64]:
    """Score one probe: [len(rows), members]; `survey` is what `survey_of` returned for all probes."""
    if not len(block.owners):
        return np.full((len(rows), len(block.features)), np.nan)
    scored: NDArray[np.float64]
    scored = plugin.score(block, rows) if survey is None else plugin.score(block, rows, survey)
    return scored


def survey_of(plugin: ModuleType, blocks: Sequence[Block]) -> object:
    """Return what a statistic must know of all probes; None for one that looks at each probe alone."""
    return plugin.survey(blocks) if hasattr(plugin, "survey") else None


def member_means(values: NDArray[Any], owners: NDArray[np.int64]) -> NDArray[np.float64]:
    """Average answers to the members who gave any, in order: [n, …] → [members present, …]."""
    present, starts, counts = np.unique(owners, return_index=True, return_counts=True)
    values = values.astype(np.float64)
    if len(present) == len(owners):
        return values
    means: NDArray[np.float64] = np.add.reduceat(values, starts, axis=0) / counts.reshape(-1, *[1] * (values.ndim - 1))
    return means


def by_member(
    agreement: NDArray[np.float64], owners: NDArray[np.int64], rows: NDArray[np.int64], members: int
) -> NDArray[np.float64]:
    """Average answers' agreement to members: [r answers, n answers] → [len(rows), members].

    `agreement` has one line per answer of the members in `rows`, in the order of `lines(owners, rows)`. Members
    without an answer, and a member against itself, are NaN.
    """
    present = np.unique(owners)
    counts = np.bincount(owners, minlength=members)
    result = np.full((len(rows), members), np.nan)
    if len(owners) == len(present):
        columns = agreement
    else:
        starts = np.searchsorted(owners, present)
        columns = np.add.reduceat(agreement, starts, axis=1) / counts[present]
    line = 0
    for r, member in enumerate(rows.tolist()):
        n = int(counts[member])
        if n:
            result[r, present] = columns[line : line + n].mean(axis=0)
        result[r, member] = np.nan
        line += n
    return result


def lines(owners: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the answers given by the members in `rows`, grouped in that order."""
    if len(rows) == 0:
        return np.zeros(0, np.int64)
    return np.concatenate([np.flatnonzero(owners == member) for member in rows])

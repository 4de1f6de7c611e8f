"""How far probes separate related models from unrelated ones, and what choosing by that is worth. Numbers only.

With s the agreement of models i and j on a probe and m the mean of s over the models unrelated to each:
e_ij = s_ij − ½ (m_i + m_j); the separation is the mean of e over related pairs, averaged over lineages so that each counts
once, less the mean over unrelated pairs, divided by the standard deviation of e over unrelated pairs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import canonical
from forensics.errors import TooLittleEvidence
from forensics.numerics import metrics
from forensics.numerics.normalisation import S_NORM
from forensics.records.base import Question
from forensics.relations import HD, HP, Pair

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
RANDOM_HALVES = 200
FEWEST_LINEAGES = 2
"""Lineages holding a related pair that either part of the split needs."""
FALSE_POSITIVES = 0.01


class Labels(NamedTuple):
    """Who is related to whom, for m models; pairs that are neither are left out of everything."""

    lineages: tuple[str, ...]
    related: Bools
    """[m, m], symmetric, false on the diagonal."""
    apart: Bools
    """Unrelated. [m, m]"""

    def of(self, kept: NDArray[np.intp]) -> Labels:
        """Return the labels of some of the models, by position."""
        square = np.ix_(kept, kept)
        return Labels(tuple(self.lineages[k] for k in kept), self.related[square], self.apart[square])

    def lineages_related(self) -> list[str]:
        """Return the lineages that hold a related pair, sorted."""
        return sorted({self.lineages[k] for k in np.flatnonzero(self.related.any(axis=1))})


def by_lineage(lineages: Sequence[str]) -> Labels:
    """Take all models of one lineage as related, and of two as unrelated."""
    names = np.array(lineages)
    same = names[:, None] == names[None, :]
    return Labels(tuple(lineages), same & ~np.eye(len(names), dtype=bool), ~same)


def by_pairs(
    names: Sequence[str], lineages: Sequence[str], pairs: Sequence[Pair], *, question: Question = "derivation"
) -> Labels:
    """Take the clean pairs for which a question is to be affirmed as related, and the clean unrelated ones as unrelated."""
    place = {name: k for k, name in enumerate(names)}
    related, apart = (np.zeros((len(names), len(names)), bool) for _ in range(2))
    for pair in pairs:
        if pair.a in place and pair.b in place and pair.clean:
            i, j = place[pair.a], place[pair.b]
            related[i, j] = related[j, i] = pair.relation in HP[question]
            apart[i, j] = apart[j, i] = pair.relation in HD[question]["independent"]
    return Labels(tuple(lineages), related, apart)


class Half(NamedTuple):
    """How well some probes tell the unseen lineages apart."""

    auc: float
    tpr: float
    """Share of related pairs found at 1% false positives."""


class Worth(NamedTuple):
    """What choosing by rating is worth, measured on lineages that the rating never saw."""

    models: int
    related_pairs: int
    unrelated_pairs: int
    everything: Half
    best_half: Half
    worst_half: Half
    random_halves: Half
    """Mean over random halves."""
    random_low: Half
    random_high: Half
    """2.5% and 97.5% of the random halves."""


def split(labels: Labels, *, share: float, seed: int) -> frozenset[str]:
    """Return the development lineages: that share of those that hold a related pair, and of the others, drawn by seed.

    Raises TooLittleEvidence where fewer than two of them would hold a related pair.
    """
    telling = labels.lineages_related()
    rng = np.random.default_rng(seed)
    chosen: set[str] = set()
    for group in (telling, sorted(set(labels.lineages) - set(telling))):
        order = rng.permutation(len(group))
        chosen |= {group[k] for k in order[: round(share * len(group))]}
    if len(chosen & set(telling)) < FEWEST_LINEAGES:
        raise TooLittleEvidence(
            f"Only {len(chosen & set(telling))} development lineages hold a related pair; {FEWEST_LINEAGES} are needed.",
            remedy="Add models of more lineages, or raise --development.",
        )
    return frozenset(chosen)


def members_of(labels: Labels, lineages: Collection[str]) -> NDArray[np.intp]:
    """Return the positions of the models of some lineages."""
    return np.flatnonzero([name in lineages for name in labels.lineages])


def separation(agreement: Floats, labels: Labels) -> Floats:
    """Return how far each probe separates, in standard deviations: [probes, m, m] → [probes]; NaN where it cannot."""
    typical = _mean(agreement, ~np.isnan(agreement) & labels.apart, axis=2)
    excess = agreement - (typical[:, :, None] + typical[:, None, :]) / 2
    present = ~np.isnan(excess)
    names = np.array(labels.lineages)
    within = [
        _mean(excess, present & labels.related & (names == lineage)[:, None], axis=(1, 2))
        for lineage in labels.lineages_related()
    ]
    if not within:
        return np.full(len(agreement), np.nan)
    each = np.stack(within, axis=1)
    between = present & labels.apart
    centre = _mean(excess, between, axis=(1, 2))
    spread = np.sqrt(_mean((excess - centre[:, None, None]) ** 2, between, axis=(1, 2)))
    lead = _mean(each, ~np.isnan(each), axis=1) - centre
    # A spread of rounding errors is no spread.
    found: Floats = np.divide(lead, spread, out=np.full(len(agreement), np.nan), where=spread > 1e-12)
    return found


def _mean(values: Floats, where: Bools, axis: int | tuple[int, ...]) -> Floats:
    """Average what is wanted; NaN where nothing is."""
    counts = where.sum(axis=axis)
    total = np.where(where, values, 0.0).sum(axis=axis)
    mean: Floats = np.divide(total, counts, out=np.full(np.shape(total), np.nan), where=counts > 0)
    return mean


def repeatability(agreement: Floats, labels: Labels, *, seed: int) -> float | None:
    """Return the rank correlation of the separations found with two halves of the lineages; None with too few."""
    try:
        half = split(labels, share=0.5, seed=seed)
    except TooLittleEvidence:
        return None
    rest = set(labels.lineages) - half
    if len(rest & set(labels.lineages_related())) < FEWEST_LINEAGES:
        return None
    both = []
    for part in (half, rest):
        kept = members_of(labels, part)
        both.append(separation(agreement[:, kept][:, :, kept], labels.of(kept)))
    usable = ~np.isnan(both).any(axis=0)
    first, second = (np.argsort(np.argsort(values[usable], kind="stable")).astype(np.float64) for values in both)
    return number(correlation(first, second))


def half_of(agreement: Floats, labels: Labels, chosen: NDArray[np.int64]) -> Half:
    """Measure how well some probes tell related pairs from unrelated ones: S-norm, relatives excluded."""
    part = agreement[chosen]
    means = _mean(part, ~np.isnan(part), axis=0)
    upper = np.triu_indices(len(labels.lineages), 1)
    scores = S_NORM.all_pairs((means + means.T) / 2, labels.lineages, fewest=2)[upper]
    usable = ~np.isnan(scores)
    hp, hd = scores[usable & labels.related[upper]], scores[usable & labels.apart[upper]]
    tpr = metrics.tpr_at_fpr(hp, hd, fpr=FALSE_POSITIVES).tpr
    return Half(canonical.rounded(metrics.auc(hp, hd)), canonical.rounded(tpr))


def worth(agreement: Floats, labels: Labels, separations: Floats, *, seed: int, take: int | None = None) -> Worth:
    """Measure on lineages not rated by what the best-rated probes are worth beside as many random ones.

    `take` probes are chosen, half of all where not said. [probes, m, m] and [probes].
    """
    take = len(separations) // 2 if take is None else take
    order = np.argsort(-np.nan_to_num(separations, nan=-np.inf), kind="stable")
    rng = np.random.default_rng(seed)
    random = (np.sort(rng.permutation(len(separations))[:take]) for _ in range(RANDOM_HALVES))
    drawn = np.array([half_of(agreement, labels, chosen) for chosen in random])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    upper = np.triu_indices(len(labels.lineages), 1)
    return Worth(
        models=len(labels.lineages),
        related_pairs=int(labels.related[upper].sum()),
        unrelated_pairs=int(labels.apart[upper].sum()),
        everything=half_of(agreement, labels, order),
        best_half=half_of(agreement, labels, order[:take]),
        worst_half=half_of(agreement, labels, order[::-1][:take]),
        random_halves=Half(*(canonical.rounded(float(v)) for v in drawn.mean(axis=0))),
        random_low=Half(*(canonical.rounded(float(v)) for v in low)),
        random_high=Half(*(canonical.rounded(float(v)) for v in high)),
    )


def correlation(a: Floats, b: Floats) -> float:
    """Return Pearson's correlation; NaN for fewer than 3 values or where one does not vary."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def number(value: float) -> float | None:
    """Return a number fit for a record, or None for NaN."""
    return None if np.isnan(value) else canonical.rounded(float(value))

"""How close, compared with whom: a pair's score set against its own scores with unrelated models.

Similarity is not typicality: two bland assistants resemble each other because both resemble everybody. A normaliser
says, for one side, where its scores with unrelated models lie (centre) and how far they reach (scale); the pair's
score is then (s − centre) / scale, averaged over both sides. Where the cohort does not vary the result is NaN, which
callers turn into a reason.

Every centre is a weighted mean of the cohort's scores: of all, of the middle one, of the nearest. Bootstrap
replicates keep these weights and the scale of the data as measured; only the scores vary. A scale taken anew in every
replicate would count the noise of the probes twice, and the nearest of a replicate are nearest by luck.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Weights(NamedTuple):
    """How the centre and the scale of b rows are made from their cohort scores [b, n]."""

    share: Floats
    """Weight of each cohort score in the centre, summing to 1 in each row; 0 where a score is missing. [b, n]"""
    scale: Floats
    """[b]"""

    def centre(self, cohort: Floats) -> Floats:
        """Return the weighted mean of each row of a cohort […, b, n] → […, b]."""
        centre: Floats = np.where(np.isnan(cohort), 0.0, cohort * self.share).sum(axis=-1)
        return centre


MAD_TO_SD = 1.4826
"""Consistency factor of the MAD for the normal distribution."""
NEAREST_SHARE = 1 / 12
"""Share of the cohort that counts as nearest, three models at least: fewer, and one hidden relative decides."""
FEWEST_NEAREST = 3
FEWEST = 4
"""Cohort models below which nothing is normalised."""


class Normaliser(NamedTuple):
    """A named way to normalise; `weigh(cohort[b, n])` says how each row's centre and scale are made."""

    name: str
    weigh: Callable[[Floats], Weights]

    def pair(self, score: float, reference: Floats, questioned: Floats) -> float:
        """Normalise the score of a pair by either side's scores with the same n unrelated models, [n] each."""
        return float(self.replicates(np.array([score]), reference[None], questioned[None])[0])

    def replicates(self, score: Floats, reference: Floats, questioned: Floats) -> Floats:
        """Normalise replicates of a pair, scores [b] and cohorts [b, n], by the weights and scale of the first row.

        The first row is the data as measured.
        """
        seen = np.zeros(len(score))
        for cohort in (reference, questioned):
            weights = self.weigh(cohort[:1])
            seen += _standardised(score, weights.centre(cohort), weights.scale)
        return seen / 2

    def all_pairs(self, scores: Floats, lineages: Sequence[str], *, fewest: int = FEWEST) -> Floats:
        """Normalise every pair of m models by all models of neither lineage: [m, m] → [m, m], diagonal NaN.

        NaN where fewer than `fewest` models are left to compare with. Each pair of lineages shares its cohort, so the work grows with their number, not with the pairs'.
        """
        names, codes = np.unique(np.asarray(lineages), return_inverse=True)
        result = np.full(scores.shape, np.nan)
        for a in range(len(names)):
            for b in range(a, len(names)):
                cohort = (codes != a) & (codes != b)
                if int(cohort.sum()) < fewest:
                    continue
                # A model without a score with any of them has no place among them.
                told = np.isfinite(scores[:, cohort]).any(axis=1)
                left, right = np.flatnonzero((codes == a) & told), np.flatnonzero((codes == b) & told)
                between = scores[np.ix_(left, right)]
                seen_left = self._seen(between, scores[np.ix_(left, cohort)])
                seen_right = self._seen(between.T, scores[np.ix_(right, cohort)]).T
                result[np.ix_(left, right)] = (seen_left + seen_right) / 2
                result[np.ix_(right, left)] = result[np.ix_(left, right)].T
        np.fill_diagonal(result, np.nan)
        return result

    def _seen(self, scores: Floats, cohort: Floats) -> Floats:
        weights = self.weigh(cohort)
        return _standardised(scores, weights.centre(cohort)[:, None], weights.scale[:, None])


def _mean_and_sd(cohort: Floats) -> Weights:
    present = ~np.isnan(cohort)
    return Weights(present / present.sum(axis=1, keepdims=True), np.nanstd(cohort, axis=1, ddof=1))


def _median_and_mad(cohort: Floats) -> Weights:
    median = np.nanmedian(cohort, axis=1)
    return Weights(_share(cohort, _middle), MAD_TO_SD * np.nanmedian(np.abs(cohort - median[:, None]), axis=1))


def _nearest_and_lead(cohort: Floats) -> Weights:
    share = _share(cohort, lambda n: slice(max(n - max(FEWEST_NEAREST, round(n * NEAREST_SHARE)), 0), n))
    return Weights(share, np.where(np.isnan(cohort), 0.0, cohort * share).sum(axis=1) - np.nanmean(cohort, axis=1))


def _middle(n: int) -> slice:
    return slice((n - 1) // 2, n // 2 + 1)


def _share(cohort: Floats, places: Callable[[int], slice]) -> Floats:
    """Give equal weight to the scores at some places of each row's ascending order; missing scores come last."""
    order = np.argsort(cohort, axis=1, kind="stable")
    share = np.zeros(cohort.shape)
    for row, n in enumerate((~np.isnan(cohort)).sum(axis=1).tolist()):
        chosen = order[row, places(n)]
        share[row, chosen] = 1 / len(chosen)
    return share


def _standardised(score: Floats, centre: Floats, scale: Floats) -> Floats:
    score, centre, scale = np.broadcast_arrays(score, centre, scale)
    # A spread of rounding errors is no spread.
    varies = scale > 1e-12 * np.maximum(1e-3, np.abs(centre))
    away: Floats = np.divide(score - centre, scale, out=np.full(score.shape, np.nan), where=varies)
    return away


S_NORM = Normaliser("s-norm", _mean_and_sd)
"""Mean of the two z-scores, standard deviation with n − 1."""
ROBUST_S_NORM = Normaliser("robust s-norm", _median_and_mad)
"""Median and 1.4826 · MAD instead: a hidden relative in the cohort moves a mean. Needs a few dozen models."""
NEAR_COHORT = Normaliser("near-cohort", _nearest_and_lead)
"""How far the pair lies beyond the nearest unrelated models, in units of their own lead over the average.

(s − T) / (T − μ), with T the mean of the largest twelfth of the scores, three at least, and μ the mean of all. 0: as near as the nearest unrelated
models; −1: average. It asks the question that decides a case, whether the pair is nearer than the nearest models known
to be unrelated, where an S-norm asks how far it stands from the crowd.
"""
NORMALISERS = {normaliser.name: normaliser for normaliser in (S_NORM, ROBUST_S_NORM, NEAR_COHORT)}


def chosen(*, declared: bool) -> Normaliser:
    """Return the normaliser of the headline score: robust only where relatives may hide in the cohort.

    Median and MAD are worse than mean and standard deviation for small cohorts (docs/method.md), so cohorts of declared lineages are normalised by the mean whatever their size.
    """
    return S_NORM if declared else ROBUST_S_NORM

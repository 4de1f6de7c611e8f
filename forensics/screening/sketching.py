"""Nearest models by sketch before exact scoring: for so many models that not every pair can be scored.

A model's sketch is the sum over all probes of its vectors, each probe's thrown by its own random signs into a few
thousand sums (feature hashing, Weinberger et al. 2009), less the mean of all models: inner products of sketches are unbiased
for those of the vectors, with a spread of about (number of probes) / √(size of the sketch). The nearest by sketch are
then scored exactly, and every model with the same panel of models, against whose scores pairs are normalised. Work grows
with models × (candidates + panel) instead of with pairs; the search itself is one dense product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import cache, registry
from forensics.screening import places, scoring
from forensics.screening.executors import Runner
from forensics.screening.scoring import Asked, Floats, Seats, Sums
from forensics.screening.totals import Job, Sat, Screened, Work, added, mean_of, seats_of

SIZE = 8192
PANEL = 200
"""Models that every model is scored with."""
_ROWS = 1024
_PAIRS = 20_000
_FEW = 64


class Sketch(NamedTuple):
    """Sketches over one task's probes."""

    total: NDArray[np.float32]
    """[members, SIZE]"""


class Found(NamedTuple):
    """A screen of candidates."""

    screened: Screened
    panel: NDArray[np.bool_]
    """Models that every model was scored with."""


def sketch(seats: Seats, asked: Asked) -> Sketch:
    """Sketch all members over one part of the probes. A task."""
    plugin = registry.load("statistics", asked.statistic)
    total = np.zeros((seats.size, SIZE), np.float32)
    for prompt, block in zip(asked.prompts, scoring.probes(seats, asked, plugin.FEATURE), strict=True):
        if not len(block.owners):
            continue
        present, own = np.unique(block.owners), plugin.vectors(block)
        rng = np.random.default_rng(list(prompt))
        place, sign = rng.integers(0, SIZE, own.grams), rng.choice((-1.0, 1.0), own.grams)
        np.add.at(total, (present[own.holder], place[own.gram]), own.weight * sign[own.gram] / (_spread(own) or 1.0))
    return Sketch(total)


def _spread(own: Any) -> float:
    """Return the spread of the cosines of a few members, which stands for that of all; 0 where they do not vary."""
    few = np.unique(np.linspace(0, own.holders - 1, min(_FEW, own.holders)).round().astype(np.int64))
    vectors = _rows_of(own)[few]
    cosines = (vectors @ vectors.T).toarray()[np.triu_indices(len(few), 1)]
    return float(np.sqrt(cosines.std())) if len(cosines) else 0.0


def _rows_of(own: Any) -> Any:
    """Return the members' vectors as the rows of a sparse matrix."""
    from scipy.sparse import csr_array

    return csr_array((own.weight, (own.holder, own.gram)), shape=(own.holders, max(own.grams, 1)))


def nearest(sketches: NDArray[Any], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs a < b of which one is among the nearest `count` of the other, by the angle between sketches."""
    m = len(sketches)
    length = np.linalg.norm(sketches, axis=1, keepdims=True)
    units = sketches / np.where(length > 0, length, 1.0)
    chosen = set()
    for start in range(0, m, _ROWS):
        near = np.round(units[start : start + _ROWS] @ units.T, 9)
        near[np.arange(len(near)), start + np.arange(len(near))] = -np.inf
        for row, others in enumerate(np.argsort(-near, axis=1, kind="stable")[:, :count].tolist()):
            chosen |= {(min(start + row, other), max(start + row, other)) for other in others if other != start + row}
    pairs = np.array(sorted(chosen), np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def listed(
    seats: Seats, asked: Asked, pairs: tuple[NDArray[np.int64], NDArray[np.int64]], panel: NDArray[np.int64]
) -> Sums:
    """Score some pairs, and all members with a panel, on one part of the probes: [pairs, then members × panel]. A task.

    As `phrases` of all members, but for each probe's spread, which is that of the panel's pairs.
    """
    from threadpoolctl import threadpool_limits

    plugin = registry.load("statistics", asked.statistic)
    with threadpool_limits(limits=1):
        rows = [
            _one_probe(plugin.vectors(block), np.unique(block.owners), seats.size, pairs, panel)
            for block in scoring.probes(seats, asked, plugin.FEATURE)
        ]
        return scoring.summed(np.array(rows).reshape(len(rows), -1), asked.weights, [np.nan] * len(rows))


def _one_probe(
    own: Any,
    present: NDArray[np.int64],
    members: int,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    panel: NDArray[np.int64],
) -> Floats:
    holder, weight, holders = own.holder, own.weight, own.holders
    values = np.full(len(pairs[0]) + members * len(panel), np.nan)
    if holders < 3:
        return values
    vectors = _rows_of(own)
    seat = np.full(members, -1)
    seat[present] = np.arange(holders)
    everybody = np.asarray(vectors.sum(axis=0)).ravel()
    lengths = np.bincount(holder, weights=weight**2, minlength=holders)
    means = (vectors @ everybody - lengths) / (holders - 1)
    grand = means.mean()
    there = seat[panel]
    shown = np.full((members, len(panel)), np.nan)
    own_panel = there[there >= 0]
    cosines = (vectors @ vectors[own_panel].T).toarray()
    centred = cosines - means[:, None] - means[own_panel][None, :] + grand
    cosines[own_panel, np.arange(len(own_panel))] = np.nan
    spread = float(np.nanstd(cosines[own_panel])) if len(own_panel) > 1 else 0.0
    centred[own_panel, np.arange(len(own_panel))] = np.nan
    shown[np.ix_(present, np.flatnonzero(there >= 0))] = centred
    first, second = seat[pairs[0]], seat[pairs[1]]
    both = np.flatnonzero((first >= 0) & (second >= 0))
    for start in range(0, len(both), _PAIRS):
        some = both[start : start + _PAIRS]
        a, b = first[some], second[some]
        product = np.asarray(vectors[a].multiply(vectors[b]).sum(axis=1)).ravel()
        values[some] = product - means[a] - means[b] + grand
    values[len(pairs[0]) :] = shown.ravel()
    return values / spread if spread > 1e-12 else np.where(np.isnan(values), np.nan, 0.0)


def screened(job: Job, models: Sequence[Sat], candidates: int, runner: Runner, work: Work) -> Found:
    """Score the pairs that sketches find near, and all models with the panel; every other pair has no value."""
    m = len(models)
    seats = seats_of(job.store, models)
    panel = np.unique(np.linspace(0, m - 1, min(PANEL, m)).round().astype(np.int64))
    mask = np.zeros(m, bool)
    mask[panel] = True
    place = places.within(
        job.store, "totals", f"{cache.key('candidates', job.key(models), candidates, SIZE, PANEL)}.arrays"
    )
    stored = places.find(place)
    if stored is None:
        total = np.zeros((m, SIZE), np.float32)
        for part in runner.map(sketch, ((seats, asked) for asked in job.asked())):
            total += part.total
        # What all have in common tells nobody apart.
        pairs = nearest(total - total.mean(axis=0), candidates)
        sums = added(runner.map(listed, ((seats, asked, pairs, panel) for asked in job.asked())))
        stored = {
            "a": pairs[0],
            "b": pairs[1],
            "total": sums.total[0],
            "counts": np.broadcast_to(sums.counts[0], sums.total[0].shape),
        }
        places.put(place, stored)
        work.pairs += len(pairs[0]) + m * len(panel) - len(panel)
        work.scored += sums.scored
    totals, counts = np.zeros((2, m, m))
    n = len(stored["a"])
    for matrix, values in ((totals, stored["total"]), (counts, stored["counts"])):
        shown = np.nan_to_num(values[n:].reshape(m, len(panel)), nan=0.0)
        matrix[:, panel] = shown
        matrix[panel] = shown.T
        matrix[stored["a"], stored["b"]] = matrix[stored["b"], stored["a"]] = values[:n]
        np.fill_diagonal(matrix, 0.0)
    return Found(Screened(mean_of(totals, counts), counts), mask)

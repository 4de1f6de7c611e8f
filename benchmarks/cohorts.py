"""Derivation with few models to compare with: everything anew from a small cohort and the two sides, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import figures
from benchmarks.data import Bench, Floats
from benchmarks.reporting import number, table
from forensics import calibrating, measuring
from forensics.numerics import metrics
from forensics.numerics.normalisation import NORMALISERS
from forensics.statistics import Block, score_probe, survey_of

TITLE = "Small cohorts"
DRAWS = {8: 3, 16: 2, 32: 1}
"""Random choices of cohorts and of unrelated pairs for each size."""
NEGATIVES = 122
"""Unrelated pairs, drawn anew each time: two for each derived one."""
PROBES = 2
"""Every second prompt of set A."""


class Trial(NamedTuple):
    """One pair and the cohort dealt to it."""

    members: NDArray[np.int64]
    """Reference, questioned, cohort."""
    derived: bool


def run(bench: Bench) -> dict[str, Any]:
    """Measure; two processes."""
    name = calibrating.RECIPES["derivation"].features[0]
    plugin = import_module(f"forensics.statistics.{name}")
    docs = [bench.body.docs[p] for p in list(bench.sets["A"])[::PROBES]]
    given = (name, docs, bench.body.features(plugin.FEATURE))
    found: dict[str, Any] = {"statistic": name, "probes": len(docs), "negatives": NEGATIVES, "sizes": {}}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=_begin, initargs=given) as pool:
        for size, draws in DRAWS.items():
            rows = []
            for draw in range(draws):
                trials = _trials(bench, size, np.random.default_rng([size, draw]))
                scored = list(pool.map(_scored, [trial.members for trial in trials], chunksize=4))
                hp = np.array([trial.derived for trial in trials])
                rows.append({how: _auc(np.array([s[how] for s in scored]), hp) for how in scored[0]})
            found["sizes"][str(size)] = {
                how: {"mean": float(np.mean([r[how] for r in rows])), "least": min(r[how] for r in rows)}
                for how in rows[0]
            }
    return found


def _trials(bench: Bench, size: int, rng: np.random.Generator) -> list[Trial]:
    hp, hd = figures.propositions(bench, "derivation")
    pairs = [*np.flatnonzero(hp), *rng.choice(np.flatnonzero(hd), NEGATIVES, replace=False)]
    lineages, trials = np.array(bench.lineages), []
    for pair in pairs:
        a, b = bench.labels.a[pair], bench.labels.b[pair]
        unrelated = np.flatnonzero((lineages != lineages[a]) & (lineages != lineages[b]))
        trials.append(Trial(np.array([a, b, *rng.choice(unrelated, size, replace=False)]), bool(hp[pair])))
    return trials


def _auc(scores: Floats, hp: NDArray[np.bool_]) -> float:
    return metrics.auc(scores[hp], scores[~hp])


_given: tuple[str, Sequence[Any], Sequence[Mapping[str, NDArray[Any]]]]


def _begin(*given: Any) -> None:
    """Keep in a worker what every trial needs."""
    global _given  # noqa: PLW0603  # one process, one set of data
    _given = given


def _scored(members: NDArray[np.int64]) -> dict[str, float]:
    """Return a pair's score under each normalisation, from its own small corpus."""
    name, docs, features = _given
    plugin = import_module(f"forensics.statistics.{name}")
    inside = [features[m] for m in members]
    blocks = []
    for doc in docs:
        # Answers in the order of the small corpus' members, as a corpus of these files would have them.
        where = [(place, row) for place, m in enumerate(members) for row in doc.rows[doc.owners == m]]
        owners, rows = (np.array([w[k] for w in where], np.int64) for k in (0, 1))
        blocks.append(Block(owners, rows, inside))
    survey, sides = survey_of(plugin, blocks), np.array([0, 1])
    means = measuring.mean_over_probes(np.stack([score_probe(plugin, block, sides, survey) for block in blocks]))
    by = {how: n.pair(float(means[0, 1]), means[0, 2:], means[1, 2:]) for how, n in NORMALISERS.items()}
    return {"raw": float(means[0, 1])} | by


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    hows = list(next(iter(found["sizes"].values())))
    rows = [
        [size, str(DRAWS[int(size)]), *[f"{number(row[how]['mean'])} ({number(row[how]['least'])})" for how in hows]]
        for size, row in found["sizes"].items()
    ]
    return "\n\n".join([
        (f"`{found['statistic']}` on {found['probes']} prompts. Every pair is given a cohort of its own, drawn from other lineages; rarity, spread and normalisation come "
        f"from these models and the two sides only. All derived pairs and {found['negatives']} clean unrelated ones; AUC, mean (least) over the draws."),
        table(["cohort", "draws", *hows], rows),
    ])  # fmt: skip

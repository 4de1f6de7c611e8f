"""The figures every part reports, from the tool's own metrics; and ratios fitted without both lineages of a pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import Bench, Floats
from forensics import relations
from forensics.calibrating import Recipe
from forensics.numerics import metrics
from forensics.numerics.folds import leave_lineages_out
from forensics.numerics.logistic import fit_fusion
from forensics.numerics.normalisation import NORMALISERS
from forensics.records.base import Question

Flags = NDArray[np.bool_]
Figures = dict[str, float]


def separation(scores: Floats, hp: Flags, hd: Flags) -> Figures:
    """Return AUC and true positives at 1% and 0.1% false positives of pairs' scores; pairs without one are left out."""
    there = np.isfinite(scores)
    positive, negative = scores[hp & there], scores[hd & there]
    return {
        "auc": metrics.auc(positive, negative),
        "tpr_1": metrics.tpr_at_fpr(positive, negative, fpr=0.01).tpr,
        "tpr_01": metrics.tpr_at_fpr(positive, negative, fpr=0.001).tpr,
        "hp": len(positive),
        "hd": len(negative),
    }


def costs(ratios: Floats, hp: Flags, hd: Flags) -> Figures:
    """Return Cllr and its parts for pairs' log10 LRs."""
    there = np.isfinite(ratios)
    positive, negative = ratios[hp & there], ratios[hd & there]
    return {"cllr": metrics.cllr(positive, negative), "cllr_min": metrics.cllr_min(positive, negative)}


def propositions(bench: Bench, question: Question, alternative: str = "independent") -> tuple[Flags, Flags]:
    """Return which clean pairs fulfil the proposition of a question, and which its alternative."""
    hd = relations.HD[question][alternative]
    return bench.labels.are(relations.HP[question]), bench.labels.are(hd)


def normalised(bench: Bench, recipe: Recipe, name: str) -> Floats:
    """Return a recipe's normalised scores of all models on one set of probes: [models, models, statistics]."""
    how = recipe.normalisation
    return np.stack([all_pairs(how, bench.means(s)[name], bench.lineages) for s in recipe.features], axis=-1)


def all_pairs(how: str, means: Floats, lineages: Sequence[str]) -> Floats:
    """Normalise every pair; models that a statistic says nothing of stay NaN."""
    told = np.flatnonzero(np.isfinite(means).any(axis=1))
    result = np.full(means.shape, np.nan)
    inside = np.ix_(told, told)
    result[inside] = NORMALISERS[how].all_pairs(means[inside], [lineages[m] for m in told.tolist()])
    return result


def left_out(bench: Bench, scores: Floats, hp: Flags, hd: Flags, *, signed: bool, also: Flags | None = None) -> Floats:
    """Return each labelled pair's log10 LR by a line fitted without both its lineages: [pairs], NaN for others.

    `scores` are [models, models, statistics]; the fit is the one `forensics calibrate` makes. Pairs in `also` are
    judged, but no line is fitted on them.
    """
    x = np.stack([bench.of_pairs(scores[..., k]) for k in range(scores.shape[-1])], axis=-1)
    wanted = hp | hd if also is None else hp | hd | also
    used = np.flatnonzero(wanted & np.isfinite(x).all(axis=1))
    sides = [[side[i] for i in used.tolist()] for side in bench.sides()]
    ratios = np.full(len(hp), np.nan)
    for fold in leave_lineages_out(*sides):
        train = used[fold.train]
        train = train[hp[train] | hd[train]]
        if hp[train].all() or not hp[train].any():
            continue
        line = fit_fusion(x[train], hp[train], non_negative=not signed)
        ratios[used[fold.test]] = line.log10_lr(x[used[fold.test]])
    return ratios


def judged(bench: Bench, recipe: Recipe, name: str, hp: Flags, hd: Flags) -> Figures:
    """Return the separation and costs of a recipe's ratios on one set of probes, both lineages left out."""
    ratios = left_out(bench, normalised(bench, recipe, name), hp, hd, signed=recipe.signed)
    return separation(ratios, hp, hd) | costs(ratios, hp, hd)


def spread(rows: Sequence[Figures], key: str) -> Figures:
    """Return mean, standard deviation and least of a figure over several runs."""
    values = np.array([row[key] for row in rows])
    return {"mean": float(values.mean()), "sd": float(values.std(ddof=1)), "least": float(values.min())}

"""Derived against clean unrelated pairs: prompt sets, few prompts, each statistic alone, normalisations, controls."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import figures
from benchmarks.data import DRAWS, SETS, SIZES, Bench, Floats
from benchmarks.reporting import number, table
from forensics import calibrating
from forensics.calibrating import Recipe
from forensics.numerics import metrics
from forensics.numerics.normalisation import NORMALISERS

TITLE = "Derivation: derived against unrelated models"
ALONE = ("phrases", "lexical", "rare", "opening", "beginnings", "style", "refusal", "verbatim")
FUSED = (("phrases", "style"), ("phrases", "opening"), ("phrases", "rare"), ("phrases", "lexical", "opening", "style"))
RELABELLINGS = 30


def run(bench: Bench) -> dict[str, Any]:
    """Measure; no fitting but where a ratio is named."""
    hp, hd = figures.propositions(bench, "derivation")
    recipe = calibrating.RECIPES["derivation"]
    main = recipe.features[0]
    scores = {name: figures.normalised(bench, recipe, name)[..., 0] for name in (*SETS, "all")}
    return {
        "recipe": {"features": list(recipe.features), "normalisation": recipe.normalisation},
        "sets": {name: figures.separation(bench.of_pairs(score), hp, hd) for name, score in scores.items()},
        "left_out": {name: figures.judged(bench, recipe, name, hp, hd) for name in (*SETS, "all")},
        "few": {str(size): _few(bench, recipe, size) for size in SIZES},
        "alone": {statistic: _alone(bench, statistic) for statistic in ALONE},
        "normalisations": {how: _averaged(bench, main, how) for how in ("raw", *NORMALISERS)},
        "relatives_left_in": {how: _averaged(bench, main, how, declared=False) for how in NORMALISERS},
        "fused": {" + ".join(f): _fused(bench, f) for f in (recipe.features, *FUSED) if len(f) == 1 or main in f},
        "relabelled": _relabelled(bench, main, recipe.normalisation),
    }


def _few(bench: Bench, recipe: Recipe, size: int) -> dict[str, Any]:
    hp, hd = figures.propositions(bench, "derivation")
    rows = []
    for draw in range(DRAWS):
        score = figures.normalised(bench, recipe, f"{size}/{draw}")[..., 0]
        rows.append(figures.separation(bench.of_pairs(score), hp, hd))
    return {"auc": figures.spread(rows, "auc"), "tpr_1": figures.spread(rows, "tpr_1")}


def _score(bench: Bench, statistic: str, name: str, how: str, *, declared: bool = True) -> Floats:
    means = bench.means(statistic)[name]
    lineages = bench.lineages if declared else bench.body.names
    return bench.of_pairs(means if how == "raw" else figures.all_pairs(how, means, lineages))


def _averaged(bench: Bench, statistic: str, how: str, *, declared: bool = True) -> dict[str, float]:
    """Return figures averaged over the five sets."""
    hp, hd = figures.propositions(bench, "derivation")
    rows = [figures.separation(_score(bench, statistic, s, how, declared=declared), hp, hd) for s in SETS]
    return {key: float(np.mean([row[key] for row in rows])) for key in ("auc", "tpr_1", "tpr_01")}


def _alone(bench: Bench, statistic: str) -> dict[str, Any]:
    return {how: _averaged(bench, statistic, how) for how in ("raw", "s-norm", "near-cohort")}


def _fused(bench: Bench, features: tuple[str, ...]) -> dict[str, float]:
    """Return figures of ratios from several statistics, both lineages left out, averaged over the five sets."""
    hp, hd = figures.propositions(bench, "derivation")
    recipe = calibrating.RECIPES["derivation"]._replace(features=features)
    rows = [figures.judged(bench, recipe, name, hp, hd) for name in SETS]
    return {key: float(np.mean([row[key] for row in rows])) for key in ("auc", "tpr_1", "tpr_01", "cllr")}


def _relabelled(bench: Bench, statistic: str, how: str) -> dict[str, float]:
    """Normalise under lineages dealt out at random: unrelated pairs that then seem related must not score higher."""
    unrelated = figures.propositions(bench, "derivation")[1]
    means, rng = bench.means(statistic)["A"], np.random.default_rng(0)
    found = []
    for _ in range(RELABELLINGS):
        dealt = np.array(bench.lineages)[rng.permutation(len(bench.lineages))]
        score = bench.of_pairs(figures.all_pairs(how, means, dealt.tolist()))
        same = dealt[bench.labels.a] == dealt[bench.labels.b]
        there = np.isfinite(score) & unrelated
        found.append(metrics.auc(score[there & same], score[there & ~same]))
    return {"mean": float(np.mean(found)), "sd": float(np.std(found, ddof=1)), "relabellings": RELABELLINGS}


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = []
    for name, row in found["sets"].items():
        cv = found["left_out"][name]
        rows.append([
            name, *_three(row), *_three(cv), number(cv["cllr"], 3), number(cv["cllr_min"], 3),
        ])  # fmt: skip
    first = found["sets"]["A"]
    what = f"`{'`, `'.join(found['recipe']['features'])}`, {found['recipe']['normalisation']}"
    few = [[size, number(r["auc"]["mean"]), number(r["auc"]["sd"]), number(r["auc"]["least"]), number(r["tpr_1"]["mean"], 3)]
           for size, r in found["few"].items()]  # fmt: skip
    alone = [
        [f"`{s}`", *[cell for how in ("raw", "s-norm", "near-cohort") for cell in _three(r[how])]]
        for s, r in found["alone"].items()
    ]
    norms = [[how, *_three(r)] for how, r in found["normalisations"].items()]
    norms += [[f"{how}, relatives left in the cohort", *_three(r)] for how, r in found["relatives_left_in"].items()]
    fused = [[f, *_three(r), number(r["cllr"], 3)] for f, r in found["fused"].items()]
    shuffled = found["relabelled"]
    return "\n\n".join([
        (f"{first['hp']} derived pairs (made from the other, or one model served twice) against {first['hd']} clean unrelated pairs. "
        f"Score: {what}. Each of A to E is every fifth prompt in file order (160 prompts). Left: the score itself, nothing fitted. "
        "Right: the likelihood ratio, each pair's by a line fitted without both its lineages."),
        table(["prompts", "AUC", "TPR at 1% FP", "at 0.1%", "AUC of LR", "TPR at 1% FP", "at 0.1%", "Cllr", "Cllr_min"], rows),
        f"**Fewer prompts** ({DRAWS} random draws of each size):",
        table(["prompts", "AUC, mean", "sd", "least", "TPR at 1% FP, mean"], few),
        "**Each statistic alone** (mean of sets A to E; AUC, TPR at 1% and at 0.1%):",
        table(["statistic", *[f"{how} {f}" for how in ("raw", "S-norm", "near") for f in ("AUC", "1%", "0.1%")]], alone),
        f"**Normalisations** of `{found['recipe']['features'][0]}` (mean of sets A to E):",
        table(["normalisation", "AUC", "TPR at 1% FP", "at 0.1%"], norms),
        "**Does fusion help on lineages not seen?** (ratios, both lineages left out, mean of sets A to E)",
        table(["statistics", "AUC", "TPR at 1% FP", "at 0.1%", "Cllr"], fused),
        _verdict(found["fused"]),
        (f"**Control: lineages dealt out at random.** Among unrelated pairs, AUC of those that seem to share a lineage: "
        f"{number(shuffled['mean'], 3)} ± {number(shuffled['sd'], 3)} over {shuffled['relabellings']} deals (0.5 where the labels leak nothing)."),
    ])  # fmt: skip


def _three(row: dict[str, float]) -> list[str]:
    return [number(row["auc"]), number(row["tpr_1"], 3), number(row["tpr_01"], 3)]


def _verdict(fused: dict[str, dict[str, float]]) -> str:
    single, *others = fused.items()
    better = [name for name, row in others if row["cllr"] < single[1]["cllr"] and row["auc"] >= single[1]["auc"]]
    if better:
        return f"On these sets {', '.join(better)} did better than {single[0]} alone in both Cllr and AUC."
    return (
        f"No: none of them has both a lower Cllr and an AUC as high as `{single[0]}` alone, so the simpler one is kept."
    )

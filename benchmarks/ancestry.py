"""Same base weights against clean unrelated pairs: each statistic, the fused ratio, and by lineage."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import figures
from benchmarks.data import SETS, Bench
from benchmarks.reporting import number, table
from forensics import calibrating
from forensics.numerics import metrics

TITLE = "Shared ancestry: same base weights against unrelated models"
ALONE = ("rare", "phrases", "lexical", "style", "opening", "beginnings")
FEWEST = 10
"""Pairs below which a lineage is not shown on its own."""


def run(bench: Bench) -> dict[str, Any]:
    """Measure."""
    hp, hd = figures.propositions(bench, "shared_ancestry")
    recipe = calibrating.RECIPES["shared_ancestry"]
    names = (*SETS, "all")
    alone = {}
    for statistic in ALONE:
        scores = {name: figures.all_pairs("s-norm", bench.means(statistic)[name], bench.lineages) for name in names}
        alone[statistic] = {name: figures.separation(bench.of_pairs(s), hp, hd)["auc"] for name, s in scores.items()}
    simpler = recipe._replace(features=recipe.features[:1])
    return {
        "recipe": list(recipe.features),
        "pairs": [int(hp.sum()), int(hd.sum())],
        "left_out": {name: figures.judged(bench, recipe, name, hp, hd) for name in names},
        "first_only": {name: figures.judged(bench, simpler, name, hp, hd) for name in names},
        "alone": alone,
        "by_lineage": _by_lineage(bench, "A"),
    }


def _by_lineage(bench: Bench, name: str) -> dict[str, Any]:
    """Return the AUC of each lineage's pairs against unrelated pairs that touch that lineage."""
    hp, hd = figures.propositions(bench, "shared_ancestry")
    recipe = calibrating.RECIPES["shared_ancestry"]
    ratios = figures.left_out(bench, figures.normalised(bench, recipe, name), hp, hd, signed=recipe.signed)
    a, b = (np.array(side) for side in bench.sides())
    found = {}
    for lineage in sorted(set(bench.lineages)):
        touches = (a == lineage) | (b == lineage)
        positive, negative = ratios[hp & touches], ratios[hd & touches]
        if min(len(positive), len(negative)) >= FEWEST:
            found[lineage] = {"auc": metrics.auc(positive, negative), "hp": len(positive), "hd": len(negative)}
    return found


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = []
    for name, row in found["left_out"].items():
        first = found["first_only"][name]
        rows.append([name, number(row["auc"], 3), number(row["tpr_1"], 3), number(row["cllr"], 3), number(row["cllr_min"], 3),
                     number(first["auc"], 3), number(first["cllr"], 3)])  # fmt: skip
    alone = [[f"`{s}`", *[number(auc, 3) for auc in row.values()]] for s, row in found["alone"].items()]
    lineages = [[name, str(r["hp"]), str(r["hd"]), number(r["auc"], 3)] for name, r in found["by_lineage"].items()]
    used = "`, `".join(found["recipe"])
    return "\n\n".join([
        (f"{found['pairs'][0]} pairs whose models start from the same base weights and have nothing closer in common, against "
        f"{found['pairs'][1]} clean unrelated pairs. Ratio from `{used}`, both lineages left out; right, from `{found['recipe'][0]}` alone."),
        table(["prompts", "AUC", "TPR at 1% FP", "Cllr", "Cllr_min", f"AUC, `{found['recipe'][0]}`", "Cllr"], rows),
        "**Each statistic alone**, S-norm, nothing fitted, AUC:",
        table(["statistic", *found["left_out"]], alone),
        "**By lineage** (set A, ratios; against unrelated pairs that touch the lineage):",
        table(["lineage", "pairs Hp", "pairs Hd", "AUC"], lineages),
    ])  # fmt: skip

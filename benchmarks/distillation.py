"""Teachers and students: how far scores tell them from unrelated pairs, how much of that is only typicality, and
whether they name the teacher.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import figures
from benchmarks.data import SETS, Bench, Floats
from benchmarks.reporting import number, table
from forensics import calibrating
from forensics.numerics import metrics

TITLE = "Distillation: a teacher and its student against unrelated models"
ALONE = ("opening", "beginnings", "style", "lexical", "phrases", "rare")
CONTRAST = {"beginnings": 1.0, "opening": 1.0, "rare": -1.0}
"""Weights of S-normed scores, fixed beforehand: how answers begin, beyond what wording in common explains."""
TEACHERS = {"gpt-3.5-turbo": "gpt-3.5", "gpt-4": "gpt-4", "text-davinci-003": "davinci-003", "claude-2": "claude-1/2"}
"""Generation of each teacher that is the only one of some students."""
GENERATIONS = {
    "davinci-001": ("text_davinci_001",),
    "davinci-003": ("text_davinci_003",),
    "gpt-3.5": ("gpt-3.5-turbo",),
    "gpt-3.5-instruct": ("gpt35_turbo_instruct",),
    "gpt-4-turbo": ("gpt4_1106", "gpt-4-"),
    "gpt-4": ("gpt4",),
    "llama-2-chat": ("llama-2-7b-chat", "llama-2-13b-chat", "llama-2-70b-chat"),
    "mistral-instruct": ("Mistral-7B-Instruct",),
    "qwen1.5": ("Qwen1.5-",),
}
"""Candidate teachers by the beginning of the model's name; the Claude models are told by their lineage."""


def run(bench: Bench) -> dict[str, Any]:
    """Measure."""
    hp, hd = figures.propositions(bench, "distillation")
    recipe = calibrating.RECIPES["distillation"]
    names = (*SETS, "all")
    return {
        "pairs": [int(hp.sum()), int(hd.sum())],
        "recipe": list(recipe.features),
        "left_out": {name: figures.judged(bench, recipe, name, hp, hd) for name in names},
        "contrast": {name: _auc(bench, _contrast(bench, name)) for name in names},
        "alone": {statistic: _typicality(bench, bench.means(statistic)) for statistic in ALONE},
        "centred": {name: _centred(bench, _contrast(bench, name)) for name in ("A", "B", "all")},
        "teachers": {name: _teachers(bench, name) for name in ("A", "B", "all")},
    }


def _auc(bench: Bench, matrix: Floats) -> float:
    hp, hd = figures.propositions(bench, "distillation")
    return figures.separation(bench.of_pairs(matrix), hp, hd)["auc"]


def _s_norm(bench: Bench, statistic: str, name: str) -> Floats:
    return figures.all_pairs("s-norm", bench.means(statistic)[name], bench.lineages)


def _contrast(bench: Bench, name: str) -> Floats:
    contrast: Floats = sum(weight * _s_norm(bench, statistic, name) for statistic, weight in CONTRAST.items())  # type: ignore[assignment]
    return contrast


def _typicality(bench: Bench, means: dict[str, Floats]) -> dict[str, float]:
    """Return AUCs (mean of sets A to E): raw, S-normed, and of the sides' typicality, which knows nothing of the pair."""
    lineages = np.array(bench.lineages)
    related = lineages[:, None] == lineages[None, :]
    rows = []
    for name in SETS:
        typical = np.nanmean(np.where(related, np.nan, means[name]), axis=1)
        normed = figures.all_pairs("s-norm", means[name], bench.lineages)
        rows.append([_auc(bench, m) for m in (means[name], normed, typical[:, None] + typical[None, :])])
    return dict(zip(("raw", "s_norm", "typicality"), np.mean(rows, axis=0).tolist(), strict=True))


def _centred(bench: Bench, matrix: Floats) -> dict[str, float]:
    """Return AUCs of teacher-student pairs after each API model's and each open model's own mean is taken out."""
    served = np.array([bench.models[name]["base_family"].startswith(("gpt", "claude")) for name in bench.body.names])
    block = matrix[np.ix_(served, ~served)]
    rows, columns = np.nanmean(block, axis=1, keepdims=True), np.nanmean(block, axis=0, keepdims=True)
    hp, hd = figures.propositions(bench, "distillation")
    found = {}
    for what, part in {
        "whole": block,
        "means only": rows + columns,
        "without the means": block - rows - columns,
    }.items():
        table_of = np.full(matrix.shape, np.nan)
        table_of[np.ix_(served, ~served)] = part
        table_of = np.where(np.isfinite(table_of), table_of, table_of.T)
        values = bench.of_pairs(table_of)
        there = np.isfinite(values)
        found[what] = metrics.auc(values[hp & there], values[hd & there])
    return found


def _teachers(bench: Bench, name: str) -> dict[str, Any]:
    """Rank ten generations of candidates for every student of one published teacher, by mean score."""
    generations = _generations(bench)
    order = list(generations)
    students = [(m, order.index(TEACHERS[t])) for m, t in _students(bench).items()]
    truth = np.array([t for _, t in students])
    found = {}
    for what, matrix in {
        "opening, raw": bench.means("opening")[name],
        "beginnings, raw": bench.means("beginnings")[name],
        "contrast": _contrast(bench, name),
    }.items():
        rows = matrix[[m for m, _ in students]]
        scores = np.stack([np.nanmean(rows[:, members], axis=1) for members in generations.values()], axis=1)
        rank = 1 + (scores > scores[np.arange(len(truth)), truth][:, None]).sum(axis=1)
        found[what] = {"top_1": float((rank == 1).mean()), "mean_rank": float(rank.mean())}
    return {
        "students": len(students),
        "candidates": len(order),
        "majority": float(np.bincount(truth).max() / len(truth)),
        "by_score": found,
    }


def _generations(bench: Bench) -> dict[str, NDArray[np.int64]]:
    """Return the members of each candidate generation; a name belongs to the first whose beginning it has."""
    held: dict[str, list[int]] = {generation: [] for generation in (*GENERATIONS, "claude-1/2")}
    for m, name in enumerate(bench.body.names):
        starts = [g for g, beginnings in GENERATIONS.items() if name.startswith(beginnings)]
        if starts:
            held[starts[0]].append(m)
        elif bench.models[name]["base_family"] == "claude-1/2":
            held["claude-1/2"].append(m)
    return {generation: np.array(members) for generation, members in held.items() if members}


def _students(bench: Bench) -> dict[int, str]:
    """Return the only published teacher of each student that has one; judges of preferences are no teachers."""
    found = {}
    for m, name in enumerate(bench.body.names):
        teachers = [t for t in bench.models[name]["teachers"].split(";") if t and not t.startswith(("pref:", "human"))]
        if len(teachers) == 1 and teachers[0] in TEACHERS:
            found[m] = teachers[0]
    return found


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = [
        [
            name,
            number(row["auc"], 3),
            number(row["tpr_1"], 3),
            number(row["cllr"], 3),
            number(found["contrast"][name], 3),
        ]
        for name, row in found["left_out"].items()
    ]
    alone = [[f"`{s}`", *[number(r[k], 3) for k in ("raw", "s_norm", "typicality")]] for s, r in found["alone"].items()]
    centred = [[name, *[number(v, 3) for v in row.values()]] for name, row in found["centred"].items()]
    named = [
        [name, what, number(r["top_1"], 2), number(r["mean_rank"], 1)]
        for name, block in found["teachers"].items()
        for what, r in block["by_score"].items()
    ]
    first = found["teachers"]["A"]
    contrast = " ".join(f"{'+' if w > 0 else '−'} `{s}`" for s, w in CONTRAST.items())
    return "\n\n".join([
        (f"{found['pairs'][0]} teacher-student pairs against {found['pairs'][1]} clean unrelated pairs. Ratio from `{'`, `'.join(found['recipe'])}`, "
        f"both lineages left out; right, the fixed contrast {contrast} of S-normed scores, nothing fitted."),
        table(["prompts", "AUC of LR", "TPR at 1% FP", "Cllr", "AUC of the contrast"], rows),
        ("**Much of this is no tracing.** *Typicality* adds how alike each side is to models of other lineages; it knows nothing of the pair, "
        "yet raw scores hardly beat it: teachers here are GPT models and students write like GPT models (AUC, mean of sets A to E)."),
        table(["statistic", "raw", "S-norm", "typicality only"], alone),
        "**What is left of the contrast** between API models and open models when every model's own mean is taken out (AUC):",
        table(["prompts", "whole", "means only", "without the means"], centred),
        (f"**Naming the teacher's generation**, {first['candidates']} candidates, {first['students']} students with one published teacher "
        f"(always naming the commonest is right for {number(first['majority'], 2)}):"),
        table(["prompts", "score", "top-1", "mean rank"], named),
    ])  # fmt: skip

"""Are the ratios what they say? Cllr with its interval, and Turing's bound, overall and where it is hardest to hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import figures
from benchmarks.data import Bench, Floats
from benchmarks.figures import Flags
from benchmarks.reporting import number, table
from forensics import calibrating, relations, validating
from forensics.calibrating import Recipe
from forensics.numerics import metrics
from forensics.numerics.misleading import turing_check
from forensics.validating import Labelled

TITLE = "Calibration"
SETS = ("A", "B", "all")
APPEARED = {
    "gpt-3": "before 2023",
    **dict.fromkeys(
        ("llama-1", "pythia", "gpt-3.5", "gpt-4", "claude-1/2", "falcon", "starcoder"), "first half of 2023"
    ),
    **dict.fromkeys(
        ("llama-2", "mistral-7b", "qwen1", "baichuan", "chatglm", "jina-chat", "gpt-4-turbo"), "second half of 2023"
    ),
    "qwen1.5": "2024",
}
"""Half-year in which the first models of a base family appeared, as published: models.csv has no dates."""
LEVELS = (1.0, 3.0, 10.0, 17.0, 100.0)
GENERIC = "lexical"
"""Statistic whose raw mean over unrelated models says how much like everybody a model writes."""


def run(bench: Bench) -> dict[str, Any]:
    """Measure every question against every alternative, and derivation by stratum."""
    found: dict[str, Any] = {"questions": [], "strata": {}}
    for question, recipe in calibrating.RECIPES.items():
        for alternative in relations.HD[question]:
            hp, hd = figures.propositions(bench, question, alternative)
            for name in SETS:
                row = {"question": question, "against": alternative, "prompts": name, "features": list(recipe.features)}
                found["questions"].append(row | _validated(bench, recipe, name, hp, hd))
    for name in SETS:
        found["strata"][name] = _strata(bench, name)
    return found


def _validated(bench: Bench, recipe: Recipe, name: str, hp: Flags, hd: Flags) -> dict[str, Any]:
    """Return what `forensics calibrate` records of a recipe's ratios, and the same with the cap put on."""
    scores = figures.normalised(bench, recipe, name)
    pairs = _labelled(bench, figures.left_out(bench, scores, hp, hd, signed=recipe.signed), hp, hd)
    either = np.flatnonzero(hp | hd)
    dealt = np.zeros_like(hp)
    dealt[either] = np.random.default_rng(0).permutation(hp[either])
    others = (hp | hd) & ~dealt
    shuffled = _labelled(bench, figures.left_out(bench, scores, dealt, others, signed=recipe.signed), dealt, others)
    made = validating.validate(pairs, shuffled=shuffled, seed=0, strata=[])
    cap = made.cap
    capped = [np.clip(side, -cap, cap) for side in pairs.split()]
    return {
        "metrics": {
            m.id: [m.value, *((m.interval.low, m.interval.high) if m.interval else (None, None))] for m in made.metrics
        },
        "lineages": made.lineages,
        "lineages_hp": made.lineages_hp,
        "pairs": [made.pairs_hp, made.pairs_hd],
        "answerable": made.answerable,
        "cap": 10**cap,
        "bound": made.bound,
        "cllr_capped": metrics.cllr(*capped),
        "turing_capped": turing_check(*capped).hd_max,
        "turing_largest": turing_check(*pairs.split()).hd_max,
    }


def _labelled(bench: Bench, ratios: Floats, hp: Flags, hd: Flags) -> Labelled:
    used = np.flatnonzero((hp | hd) & np.isfinite(ratios))
    a, b = bench.sides()
    return Labelled(ratios[used], hp[used], [a[i] for i in used], [b[i] for i in used])


def _strata(bench: Bench, name: str) -> dict[str, Any]:
    """Return x · P(LR ≥ x | Hd) for derivation among the pairs that are hardest to tell from derived ones."""
    hp, hd = figures.propositions(bench, "derivation")
    recipe = calibrating.RECIPES["derivation"]
    soft = bench.labels.same_developer & np.isin(bench.labels.relation, ["unrelated", "shared_teacher"])
    ratios = figures.left_out(bench, figures.normalised(bench, recipe, name), hp, hd, signed=recipe.signed, also=soft)
    a, b = bench.sides()
    appeared = [np.array([APPEARED[family] for family in side]) for side in (a, b)]
    typical = _typicality(bench, name)
    generic = typical > np.median(typical)
    strata = {
        "all unrelated": hd,
        "generic assistants": hd & generic[bench.labels.a] & generic[bench.labels.b],
        "same developer, different base": soft,
        "same generation": hd & (appeared[0] == appeared[1]),
    }
    found = {}
    for stratum, hit in strata.items():
        values = ratios[hit & np.isfinite(ratios)]
        products = [level * float((values >= np.log10(level)).mean()) for level in LEVELS]
        largest = turing_check(ratios[hp & np.isfinite(ratios)], values).hd_max
        found[stratum] = {"pairs": len(values), "products": products, "largest": largest}
    return found


def _typicality(bench: Bench, name: str) -> Floats:
    """Return each model's mean raw agreement with the models of other lineages."""
    lineages = np.array(bench.lineages)
    means = np.where(lineages[:, None] == lineages[None, :], np.nan, bench.means(GENERIC)[name])
    typical: Floats = np.nanmean(means, axis=1)
    return typical


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = []
    for row in found["questions"]:
        m = row["metrics"]
        low, high = m["cllr"][1:]
        rows.append([
            f"{row['question'].replace('_', ' ')} against {row['against'].replace('_', ' ')}", row["prompts"],
            f"{row['pairs'][0]} / {row['pairs'][1]}", str(row["lineages_hp"]), number(m["auc"][0], 3), number(m["cllr"][0], 3),
            f"{number(low, 3)} … {number(high, 3)}", number(m["cllr_min"][0], 3), number(row["cap"], 1), row["bound"],
            number(row["cllr_capped"], 3), number(row["turing_capped"], 2), f"{row['turing_largest']:.2g}", "yes" if row["answerable"] else "**no**",
        ])  # fmt: skip
    strata = [
        [name, stratum, str(r["pairs"]), *[number(v, 3) for v in r["products"]], number(r["largest"], 2)]
        for name, block in found["strata"].items()
        for stratum, r in block.items()
    ]
    return "\n\n".join([
        ("Every ratio is given by a line fitted without both lineages of its pair. Interval: two-way bootstrap over lineages, widened for "
        "their number; with so few lineages it covers too rarely, and misses nearly always by ending too low. *May speak* is no where the "
        "upper limit of Cllr reaches 1, or where there are too few lineages for an interval: the tool then says that it cannot tell."),
        table(["question", "prompts", "pairs Hp / Hd", "lineages Hp", "AUC", "Cllr", "95% interval", "Cllr_min", "cap", "bound",
               "Cllr, capped", "largest x · P(LR ≥ x given Hd), capped", "not capped", "may speak"], rows),
        "**Turing's bound for derivation**, x · P(LR ≥ x given Hd) ≤ 1, by stratum of unrelated pairs, before any cap:",
        table(["prompts", "stratum", "pairs", *[f"x = {level:g}" for level in LEVELS], "largest over all x"], strata),
        (f"*Generic assistants*: both models agree more than the median model with models of other lineages (raw `{GENERIC}`). *Same developer, "
        "different base*: flagged in pairs.csv, unrelated or with a common teacher; such a link makes no clean label, so no line was fitted on "
        "them. *Same generation*: the base families' first models appeared in the same half-year."),
    ])  # fmt: skip

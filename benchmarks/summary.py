"""The few figures that the README quotes, taken from the results; it measures nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.reporting import number, table

PEERS = ("first_token", "phylolm", "hamming_mmd", "modelaudit")


def quoted(found: Mapping[str, Any]) -> str:
    """Return the table between marks, or nothing where a part was never measured."""
    if not {"accuracy", "cohorts", "calibration", "peers", "ancestry"} <= found.keys():
        return ""
    sets = found["accuracy"]["sets"]
    few = found["accuracy"]["few"]["20"]["auc"]
    small = found["cohorts"]["sizes"]["8"]["near-cohort"]
    line = next(q for q in found["calibration"]["questions"] if (q["question"], q["prompts"]) == ("derivation", "A"))
    cost, low, high = line["metrics"]["cllr"]
    a, base = sets["A"], found["ancestry"]["left_out"]["all"]
    rows = [
        ["derived or not, 160 prompts", _point(a)],
        ["the least of five disjoint sets of 160 prompts", _point({k: min(s[k] for s in sets.values()) for k in a})],
        ["20 prompts, mean of 40 draws (least)", f"AUC {number(few['mean'])} ({number(few['least'])})"],
        ["cohort of 8 models, 80 prompts, mean (least)", f"AUC {number(small['mean'])} ({number(small['least'])})"],
        [
            "likelihood ratio, both lineages left out",
            f"Cllr {number(cost, 3)} ({number(low, 3)} to {number(high, 3)}); capped {number(line['cllr_capped'], 3)}",
        ],
        [
            "same base weights or not, 805 prompts, both lineages left out",
            f"AUC {number(base['auc'], 3)}: cannot tell yet",
        ],
    ]
    peers = found["peers"]["peers"]
    rows += [[f"{peers[name]['title']}, same pairs", _point(peers[name])] for name in PEERS if name in peers]
    return "<!-- quoted -->\n" + table(["what", "how well"], rows) + "\n<!-- /quoted -->"


def _point(found: Mapping[str, Any]) -> str:
    return f"AUC {number(found['auc'])}, {number(found['tpr_1'], 3)} at 1% false positives, {number(found['tpr_01'], 3)} at 0.1%"

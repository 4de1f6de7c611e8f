"""All peers on the same answers and the same pairs, each in a process of its own."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import figures, peers, timing
from benchmarks.data import Bench, Floats, texts
from benchmarks.reporting import number, table
from forensics import calibrating

TITLE = "Peers on the same pairs"
SET = "A"
LONG = 40
"""Prompts, every fourth of set A, for peers that need embeddings: of 160 they would take a quarter of an hour."""


def run(bench: Bench, *, extra: bool = False) -> dict[str, Any]:
    """Run the peers; with `extra`, those that need embeddings, on fewer prompts, and ourselves on these too."""
    probes = list(bench.sets[SET])[:: len(bench.sets[SET]) // LONG] if extra else list(bench.sets[SET])
    quick = [name for name in peers.NAMES if not hasattr(import_module(f"benchmarks.peers.{name}"), "EXTRA")]
    names = [name for name in peers.NAMES if name not in quick] if extra else quick
    found: dict[str, Any] = {"prompts": len(probes), "peers": {}, "ours": _ours(bench, probes)}
    # Outside the repository: these are the answers themselves.
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "answers.json"
        given = {"answers": texts(bench, probes), "lineages": bench.lineages}
        source.write_text(json.dumps(given), encoding="ascii")
        for name in names:
            found["peers"][name] = _peer(bench, name, source, Path(folder) / f"{name}.npz")
    return found


def _peer(bench: Bench, name: str, source: Path, target: Path) -> dict[str, Any]:
    module = import_module(f"benchmarks.peers.{name}")
    if name == "modelaudit":
        module.prepare()
    ran = timing.run(timing.python("-m", "benchmarks.peers", name, str(source), str(target)))
    took = json.loads(ran.said.splitlines()[-1]) | {"mib": ran.mib}
    with np.load(target, allow_pickle=False) as stored:
        scores = stored["scores"]
        verdicts = stored["verdicts"] if "verdicts" in stored.files else None
    found: dict[str, Any] = _judged(bench, scores) | took | {"title": module.TITLE, "note": module.NOTE}
    if verdicts is not None:
        found["verdicts"] = _verdicts(bench, verdicts)
    return found


def _judged(bench: Bench, scores: Floats) -> dict[str, Any]:
    """Return the figures of raw scores, calibrated as ours are, and what our S-norm would make of them."""
    hp, hd = figures.propositions(bench, "derivation")
    ratios = figures.left_out(bench, scores[..., None], hp, hd, signed=False)
    normed = figures.all_pairs("s-norm", scores, bench.lineages)
    return {
        **figures.separation(bench.of_pairs(scores), hp, hd),
        **figures.costs(ratios, hp, hd),
        "s_norm": figures.separation(bench.of_pairs(normed), hp, hd),
    }


def _ours(bench: Bench, probes: list[int]) -> dict[str, Any]:
    """Return the figures of our own normalised score on the same prompts."""
    from forensics import measuring

    recipe = calibrating.RECIPES["derivation"]
    hp, hd = figures.propositions(bench, "derivation")
    agreement = measuring.measure(bench.body, recipe.features[0], range(len(bench.body.members)))[probes]
    scores = figures.all_pairs(recipe.normalisation, measuring.mean_over_probes(agreement), bench.lineages)
    ratios = figures.left_out(bench, scores[..., None], hp, hd, signed=False)
    found = figures.separation(bench.of_pairs(scores), hp, hd) | figures.costs(ratios, hp, hd)
    return found | {"statistic": recipe.features[0], "normalisation": recipe.normalisation}


def _verdicts(bench: Bench, said: NDArray[Any]) -> dict[str, dict[str, float]]:
    """Return how often each verdict falls on derived, clean unrelated and all pairs of different lineages."""
    hp, hd = figures.propositions(bench, "derivation")
    values = said[bench.labels.a, bench.labels.b]
    a, b = (np.array(side) for side in bench.sides())
    groups = {"derived": hp, "clean unrelated": hd, "different lineages": a != b}
    return {
        group: {verdict: count / int(hit.sum()) for verdict, count in sorted(Counter(values[hit].tolist()).items())}
        for group, hit in groups.items()
    }


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    ours = found["ours"]
    rows = [[
        f"**forensics** (`{ours['statistic']}`, {ours['normalisation']})", *_five(ours), "", "", "", "",
    ]]  # fmt: skip
    rows += [
        [
            peer["title"], *_five(peer), number(peer["s_norm"]["auc"]), number(peer["s_norm"]["tpr_01"], 3),
            number(peer["seconds"], 1), number(peer["mib"], 0),
        ]
        for peer in found["peers"].values()
    ]  # fmt: skip
    said = [
        f"* {peer['title']}: {group}: " + ", ".join(f"{verdict} {share:.1%}" for verdict, share in shares.items())
        for peer in found["peers"].values()
        for group, shares in peer.get("verdicts", {}).items()
    ]
    notes = [f"* **{peer['title']}**: {peer['note']}." for peer in found["peers"].values()]
    blocks = [
        (
            f"Derived against clean unrelated pairs, {found['prompts']} prompts (set A{', every fourth' if found['prompts'] == LONG else ''}), one draw. "
            "Cllr: the peer's raw score calibrated as ours is, both lineages left out. *S-normed*: the peer's score normalised our way, which shows how "
            "much of the difference is the normalisation. Seconds for all pairs, imports included; peak memory of its process, the answers included."
        ),
        table(
            [
                "peer",
                "AUC",
                "TPR at 1% FP",
                "at 0.1%",
                "Cllr",
                "Cllr_min",
                "AUC, S-normed",
                "TPR at 0.1%",
                "seconds",
                "MiB",
            ],
            rows,
        ),
        "\n".join(notes),
    ]
    if said:
        blocks.append("Their own verdicts:\n\n" + "\n".join(said))
    return "\n\n".join(blocks)


def _five(row: dict[str, float]) -> list[str]:
    return [
        number(row["auc"]),
        number(row["tpr_1"], 3),
        number(row["tpr_01"], 3),
        number(row["cllr"], 3),
        number(row["cllr_min"], 3),
    ]

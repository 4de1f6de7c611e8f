"""Screens: how long all pairs take and how that grows, whether relatives come first, what is inferred, what chance does."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import synthetic, timing
from benchmarks.data import Bench, Floats
from benchmarks.reporting import number, table
from forensics import measuring
from forensics.numerics.cohorts import normalised
from forensics.numerics.metrics import auc
from forensics.numerics.normalisation import NEAR_COHORT, ROBUST_S_NORM, S_NORM
from forensics.screening import discovery, gathering, kin, measured
from forensics.screening.executors import Inline
from forensics.screening.totals import Work

TITLE = "Screens"
STATISTIC = "phrases"
MODELS, PROBES = (25, 75, 151), (40, 160, 400)
MADE_UP = (50, 100, 225)
MADE_UP_PROBES = 80
JOINERS = 2
"""Recorded models that join a screen of all others, each by itself."""


def run(bench: Bench) -> dict[str, Any]:
    """Measure everything but the time first: what is timed runs when nothing else does."""
    means = measuring.all_means(bench.body, STATISTIC)
    found: dict[str, Any] = {
        "relatives": _relatives(bench, means),
        "inferred": _inferred(bench, means),
        "chance": _chance(bench, means),
    }
    with tempfile.TemporaryDirectory() as home:
        found["growth"], found["joining"] = _growth(bench, Path(home))
        found["jobs"] = _jobs(bench, Path(home))
    return found


def _relatives(bench: Bench, raw: Floats) -> dict[str, Any]:
    """Say how often a model's nearest is a relative: by rank among all, in several orders."""
    names = bench.body.names
    related = _related(bench)
    withheld = _undeclared(raw, names)
    near, blind = normalised(raw, bench.lineages, NEAR_COHORT), normalised(raw, withheld, NEAR_COHORT)
    orders = {
        "list of a suspect": lambda i: discovery.nearest(near, bench.lineages, i, by=blind).order,
        "the same against all of no declared lineage": lambda i: (
            discovery.nearest(near, bench.lineages, i, by=near).order
        ),
        "raw agreement": lambda i: np.argsort(-np.nan_to_num(raw[i], nan=-np.inf), kind="stable"),
        "S-norm": lambda i: np.argsort(-np.nan_to_num(s_norm[i], nan=-np.inf), kind="stable"),
    }
    s_norm = normalised(raw, bench.lineages, S_NORM)
    asked = {
        "parent or twin in the set": _with_parent_or_twin(bench),
        "any derived pair": [name for name in names if related[name]],
    }
    return {
        f"{label}/{order}": _places(models, related, names, listing)
        for label, models in asked.items()
        for order, listing in orders.items()
    }


def _places(
    models: list[str], related: Mapping[str, set[str]], names: list[str], listing: Callable[[int], Any]
) -> dict[str, Any]:
    """Return how often the best placed relative is first and among the first three, and who missed."""
    places = {}
    for name in models:
        listed = [names[m] for m in listing(names.index(name)).tolist() if names[m] != name]
        places[name] = 1 + min(listed.index(other) for other in related[name])
    return {
        "models": len(models),
        "first": sum(place == 1 for place in places.values()) / len(models),
        "three": sum(place <= 3 for place in places.values()) / len(models),
        "missed": {name: place for name, place in sorted(places.items()) if place > 1},
    }


def _related(bench: Bench) -> dict[str, set[str]]:
    """Return the models that each has a derived or same-weights pair with."""
    names = bench.body.names
    related: dict[str, set[str]] = {name: set() for name in names}
    for a, b, relation in zip(bench.labels.a, bench.labels.b, bench.labels.relation, strict=True):
        if relation in ("same_model", "direct"):
            related[names[a]].add(names[b])
            related[names[b]].add(names[a])
    return related


def _with_parent_or_twin(bench: Bench) -> list[str]:
    """Return the models whose table names a parent, or weights they share, that are in the set."""
    names = bench.body.names
    known = set()
    for name in names:
        row = bench.models[name]
        if {*row["parent"].split(";"), *row["same_model_as"].split(";")} & set(names):
            known.add(name)
        known |= set(row["same_model_as"].split(";")) & set(names)
    return [name for name in names if name in known]


def _undeclared(raw: Floats, names: list[str]) -> list[str]:
    related = kin.lineages(raw, [None] * len(names))
    return [one.lineage or name for one, name in zip(related, names, strict=True)]


def _inferred(bench: Bench, raw: Floats) -> dict[str, Any]:
    """Withhold all labels, infer lineages, and see what that does to pairs of known relation."""
    names = bench.body.names
    own = np.array(_undeclared(raw, names))
    a, b = bench.labels.a, bench.labels.b
    joined, declared = own[a] == own[b], np.array(bench.lineages)[a] == np.array(bench.lineages)[b]
    hp, hd = bench.labels.are({"same_model", "direct"}), bench.labels.are({"unrelated"})
    values = {
        "s-norm, declared": normalised(raw, bench.lineages, S_NORM),
        "s-norm, inferred": normalised(raw, own.tolist(), S_NORM),
        "s-norm, none": normalised(raw, names, S_NORM),
        "robust s-norm, none": ROBUST_S_NORM.all_pairs(raw, names),
        "near-cohort, declared": normalised(raw, bench.lineages, NEAR_COHORT),
        "near-cohort, inferred": normalised(raw, own.tolist(), NEAR_COHORT),
    }
    return {
        "groups": len(set(own.tolist())),
        "derived_joined": float(joined[hp].mean()),
        "unrelated_joined": float(joined[hd].mean()),
        "joined_of_one_lineage": float(declared[joined].mean()),
        "by": {name: _separation(matrix[a[hp], b[hp]], matrix[a[hd], b[hd]]) for name, matrix in values.items()},
    }


def _separation(hp: Floats, hd: Floats) -> dict[str, float]:
    hd = np.sort(hd[np.isfinite(hd)])[::-1]
    return {
        "auc": auc(hp, hd),
        "tpr_1": float((hp > hd[int(0.01 * len(hd))]).mean()),
        "tpr_01": float((hp > hd[int(0.001 * len(hd))]).mean()),
    }


def _chance(bench: Bench, raw: Floats) -> dict[str, Any]:
    """Take every model as a suspect, once without its lineage and once with it, and count who is named at 5%."""
    lineages = np.array(bench.lineages)
    near = normalised(raw, bench.lineages, NEAR_COHORT)
    false = {"list_p": 0, "q": 0}
    for suspect, lineage in enumerate(lineages.tolist()):
        kept = np.flatnonzero((lineages != lineage) | (np.arange(len(lineages)) == suspect))
        figures = discovery.nearest(
            near[np.ix_(kept, kept)], lineages[kept].tolist(), kept.tolist().index(suspect), by=near[np.ix_(kept, kept)]
        )
        false["list_p"] += bool(np.nanmin(figures.list_p) <= 0.05)
        false["q"] += bool(np.nanmin(figures.q) <= 0.05)
    hp = bench.labels.are({"same_model", "direct"})
    named = {"list_p": 0, "q": 0}
    for a, b in zip(bench.labels.a[hp].tolist(), bench.labels.b[hp].tolist(), strict=True):
        figures = discovery.nearest(near, bench.lineages, a, by=near)
        named["list_p"] += bool(figures.list_p[b] <= 0.05)
        named["q"] += bool(figures.q[b] <= 0.05)
    return {
        "suspects": len(lineages),
        "named_unrelated": {name: count / len(lineages) for name, count in false.items()},
        "derived": int(hp.sum()),
        "named_derived": {name: count / int(hp.sum()) for name, count in named.items()},
    }


def _growth(bench: Bench, home: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure CPU seconds of scoring alone, in this process, as models and probes grow; and models that join."""
    found: dict[str, Any] = {"recorded_models": {}, "recorded_probes": {}, "made_up_models": {}}
    models, kinds = _gathered(bench.folder, home), ["tokens"]
    rng = np.random.default_rng(0)
    shuffled = [models[i] for i in rng.permutation(len(models)).tolist()]
    for count in MODELS:
        found["recorded_models"][str(count)] = _scoring(shuffled[:count], 805, home, kinds)
    for count in PROBES:
        found["recorded_probes"][str(count)] = _scoring(models, count, home, kinds)
    synthetic.write(home / "made-up", max(MADE_UP), MADE_UP_PROBES)
    made = _gathered(home / "made-up", home)
    for count in MADE_UP:
        found["made_up_models"][str(count)] = _scoring(made[:count], MADE_UP_PROBES, home, kinds)
    return found, _joining(bench, models, home, kinds)


def _gathered(folder: Path, home: Path) -> list[gathering.Model]:
    kept = gathering.gather(str(folder), store=str(home / "store"), kinds=["tokens"], runner=Inline(), work=Work())
    return kept.models


def _scoring(models: list[gathering.Model], probes: int, home: Path, kinds: list[str]) -> dict[str, float]:
    frame = measured.frame_of(models, None, say=lambda _: None)
    chosen = np.random.default_rng(1).permutation(len(frame.probes))[:probes]
    frame = frame._replace(probes=tuple(sorted(frame.probes[i] for i in chosen.tolist())))
    work, start = Work(), time.process_time()
    measured.measure(frame, STATISTIC, measured.How(str(home / "store"), kinds, probes, Inline(), work))
    return {"cpu": time.process_time() - start, "pairs": work.pairs, "probes": len(frame.probes)}


def _joining(bench: Bench, models: list[gathering.Model], home: Path, kinds: list[str]) -> dict[str, Any]:
    """Compare the row of a model that joined with the row it has in a frame that holds it."""
    whole = normalised(measuring.all_means(bench.body, STATISTIC), bench.lineages, S_NORM)
    place = {name: m for m, name in enumerate(bench.body.names)}
    order = [place[model.name] for model in models]
    whole = whole[np.ix_(order, order)]
    lineages = [bench.lineages[m] for m in order]
    picked = np.random.default_rng(2).choice(len(models), JOINERS, replace=False).tolist()
    seconds, apart, near, pairs = [], [], [], []
    for joiner in picked:
        inside = frozenset(model.file.digest for i, model in enumerate(models) if i != joiner)
        frame = measured.frame_of(models, None, say=lambda _: None)._replace(inside=inside)
        how = measured.How(str(home / "store"), kinds, 0, Inline(), Work())
        measured.measure(frame._replace(models=[m for m in models if m.file.digest in inside]), STATISTIC, how)
        work, start = Work(), time.process_time()
        raw = measured.measure(frame, STATISTIC, how._replace(work=work)).means
        seconds.append(time.process_time() - start)
        pairs.append(work.pairs)
        row = normalised(raw, lineages, S_NORM)[joiner]
        there = np.isfinite(row)
        apart.append(float(np.abs(row - whole[joiner])[there].max()))
        near.append(int(np.nanargmax(row) == np.nanargmax(whole[joiner])))
    return {
        "joiners": JOINERS,
        "pairs": int(np.median(pairs)),
        "cpu": float(np.median(seconds)),
        "largest_difference": max(apart),
        "same_nearest": sum(near) / JOINERS,
    }


def _jobs(bench: Bench, home: Path) -> dict[str, Any]:
    """Time the command from nothing and again, with and without pictures."""
    command = [*timing.python("-m", "forensics", "screen", str(bench.folder), "-o")]
    environment = {"FORENSICS_HOME": str(home / "home")}
    found: dict[str, Any] = {}
    runs = {"all pairs, cold": ["--no-pictures"], "all pairs, again": ["--no-pictures"], "with pictures, again": []}
    for name, options in runs.items():
        timed = [timing.run([*command, str(home / "screen"), *options], environment=environment)]
        if "again" in name:
            timed.append(timing.run([*command, str(home / "screen"), *options], environment=environment))
        found[name] = timing.median(timed)
        print(f"  {name}: {timed[-1].seconds:.1f} s, {timed[-1].cpu:.1f} CPU s", file=sys.stderr, flush=True)
    return found


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    jobs = [[name, number(row["seconds"], 1), number(row["cpu"], 1), number(row["mib"], 0), str(row["runs"])]
            for name, row in found["jobs"].items()]  # fmt: skip
    growth = [
        [label.replace("_", " "), size, number(row["cpu"], 2), number(1e6 * row["cpu"] / (row["pairs"] * row["probes"]), 2)]
        for label, rows in found["growth"].items() for size, row in rows.items()
    ]  # fmt: skip
    relatives = []
    for key, row in found["relatives"].items():
        label, order = key.split("/")
        missed = ", ".join(f"{name} ({place})" for name, place in row["missed"].items())
        relatives.append([label, order, str(row["models"]), number(row["first"], 3), number(row["three"], 3), missed])
    inferred, chance, joining = found["inferred"], found["chance"], found["joining"]
    separation = [
        [n, number(r["auc"]), number(r["tpr_1"], 3), number(r["tpr_01"], 3)] for n, r in inferred["by"].items()
    ]
    return "\n\n".join([
        f"`forensics screen` of all recorded models by `{STATISTIC}`, all prompts, fresh processes, two workers. Target on two idle cores: cold ≤ 25 s, again ≤ 3 s.",
        table(["job", "seconds", "CPU seconds", "MiB", "runs"], jobs),
        "**Growth**: CPU seconds of scoring alone, one process, 50 resamplings of the probes included; 805 prompts, 151 models, and made-up answers to 80 prompts in turn.",
        table(["what grows", "to", "CPU seconds", "µs per pair and prompt"], growth),
        f"**Joining**: each of {joining['joiners']} models joined a screen of all others: {joining['pairs']} pairs scored, {number(joining['cpu'], 1)} CPU seconds (reading what is "
        f"stored of all others included); the largest difference from a new frame is {number(joining['largest_difference'], 2)} spreads, the nearest model is the same for {number(joining['same_nearest'], 2)}.",
        "**Relatives first**: best place of a derived or same-weights model in each model's list (target 0.95 first, 0.99 in the first three). The order was chosen on these models, on all prompts.",
        table(["models", "order", "n", "first", "first three", "others (best place)"], relatives),
        f"**Lineages inferred** with all labels withheld: {inferred['groups']} groups; joined: {number(inferred['derived_joined'], 3)} of derived pairs, {number(inferred['unrelated_joined'], 4)} of clean "
        f"unrelated pairs; {number(inferred['joined_of_one_lineage'], 3)} of joined pairs are of one declared lineage. Derived against clean unrelated pairs:",
        table(["normalisation, lineages", "AUC", "TPR at 1% FP", "TPR at 0.1% FP"], separation),
        f"**Chance**: each of {chance['suspects']} models as a suspect without its lineage: somebody is named at 5% for {number(chance['named_unrelated']['list_p'], 3)} of them by `list p`, "
        f"{number(chance['named_unrelated']['q'], 3)} by `q`. Of {chance['derived']} derived pairs {number(chance['named_derived']['list_p'], 3)} are named by `list p`, {number(chance['named_derived']['q'], 3)} by `q`.",
    ])  # fmt: skip

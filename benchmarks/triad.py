"""The same-base triad on recorded answers: how often a student stands first among its siblings, and how often others do.

A questioned model's siblings are the other models of its base that neither learnt from the reference's family nor have
a parent in common with it. Every place is counted as `forensics.triads` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.data import Bench, Floats
from benchmarks.reporting import number, table
from forensics.triads import FEWEST_SIBLINGS, STATISTIC

TITLE = "Distillation: the questioned model among its siblings of one base"
FAMILIES = {
    "gpt-3.5-turbo": ("gpt-3.5-turbo-0301", ("gpt-3.5-turbo",)),
    "gpt-4": ("gpt4", ("gpt-4", "gpt-4-turbo")),
    "text-davinci-003": ("text_davinci_003", ("code-davinci-002",)),
    "claude-2": ("claude", ("claude-2",)),
}
"""Published teachers: the version of the time when most of their students learnt, and the bases of the family."""
RULES = {
    "closeness alone": (True, False),
    "beyond what is usual alone": (False, True),
    "both": (True, True),
}
KINDS = {
    "student": "learnt from the reference's family",
    "another": "learnt from another of the teachers",
    "none": "learnt from none of them",
}


def run(bench: Bench) -> dict[str, Any]:
    """Measure."""
    means = bench.means(STATISTIC)
    found: dict[str, Any] = {}
    for name in ("all", "A", "C"):
        beyond = _beyond(bench, means[name])
        for versions, every in (("of that time", False), ("every version", True)):
            found[f"{name}, {versions}"] = _places(bench, means[name], beyond, every=every)
    return {"places": found}


def _beyond(bench: Bench, means: Floats) -> Floats:
    """Return closeness less the row model's mean agreement with models of neither lineage."""
    lineages = np.array(bench.lineages)
    beyond = np.full(means.shape, np.nan)
    for m, own in enumerate(lineages):
        for other in set(lineages.tolist()) - {own}:
            unrelated = (lineages != own) & (lineages != other)
            columns = lineages == other
            beyond[m, columns] = means[m, columns] - np.nanmean(means[m, unrelated])
    return beyond


def _places(bench: Bench, close: Floats, beyond: Floats, *, every: bool) -> dict[str, dict[str, Any]]:
    """Count, by rule and kind of questioned model, who stands first, and how many would by chance."""
    first: dict[str, dict[str, list[tuple[bool, float]]]] = {rule: defaultdict(list) for rule in RULES}
    for reference, questioned, siblings, kind in _triads(bench, every=every):
        near = [[bool(m[s, reference] >= m[questioned, reference]) for s in siblings] for m in (close, beyond)]
        for rule, used in RULES.items():
            least = max(sum(row) for row, wanted in zip(near, used, strict=True) if wanted)
            first[rule][kind].append((least == 0, 1 / (1 + len(siblings))))
    return {
        rule: {
            kind: {"n": len(rows), "first": float(np.mean([f for f, _ in rows])), "chance": float(np.mean([c for _, c in rows]))}
            for kind, rows in kinds.items()
        }
        for rule, kinds in first.items()
    }  # fmt: skip


def _triads(bench: Bench, *, every: bool) -> Iterator[tuple[int, int, list[int], str]]:
    names, rows = bench.body.names, bench.models
    place = {name: m for m, name in enumerate(names)}
    by_base: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if not rows[name]["base"].startswith(("gpt", "claude", "code-davinci")) and not rows[name]["ensemble_of"]:
            by_base[rows[name]["base"]].append(name)
    for family, (usual, bases) in FAMILIES.items():
        versions = [n for n in names if rows[n]["base"] in bases and not rows[n]["ensemble_of"]] if every else [usual]
        for members in by_base.values():
            for name in members:
                kind = _kind(bench, name, family)
                siblings = [place[m] for m in members if _is_sibling(bench, m, name, family)]
                if kind is None or len(siblings) < FEWEST_SIBLINGS:
                    continue
                for version in versions or [usual]:
                    yield place[version], place[name], siblings, kind


def _kind(bench: Bench, name: str, family: str) -> str | None:
    """Say what a model learnt; None where the family only judged its preferences."""
    taught = _teachers(bench, name)
    if family in taught:
        return "student"
    if f"pref:{family}" in taught:
        return None
    return "another" if set(FAMILIES) & set(taught) else "none"


def _is_sibling(bench: Bench, name: str, of: str, family: str) -> bool:
    taught = _teachers(bench, name)
    parents = {_parent(bench, name), name} & {_parent(bench, of), of}
    return name != of and not parents and family not in taught and f"pref:{family}" not in taught


def _teachers(bench: Bench, name: str) -> Sequence[str]:
    return [teacher for teacher in bench.models[name]["teachers"].split(";") if teacher]


def _parent(bench: Bench, name: str) -> str:
    row = bench.models[name]
    return row["parent"] or row["same_model_as"] or name


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = [
        [name, rule, KINDS[kind], str(row["n"]), number(row["first"], 2), number(row["chance"], 2)]
        for name, block in found["places"].items()
        for rule, kinds in block.items()
        for kind, row in sorted(kinds.items(), key=lambda item: list(KINDS).index(item[0]))
    ]
    return "\n\n".join([
        (f"By `{STATISTIC}`. A questioned model stands first where no sibling of its base is as near to the reference. The rule in use is "
        "*both*; it was chosen on all prompts of these models, so the other sets confirm it on other prompts only."),
        table(["prompts, reference", "rule", "the questioned model", "triads", "stood first", "by chance"], rows),
    ])  # fmt: skip

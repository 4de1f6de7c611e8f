"""The recorded answers, labels and sets of prompts that every part measures on.

Reads names, labels and digests; texts of answers leave this module only through `texts`, for the peers, and never
into the repository.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forensics import calibrating, deriving, measuring, relations
from forensics.corpus import Corpus

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "FORENSICS_BENCH_DATA"
FEATURES = ("phrases", "opening", "style", "refusal", "beginnings")
"""Statistics whose features are made when the corpus is read: together they need every cheap kind."""
SETS = "ABCDE"
OFFSETS = {"A": 0, "B": 2, "C": 1, "D": 3, "E": 4}
"""Every fifth prompt in file order, from here on. Choices were made on A and B; C, D and E confirm them."""
DRAWS = 40
"""Random draws of prompts for each size below 160."""
SIZES = (5, 10, 20, 40, 80)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """The labelled pairs, column by column."""

    a: NDArray[np.int64]
    """Position of each pair's first model."""
    b: NDArray[np.int64]
    relation: NDArray[np.str_]
    clean: NDArray[np.bool_]
    same_developer: NDArray[np.bool_]

    def are(self, names: Collection[str]) -> NDArray[np.bool_]:
        """Say which pairs are clean and have one of some relations."""
        return self.clean & np.isin(self.relation, sorted(names))


@dataclass(frozen=True)
class Bench:
    """Everything a part needs."""

    folder: Path
    body: Corpus
    lineages: list[str]
    models: Mapping[str, Mapping[str, str]]
    """Rows of models.csv by name."""
    labels: Labels
    sets: Mapping[str, Sequence[int]]
    """Positions of probes: A … E, all, and `20/3` for the fourth draw of 20 prompts."""
    _means: dict[str, dict[str, Floats]] = field(default_factory=dict)

    def means(self, statistic: str) -> dict[str, Floats]:
        """Return the mean agreement of all pairs over each set: [models, models]."""
        if statistic not in self._means:
            agreement = measuring.measure(self.body, statistic, range(len(self.body.members)))
            # The average over a set's probes, leaving out what is missing, for all sets in one pass.
            chosen = np.zeros((len(self.sets), len(agreement)))
            for row, probes in enumerate(self.sets.values()):
                chosen[row, list(probes)] = 1.0
            flat = agreement.reshape(len(agreement), -1)
            there = ~np.isnan(flat)
            total, counts = chosen @ np.where(there, flat, 0.0), chosen @ there
            found = np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)
            shape = agreement.shape[1:]
            self._means[statistic] = {name: row.reshape(shape) for name, row in zip(self.sets, found, strict=True)}
        return self._means[statistic]

    def of_pairs(self, matrix: Floats) -> Floats:
        """Return a matrix' values at the labelled pairs."""
        return matrix[self.labels.a, self.labels.b]

    def sides(self) -> tuple[list[str], list[str]]:
        """Return the lineages of both sides of every labelled pair."""
        return [self.lineages[m] for m in self.labels.a], [self.lineages[m] for m in self.labels.b]


def folder(given: str | None) -> Path | None:
    """Return where the recorded answers lie, or None where they are not."""
    path = Path(given or os.environ.get(VARIABLE) or ROOT.parent / "shared" / "data") / "alpaca_eval"
    return path if (path / "pairs.csv").is_file() else None


def load(path: Path, *, workers: int) -> Bench:
    """Align all recorded answers and read the labels."""
    body = calibrating.gather(path, path / "models.csv", FEATURES, only=None, workers=workers)
    with (path / "models.csv").open(newline="", encoding="utf-8") as stream:
        models = {row["model"]: row for row in csv.DictReader(stream)}
    return Bench(
        folder=path,
        body=body,
        lineages=[member.source.lineage or member.source.name for member in body.members],
        models=models,
        labels=_labels(path, body.names),
        sets=_sets(body),
    )


def texts(bench: Bench, probes: Sequence[int]) -> list[list[str]]:
    """Return the answers of every model to some probes, empty where there is none."""
    wanted = [bench.body.probes[p] for p in probes]
    found = []
    for member in bench.body.members:
        answers = {entry.prompt_digest: entry.text for entry in deriving.read_source(member.source).entries}
        found.append([answers.get(prompt, "") for prompt in wanted])
    return found


def _labels(path: Path, names: Sequence[str]) -> Labels:
    place = {name: m for m, name in enumerate(names)}
    with (path / "pairs.csv").open(newline="", encoding="utf-8") as stream:
        flags = [row["flags"] for row in csv.DictReader(stream)]
    pairs = relations.read_pairs(path / "pairs.csv")
    return Labels(
        a=np.array([place[pair.a] for pair in pairs]),
        b=np.array([place[pair.b] for pair in pairs]),
        relation=np.array([pair.relation for pair in pairs]),
        clean=np.array([pair.clean for pair in pairs]),
        same_developer=np.array(["same_developer" in row for row in flags]),
    )


def _sets(body: Corpus) -> dict[str, Sequence[int]]:
    """Return the sets of probes; file order is that of the files most models share."""
    order = Counter(member.prompts for member in body.members).most_common(1)[0][0]
    place = {bytes.fromhex(probe.removeprefix("sha256:")): p for p, probe in enumerate(body.probes)}
    ordered = [place[prompt] for prompt in order if prompt in place]
    # 805 prompts make sets of 161: the last one is left out, so that each holds the 160 that figures are quoted for.
    sets: dict[str, Sequence[int]] = {name: ordered[OFFSETS[name] :: len(SETS)][:160] for name in SETS}
    sets["all"] = list(range(len(body.probes)))
    rng = np.random.default_rng(0)
    for size in SIZES:
        for draw in range(DRAWS):
            sets[f"{size}/{draw}"] = rng.choice(len(body.probes), size, replace=False).tolist()
    return sets

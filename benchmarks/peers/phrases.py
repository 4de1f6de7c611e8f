"""This tool's own statistic for derivation, from the texts on, for seconds and memory on equal terms."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import numpy as np

from benchmarks.peers import Answers, Compared
from forensics import calibrating, measuring
from forensics.statistics import Block, score_probe, survey_of

TITLE = "forensics, raw mean"
NOTE = "the statistic of derivation, averaged over prompts, without normalisation; tokenising included, nothing cached"


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair by the first statistic weighed for derivation."""
    name = calibrating.RECIPES["derivation"].features[0]
    plugin = import_module(f"forensics.statistics.{name}")
    features = [import_module(f"forensics.features.{plugin.FEATURE}").extract(row) for row in answers]
    held = np.array([[bool(text) for text in row] for row in answers])
    owners = [np.flatnonzero(column) for column in held.T]
    blocks = [Block(who, np.full(len(who), p), features) for p, who in enumerate(owners)]
    survey, rows = survey_of(plugin, blocks), np.arange(len(answers))
    return Compared(measuring.mean_over_probes(np.stack([score_probe(plugin, b, rows, survey) for b in blocks])))

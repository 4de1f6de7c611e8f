"""Log-probabilities of the likeliest first tokens, tracked: for the question of equality where a service gives them.

On one probe the log-probabilities of each token are averaged over a side's draws; a token that a draw does not list has
at most the least one listed there, and is given that. The statistic is the mean of |Δ| over the tokens that either side
lists, averaged over probes (Log Probability Tracking: Chauvin et al. 2025). One token for each answer is enough.

Differences below `NOISE` are taken for another runtime of the same weights: two of them, llama.cpp and transformers,
differed by up to 3e-4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forensics.equality.draws import Dealt, Draws, Floats, Values

SUMMARY = "equality: mean difference of first tokens' log-probabilities, where they were recorded"
VERSION = "1"
ROLE = "equality"
NEEDS = "first"
UNIT = "nats by which the likeliest first tokens differ, on average"
KERNELS = ("",)
NOISE = 1e-3


def measure(probes: Sequence[Draws], kernel: str) -> Tracked:
    """Lay out the log-probabilities of each probe."""
    return Tracked([_table(probe.first) for probe in probes], [probe.sizes for probe in probes])


class Tracked:
    """Log-probabilities, probe by probe: [n, tokens] each."""

    def __init__(self, tables: Sequence[Floats], sizes: Sequence[tuple[int, int]]) -> None:
        self._tables = tables
        self._sizes = sizes

    def under(self, dealt: Sequence[Dealt]) -> Values:
        """Return the mean |Δ log-probability| under every labelling."""
        total: Floats = np.zeros(dealt[0].labels.shape[1])
        for group in dealt:
            for place, labels in zip(group.probes.tolist(), group.labels, strict=True):
                total += _apart(self._tables[place], labels.astype(np.float64), group.sizes)
        total /= len(self._tables)
        return Values(total, total)

    def by_probe(self) -> tuple[Floats, Floats]:
        """Return the mean |Δ| of every probe, and ones."""
        found: Floats = np.array(
            [
                _apart(table, (np.arange(sum(sizes)) < sizes[0])[None].astype(np.float64), sizes)[0]
                for table, sizes in zip(self._tables, self._sizes, strict=True)
            ]
        )
        return found, np.ones_like(found)


def _apart(table: Floats, labels: Floats, sizes: tuple[int, int]) -> Floats:
    """Return the mean over tokens of the difference of the sides' means, noise taken off: [B]."""
    first = labels @ table
    difference = np.abs(first / sizes[0] - (table.sum(axis=0) - first) / sizes[1])
    apart: Floats = np.maximum(difference - NOISE, 0).mean(axis=1)
    return apart


def _table(first: Sequence[Mapping[str, float] | None]) -> Floats:
    """Return one row per answer and one column per token that any of them lists."""
    listed = [found or {} for found in first]
    tokens = sorted({token for found in listed for token in found})
    table = np.zeros((len(listed), max(len(tokens), 1)))
    for row, found in zip(table, listed, strict=True):
        least = min(found.values(), default=0.0)
        row[: len(tokens)] = [found.get(token, least) for token in tokens]
    return table

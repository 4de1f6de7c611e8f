"""Rank-based uniformity: whether the questioned answers are as likely, under the reference, as its own answers are.

For the question of equality where the reference can score text: every answer's mean log-probability per token under the
reference is given its rank among the reference's own answers to the same probe, as a share u in 0 … 1 (ties count half).
For one model all u together are uniform; the statistic is their Cramér-von Mises distance from that (Zhu et al. 2025,
Rank-based uniformity test). Its p-value comes from labels dealt out inside the probes, so that several draws, ties and
few answers of the reference do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.equality.draws import Dealt, Draws, Floats, Values

SUMMARY = "equality: ranks of the answers' likelihood under the reference, where it can score text"
VERSION = "1"
ROLE = "equality"
NEEDS = "likelihoods"
UNIT = "how much oftener a questioned answer is the likelier one than the less likely one, beside one of the reference"
KERNELS = ("",)


def measure(probes: Sequence[Draws], kernel: str) -> Ranked:
    """Compare the likelihoods of each probe's answers, two by two."""
    return Ranked([_above(probe.likelihoods) for probe in probes], [probe.sizes for probe in probes])


class Ranked:
    """Who is likelier than whom, probe by probe: [n, n] each, 1, ½ or 0."""

    def __init__(self, above: Sequence[Floats], sizes: Sequence[tuple[int, int]]) -> None:
        self._above = above
        self._sizes = sizes

    def under(self, dealt: Sequence[Dealt]) -> Values:
        """Return the Cramér-von Mises distance of all ranks from uniform under every labelling, and the effect."""
        ranks = [
            _ranks(self._above[place], labels.astype(np.float64), group.sizes)
            for group in dealt
            for place, labels in zip(group.probes.tolist(), group.labels, strict=True)
        ]
        means = [2 * found.mean(axis=1) - 1 for found in ranks]
        return Values(_cramer_von_mises(np.concatenate(ranks, axis=1)), np.mean(means, axis=0))

    def by_probe(self) -> tuple[Floats, Floats]:
        """Return how much oftener a questioned answer is the likelier one, probe by probe, and ones."""
        found: Floats = np.array(
            [
                2 * _ranks(above, (np.arange(sum(sizes)) < sizes[0])[None].astype(np.float64), sizes).mean() - 1
                for above, sizes in zip(self._above, self._sizes, strict=True)
            ]
        )
        return found, np.ones_like(found)


def _above(likelihoods: Sequence[float]) -> Floats:
    values = np.array(likelihoods)
    above: Floats = (values[:, None] > values[None]) + 0.5 * (values[:, None] == values[None])
    return above


def _ranks(above: Floats, labels: Floats, sizes: tuple[int, int]) -> Floats:
    """Return the ranks of the answers that do not count as the reference's, among those that do: [B, m]."""
    shares = (labels @ above.T) / sizes[0]
    others: NDArray[np.bool_] = labels == 0
    found: Floats = shares[others].reshape(len(labels), sizes[1])
    return found


def _cramer_von_mises(ranks: Floats) -> Floats:
    """Return W² of each line against the uniform distribution (Anderson & Darling 1952)."""
    count = ranks.shape[1]
    expected = (2 * np.arange(1, count + 1) - 1) / (2 * count)
    distance: Floats = np.square(np.sort(ranks, axis=1) - expected).sum(axis=1) + 1 / (12 * count)
    return distance

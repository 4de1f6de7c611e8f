"""Folds and bootstrap replicates in which the lineage, not the pair, is the unit.

It says which pairs to train on, which to test on, and how much each pair weighs; it fits and measures
nothing. A pair is given by the lineages of its two models; a pair within one lineage has the same label
twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensics.numerics.classes import FloatArray

IndexArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Fold:
    """One test block: all pairs between two lineages (or within one), and the pairs that touch neither."""

    lineages: tuple[str, str]
    """Sorted; the same label twice for pairs within one lineage."""
    train: IndexArray
    """Positions of the pairs touching neither lineage, ascending; may be empty."""
    test: IndexArray
    """Positions of the pairs between the two lineages, ascending; never empty."""


@dataclass(frozen=True, eq=False)
class LineageBootstrap:
    """Lineages drawn with replacement, and the weight this gives to every pair."""

    lineages: tuple[str, ...]
    """Distinct lineages, sorted."""
    counts: NDArray[np.int64]
    """Shape (replicates, lineages): how often each lineage was drawn; every row sums to the number of lineages."""
    first: IndexArray
    """Position in `lineages` of each pair's first lineage."""
    second: IndexArray

    def weights(self, replicate: int) -> FloatArray:
        """Weight of every pair in one replicate: count(a) * count(b), and count(a) for a pair within one lineage.

        Two copies of one lineage never form a pair with each other, so a within-lineage pair comes with each
        copy once.
        """
        drawn = self.counts[replicate]
        partner = np.where(self.first == self.second, 1, drawn[self.second])
        return np.asarray(drawn[self.first] * partner, dtype=np.float64)


def leave_lineages_out(lineage_a: Sequence[str], lineage_b: Sequence[str]) -> Iterator[Fold]:
    """Yield one fold for every unordered pair of lineages that occurs, sorted by their labels.

    Every pair is tested exactly once, and no pair it is trained on shares a lineage with it. Folds come one
    at a time because the training indices of all folds together can take hundreds of megabytes.
    """
    labels, first, second = _coded(lineage_a, lineage_b)
    low, high = np.minimum(first, second), np.maximum(first, second)
    block = low * len(labels) + high
    for code in np.unique(block):
        x, y = divmod(int(code), len(labels))
        touches = (low == x) | (high == x) | (low == y) | (high == y)
        yield Fold(
            lineages=(labels[x], labels[y]),
            train=np.flatnonzero(~touches),
            test=np.flatnonzero(block == code),
        )


def bootstrap_lineage_weights(
    lineage_a: Sequence[str], lineage_b: Sequence[str], *, n: int, seed: int
) -> LineageBootstrap:
    """Draw `n` two-way bootstrap replicates over the lineages of the pairs.

    Resampling lineages keeps together all pairs that share one, which pair-level resampling does not (Owen,
    Annals of Applied Statistics 1 (2007): the pigeonhole bootstrap; Snijders and Borgatti, Connections 22
    (1999), for dyads). The order of the pairs and the spelling of labels beyond their sort order do not
    matter. A replicate may give a whole class weight 0; `intervals` drops such replicates and counts them.
    """
    if n < 1:
        raise ValueError(f"the number of replicates must be at least 1, but is {n}")
    labels, first, second = _coded(lineage_a, lineage_b)
    rng = np.random.default_rng(seed)
    size = len(labels)
    counts = rng.multinomial(size, np.full(size, 1 / size), size=n)
    return LineageBootstrap(lineages=labels, counts=counts, first=first, second=second)


def _coded(lineage_a: Sequence[str], lineage_b: Sequence[str]) -> tuple[tuple[str, ...], IndexArray, IndexArray]:
    if len(lineage_a) != len(lineage_b):
        raise ValueError(f"each pair needs two lineages, but {len(lineage_a)} and {len(lineage_b)} were given")
    if len(lineage_a) == 0:
        raise ValueError("there are no pairs")
    labels = tuple(sorted({*lineage_a, *lineage_b}))
    code = {label: k for k, label in enumerate(labels)}
    first, second = (np.array([code[label] for label in side], dtype=np.intp) for side in (lineage_a, lineage_b))
    return labels, first, second

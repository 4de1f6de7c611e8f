"""Distances between the answers to one probe, and the two-sample statistics made of them. No statistic by itself.

With d a distance of negative type and answers x of one side, y of the other, on one probe

    D² = 2 mean d(x, y) − mean d(x, x′) − mean d(y, y′)        over pairs of different answers (unbiased: a U-statistic)

is the energy distance (Székely & Rizzo 2013), and with d = 1 − k for a kernel with k(x, x) = 1 it is the squared maximum
mean discrepancy (Gretton et al. 2012). The effect is Σ D² / Σ 2 mean d(x, y) over probes, Székely and Rizzo's coefficient
of inhomogeneity: the share of the distance between the sides that their own draws do not explain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.equality.draws import Dealt, Draws, Floats, Values
from forensics.features import extract
from forensics.numerics.columns import inverse_spreads

Matrix = NDArray[np.float32]
Distance = Callable[[Sequence[str]], Matrix]
LONGEST = 2000
"""Characters read of an answer."""


class Distances:
    """Answers' distances, probe by probe: [n, n] each, diagonals zero."""

    def __init__(self, probes: Sequence[Draws], matrices: Sequence[Matrix]) -> None:
        self.matrices = matrices
        self._sizes = [probe.sizes for probe in probes]
        self._stacked: dict[tuple[int, ...], Matrix] = {}

    def under(self, dealt: Sequence[Dealt]) -> Values:
        """Return ΣD² and the effect under every labelling: one product of matrices for all of them."""
        apart: Floats = np.zeros(dealt[0].labels.shape[1])
        scale = np.zeros_like(apart)
        for group in dealt:
            squared, between = _squared(self._stack(group.probes), group.labels, group.sizes)
            apart += squared.sum(axis=0)
            scale += between.sum(axis=0)
        return Values(apart, np.divide(apart, scale, out=np.zeros_like(apart), where=scale > 0))

    def by_probe(self) -> tuple[Floats, Floats]:
        """Return D² and 2 mean d(x, y) of every probe as the labels are."""
        apart, scale = np.zeros(len(self._sizes)), np.zeros(len(self._sizes))
        for p, (matrix, sizes) in enumerate(zip(self.matrices, self._sizes, strict=True)):
            labels = np.zeros((1, 1, sum(sizes)), np.float32)
            labels[:, :, : sizes[0]] = 1
            squared, between = _squared(matrix[None], labels, sizes)
            apart[p], scale[p] = squared[0, 0], between[0, 0]
        return apart, scale

    def _stack(self, probes: NDArray[np.int64]) -> Matrix:
        key = tuple(probes.tolist())
        if key not in self._stacked:
            self._stacked[key] = np.stack([self.matrices[p] for p in key])
        return self._stacked[key]


def _squared(matrices: Matrix, labels: Matrix, sizes: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return D² and 2 mean d(x, y) of some probes under some labellings: [k, B] each."""
    n, m = sizes
    products = labels @ matrices
    within = np.einsum("kbn,kbn->kb", products, labels, dtype=np.float64)
    touching = products.sum(axis=2, dtype=np.float64)
    total = matrices.sum(axis=(1, 2), dtype=np.float64)[:, None]
    between = 2 * (touching - within) / (n * m)
    apart: Floats = between - within / (n * (n - 1)) - (total - 2 * touching + within) / (m * (m - 1))
    return apart, between


def measure(probes: Sequence[Draws], distance: Distance) -> Distances:
    """Measure all answers of each probe; equal answers are measured once."""
    matrices = []
    for probe in probes:
        texts = [text[:LONGEST] for text in probe.texts]
        distinct = sorted(set(texts))
        places = np.array([distinct.index(text) for text in texts])
        matrices.append(distance(distinct)[np.ix_(places, places)])
    return Distances(probes, matrices)


def embedded(probes: Sequence[Draws], bend: Callable[[Matrix], Matrix]) -> Distances:
    """Measure the answers of each probe by a function of the squared distance of their sentence embeddings."""
    texts = sorted({text for probe in probes for text in probe.texts})
    found = extract("embedding", texts)["vector"]
    places = {text: place for place, text in enumerate(texts)}
    matrices = []
    for probe in probes:
        vectors = found[[places[text] for text in probe.texts]]
        squared = np.square(vectors[:, None] - vectors[None]).sum(axis=2, dtype=np.float32)
        matrices.append(bend(squared))
    return Distances(probes, matrices)


class Pooled:
    """What the sides' answers have apart in all probes together: one space of features for all of them.

    With Δ the difference of the sides' mean features on a probe, U = mean ⟨Δ_p, Δ_q⟩ over pairs of different probes. Labels
    are dealt out inside the probes as always. A habit that runs through all answers adds up here, while it drowns in the
    draws of each single probe.

    Each column is divided by the root of its spread inside the probes, over both sides' draws, so that every labelling is
    treated alike (Pareto scaling: van den Berg et al. 2006): as they are, a few frequent runs, whose counts vary most, would
    outvoice all others. With features x of one side, y of the other, the effect is U / mean of mean |x − y|².
    """

    order = 2
    """U is a mean over pairs of probes: its spread over probes counts twice (Hoeffding 1948)."""

    def __init__(self, probes: Sequence[Draws], features: Sequence[Matrix]) -> None:
        self._sizes = [probe.sizes for probe in probes]
        weights = _inverse_roots(features)
        self.features = [found * weights for found in features]
        pairs = zip(self.features, self._sizes, strict=True)
        self._scale: Floats = np.array([_between(found, sizes) for found, sizes in pairs])

    def under(self, dealt: Sequence[Dealt]) -> Values:
        """Return U and the effect under every labelling."""
        count = dealt[0].labels.shape[1]
        total = np.zeros((count, self.features[0].shape[1]), np.float32)
        own: Floats = np.zeros(count)
        for group in dealt:
            for place, labels in zip(group.probes.tolist(), group.labels, strict=True):
                apart = _weights(labels, group.sizes) @ self.features[place]
                total += apart
                own += np.einsum("bd,bd->b", apart, apart, dtype=np.float64)
        probes = len(self.features)
        pairs = probes * (probes - 1)
        value: Floats = (np.einsum("bd,bd->b", total, total, dtype=np.float64) - own) / pairs
        return Values(value, value / max(float(self._scale.mean()), 1e-12))

    def by_probe(self) -> tuple[Floats, Floats]:
        """Return ⟨Δ_p, mean of the other Δ⟩ and 2 mean d(x, y) of every probe as the labels are."""
        apart = np.concatenate(
            [
                _weights((np.arange(sum(sizes)) < sizes[0]).astype(np.float32)[None], sizes) @ features
                for features, sizes in zip(self.features, self._sizes, strict=True)
            ]
        ).astype(np.float64)
        others = (apart.sum(axis=0) - apart) / max(len(apart) - 1, 1)
        return np.einsum("pd,pd->p", apart, others), self._scale


def _weights(labels: Matrix, sizes: tuple[int, int]) -> Matrix:
    """Return what makes the difference of the sides' means of what it is multiplied by."""
    weights: Matrix = labels * np.float32(1 / sizes[0] + 1 / sizes[1]) - np.float32(1 / sizes[1])
    return weights


def _inverse_roots(features: Sequence[Matrix]) -> Matrix:
    """Return 1 / √spread of every column inside the probes; 0 where there is none: [columns]."""
    squared = sum(np.square(found - found.mean(axis=0), dtype=np.float64).sum(axis=0) for found in features)
    found: Matrix = np.sqrt(inverse_spreads(squared, sum(map(len, features)))).astype(np.float32)
    return found


def _between(features: Matrix, sizes: tuple[int, int]) -> float:
    """Return mean |x − y|² over the pairs of both sides."""
    found = features.astype(np.float64)
    first, second = found[: sizes[0]], found[sizes[0] :]
    squares = np.square(first).sum(axis=1).mean() + np.square(second).sum(axis=1).mean()
    return float(squares - 2 * first.mean(axis=0) @ second.mean(axis=0))


def pooled(probes: Sequence[Draws], features: Distance) -> Pooled:
    """Measure all answers in one space of features."""
    return Pooled(probes, [features([text[:LONGEST] for text in probe.texts]) for probe in probes])

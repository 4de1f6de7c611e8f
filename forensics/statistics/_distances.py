"""Distances between the answers to one probe, and the two-sample statistics made of them. No statistic by itself.

With d a distance of negative type and answers x of one side, y of the other, on one probe

    D² = 2 mean d(x, y) − mean d(x, x′) − mean d(y, y′)        over pairs of different answers (unbiased: a U-statistic)

is the energy distance (Székely & Rizzo 2013), and with d = 1 − k for a kernel with k(x, x) = 1 it is the squared maximum
mean discrepancy (Gretton et al. 2012). The effect is Σ D² / Σ 2 mean d(x, y) over probes, Székely and Rizzo's coefficient
of inhomogeneity: the share of the distance between the sides that their own draws do not explain.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.equality.draws import Dealt, Draws, Floats, Values
from forensics.features import extract

Matrix = NDArray[np.float32]
Distance = Callable[[Sequence[str]], Matrix]
_ROUNDING = 1e-6
LONGEST = 2000
"""Characters read of an answer."""


class Distances:
    """Answers' distances, probe by probe: [n, n] each, diagonals zero."""

    def __init__(self, probes: Sequence[Draws], matrices: Sequence[Matrix]) -> None:
        self._matrices = matrices
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
        for p, (matrix, sizes) in enumerate(zip(self._matrices, self._sizes, strict=True)):
            labels = np.zeros((1, 1, sum(sizes)), np.float32)
            labels[:, :, : sizes[0]] = 1
            squared, between = _squared(matrix[None], labels, sizes)
            apart[p], scale[p] = squared[0, 0], between[0, 0]
        return apart, scale

    def _stack(self, probes: NDArray[np.int64]) -> Matrix:
        key = tuple(probes.tolist())
        if key not in self._stacked:
            self._stacked[key] = np.stack([self._matrices[p] for p in key])
        return self._stacked[key]


def _squared(matrices: Matrix, labels: Matrix, sizes: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return D² and 2 mean d(x, y) of some probes under some labellings: [k, B] each."""
    n, m = sizes
    products = labels @ matrices
    within = np.einsum("kbn,kbn->kb", products, labels, dtype=np.float64)
    touching = products.sum(axis=2, dtype=np.float64)
    total = matrices.sum(axis=(1, 2), dtype=np.float64)[:, None]
    between = 2 * (touching - within) / (n * m)
    return between - within / (n * (n - 1)) - (total - 2 * touching + within) / (m * (m - 1)), between


def measure(probes: Sequence[Draws], distance: Distance) -> Distances:
    """Measure all answers of each probe; equal answers are measured once."""
    matrices = []
    for probe in probes:
        texts = [text[:LONGEST] for text in probe.texts]
        distinct = sorted(set(texts))
        places = np.array([distinct.index(text) for text in texts])
        matrices.append(distance(distinct)[np.ix_(places, places)])
    return Distances(probes, matrices)


def hamming(texts: Sequence[str]) -> Matrix:
    """Return the share of places at which two texts have different code points, shorter ones filled up: [n, n].

    Places are counted up to the end of the probe's longest answer: with fewer, the kernel would not be one.
    """
    width = max(1, *map(len, texts))
    points = np.zeros((len(texts), width), np.uint32)
    for row, text in zip(points, texts, strict=True):
        found = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        row[: len(found)] = found + 1
    return np.stack([(points != row).mean(axis=1, dtype=np.float32) for row in points])


def spectrum(texts: Sequence[str], lengths: Sequence[int]) -> Matrix:
    """Return 1 − cosine of the counts of runs of code points (the k-spectrum, Leslie et al. 2002): [n, n].

    Runs of at most three code points are told apart without error. An answer too short to have any is at distance 0 of
    others like it, and 1 of all the rest.
    """
    return _cosine(*_runs(texts, lengths), count=len(texts))


def words(texts: Sequence[str]) -> Matrix:
    """Return 1 − cosine of the counts of words and pairs of words, parted by white space: [n, n]."""
    known: dict[tuple[str, ...], int] = {}
    keys, answers = [], []
    for place, text in enumerate(texts):
        said = text.split()
        runs = [*zip(said, strict=True), *itertools.pairwise(said)]
        keys += [known.setdefault(run, len(known)) for run in runs]
        answers += [place] * len(runs)
    return _cosine(np.array(keys, np.uint64), np.array(answers, np.int64), count=len(texts))


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


def _cosine(keys: NDArray[np.uint64], answers: NDArray[np.int64], *, count: int) -> Matrix:
    """Return 1 − cosine of how often each answer has each key; exactly 0 for equal counts."""
    _, columns = np.unique(keys, return_inverse=True)
    width = int(columns.max(initial=0)) + 1
    counts = np.bincount(answers * width + columns, minlength=count * width).reshape(count, width).astype(np.float32)
    norms = np.linalg.norm(counts, axis=1, keepdims=True)
    unit: Matrix = (counts / np.where(norms > 0, norms, 1)).astype(np.float32)
    cosine = unit @ unit.T
    silent = norms[:, 0] == 0
    cosine[np.ix_(silent, silent)] = 1
    apart: Matrix = np.float32(1) - cosine
    apart[apart < _ROUNDING] = 0
    return apart


def _runs(texts: Sequence[str], lengths: Sequence[int]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return a number for each run of each text, and the text it is of."""
    keys, answers = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for place, text in enumerate(texts):
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64) + np.uint64(1)
        for length in lengths:
            width = len(points) - length + 1
            if width <= 0:
                continue
            key = points[:width].copy()
            for step in range(1, length):
                key = (key << np.uint64(21)) | points[step : step + width]
            keys.append(key)
            answers.append(np.full(width, place))
    return np.concatenate(keys), np.concatenate(answers)

"""LLM-DNA's projection: a model's answers, embedded and strung together, projected to 128 numbers at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import Answers, Compared
from benchmarks.peers.embedding_cosine import embedded

TITLE = "LLM-DNA's projection"
NOTE = (
    "Gaussian random projection to 128 dimensions, minus the Euclidean distance (LLM DNA, ICLR 2026), on all-MiniLM-L6-v2's "
    "vectors: its package asks the models itself and embeds with an 8-billion-parameter model, neither of which is possible "
    "with recorded answers on this machine"
)
EXTRA = "semantic"
DIMENSIONS = 128
SEED = 42


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair by closeness of projections."""
    from sklearn.random_projection import GaussianRandomProjection

    vectors = embedded(answers)
    strung = vectors.reshape(len(answers), -1)
    projected = GaussianRandomProjection(n_components=DIMENSIONS, random_state=SEED).fit_transform(strung)
    squares = (projected**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * projected @ projected.T, 0.0))
    np.fill_diagonal(distance, np.nan)
    return Compared(-distance)

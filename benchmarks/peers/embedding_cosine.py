"""Plain cosine of sentence embeddings, averaged over prompts: what most comparisons of answers do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import Answers, Compared
from forensics.features import embedding

TITLE = "plain embedding cosine"
NOTE = "all-MiniLM-L6-v2 by this tool's embedder, first 2,000 characters, mean cosine over prompts; seconds are from cached vectors"
EXTRA = "semantic"


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair by the mean cosine."""
    vectors = embedded(answers)
    total = np.einsum("mpd,npd->mn", vectors, vectors, optimize=True) / vectors.shape[1]
    np.fill_diagonal(total, np.nan)
    return Compared(total)


def embedded(answers: Answers) -> NDArray[np.float64]:
    """Return the vectors of all answers: [models, prompts, dimension]; zeros for an empty one."""
    flat = embedding.extract([text for row in answers for text in row])["vector"]
    return flat.reshape(len(answers), len(answers[0]), -1).astype(np.float64)

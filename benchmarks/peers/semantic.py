"""This tool's own `semantic`: embeddings minus the prompt's mean over models, compared by cosine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import Answers, Compared
from benchmarks.peers.embedding_cosine import embedded
from forensics import measuring
from forensics.statistics import Block, semantic

TITLE = "forensics' `semantic`, raw mean"
NOTE = "the same vectors minus each prompt's mean over all models; shown beside the weighed statistics, never fused with them"
EXTRA = "semantic"


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair by the mean over prompts."""
    vectors = embedded(answers)
    features = [{"vector": rows, "embedded": np.square(rows).sum(axis=1) > 0} for rows in vectors]
    everyone = np.arange(len(answers))
    blocks = [Block(everyone, np.full(len(answers), p), features) for p in range(vectors.shape[1])]
    return Compared(measuring.mean_over_probes(np.stack([semantic.score(block, everyone) for block in blocks])))

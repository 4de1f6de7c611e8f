"""Agreement in meaning beyond what the probe asks for: embeddings minus the probe's mean, compared by cosine.

Without the subtraction two answers are alike because both answer the question. The mean is over members, reference
and questioned included, each counting once however often it was drawn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member, lines, member_means

SUMMARY = "sentence embeddings minus the probe's mean"
VERSION = "1"
ROLE = "weighed"
FEATURE = "embedding"
OPT_IN = "embedding the answers takes minutes"

FEWEST = 4
"""Members on a probe below which there is no telling what is usual: among three, any two tend to look opposed."""
_NOTHING = 1e-9
"""Length below which a difference from the mean is rounding."""


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine between members `rows` and all members: [len(rows), m], in −1 … 1.

    NaN without an answer that is embedded, and everywhere on a probe that fewer than 4 members answered.
    """
    embedded = block.stacked("embedded")
    owners = block.owners[embedded]
    vectors = block.stacked("vector")[embedded].astype(np.float64)
    means = member_means(vectors, owners)
    if len(means) < FEWEST:
        return np.full((len(rows), len(block.features)), np.nan)
    vectors -= means.mean(axis=0)
    length = np.sqrt(np.square(vectors).sum(axis=1))
    # What does not differ from the mean points nowhere: it stays as good as 0, and so does its cosine with anything.
    vectors /= np.where(length > _NOTHING, length, 1.0)[:, None]
    return by_member(vectors[lines(owners, rows)] @ vectors.T, owners, rows, len(block.features))

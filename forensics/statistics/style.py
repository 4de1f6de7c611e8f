"""Agreement in manner: format, punctuation and function-word habits, minus what is usual in the probe.

Each answer's row of numbers (`features/layout.py`) minus the mean over members on that probe, divided by the spread
among members within a probe, pooled over all probes; the score of two answers is the cosine. Pooling keeps a column
that happens to be nearly constant on one probe from deciding there, and gives few members a usable spread; on
recorded answers of real models it separated better than each probe's own spread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.features.layout import COLUMNS
from forensics.statistics import Block, by_member, lines, member_means

SUMMARY = "habits of layout, punctuation and function words, against what is usual in the probe"
VERSION = "1"
ROLE = "weighed"
FEATURE = "layout"

FEWEST = 4
"""Members on a probe below which there is no telling what is usual: among three, any two tend to look opposed."""
_CONSTANT = 1e-6
"""Spread below which a column never varies; 32-bit rounding stays below it."""


def survey(blocks: Sequence[Block]) -> NDArray[np.float64]:
    """Return what each column is multiplied by: 1 / pooled spread, or 0 where no probe shows any: [columns]."""
    squares, freedom = np.zeros(len(COLUMNS)), 0
    for block in blocks:
        means = member_means(block.stacked("manner"), block.owners)
        if len(means) >= FEWEST:
            squares += np.square(means - means.mean(axis=0)).sum(axis=0)
            freedom += len(means) - 1
    spread = np.sqrt(squares / max(freedom, 1))
    return np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > _CONSTANT)


def score(block: Block, rows: NDArray[np.int64], survey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine between members `rows` and all members: [len(rows), m], in −1 … 1.

    NaN without an answer, and everywhere on a probe that fewer than 4 members answered.
    """
    manner = block.stacked("manner").astype(np.float64)
    means = member_means(manner, block.owners)
    if len(means) < FEWEST:
        return np.full((len(rows), len(block.features)), np.nan)
    vectors = (manner - means.mean(axis=0)) * survey
    length = np.sqrt(np.square(vectors).sum(axis=1))
    vectors /= np.where(length > _CONSTANT, length, 1.0)[:, None]
    agreement = vectors[lines(block.owners, rows)] @ vectors.T
    return by_member(agreement, block.owners, rows, len(block.features))

"""Agreement in how lines begin: first one to three words of every line, weighted as in `lexical`.

Openings and the beginnings of list items and paragraphs are matters of habit more than of content; on recorded answers
they carried more than any other surface trait of who wrote a model's training answers, and still not enough to name it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member, lines
from forensics.statistics._grams import count_hashes, products, unit

SUMMARY = "first words of every line, weighed by rarity within the probe"
VERSION = "1"
ROLE = "weighed"
FEATURE = "beginnings"
OPT_IN = "it is weighed only where distillation is the question"
FOR = ("distillation",)


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine between members `rows` and all members: [len(rows), m], NaN without an answer."""
    grams = count_hashes(block.slices("hashes"), block.owners)
    weight = unit(grams, (1.0 + np.log(grams.tf)) * np.log(grams.members / grams.df))
    agreement = products(grams, weight, lines(block.owners, rows))
    return by_member(agreement, block.owners, rows, len(block.features))

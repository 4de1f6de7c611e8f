"""Agreement in what hardly anybody writes: shared runs of three to five words held by few members at all.

As `phrases`, but only over grams in at most 5% of the members (two at least), plain cosines, each probe divided by the
spread of its pairs. Tells the source of knowledge and habits that survive further training: common base weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member
from forensics.statistics._grams import PHRASES, Grams, count, products, unit

SUMMARY = "shared runs of 3 to 5 words that hardly any model writes"
VERSION = "1"
ROLE = "weighed"
FEATURE = "tokens"
WHOLE = True
OPT_IN = "it is weighed only where shared ancestry or distillation is the question"
FOR = ("shared_ancestry", "distillation")

MOST_HOLDERS = 0.05
"""Share of members a gram may be held by; two are always allowed."""


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the scaled agreement of members `rows` with all members: [len(rows), m], NaN without an answer."""
    grams = count(block, PHRASES)
    kept = grams.df <= max(2.0, MOST_HOLDERS * grams.members)
    few = Grams(grams.gram[kept], grams.answer[kept], grams.tf[kept], grams.df[kept], grams.answers, grams.members)
    everyone = np.arange(len(block.features))
    cosines = products(few, unit(few, np.log(few.members / few.df)), np.arange(few.answers))
    agreement = by_member(cosines, block.owners, everyone, len(everyone))
    spread = float(np.nanstd(agreement)) if len(np.unique(block.owners)) > 2 else 0.0
    return (agreement / spread if spread > 1e-12 else agreement)[rows]

"""Agreement in phrasing: shared runs of three to five words, by their rarity, beyond what is usual for both sides.

Within one probe, for members i and j: c_ij = cosine of the answers' vectors over 3- to 5-grams, each gram held counting
ln(M / df) once; then c_ij less the means of i and of j with all others, over the spread of all pairs. So a probe to
which everybody answers alike counts little, a member that resembles everybody gains nothing by it, and a probe in
which agreement varies widely does not drown the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member
from forensics.statistics._grams import PHRASES, Grams, count, products, unit

SUMMARY = "shared runs of 3 to 5 words, by rarity, beyond what is usual for either side"
VERSION = "1"
ROLE = "weighed"
FEATURE = "tokens"
WHOLE = True


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the standardised agreement of members `rows` with all members: [len(rows), m], NaN without an answer."""
    grams = count(block, PHRASES)
    return standardised(block, grams, np.log(grams.members / grams.df))[rows]


def standardised(block: Block, grams: Grams, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosines between all members, centred by both members' means and scaled by their spread: [m, m]."""
    everyone = np.arange(len(block.features))
    cosines = products(grams, unit(grams, weight), np.arange(grams.answers))
    agreement = by_member(cosines, block.owners, everyone, len(everyone))
    present = np.unique(block.owners)
    inner = agreement[np.ix_(present, present)]
    if len(present) < 3:
        return agreement
    means = np.nanmean(inner, axis=1)
    spread = float(np.nanstd(inner))
    centred = inner - means[:, None] - means[None, :] + np.nanmean(inner)
    agreement[np.ix_(present, present)] = centred / spread if spread > 1e-12 else np.where(np.isnan(inner), np.nan, 0.0)
    return agreement

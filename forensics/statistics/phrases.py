"""Agreement in phrasing: shared runs of three to five words, by their rarity, beyond what is usual for both sides.

Within one probe, for members i and j: c_ij = cosine of the answers' vectors over 3- to 5-grams, each gram held counting
ln(M / df) once; then c_ij less the means of i and of j with all others, over the spread of all pairs. So a probe to
which everybody answers alike counts little, a member that resembles everybody gains nothing by it, and a probe in
which agreement varies widely does not drown the others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member
from forensics.statistics._grams import PHRASES, Grams, count, products, unit

SUMMARY = "shared runs of 3 to 5 words, by rarity, beyond what is usual for either side"
VERSION = "1"
ROLE = "weighed"
FEATURE = "tokens"
WHOLE = True

Floats = NDArray[np.float64]
_NO_SPREAD = 1e-12


def score(block: Block, rows: NDArray[np.int64]) -> Floats:
    """Return the standardised agreement of members `rows` with all members: [len(rows), m], NaN without an answer."""
    return framed(block)[0][rows]


def framed(block: Block) -> tuple[Floats, float]:
    """Return the agreement of all members, [m, m], and what `join` must know of it: the spread of all pairs."""
    grams = count(block, PHRASES)
    return standardised(block, grams, np.log(grams.members / grams.df))


def standardised(block: Block, grams: Grams, weight: Floats) -> tuple[Floats, float]:
    """Return the cosines between all members, centred by both members' means and scaled by their spread, and that."""
    everyone = np.arange(len(block.features))
    cosines = products(grams, unit(grams, weight), np.arange(grams.answers))
    agreement = by_member(cosines, block.owners, everyone, len(everyone))
    present = np.unique(block.owners)
    inner = agreement[np.ix_(present, present)]
    if len(present) < 3:
        return agreement, np.nan
    means = np.nanmean(inner, axis=1)
    spread = float(np.nanstd(inner))
    centred = inner - means[:, None] - means[None, :] + np.nanmean(inner)
    agreement[np.ix_(present, present)] = _scaled(centred, spread)
    return agreement, spread


def join(block: Block, member: int, spread: float) -> Floats:
    """Return the agreement of one member with all, [m], NaN with itself and where there is no answer.

    As `score` of all members, but for the spread, which is that of the members it joins; the work grows with the
    members, where scoring all of them grows with their pairs.
    """
    found = np.full(len(block.features), np.nan)
    present = np.unique(block.owners)
    if member not in present:
        return found
    own = vectors(block)
    place = int(np.searchsorted(present, member))
    mine = np.zeros(own.grams)
    mine[own.gram[own.holder == place]] = own.weight[own.holder == place]
    cosines: Floats = _by_holder(own, mine[own.gram] * own.weight)
    if len(present) >= 3:
        # The sum of a member's cosines with all others, without looking at a single pair.
        everybody = np.bincount(own.gram, weights=own.weight, minlength=own.grams)
        sums = _by_holder(own, everybody[own.gram] * own.weight) - _by_holder(own, own.weight**2)
        means = sums / (len(present) - 1)
        cosines = _scaled(cosines - means[place] - means + means.mean(), spread)
    found[present] = cosines
    found[member] = np.nan
    return found


class Vectors(NamedTuple):
    """Each member's mean over its answers' unit vectors, as the entries that are not zero; inner products are cosines."""

    gram: NDArray[np.int64]
    holder: NDArray[np.int64]
    """Among the members that answered, in order."""
    weight: Floats
    grams: int
    holders: int


def _by_holder(own: Vectors, values: Floats) -> Floats:
    """Add the values of each member's entries up: [holders]."""
    return np.bincount(own.holder, weights=values, minlength=own.holders).astype(np.float64, copy=False)


def vectors(block: Block) -> Vectors:
    """Return the vectors of the members that answered one probe."""
    present = np.unique(block.owners)
    grams = count(block, PHRASES)
    weight = unit(grams, np.log(grams.members / grams.df))
    holder = np.searchsorted(present, block.owners)[grams.answer]
    weight = weight / np.bincount(np.searchsorted(present, block.owners))[holder]
    if not len(holder):
        return Vectors(grams.gram, holder, weight, 0, len(present))
    # Entries come sorted by gram, then answer: those of one member's several draws are neighbours.
    first = np.flatnonzero(np.diff(grams.gram, prepend=-1) | np.diff(holder, prepend=-1))
    return Vectors(
        grams.gram[first], holder[first], np.add.reduceat(weight, first), int(grams.gram[-1]) + 1, len(present)
    )


def _scaled(centred: Floats, spread: float) -> Floats:
    return centred / spread if spread > _NO_SPREAD else np.where(np.isnan(centred), np.nan, 0.0)

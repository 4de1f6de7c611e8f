"""Pool-adjacent-violators: the best non-decreasing map from values to log10 likelihood ratios for the data it is given.

It describes data already seen (Cllr_min, PAV plots, ECE); it is never used to report a case, because it
overfits by design.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forensics.numerics.classes import FloatArray, PooledValues, pool_ties, two_classes


@dataclass(frozen=True, eq=False)
class PavBlocks:
    """The blocks PAV settles on, in ascending order."""

    starts: FloatArray
    """Smallest value inside each block."""
    hp: FloatArray
    """Share of the Hp weight in each block; sums to 1."""
    hd: FloatArray
    """Share of the Hd weight in each block; sums to 1."""

    @property
    def log10_lr(self) -> FloatArray:
        """log10 LR of each block, strictly increasing; -inf where no Hp pair, +inf where no Hd pair lies."""
        with np.errstate(divide="ignore"):
            return np.log10(self.hp) - np.log10(self.hd)


@dataclass(frozen=True, eq=False)
class PavPoints:
    """One point per distinct value: what the system said and what PAV would say."""

    log10_lr: FloatArray
    pav_log10_lr: FloatArray
    """May be -inf at the lower and +inf at the upper end (values beyond the overlap of the classes)."""
    hp: FloatArray
    """Weight of Hp pairs on this point."""
    hd: FloatArray
    """Weight of Hd pairs on this point."""


def pav_blocks(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> PavBlocks:
    """Pool ties, then adjacent violators; neighbours of equal ratio are one block, so the blocks are unique."""
    return blocks_of(pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)))


def pav_points(
    hp: ArrayLike, hd: ArrayLike, *, hp_weights: ArrayLike | None = None, hd_weights: ArrayLike | None = None
) -> PavPoints:
    """Give, for every distinct observed value, its PAV-transformed log10 LR."""
    pooled = pool_ties(two_classes(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights))
    blocks = blocks_of(pooled)
    inside = np.searchsorted(blocks.starts, pooled.values, side="right") - 1
    return PavPoints(log10_lr=pooled.values, pav_log10_lr=blocks.log10_lr[inside], hp=pooled.hp, hd=pooled.hd)


def blocks_of(pooled: PooledValues) -> PavBlocks:
    """Run PAV on pooled values.

    Every round merges all runs of violators at once: within a run of non-increasing ratios each merge leaves
    a violator with the next member, so the order of merging cannot change the result, and numpy does a whole
    round in one call.
    """
    starts, hp, hd = pooled.values, pooled.hp, pooled.hd
    while starts.size > 1:
        # Ratios are compared as cross products: a block without Hd weight has no finite ratio.
        violates = hp[:-1] * hd[1:] >= hp[1:] * hd[:-1]
        if not violates.any():
            break
        first = np.flatnonzero(np.concatenate([[True], ~violates]))
        starts, hp, hd = starts[first], np.add.reduceat(hp, first), np.add.reduceat(hd, first)
    return PavBlocks(starts=starts, hp=hp / hp.sum(), hd=hd / hd.sum())

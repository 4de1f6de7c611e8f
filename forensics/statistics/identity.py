"""Whether two models say they are the same maker's, where both say who they are: an exhibit.

On a probe: 1 where the makers named in the first person (`features/claims.py`) overlap, 0 where they do not; no value
where either side names none. Shown, never weighed: systems are told who to be, and many were trained on answers that
name somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member, lines

SUMMARY = "share of probes on which both name the same maker, where both say who they are"
VERSION = "1"
ROLE = "exhibit"
FEATURE = "claims"

FEWEST = 5
"""Probes on which both sides must say who they are."""


def inapplicable(blocks: Sequence[Block], sides: tuple[int, int]) -> str | None:
    """Say why two members cannot be compared; None where they can."""
    said = np.array([[_says(block, side) for side in sides] for block in blocks], bool).reshape(-1, 2)
    both = int(said.all(axis=1).sum())
    if both >= FEWEST:
        return None
    reference, questioned = said.sum(axis=0).tolist()
    return (
        f"the reference says who it is on {reference} probes, the questioned model on {questioned}, both on {both}; "
        f"{FEWEST} are needed"
    )


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the agreement of members `rows` with all members: [len(rows), m], 0 … 1.

    The mean over the answers that name a maker where members were drawn several times.
    """
    claimed = block.stacked("claimed")
    owners, claimed = block.owners[claimed > 0], claimed[claimed > 0]
    wanted = lines(owners, rows)
    agreement = (claimed[wanted][:, None] & claimed[None, :]) > 0
    return by_member(agreement.astype(np.float64), owners, rows, len(block.features))


def _says(block: Block, member: int) -> bool:
    """Say whether any of a member's answers names a maker as its own."""
    rows = block.rows[block.owners == member]
    return bool(len(rows) and block.features[member]["claimed"][rows].any())

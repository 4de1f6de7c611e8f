"""Agreement in the first words: equal openings of 1, 3, 5 and 8 tokens, each counted by its rarity in the probe.

For k = 1, 3, 5, 8: 1[first k tokens equal] · ln(M / c_k), c_k members with that same opening; mean over k.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member, lines

SUMMARY = "equal first 1, 3, 5 and 8 words, weighed by rarity within the probe"
VERSION = "1"
ROLE = "weighed"
FEATURE = "tokens"

LENGTHS = (1, 3, 5, 8)


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the agreement between members `rows` and all members: [len(rows), m], NaN without an answer."""
    wanted = lines(block.owners, rows)
    members = len(np.unique(block.owners))
    agreement = np.zeros((len(wanted), len(block.owners)))
    for opening in _openings(block):
        # A member that was drawn several times holds an opening once.
        held = np.unique(np.stack([opening, block.owners]), axis=1)[0]
        rarity = np.log(members / np.bincount(held))[opening]
        agreement += np.where(opening[wanted][:, None] == opening[None, :], rarity, 0.0)
    return by_member(agreement / len(LENGTHS), block.owners, rows, len(block.features))


def _openings(block: Block) -> list[NDArray[np.int64]]:
    """Return for each length a number for each answer, the same where the openings are: [n] each."""
    if any("openings" in features for features in block.features):
        hashed = block.stacked("openings")  # a pack's: one hash for each length
        return [np.unique(hashed[:, k], return_inverse=True)[1] for k in range(len(LENGTHS))]
    first = _first_tokens(block)
    return [np.unique(first[:, :k], axis=0, return_inverse=True)[1] for k in LENGTHS]


def _first_tokens(block: Block) -> NDArray[np.uint64]:
    """Return the hashes of each answer's first tokens, zero after its end: [n, longest]."""
    first = np.zeros((len(block.owners), max(LENGTHS)), np.uint64)
    for line, (owner, row) in enumerate(zip(block.owners, block.rows, strict=True)):
        table = block.features[owner]
        start, end = table["offsets"][row], table["offsets"][row + 1]
        ids = table["ids"][start : min(end, start + max(LENGTHS))]
        first[line, : len(ids)] = table["vocabulary"][ids]
    return first

"""Merkle trees (RFC 6962, section 2.1) over leaves that arrive one by one.

Knows nothing of what a leaf is. Memory grows with the logarithm of the number of leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows by one leaf hash at a time."""

    def __init__(self) -> None:
        self.leaves = 0
        self._whole: list[bytes] = []
        """Roots of the complete subtrees, the largest first, as the bits of the number of leaves say."""

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash (see `leaf_hash`)."""
        self.leaves += 1
        size = self.leaves
        while not size & 1:
            leaf = node_hash(self._whole.pop(), leaf)
            size >>= 1
        self._whole.append(leaf)

    def root(self) -> bytes:
        """Return the root of the tree so far; of no leaves it is SHA-256 of nothing."""
        if not self._whole:
            return sha256(b"").digest()
        *before, found = self._whole
        for larger in reversed(before):
            found = node_hash(larger, found)
        return found


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()

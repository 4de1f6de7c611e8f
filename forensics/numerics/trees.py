"""Trees of similarity: neighbour joining and average linkage, their splits, and how often resampled data give them again.

A tree drawn from similarities shows who resembles whom. It is no family history: any distances give some tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Tree(NamedTuple):
    """A rooted tree with n leaves, 0 … n−1; inner nodes follow, every node before its parent, the root last."""

    parent: Ints
    """Parent of each node; −1 for the root. [nodes]"""
    length: Floats
    """Length of the branch above each node, 0 for the root, never negative. [nodes]"""
    leaves: int

    def children(self) -> list[list[int]]:
        """Return the children of each node, ascending."""
        found: list[list[int]] = [[] for _ in self.parent]
        for node, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                found[parent].append(node)
        return found

    def clades(self) -> list[int]:
        """Return the leaves below each node as bits of a number."""
        below = [1 << leaf for leaf in range(self.leaves)] + [0] * (len(self.parent) - self.leaves)
        for node, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                below[parent] |= below[node]
        return below

    def depths(self) -> Floats:
        """Return each node's distance from the root."""
        depth = np.zeros(len(self.parent))
        for node in range(len(self.parent) - 2, -1, -1):
            depth[node] = depth[self.parent[node]] + self.length[node]
        return depth

    def order(self) -> list[int]:
        """Return the leaves as a drawing has them: at every fork the branch with fewer leaves first, then by number."""
        children, sizes = self.children(), [clade.bit_count() for clade in self.clades()]
        found: list[int] = []
        waiting = [len(self.parent) - 1]
        while waiting:
            node = waiting.pop()
            if node < self.leaves:
                found.append(node)
            waiting += sorted(children[node], key=lambda child: (sizes[child], child), reverse=True)
        return found


def neighbour_joining(distances: Floats) -> Tree:
    """Join neighbours (Saitou and Nei 1987, criterion of Studier and Keppler 1988), rooted at the longest path's middle.

    `distances` [n, n], n ≥ 2: symmetric, finite, not negative; ValueError otherwise. On distances that a tree can have
    exactly, that tree is found. Of equally good pairs the first is joined. A branch that comes out negative gets 0, and
    its neighbour the difference. O(n³) time, O(n²) memory.
    """
    _check(distances)
    left = np.array(distances, np.float64)
    n = len(left)
    nodes = list(range(n))
    edges: list[tuple[int, int, float]] = []
    totals = left.sum(axis=1)
    while len(nodes) > 2:
        k = len(nodes)
        quality = (k - 2) * left - totals[:, None] - totals[None, :]
        np.fill_diagonal(quality, np.inf)
        i, j = sorted(divmod(int(_first_least(quality)), k))
        apart = left[i, j]
        above_i = apart / 2 + (totals[i] - totals[j]) / (2 * (k - 2))
        above_i = min(max(above_i, 0.0), apart)
        joined = 2 * n - k
        edges += [(nodes[i], joined, above_i), (nodes[j], joined, apart - above_i)]
        row = np.maximum((left[i] + left[j] - apart) / 2, 0.0)
        row[i] = 0.0
        totals = totals - left[i] - left[j] + row
        left[i], left[:, i] = row, row
        nodes[i] = joined
        kept = np.arange(k) != j
        left, totals = left[np.ix_(kept, kept)], totals[kept]
        totals[i] = left[i].sum()
        del nodes[j]
    edges.append((nodes[0], nodes[1], float(left[0, 1])))
    return _rooted(edges, n)


def average_linkage(distances: Floats) -> Tree:
    """Join the two groups nearest on average, again and again; half the distance of a join is its height.

    `distances` as for `neighbour_joining`. All leaves end at the same depth.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    _check(distances)
    n = len(distances)
    steps = linkage(squareform(distances, checks=False), method="average")
    parent, height = np.full(2 * n - 1, -1, np.int64), np.zeros(2 * n - 1)
    for number, (a, b, distance) in enumerate(steps[:, :3].tolist()):
        node = n + number
        parent[int(a)] = parent[int(b)] = node
        height[node] = distance / 2
    length = np.zeros(2 * n - 1)
    length[:-1] = np.maximum(height[parent[:-1]] - height[:-1], 0.0)
    return Tree(parent, length, n)


def splits(tree: Tree, *, rooted: bool) -> dict[int, int]:
    """Return the inner nodes by the split that the branch above makes, as bits of the leaves.

    Rooted: the leaves below a node. Otherwise the side without leaf 0, so that the root's place does not matter; of the
    two branches at the root one stands for both. Splits of fewer than two leaves on either side say nothing and are left out.
    """
    whole = (1 << tree.leaves) - 1
    found: dict[int, int] = {}
    for node, clade in enumerate(tree.clades()):
        side = whole ^ clade if not rooted and clade & 1 else clade
        if 2 <= side.bit_count() <= tree.leaves - (1 if rooted else 2):
            found.setdefault(side, node)
    return found


def support(tree: Tree, others: Iterable[Tree], *, rooted: bool) -> Floats:
    """Return the share of other trees that hold the split above each node: [nodes], NaN where there is none to hold.

    The usual bootstrap support where the others are trees of resampled data (Felsenstein 1985). NaN without any tree.
    """
    own = splits(tree, rooted=rooted)
    counts = dict.fromkeys(own, 0)
    trees = 0
    for other in others:
        trees += 1
        for split in splits(other, rooted=rooted).keys() & own.keys():
            counts[split] += 1
    shares = np.full(len(tree.parent), np.nan)
    whole = (1 << tree.leaves) - 1
    for node, clade in enumerate(tree.clades()):
        side = whole ^ clade if not rooted and clade & 1 else clade
        if trees and side in counts:
            shares[node] = counts[side] / trees
    return shares


def path_distances(tree: Tree) -> Floats:
    """Return the distances along the branches between all leaves: [leaves, leaves]."""
    depth = tree.depths()
    between = depth[: tree.leaves, None] + depth[None, : tree.leaves]
    below: list[list[int]] = [[node] if node < tree.leaves else [] for node in range(len(tree.parent))]
    for node, parent in enumerate(tree.parent.tolist()):
        if parent >= 0:
            for one in below[parent]:
                others = below[node]
                between[one, others] -= 2 * depth[parent]
                between[others, one] -= 2 * depth[parent]
            below[parent] = below[parent] + below[node]
    np.fill_diagonal(between, 0.0)
    return np.maximum(between, 0.0)


def newick(tree: Tree, names: Sequence[str], shares: Floats | None = None) -> str:
    """Return the tree in Newick's format; inner nodes are named by their support in per cent, where they have any.

    >>> newick(Tree(np.array([2, 2, -1]), np.array([0.5, 0.25, 0]), 2), ["a", "it's"])
    "(a:0.5,'it''s':0.25);"
    """
    children = tree.children()
    made = [_newick_name(names[leaf]) for leaf in range(tree.leaves)]
    for node in range(tree.leaves, len(tree.parent)):
        inside = ",".join(f"{made[child]}:{tree.length[child]:.6g}" for child in children[node])
        share = "" if shares is None or np.isnan(shares[node]) else f"{100 * shares[node]:.0f}"
        made.append(f"({inside}){share}")
    return made[-1] + ";"


def _newick_name(name: str) -> str:
    """Quote a name that holds more than letters, digits, dots and hyphens; line breaks and controls become spaces."""
    plain = "".join(char if char.isprintable() else " " for char in name)
    if plain and all(char.isascii() and (char.isalnum() or char in ".-") for char in plain):
        return plain
    return "'" + plain.replace("'", "''") + "'"


def _check(distances: Floats) -> None:
    """Raise ValueError for what is no matrix of distances."""
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1] or len(distances) < 2:
        raise ValueError(f"distances between two leaves at least are needed, not an array of {distances.shape}")
    if not np.isfinite(distances).all() or (distances < 0).any() or np.diagonal(distances).any():
        raise ValueError("distances must be finite and not negative, and 0 between a leaf and itself")
    if not np.allclose(distances, distances.T, rtol=0, atol=1e-9):
        raise ValueError("distances must be symmetric")


def _first_least(values: Floats) -> int:
    """Return the first place of the least value, differences of rounding left aside."""
    least = values.min()
    return int(np.argmax(values <= least + 1e-12 * max(1.0, abs(float(least)))))


def _rooted(edges: Sequence[tuple[int, int, float]], leaves: int) -> Tree:
    """Root a tree of edges in the middle of the longest path between two leaves."""
    nodes = 2 * leaves - 2 if leaves > 2 else 2
    beside: list[list[tuple[int, float]]] = [[] for _ in range(nodes)]
    for a, b, length in edges:
        beside[a].append((b, length))
        beside[b].append((a, length))
    start = _farthest(beside, 0, leaves)[0]
    end, before, depth = _farthest(beside, start, leaves)
    # Walk back from the far end to the branch that holds the middle.
    node = end
    while before[node] >= 0 and depth[before[node]] > depth[end] / 2:
        node = before[node]
    other = before[node]
    rest = depth[node] - depth[end] / 2
    return _numbered(beside, (node, other), (rest, float(depth[node] - depth[other] - rest)), leaves)


def _farthest(beside: Sequence[Sequence[tuple[int, float]]], start: int, leaves: int) -> tuple[int, list[int], Floats]:
    """Return the leaf farthest from a node, and for every node the one before it and its distance."""
    before, depth = [-1] * len(beside), np.zeros(len(beside))
    for node, above, length in _walk(beside, start, -1):
        before[node] = above
        depth[node] = length + (depth[above] if above >= 0 else 0.0)
    far = np.where(np.arange(len(beside)) < leaves, depth, -1.0)
    far[start] = -1.0
    return int(np.argmax(np.round(far, 12))), before, depth


def _walk(beside: Sequence[Sequence[tuple[int, float]]], start: int, above: int) -> Iterator[tuple[int, int, float]]:
    """Yield every node beyond `above` with the one before it and the branch between, parents first."""
    waiting = [(start, above, 0.0)]
    while waiting:
        node, parent, length = waiting.pop()
        yield node, parent, length
        waiting += [(child, node, far) for child, far in beside[node] if child != parent]


def _numbered(
    beside: Sequence[Sequence[tuple[int, float]]], ends: tuple[int, int], halves: tuple[float, float], leaves: int
) -> Tree:
    """Return the tree with nodes numbered so that each comes before its parent, a new root last."""
    walked = [
        (node, parent, length) for side in (0, 1) for node, parent, length in _walk(beside, ends[side], ends[1 - side])
    ]
    inner = [node for node, _, _ in reversed(walked) if node >= leaves]
    number = {**{leaf: leaf for leaf in range(leaves)}, **{node: leaves + i for i, node in enumerate(inner)}}
    root = len(number)
    parent, length = np.full(root + 1, -1, np.int64), np.zeros(root + 1)
    for node, above, far in walked:
        at_root = node in ends and above in ends
        parent[number[node]] = root if at_root else number[above]
        length[number[node]] = halves[ends.index(node)] if at_root else far
    return Tree(parent, np.maximum(length, 0.0), leaves)

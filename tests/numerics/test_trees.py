"""Trees and maps: hand-worked and published values, recovery of trees that exist, and what must not change them."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.numerics.maps import classical_scaling, flat_map, nearest_kept, stress
from forensics.numerics.trees import (
    Tree,
    average_linkage,
    neighbour_joining,
    newick,
    path_distances,
    splits,
    support,
)

# The worked example of Studier and Keppler's criterion in the textbooks: five taxa, an additive tree.
FIVE = np.array([[0, 5, 9, 9, 8], [5, 0, 10, 10, 9], [9, 10, 0, 8, 7], [9, 10, 8, 0, 3], [8, 9, 7, 3, 0]], dtype=float)
# Saitou and Nei's own eight taxa (1987): the published tree has these branches.
EIGHT = np.zeros((8, 8))
EIGHT[np.tril_indices(8, -1)] = [
    7, 8, 5, 11, 8, 5, 13, 10, 7, 8, 16, 13, 10, 11, 5, 13, 10, 7, 8, 6, 9, 17, 14, 11, 12, 10, 13, 8,
]  # fmt: skip
EIGHT += EIGHT.T


def made_tree(leaves: int, seed: int) -> Tree:
    """A random binary tree with positive branches."""
    rng = random.Random(seed)
    left = list(range(leaves))
    parent, length = [-1] * (2 * leaves - 1), [0.0] * (2 * leaves - 1)
    for node in range(leaves, 2 * leaves - 1):
        for child in rng.sample(left, 2):
            parent[child], length[child] = node, rng.uniform(0.1, 2)
            left.remove(child)
        left.append(node)
    return Tree(np.array(parent), np.array(length), leaves)


def sides(tree: Tree) -> set[int]:
    return set(splits(tree, rooted=False))


def test_the_textbook_tree_comes_out() -> None:
    tree = neighbour_joining(FIVE)
    assert np.allclose(path_distances(tree), FIVE, atol=1e-9)
    above = tree.length[:5]
    assert np.allclose(above, [2, 3, 4, 2, 1]), "published branch lengths above the leaves"
    assert sides(tree) == {0b11000, 0b11100}


def test_saitou_and_neis_example_comes_out() -> None:
    tree = neighbour_joining(EIGHT)
    assert np.allclose(tree.length[:8], [5, 2, 1, 3, 1, 4, 2, 6]), "their figure 4"
    assert sides(tree) == {0b11111100, 0b11111000, 0b11110000, 0b110000, 0b11000000}


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 40), st.integers(0, 10_000))
def test_a_tree_that_exists_is_found(leaves: int, seed: int) -> None:
    true = made_tree(leaves, seed)
    distances = path_distances(true)
    tree = neighbour_joining(distances)
    assert sides(tree) == sides(true)
    assert np.allclose(path_distances(tree), distances, atol=1e-8)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 25), st.integers(0, 10_000))
def test_any_distances_give_a_well_formed_tree(leaves: int, seed: int) -> None:
    half = np.triu(np.random.default_rng(seed).uniform(0, 3, (leaves, leaves)).round(seed % 3), 1)
    for tree, rooted in ((neighbour_joining(half + half.T), False), (average_linkage(half + half.T), True)):
        assert len(tree.parent) == 2 * leaves - 1
        assert (tree.length >= 0).all()
        assert np.isfinite(tree.length).all()
        assert tree.parent[-1] == -1
        assert (tree.parent[:-1] > np.arange(2 * leaves - 2)).all(), "every node stands before its parent"
        assert all(len(c) == (0 if node < leaves else 2) for node, c in enumerate(tree.children()))
        assert sorted(tree.order()) == list(range(leaves))
        assert tree.clades()[-1] == (1 << leaves) - 1
        shares = support(tree, [tree, tree], rooted=rooted)
        assert set(shares[~np.isnan(shares)].tolist()) <= {1.0}


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 20), st.integers(0, 10_000))
def test_the_order_of_the_models_does_not_matter(leaves: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    half = np.triu(rng.uniform(1, 3, (leaves, leaves)), 1)
    distances, shuffled = half + half.T, rng.permutation(leaves)
    again = neighbour_joining(distances[np.ix_(shuffled, shuffled)])
    back = np.argsort(shuffled)
    assert np.allclose(
        path_distances(again)[np.ix_(back, back)], path_distances(neighbour_joining(distances)), atol=1e-9
    )


def test_the_root_stands_in_the_middle_of_the_longest_path() -> None:
    tree = neighbour_joining(FIVE)
    depth = tree.depths()[:5]
    assert np.sort(depth)[-1] == pytest.approx(path_distances(tree).max() / 2)
    far = np.unravel_index(path_distances(tree).argmax(), (5, 5))
    assert depth[list(far)] == pytest.approx([5, 5])


def test_average_linkage_by_hand() -> None:
    distances = np.array([[0, 2, 6, 10], [2, 0, 8, 10], [6, 8, 0, 12], [10, 10, 12, 0]], float)
    tree = average_linkage(distances)
    assert tree.length[:4] == pytest.approx([1, 1, 3.5, 16 / 3]), "joins at 2, 7 and 32 / 3"
    assert set(splits(tree, rooted=True)) == {0b11, 0b111}
    assert np.allclose(tree.depths()[:4], 16 / 3)


def test_support_counts_the_trees_that_agree() -> None:
    tree = neighbour_joining(FIVE)
    moved = FIVE[np.ix_([2, 1, 0, 3, 4], [2, 1, 0, 3, 4])]  # the first and the third leaf change places
    shares = support(tree, [tree, neighbour_joining(moved), tree, tree], rooted=False)
    by_split = {split: shares[node] for split, node in splits(tree, rooted=False).items()}
    assert by_split == {0b11000: 1.0, 0b11100: 0.75}
    assert np.isnan(support(tree, [], rooted=False)).all()
    assert np.isnan(shares[:5]).all(), "a leaf is no group"


def test_newick_is_read_back_by_its_own_rules() -> None:
    tree = average_linkage(FIVE)
    shares = support(tree, [tree], rooted=True)
    text = newick(tree, ["a", "b c", "d'e", "(f:1,g);", "h\n\u202e"], shares)
    assert text == "((a:2.5,'b c':2.5)100:2.08333,('d''e':3.75,('(f:1,g);':1.5,'h  ':1.5)100:2.25)100:0.833333);"


@pytest.mark.parametrize(
    "bad",
    [np.zeros((1, 1)), np.zeros((2, 3)), np.array([[0, -1], [-1, 0]]), np.array([[0, np.nan], [np.nan, 0]]),
     np.array([[1.0, 0], [0, 0]]), np.array([[0, 1.0], [2, 0]])],
)  # fmt: skip
def test_what_is_no_distance_is_refused(bad: np.ndarray) -> None:
    for make in (neighbour_joining, average_linkage):
        with pytest.raises(ValueError, match="distances"):
            make(bad)


def test_a_flat_thing_is_mapped_exactly() -> None:
    places = np.random.default_rng(3).normal(size=(30, 2))
    distances = np.sqrt(np.square(places[:, None] - places[None]).sum(axis=2))
    found = flat_map(distances)
    assert found.stress < 1e-6
    assert found.kept == 1
    again = np.sqrt(np.square(found.places[:, None] - found.places[None]).sum(axis=2))
    assert np.allclose(again, distances, atol=1e-6)


def test_a_map_is_the_same_whichever_way_it_lay_before() -> None:
    rng = np.random.default_rng(4)
    half = np.triu(rng.uniform(0.2, 1, (25, 25)), 1)
    distances = half + half.T
    found = flat_map(distances)
    assert np.array_equal(found.places, flat_map(distances.copy()).places)
    assert np.square(found.places).sum(axis=0)[0] >= np.square(found.places).sum(axis=0)[1]
    assert found.stress < stress(distances, classical_scaling(distances)), "the steps are worth taking"


def test_stress_and_neighbours_by_hand() -> None:
    distances = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], float)
    on_a_line = np.array([[0, 0], [1, 0], [2, 0]], float)
    # Shown 1, 2, 1; best factor 4 / 6; left over (1/3)² + (1/3)² + (1/3)² of 3.
    assert stress(distances, on_a_line) == pytest.approx(1 / 3)
    line = np.abs(np.subtract.outer([0.0, 1, 3, 6], [0.0, 1, 3, 6]))
    assert nearest_kept(line, np.array([[0, 0], [9, 0], [8, 0], [7, 0]]), among=1) == 0.5, "2 → 1 and 3 → 2 stay"


@pytest.mark.parametrize("n", [2, 3])
def test_few_points_have_a_map(n: int) -> None:
    found = flat_map(np.ones((n, n)) - np.eye(n))
    assert found.places.shape == (n, 2)
    assert found.stress < 1e-6


def test_models_that_do_not_differ_have_a_map() -> None:
    found = flat_map(np.zeros((5, 5)))
    assert np.isfinite(found.places).all()

"""Leave-both-lineages-out folds and lineage bootstrap weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.numerics import folds

FIXED = settings(derandomize=True, deadline=None, max_examples=60)
PAIRS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), min_size=1, max_size=40)


def test_folds_by_hand() -> None:
    found = list(folds.leave_lineages_out(["a", "b", "a", "c", "c"], ["b", "a", "a", "c", "d"]))
    assert [f.lineages for f in found] == [("a", "a"), ("a", "b"), ("c", "c"), ("c", "d")]
    assert [f.test.tolist() for f in found] == [[2], [0, 1], [3], [4]]
    assert [f.train.tolist() for f in found] == [[3, 4], [3, 4], [0, 1, 2], [0, 1, 2]]


@FIXED
@given(pairs=PAIRS)
def test_every_pair_is_tested_once_and_never_with_a_relative(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    tested: list[int] = []
    for fold in folds.leave_lineages_out(first, second):
        tested += fold.test.tolist()
        for k in fold.test:
            assert {first[k], second[k]} == set(fold.lineages)
        for k in range(len(pairs)):
            assert (k in fold.train) == (not {first[k], second[k]} & set(fold.lineages))
    assert sorted(tested) == list(range(len(pairs)))


@FIXED
@given(pairs=PAIRS, seed=st.integers(0, 2**32))
def test_weights_are_products_of_counts(pairs: list[tuple[str, str]], seed: int) -> None:
    first, second = zip(*pairs, strict=True)
    bootstrap = folds.bootstrap_lineage_weights(first, second, n=3, seed=seed)
    for replicate, counts in enumerate(bootstrap.counts):
        drawn = dict(zip(bootstrap.lineages, counts.tolist(), strict=True))
        assert sum(drawn.values()) == len(drawn)
        expected = [drawn[a] if a == b else drawn[a] * drawn[b] for a, b in pairs]
        assert bootstrap.weights(replicate).tolist() == expected


def test_seed_decides_and_orientation_does_not() -> None:
    a, b = ["x", "y", "z", "x"], ["y", "z", "x", "x"]
    one, same, turned, other = (
        folds.bootstrap_lineage_weights(p, q, n=50, seed=s) for p, q, s in ((a, b, 7), (a, b, 7), (b, a, 7), (a, b, 8))
    )
    assert one.counts.tobytes() == same.counts.tobytes() == turned.counts.tobytes()
    assert [one.weights(k).tolist() for k in range(50)] == [turned.weights(k).tolist() for k in range(50)]
    assert one.counts.tobytes() != other.counts.tobytes()


def test_lineages_are_drawn_evenly() -> None:
    labels = [f"{k}" for k in range(8)]
    counts = folds.bootstrap_lineage_weights(labels, labels, n=4000, seed=1).counts
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.06)
    assert counts.var() == pytest.approx(7 / 8, abs=0.05)


def test_bad_input_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="two lineages"):
        list(folds.leave_lineages_out(["a"], []))
    with pytest.raises(ValueError, match="no pairs"):
        list(folds.leave_lineages_out([], []))
    with pytest.raises(ValueError, match="at least 1"):
        folds.bootstrap_lineage_weights(["a"], ["a"], n=0, seed=1)

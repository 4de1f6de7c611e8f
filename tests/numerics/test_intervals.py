"""Intervals over lineages: the widening, what is dropped, and coverage where pair-level resampling fails."""

import numpy as np
import pytest

from forensics.numerics import folds, intervals


def test_many_lineages_give_the_plain_percentile_interval() -> None:
    replicates = np.random.default_rng(1).permutation(np.arange(1.0, 2000.0))
    found = intervals.lineage_interval(replicates, lineages=10**7)
    # Of 1,999 replicates the 2.5% tail is the 50th from either end (49.99... ranks floor to 49).
    assert (found.low, found.high) in {(49.0, 1951.0), (50.0, 1950.0)}
    assert (found.replicates, found.dropped) == (1999, 0)


def test_few_lineages_reach_further_out() -> None:
    # 10 lineages: t(9; 0.975) = 2.26216, times sqrt(10 / 9) = 2.38452, Phi(-2.38452) = 0.008551: rank 17 of
    # 2,000.
    found = intervals.lineage_interval(np.arange(1.0, 2000.0), lineages=10)
    assert (found.low, found.high) == (17.0, 1983.0)


def test_replicates_without_value_are_dropped_and_counted() -> None:
    values = np.r_[np.arange(1.0, 2000.0), np.full(7, np.nan)]
    found = intervals.lineage_interval(values, lineages=10)
    assert (found.low, found.high, found.replicates, found.dropped) == (17.0, 1983.0, 1999, 7)


def test_infinite_replicates_reach_the_limit() -> None:
    assert intervals.lineage_interval(np.r_[np.zeros(900), np.full(99, np.inf)], lineages=20).high == np.inf


def test_order_does_not_matter_and_negation_mirrors() -> None:
    values = np.random.default_rng(2).normal(size=999)
    here = intervals.lineage_interval(values, lineages=12)
    mirrored = intervals.lineage_interval(-values[::-1], lineages=12)
    assert (mirrored.low, mirrored.high) == (-here.high, -here.low)


def test_t_interval_by_hand() -> None:
    # Replicates 0 and 2: sd sqrt(2). 5 lineages: t(4; 0.975) = 2.776445, times sqrt(5 / 4).
    half = 2.7764451 * np.sqrt(5 / 4) * np.sqrt(2)
    found = intervals.lineage_t_interval(3.0, [0.0, np.nan, 2.0], lineages=5, positive=False)
    assert [found.low, found.high] == pytest.approx([3 - half, 3 + half], abs=1e-6)
    assert (found.replicates, found.dropped) == (2, 1)
    on_logs = intervals.lineage_t_interval(np.exp(3.0), np.exp([0.0, 2.0]), lineages=5, positive=True)
    assert np.log([on_logs.low, on_logs.high]) == pytest.approx([found.low, found.high])


def test_t_interval_refuses_what_it_cannot_take() -> None:
    with pytest.raises(ValueError, match="finite"):
        intervals.lineage_t_interval(1.0, [1.0, np.inf], lineages=9, positive=True)
    with pytest.raises(ValueError, match="positive values"):
        intervals.lineage_t_interval(0.1, [0.0, 0.2], lineages=9, positive=True)
    with pytest.raises(ValueError, match="at least 2 replicates"):
        intervals.lineage_t_interval(0.1, [0.2, np.nan], lineages=9, positive=False)
    with pytest.raises(ValueError, match="at least 2 of them"):
        intervals.lineage_t_interval(0.1, [0.2, 0.3], lineages=1, positive=False)


def test_contributing_lineages_is_the_smaller_class() -> None:
    first, second = ["a", "b", "a", "c"], ["a", "b", "b", "d"]
    assert intervals.contributing_lineages(first, second, np.array([True, True, False, False])) == 2
    assert intervals.contributing_lineages(first, second, np.array([False, False, False, True])) == 2
    assert intervals.contributing_lineages(first, second, np.array([False, False, False, False])) == 0


def test_bad_input_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="draw at least"):
        intervals.lineage_interval(np.arange(50.0), lineages=10)
    with pytest.raises(ValueError, match="at least 2"):
        intervals.lineage_interval(np.arange(50.0), lineages=1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        intervals.lineage_interval(np.arange(50.0), lineages=9, level=95)
    with pytest.raises(ValueError, match="one-dimensional"):
        intervals.lineage_interval(np.zeros((3, 3)), lineages=9)
    with pytest.raises(ValueError, match="one boolean"):
        intervals.contributing_lineages(["a"], ["b"], np.array([1]))


def test_coverage_is_near_nominal_where_pairs_share_lineages() -> None:
    """Pair score = u_a + u_b + e over 15 lineages: resampling pairs covers about half of what it claims."""
    lineages, replicates, runs = 15, 399, 120
    i, j = np.triu_indices(lineages, 1)
    first, second = ([f"{k:02d}" for k in side] for side in (i, j))
    rng = np.random.default_rng(4)
    covered = {"lineage": 0, "pair": 0, "t": 0}
    for run in range(runs):
        effect = rng.normal(0, 1, lineages)
        scores = effect[i] + effect[j] + rng.normal(0, 1, i.size)
        bootstrap = folds.bootstrap_lineage_weights(first, second, n=replicates, seed=run)
        by_lineage = np.array([bootstrap.weights(k) for k in range(replicates)])
        by_pair = rng.multinomial(i.size, np.full(i.size, 1 / i.size), size=replicates)
        for name, weights in (("lineage", by_lineage), ("pair", by_pair)):
            means = weights @ scores / weights.sum(axis=1)
            found = intervals.lineage_interval(means, lineages=lineages)
            covered[name] += found.low <= 0 <= found.high
            if name == "lineage":
                by_t = intervals.lineage_t_interval(scores.mean(), means, lineages=lineages, positive=False)
                covered["t"] += by_t.low <= 0 <= by_t.high
    assert 0.90 <= covered["lineage"] / runs <= 0.99
    assert 0.90 <= covered["t"] / runs <= 0.99
    assert covered["pair"] / runs < 0.75

"""Normalisation against naive loops, hand values and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.numerics.normalisation import (
    NEAR_COHORT,
    NORMALISERS,
    ROBUST_S_NORM,
    S_NORM,
    chosen,
)

ALL = sorted(NORMALISERS)


def naive(name: str, score: float, cohort: np.ndarray) -> float:
    values = sorted(float(value) for value in cohort if not np.isnan(value))
    n = len(values)
    mean = sum(values) / n
    if name == "s-norm":
        sd = (sum((v - mean) ** 2 for v in values) / (n - 1)) ** 0.5
        return (score - mean) / sd
    if name == "robust s-norm":
        median = (values[(n - 1) // 2] + values[n // 2]) / 2
        away = sorted(abs(v - median) for v in values)
        return (score - median) / (1.4826 * (away[(n - 1) // 2] + away[n // 2]) / 2)
    nearest = max(3, round(n / 12))
    top = sum(values[-nearest:]) / nearest
    return (score - top) / (top - mean)


def test_hand_values() -> None:
    cohort = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    # mean 3, sd sqrt(2.5); median 3, MAD 1; nearest three average 4, lead 1.
    assert S_NORM.pair(8.0, cohort, cohort) == pytest.approx(5 / 2.5**0.5)
    assert ROBUST_S_NORM.pair(8.0, cohort, cohort) == pytest.approx(5 / 1.4826)
    assert NEAR_COHORT.pair(8.0, cohort, cohort) == pytest.approx(4.0)
    # As near as the nearest three is 0, as the average −1.
    assert NEAR_COHORT.pair(4.0, cohort, cohort) == pytest.approx(0.0)
    assert NEAR_COHORT.pair(3.0, cohort, cohort) == pytest.approx(-1.0)


@pytest.mark.parametrize("name", ALL)
def test_a_pair_agrees_with_naive_loops_missing_scores_left_out(name: str) -> None:
    rng = np.random.default_rng(3)
    for n in (4, 7, 40, 113):
        reference, questioned = rng.normal(size=(2, n))
        reference[rng.random(n) < 0.1] = np.nan
        if np.isfinite(reference).sum() < 4:
            continue
        expected = (naive(name, 1.7, reference) + naive(name, 1.7, questioned)) / 2
        assert NORMALISERS[name].pair(1.7, reference, questioned) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_all_pairs_agree_with_pairs_one_by_one_relatives_excluded(name: str) -> None:
    rng = np.random.default_rng(5)
    scores = rng.normal(size=(24, 24))
    scores = scores + scores.T
    scores[3, 7] = scores[7, 3] = np.nan
    np.fill_diagonal(scores, np.nan)
    lineages = [f"l{i % 7}" for i in range(24)]
    found = NORMALISERS[name].all_pairs(scores, lineages)
    for i in range(24):
        for j in range(24):
            if i == j or {i, j} == {3, 7}:
                assert np.isnan(found[i, j])
                continue
            others = [k for k in range(24) if lineages[k] not in (lineages[i], lineages[j])]
            expected = NORMALISERS[name].pair(scores[i, j], scores[i, others], scores[j, others])
            assert found[i, j] == pytest.approx(expected, rel=1e-12)
    assert np.array_equal(found, found.T, equal_nan=True)


def test_a_relative_left_in_the_cohort_hides_the_pair() -> None:
    """What the exclusion is for: leave it out of the code and this goes red."""
    rng = np.random.default_rng(8)
    scores = rng.normal(0, 0.1, size=(30, 30))
    scores = scores + scores.T
    family = np.ix_(range(4), range(4))
    scores[family] += 2.0
    lineages = ["family"] * 4 + [f"l{i}" for i in range(26)]
    excluded = S_NORM.all_pairs(scores, lineages)[0, 1]
    kept = S_NORM.all_pairs(scores, [f"m{i}" for i in range(30)])[0, 1]
    assert excluded > 2 * kept > 0


@pytest.mark.parametrize("name", ALL)
@given(st.floats(0.1, 50), st.floats(-5, 5), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_scale_and_origin_of_a_statistic_do_not_matter(name: str, scale: float, origin: float, seed: int) -> None:
    reference, questioned = np.random.default_rng(seed).normal(size=(2, 20))
    plain = NORMALISERS[name].pair(2.0, reference, questioned)
    moved = NORMALISERS[name].pair(2.0 * scale + origin, reference * scale + origin, questioned * scale + origin)
    assert moved == pytest.approx(plain, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", ALL)
def test_the_sides_are_alike(name: str) -> None:
    reference, questioned = np.random.default_rng(2).normal(size=(2, 20))
    by = NORMALISERS[name]
    assert by.pair(1.0, reference, questioned) == by.pair(1.0, questioned, reference)


@pytest.mark.parametrize("name", ALL)
def test_replicates_keep_the_weights_and_the_scale_of_the_first_row(name: str) -> None:
    rng = np.random.default_rng(4)
    reference, questioned = rng.normal(size=(2, 1, 30)).repeat(3, axis=1)
    by = NORMALISERS[name]
    # A constant added to the pair alone moves every replicate by the same amount: the scale is fixed.
    values = by.replicates(np.array([1.0, 2.0, 3.0]), reference, questioned)
    assert values[2] - values[1] == pytest.approx(values[1] - values[0])
    # A constant added to everything in a replicate moves nothing.
    reference[1] += 5
    questioned[1] += 5
    assert by.replicates(np.array([1.0, 6.0, 1.0]), reference, questioned) == pytest.approx([values[0]] * 3)


@pytest.mark.parametrize("name", ALL)
def test_a_cohort_that_does_not_vary_gives_no_value(name: str) -> None:
    flat = np.full(10, 0.3)
    assert np.isnan(NORMALISERS[name].pair(0.9, flat, flat))


@pytest.mark.parametrize("name", ALL)
def test_a_model_without_any_score_has_no_value_and_spoils_nothing(name: str) -> None:
    rng = np.random.default_rng(6)
    scores = rng.normal(size=(12, 12))
    scores = scores + scores.T
    scores[4] = scores[:, 4] = np.nan
    found = NORMALISERS[name].all_pairs(scores, [f"l{i}" for i in range(12)])
    assert np.isnan(found[4]).all()
    others = np.delete(np.delete(found, 4, 0), 4, 1)
    assert np.isfinite(others[~np.eye(11, dtype=bool)]).all()


def test_undeclared_lineages_are_normalised_robustly() -> None:
    assert chosen(declared=True) is S_NORM
    assert chosen(declared=False) is ROBUST_S_NORM

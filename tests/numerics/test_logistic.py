"""Calibration and fusion: values, invariances, separable data, constraints and determinism."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from forensics.numerics import logistic

FIXED = settings(derandomize=True, deadline=None, max_examples=60)
SCORES = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=20)


def objective_gradient(
    hp: NDArray[np.float64], hd: NDArray[np.float64], fit: logistic.LogisticCalibration, ridge: float
) -> tuple[float, float]:
    """Gradient of the documented objective, written out independently."""
    mean = (hp.mean() + hd.mean()) / 2
    variance = (((hp - mean) ** 2).mean() + ((hd - mean) ** 2).mean()) / 2
    a, b = fit.slope * np.log(10), fit.intercept * np.log(10)
    p_hp, p_hd = (1 / (1 + np.exp(-(a * s + b))) for s in (hp, hd))
    by_slope = -((1 - p_hp) * hp).mean() / 2 + (p_hd * hd).mean() / 2 + ridge * a * variance / (hp.size + hd.size)
    return float(by_slope), float(-(1 - p_hp).mean() / 2 + p_hd.mean() / 2)


def test_gradient_vanishes_at_the_solution() -> None:
    rng = np.random.default_rng(1)
    for ridge in (1e-6, 0.1, 10.0):
        hp, hd = rng.normal(5, 2, 30), rng.normal(3, 1, 200)
        fit = logistic.fit_calibration(hp, hd, ridge=ridge)
        assert max(map(abs, objective_gradient(hp, hd, fit, ridge))) < 1e-10


def test_two_points_by_hand() -> None:
    # Scores 1 and -1: scale 1, N 2, z = a s; stationary where 1 / (1 + e^a) = ridge a / 2; for a = 1: ridge =
    # 2 / (1 + e).
    fit = logistic.fit_calibration([1.0], [-1.0], ridge=2 / (1 + np.e))
    assert fit.slope == pytest.approx(np.log10(np.e), abs=1e-12)
    assert fit.intercept == pytest.approx(0, abs=1e-12)


def test_recovers_the_true_ratio() -> None:
    rng = np.random.default_rng(6)
    fit = logistic.fit_calibration(rng.normal(1, 1, 50_000), rng.normal(-1, 1, 5_000))
    assert fit.slope == pytest.approx(2 * np.log10(np.e), rel=0.03)
    assert fit.intercept == pytest.approx(0, abs=0.03)


def test_separable_data_stay_finite_and_grow_with_the_data() -> None:
    few, many = (logistic.fit_calibration([2.0] * n, [1.0] * n).log10_lr([2.0])[0] for n in (10, 1000))
    assert 0.5 < few < many < 6


def test_useless_and_inverted_scores_give_a_ratio_of_one() -> None:
    for hp, hd in (([1.0, 1.0], [1.0, 1.0]), ([0.1, 0.1], [0.1]), ([0.0, 1.0], [2.0, 3.0])):
        fit = logistic.fit_calibration(hp, hd)
        assert (fit.slope, fit.intercept) == (0.0, 0.0)


@FIXED
@given(hp=SCORES, hd=SCORES, scale=st.sampled_from([1e-4, 0.5, 1e5]), shift=st.sampled_from([-100.0, 0.0, 3.0]))
def test_units_and_offset_do_not_matter(hp: list[float], hd: list[float], scale: float, shift: float) -> None:
    here = logistic.fit_calibration(hp, hd).log10_lr(hp)
    moved_hp, moved_hd = (scale * (np.array(side) + shift) for side in (hp, hd))
    np.testing.assert_allclose(logistic.fit_calibration(moved_hp, moved_hd).log10_lr(moved_hp), here, atol=1e-7)


@FIXED
@given(hp=SCORES, hd=SCORES)
def test_swapping_the_propositions_negates_the_ratio(hp: list[float], hd: list[float]) -> None:
    here = logistic.fit_calibration(hp, hd).log10_lr(hp)
    mirrored = logistic.fit_calibration([-x for x in hd], [-x for x in hp]).log10_lr([-x for x in hp])
    np.testing.assert_allclose(mirrored, -here, atol=1e-8)


@FIXED
@given(hp=SCORES, hd=SCORES, data=st.data())
def test_weights_are_repetitions(hp: list[float], hd: list[float], data: st.DataObject) -> None:
    counts = [data.draw(st.lists(st.integers(0, 3), min_size=len(s), max_size=len(s))) for s in (hp, hd)]
    if not all(sum(c) for c in counts):
        return
    weighted = logistic.fit_calibration(hp, hd, hp_weights=counts[0], hd_weights=counts[1])
    repeated = logistic.fit_calibration(np.repeat(hp, counts[0]), np.repeat(hd, counts[1]))
    np.testing.assert_allclose(weighted.log10_lr(hp), repeated.log10_lr(hp), atol=1e-8)


def fusion_data(seed: int, n: int = 400) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) < n // 4
    columns = [
        rng.normal(labels * 1.5, 1),
        rng.normal(labels * 1.0, 2),
        rng.normal(labels * -0.8, 1),
        np.full(n, 7.0),
    ]
    return np.column_stack(columns), labels


def test_fusion_agrees_with_scikit_learn() -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn's logistic regression is the oracle here")
    for seed, ridge in enumerate((0.01, 0.1, 1.0, 30.0)):
        features, labels = fusion_data(seed)
        features = features[:, :3]
        fusion = logistic.fit_fusion(features, labels, ridge=ridge)
        scaled = features / np.asarray(fusion.scales)
        oracle = linear.LogisticRegression(
            C=1 / ridge, class_weight="balanced", tol=1e-13, max_iter=1000, solver="newton-cholesky"
        ).fit(scaled, labels)
        np.testing.assert_allclose(fusion.log10_lr(features) * np.log(10), oracle.decision_function(scaled), atol=1e-6)


def test_fusion_of_one_feature_is_calibration() -> None:
    features, labels = fusion_data(3)
    fusion = logistic.fit_fusion(features[:, :1], labels)
    single = logistic.fit_calibration(features[labels, 0], features[~labels, 0])
    assert fusion.coefficients[0] == pytest.approx(single.slope, abs=1e-12)
    assert fusion.intercept == pytest.approx(single.intercept, abs=1e-12)


def test_constant_feature_is_ignored() -> None:
    features, labels = fusion_data(4)
    with_constant, without = (
        logistic.fit_fusion(features, labels),
        logistic.fit_fusion(features[:, :3], labels),
    )
    assert with_constant.coefficients == (*without.coefficients, 0.0)


def test_non_negative_fusion_meets_its_optimality_conditions() -> None:
    features, labels = fusion_data(5)
    fusion = logistic.fit_fusion(features, labels, non_negative=True)
    assert fusion.coefficients[2] == 0.0
    without = logistic.fit_fusion(features[:, :2], labels)
    # The only feature that would have gone negative is dropped, so the rest must be the fit without it.
    np.testing.assert_allclose(fusion.coefficients[:2], without.coefficients, atol=1e-9)


def test_non_negative_changes_nothing_where_it_does_not_bind() -> None:
    features, labels = fusion_data(6)
    free, bound = (logistic.fit_fusion(features[:, :2], labels, non_negative=flag) for flag in (False, True))
    np.testing.assert_allclose(free.coefficients, bound.coefficients, atol=1e-10)


def test_duplicated_feature_shares_its_coefficient() -> None:
    features, labels = fusion_data(7)
    double = logistic.fit_fusion(features[:, [0, 0]], labels)
    assert double.coefficients[0] == pytest.approx(double.coefficients[1], abs=1e-9)


def test_same_input_same_bits_and_input_untouched() -> None:
    features, labels = fusion_data(8)
    before = features.tobytes()
    features.flags.writeable = labels.flags.writeable = False
    assert logistic.fit_fusion(features, labels) == logistic.fit_fusion(features, labels)
    assert features.tobytes() == before


def test_bad_input_is_refused_in_words() -> None:
    features, labels = fusion_data(9)
    with pytest.raises(ValueError, match="ridge must be positive"):
        logistic.fit_calibration([1.0], [0.0], ridge=0.0)
    with pytest.raises(ValueError, match="must be finite"):
        logistic.fit_calibration([np.inf], [0.0])
    with pytest.raises(ValueError, match="no Hd pairs"):
        logistic.fit_fusion(features[labels], labels[labels])
    with pytest.raises(ValueError, match="booleans"):
        logistic.fit_fusion(features, labels.astype(np.int64))
    with pytest.raises(ValueError, match=r"shape \(n, 4\)"):
        logistic.fit_fusion(features, labels).log10_lr(features[:, :2])


THREADS = """
import numpy as np
from forensics.numerics import logistic
rng = np.random.default_rng(1)
labels = np.arange(30_000) < 3_000
print(logistic.fit_fusion(rng.normal(labels[:, None], 1, (30_000, 4)), labels))
"""


def test_number_of_threads_changes_no_bit() -> None:
    printed = set()
    for threads in ("1", "2"):
        settings_of_blas = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        environment = {**os.environ, **settings_of_blas, "PYTHONPATH": str(Path(logistic.__file__).parents[2])}
        run = subprocess.run(
            [sys.executable, "-c", THREADS], env=environment, capture_output=True, text=True, check=True
        )
        printed.add(run.stdout)
    assert len(printed) == 1
    assert "coefficients" in printed.pop()

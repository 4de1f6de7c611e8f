"""Agreement with lir 1.3.1 (Netherlands Forensic Institute), the reference implementation, on 300 random sets."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from forensics.numerics import bounds, curves, logistic, metrics, pav

REASON = "lir is the reference implementation of these tests (dev extra)"
SETS = 300
MODULES = (
    "data.models",
    "metrics",
    "algorithms.bayeserror",
    "algorithms.isotonic_regression",
    "algorithms.logistic_regression",
    "plotting.expected_calibration_error",
)


@pytest.fixture(scope="module")
def lir() -> SimpleNamespace:
    with warnings.catch_warnings():
        # Warnings at import are lir's own and its dependencies'; ours stay errors.
        warnings.simplefilter("ignore")
        found = {name: pytest.importorskip(f"lir.{name}", reason=REASON) for name in MODULES}
    return SimpleNamespace(
        LLRData=found["data.models"].LLRData,
        cllr=found["metrics"].cllr,
        cllr_min=found["metrics"].cllr_min,
        elub=found["algorithms.bayeserror"].elub,
        ece=found["plotting.expected_calibration_error"].calculate_ece,
        isotonic=found["algorithms.isotonic_regression"].IsotonicCalibrator,
        logit=found["algorithms.logistic_regression"].LogitCalibrator,
    )


def random_set(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sets of 2 to 200 pairs a class: good, useless and inverted systems, every third with ties."""
    rng = np.random.default_rng([31, seed])
    n_hp, n_hd = rng.integers(2, 200, 2)
    distance = rng.uniform(-0.5, 3)
    hp, hd = rng.normal(distance, 1, n_hp), rng.normal(-distance, rng.uniform(0.5, 2), n_hd)
    return (hp.round(1), hd.round(1)) if seed % 3 == 0 else (hp, hd)


def joined(hp: NDArray[np.float64], hd: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.r_[hp, hd], np.r_[np.ones(hp.size, dtype=np.int64), np.zeros(hd.size, dtype=np.int64)]


def test_cllr_and_cllr_min(lir: SimpleNamespace) -> None:
    for seed in range(SETS):
        hp, hd = random_set(seed)
        values, labels = joined(hp, hd)
        data = lir.LLRData(features=values, labels=labels)
        assert metrics.cllr(hp, hd) == pytest.approx(lir.cllr(data), abs=1e-12)
        assert metrics.cllr_min(hp, hd) == pytest.approx(lir.cllr_min(data), abs=1e-12)


def test_elub_is_equal(lir: SimpleNamespace) -> None:
    for seed in range(SETS):
        hp, hd = random_set(seed)
        if seed % 4 == 0:
            hp[0], hd[0] = np.inf, -np.inf
        values, labels = joined(hp, hd)
        expected = lir.elub(values.copy(), labels)
        found = bounds.elub(hp, hd)
        assert (found.lower, found.upper) == expected


def test_calibrated_llr(lir: SimpleNamespace) -> None:
    """Theirs with C = 1 / ridge on scores divided by the class-balanced standard deviation, and a solver run
    to the end.
    """
    compared = 0
    for seed in range(SETS):
        hp, hd = random_set(seed)
        values, labels = joined(hp, hd)
        ridge = (1.0, logistic.DEFAULT_RIDGE, 0.01)[seed % 3]
        mean = (hp.mean() + hd.mean()) / 2
        spread = np.sqrt((((hp - mean) ** 2).mean() + ((hd - mean) ** 2).mean()) / 2)
        oracle = lir.logit(C=1 / ridge, tol=1e-13, max_iter=1000, solver="newton-cholesky")
        expected = oracle.fit(values / spread, labels).transform(values / spread)
        found = logistic.fit_calibration(hp, hd, ridge=ridge)
        if oracle._logit.coef_[0, 0] > 0:
            np.testing.assert_allclose(found.log10_lr(values), expected, atol=1e-6)
            compared += 1
        else:  # they allow a falling line; a score that speaks against itself is LR = 1 here
            assert (found.slope, found.intercept) == (0.0, 0.0)
    assert compared > 200


def test_unpenalised_llr_in_raw_units(lir: SimpleNamespace) -> None:
    """On overlapping data a vanishing ridge is plain prior-balanced maximum likelihood, whatever the units."""
    rng = np.random.default_rng(2)
    hp, hd = rng.normal(0.6, 0.3, 150), rng.normal(0.3, 0.3, 400)
    values, labels = joined(hp, hd)
    expected = lir.logit(C=1e9, tol=1e-13, max_iter=1000, solver="newton-cholesky").fit(values, labels)
    found = logistic.fit_calibration(hp, hd, ridge=1e-9).log10_lr(values)
    np.testing.assert_allclose(found, expected.transform(values), atol=1e-6)


def test_pav_points_and_ece(lir: SimpleNamespace) -> None:
    for seed in range(30):
        hp, hd = random_set(seed)
        values, labels = joined(hp, hd)
        points = pav.pav_points(hp, hd)
        theirs = lir.isotonic().fit_transform(values, labels)
        ours = points.pav_log10_lr[np.searchsorted(points.log10_lr, values)]
        np.testing.assert_allclose(ours, theirs, atol=1e-9)
        curve = curves.ece_curve(hp, hd, prior_log10_odds=[-2.0, -0.3, 0.0, 1.5])
        priors = 1 / (1 + 10.0**-curve.prior_log10_odds)
        np.testing.assert_allclose(curve.actual, lir.ece(10.0**values, labels, priors), atol=1e-12)

"""E-values: hand-worked values, the calibrator's integral, Ville's bound on simulated years, false discoveries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from forensics.numerics import evalues


def test_the_calibrator_is_the_mixture_it_says_it_is() -> None:
    for p in (0.9, 0.3, 0.01, 5e-5):
        mixed, _ = integrate.quad(lambda kappa, p=p: kappa * p ** (kappa - 1), 0, 1)
        assert math.exp(evalues.log_e(p)) == pytest.approx(mixed, rel=1e-7)


def test_the_calibrator_integrates_to_one() -> None:
    total, _ = integrate.quad(lambda x: math.exp(evalues.log_e(math.exp(-x))) * math.exp(-x), 0, 700, limit=2000)
    # With x = −ln p the rest, beyond 700, is the integral of 1/x²: 1/700 of it.
    assert total == pytest.approx(1 - 1 / 700, abs=5e-5)


@given(st.floats(1e-12, 1), st.floats(1e-12, 1))
def test_the_calibrator_never_rises(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert evalues.log_e(low) >= evalues.log_e(high) - 1e-9


def test_wealth_by_hand() -> None:
    """Horizon 3, e = 2, 1/2, 8: after night 1: 2/3 + 2/3; 2: (1/3·2 + 1/3)/2 + 1/3 = 5/6; 3: (1/2 + 1/3)·8 = 20/3."""
    found = np.exp(evalues.log_wealth(np.log([2.0, 0.5, 8.0]), horizon=3))
    np.testing.assert_allclose(found, [4 / 3, 5 / 6, 20 / 3], rtol=1e-12)


def test_wealth_refuses_more_nights_than_its_promise_covers() -> None:
    with pytest.raises(ValueError, match="horizon"):
        evalues.log_wealth(np.zeros(4), horizon=3)


def test_wealth_is_worth_one_on_average_and_passes_one_over_alpha_seldom() -> None:
    """Uniform p-values, 4,000 years: Ville's bound holds, and not because nothing ever moves."""
    rng = np.random.default_rng(0)
    log_es = evalues.log_e(rng.random((4000, 365)))
    wealth = evalues.log_wealth(log_es)
    for alpha in (0.05, 0.2):
        alarms = int((wealth >= -math.log(alpha)).any(axis=1).sum())
        assert alarms <= stats.binom.ppf(0.999, 4000, alpha)
    assert (wealth >= math.log(2)).any(axis=1).mean() > 0.05
    assert np.exp(wealth[:, 30]).mean() == pytest.approx(1, abs=0.1)


def test_a_change_late_in_the_year_is_found_as_soon_as_an_early_one() -> None:
    """A plain product would first have to win back what 300 quiet nights cost."""
    rng = np.random.default_rng(1)
    uniform, low = rng.random(300), np.full(3, 5e-5)
    quiet, loud = evalues.log_e(uniform), evalues.log_e(low)
    wealth = evalues.log_wealth([*quiet, *loud])
    assert wealth[299] < math.log(20) < wealth[301]
    assert quiet.sum() + loud.sum() < 0
    assert evalues.first_changed([*uniform, *low]) in range(299, 301)


def test_discoveries_by_hand() -> None:
    """m = 4, α = 0.1: thresholds 40, 20, 13.3, 10 from the largest on."""

    def found(*es: float) -> list[bool]:
        return evalues.discoveries(np.log(es), 0.1).tolist()

    assert found(50, 1, 1, 1) == [True, False, False, False]
    assert found(39, 1, 1, 1) == [False] * 4
    assert found(25, 1, 21, 1) == [True, False, True, False]
    assert found(10, 10, 10, 10) == [True] * 4
    assert found(15, 9.9, 14, 12) == [False, False, False, False]
    assert evalues.discoveries(np.log([10.0]), 0.1).tolist() == [True]


def test_false_discoveries_stay_below_alpha_though_watches_depend_on_each_other() -> None:
    """20 watches, 5 changed; all others share one draw of luck, the worst that dependence can do."""
    rng = np.random.default_rng(2)
    shares, powers = [], []
    for _ in range(2000):
        null = np.full(15, evalues.log_e(rng.random()))
        log_es = np.concatenate([null, np.log(rng.uniform(50, 5000, 5))])
        rejected = evalues.discoveries(log_es, 0.1)
        shares.append(rejected[:15].sum() / max(rejected.sum(), 1))
        powers.append(rejected[15:].mean())
    assert np.mean(shares) <= 0.1
    assert np.mean(powers) > 0.8

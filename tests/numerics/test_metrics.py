"""Validation metrics: hand values, invariants, infinities and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.numerics import curves, metrics, misleading, pav

FIXED = settings(derandomize=True, deadline=None, max_examples=60)
LLRS = st.lists(st.integers(-30, 30).map(lambda k: k / 10), min_size=1, max_size=25)


def test_neutral_system_costs_one_bit() -> None:
    assert metrics.cllr([0.0, 0.0], [0.0]) == 1.0
    assert metrics.cllr_min([0.0, 0.0], [0.0]) == 1.0
    assert metrics.auc([0.0, 0.0], [0.0]) == 0.5
    assert metrics.eer([0.0, 0.0], [0.0]) == 0.5


def test_cllr_by_hand() -> None:
    # Hp: LR 3 costs log2(4/3), LR 1 costs 1. Hd: LR 1/3 costs log2(4/3), LR 1 costs 1.
    third = math.log10(3)
    expected = (math.log2(4 / 3) + 1) / 2
    assert metrics.cllr([third, 0.0], [-third, 0.0]) == pytest.approx(expected, abs=1e-15)


def test_cllr_min_by_hand() -> None:
    # Sorted: d, then {h, d} inverted, then h. Blocks d | hd | h: the middle block has LR 1 and costs 1 bit
    # for half of each.
    assert metrics.cllr_min([1.0, 3.0], [0.0, 2.0]) == pytest.approx(0.5, abs=1e-15)
    points = pav.pav_points([1.0, 3.0], [0.0, 2.0])
    assert points.pav_log10_lr.tolist() == [-math.inf, 0.0, 0.0, math.inf]


def test_auc_counts_ties_half() -> None:
    assert metrics.auc([1.0, 2.0], [1.0, 0.0]) == (0.5 + 1 + 1 + 1) / 4
    assert metrics.auc([0.0], [1.0]) == 0.0


def test_eer_by_hand() -> None:
    assert metrics.eer([1.0, 2.0, 3.0, 4.0], [0.0, 0.5, 0.7, 2.5]) == pytest.approx(0.25, abs=1e-15)
    assert metrics.eer([1.0], [0.0]) == 0.0
    assert metrics.eer([0.0], [1.0]) == 1.0


def test_tpr_is_conservative_about_ties_and_small_classes() -> None:
    hd = np.arange(100.0)
    hp = [97.5, 98.0, 98.5, 150.0]
    point = metrics.tpr_at_fpr(hp, hd, fpr=0.01)
    # From 98.0 up would take two Hd pairs of a hundred, the tied one included; from 98.5 up it takes one.
    assert (point.tpr, point.fpr, point.threshold, point.resolved) == (0.5, 0.01, 98.5, True)
    strict = metrics.tpr_at_fpr(hp, hd, fpr=0.001)
    assert (strict.tpr, strict.fpr, strict.threshold, strict.resolved) == (0.25, 0.0, 150.0, False)


def test_tpr_is_zero_when_the_highest_value_is_an_hd_pair() -> None:
    point = metrics.tpr_at_fpr([1.0, 2.0], [3.0], fpr=0.01)
    assert (point.tpr, point.fpr, point.threshold) == (0.0, 0.0, math.inf)


def test_misleading_evidence_by_hand() -> None:
    at_1, at_10, at_100 = misleading.misleading_evidence([-1.0, 0.0, 2.0, -3.0], [1.0, 0.0, -1.0, 2.0, 0.5])
    assert (at_1.hd_rate, at_1.hp_rate) == (0.6, 0.5)  # an LR of exactly 1 misleads nobody
    assert (at_10.hd_rate, at_10.hp_rate) == (0.4, 0.5)
    assert (at_100.hd_rate, at_100.hp_rate) == (0.2, 0.25)


def test_turing_products_by_hand() -> None:
    # Hd LRs 10, 1, 0.1, 0.1: products 10/4, 1/2 and 0.1. Hp LRs 100, 0.5: product 2 * 1/2 at LR 0.5.
    check = misleading.turing_check([2.0, math.log10(0.5)], [1.0, 0.0, -1.0, -1.0])
    assert check.hd_max == pytest.approx(2.5, abs=1e-14)
    assert check.hd_log10_lr == 1.0
    assert check.hp_max == pytest.approx(1.0, abs=1e-14)
    assert check.hp_log10_lr == math.log10(0.5)
    assert not check.holds
    assert [(p.lr, p.hd_product) for p in check.points] == [(1.0, 0.5), (10.0, 2.5), (100.0, 0.0)]


def test_turing_holds_for_calibrated_and_fails_for_overstated_ratios() -> None:
    rng = np.random.default_rng(3)
    scores_hp, scores_hd = rng.normal(1, 1, 4000), rng.normal(-1, 1, 4000)
    scale = 2 * np.log10(np.e)  # exact log10 LR of two unit normals two apart
    assert misleading.turing_check(scale * np.clip(scores_hp, -1, 1), scale * np.clip(scores_hd, -1, 1)).holds
    assert not misleading.turing_check(3 * scale * scores_hp, 3 * scale * scores_hd).holds


def test_perfect_separation() -> None:
    result = metrics.validation_metrics([1.0, 2.0], [-1.0, -2.0, -3.0])
    assert (result.cllr_min, result.auc, result.eer, result.n_hp, result.n_hd) == (0.0, 1.0, 0.0, 2, 3)
    assert result.turing.holds


def test_infinite_ratios_on_their_own_side_cost_nothing() -> None:
    assert metrics.cllr([math.inf], [-math.inf]) == 0.0
    result = metrics.validation_metrics([math.inf, 1.0], [-math.inf, -1.0])
    assert math.isfinite(result.cllr)
    assert result.turing.holds


def test_infinite_ratios_on_the_wrong_side_cost_everything() -> None:
    result = metrics.validation_metrics([-math.inf, 1.0], [math.inf, -1.0])
    assert result.cllr == math.inf
    assert result.cllr_cal == math.inf
    assert 0 <= result.cllr_min <= 1
    assert (result.turing.hd_max, result.turing.hp_max, result.turing.holds) == (math.inf, math.inf, False)
    assert np.all(curves.ece_curve([-math.inf, 1.0], [-1.0]).actual == math.inf)


@pytest.mark.parametrize(
    ("hp", "hd", "weights", "words"),
    [
        ([], [1.0], None, "no Hp pairs"),
        ([1.0], [], None, "no Hd pairs"),
        ([1.0], [1.0], [0.0], "no Hp pairs"),
        ([math.nan], [1.0], None, "NaN"),
        ([[1.0]], [1.0], None, "one-dimensional"),
        ([1.0], [1.0], [-1.0], "not negative"),
        ([1.0], [1.0], [math.inf], "finite"),
        ([1.0], [1.0], [1.0, 1.0], "one weight for each"),
    ],
)
def test_bad_input_is_refused_in_words(
    hp: list[float], hd: list[float], weights: list[float] | None, words: str
) -> None:
    for function in (
        metrics.cllr,
        metrics.cllr_min,
        metrics.auc,
        metrics.validation_metrics,
        curves.ece_curve,
    ):
        with pytest.raises(ValueError, match=words):
            function(hp, hd, hp_weights=weights)


def test_rates_and_levels_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        metrics.tpr_at_fpr([1.0], [0.0], fpr=0.0)
    with pytest.raises(ValueError, match="at least 1"):
        misleading.misleading_evidence([1.0], [0.0], levels=[0.1])
    with pytest.raises(ValueError, match="finite"):
        curves.ece_curve([1.0], [0.0], prior_log10_odds=[math.inf])


@FIXED
@given(hp=LLRS, hd=LLRS)
def test_order_metrics_ignore_monotone_transforms(hp: list[float], hd: list[float]) -> None:
    bent = [np.sinh(np.asarray(side)) + 4 for side in (hp, hd)]
    assert metrics.cllr_min(*bent) == metrics.cllr_min(hp, hd)
    assert metrics.auc(*bent) == metrics.auc(hp, hd)
    assert metrics.eer(*bent) == metrics.eer(hp, hd)
    assert metrics.tpr_at_fpr(*bent).tpr == metrics.tpr_at_fpr(hp, hd).tpr


@FIXED
@given(hp=LLRS, hd=LLRS)
def test_recalibration_never_costs(hp: list[float], hd: list[float]) -> None:
    result = metrics.validation_metrics(hp, hd)
    assert result.cllr >= result.cllr_min - 1e-14
    assert 0 <= result.cllr_min <= 1 + 1e-14
    assert result.cllr_cal == pytest.approx(result.cllr - result.cllr_min, abs=1e-15)


@FIXED
@given(hp=LLRS, hd=LLRS)
def test_swapping_the_propositions_mirrors_every_metric(hp: list[float], hd: list[float]) -> None:
    here = metrics.validation_metrics(hp, hd)
    mirrored = metrics.validation_metrics([-x for x in hd], [-x for x in hp])
    for name in ("cllr", "cllr_min", "auc", "eer"):
        assert getattr(mirrored, name) == pytest.approx(getattr(here, name), abs=1e-13)
    assert mirrored.turing.hd_max == pytest.approx(here.turing.hp_max, abs=1e-12)
    for one, other in zip(here.misleading, mirrored.misleading, strict=True):
        assert (one.hd_rate, one.hp_rate) == (other.hp_rate, other.hd_rate)


@FIXED
@given(hp=LLRS, hd=LLRS, data=st.data())
def test_weights_are_repetitions(hp: list[float], hd: list[float], data: st.DataObject) -> None:
    counts = [data.draw(st.lists(st.integers(0, 3), min_size=len(s), max_size=len(s))) for s in (hp, hd)]
    if not all(sum(c) for c in counts):
        return
    weighted = metrics.validation_metrics(hp, hd, hp_weights=counts[0], hd_weights=counts[1])
    repeated = metrics.validation_metrics(np.repeat(hp, counts[0]), np.repeat(hd, counts[1]))
    for name in ("cllr", "cllr_min", "auc", "eer"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name), abs=1e-13)
    assert weighted.misleading == repeated.misleading
    assert weighted.turing.points == repeated.turing.points
    for one, other in zip(weighted.operating_points, repeated.operating_points, strict=True):
        assert (one.tpr, one.fpr, one.threshold) == (other.tpr, other.fpr, other.threshold)


@FIXED
@given(hp=LLRS, hd=LLRS)
def test_unit_weights_change_no_bit_and_inputs_stay(hp: list[float], hd: list[float]) -> None:
    a, b = np.array(hp), np.array(hd)
    a.flags.writeable = b.flags.writeable = False
    ones = {"hp_weights": np.ones(a.size), "hd_weights": np.ones(b.size)}
    assert metrics.validation_metrics(a, b, **ones) == metrics.validation_metrics(a, b)
    assert a.tolist() == hp
    assert b.tolist() == hd


@FIXED
@given(hp=LLRS, hd=LLRS)
def test_pav_blocks_rise_and_hold_everything(hp: list[float], hd: list[float]) -> None:
    blocks = pav.pav_blocks(hp, hd)
    assert np.all(blocks.log10_lr[1:] > blocks.log10_lr[:-1])
    assert blocks.hp.sum() == pytest.approx(1, abs=1e-14)
    assert blocks.hd.sum() == pytest.approx(1, abs=1e-14)


def test_pav_agrees_with_scikit_learn() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic", reason="scikit-learn's isotonic regression is the oracle here")
    rng = np.random.default_rng(8)
    for _ in range(50):
        hp, hd = rng.normal(0.7, 1, 60).round(1), rng.normal(0, 1, 90).round(1)
        w_hp, w_hd = rng.uniform(0.1, 3, 60), rng.uniform(0.1, 3, 90)
        model = isotonic.IsotonicRegression(out_of_bounds="clip").fit(
            np.r_[hp, hd],
            np.r_[np.ones(60), np.zeros(90)],
            sample_weight=np.r_[w_hp / w_hp.sum(), w_hd / w_hd.sum()],
        )
        points = pav.pav_points(hp, hd, hp_weights=w_hp, hd_weights=w_hd)
        with np.errstate(over="ignore"):
            probability = 1 / (1 + 10.0**-points.pav_log10_lr)
        np.testing.assert_allclose(probability, model.predict(points.log10_lr), atol=1e-12)


def test_ece_meets_cllr_at_even_odds_and_the_entropy_of_the_prior() -> None:
    rng = np.random.default_rng(5)
    hp, hd = rng.normal(1, 1, 40), rng.normal(-1, 1, 70)
    curve = curves.ece_curve(hp, hd)
    even = int(np.flatnonzero(curve.prior_log10_odds == 0)[0])
    assert curve.actual[even] == pytest.approx(metrics.cllr(hp, hd), abs=1e-14)
    assert curve.pav[even] == pytest.approx(metrics.cllr_min(hp, hd), abs=1e-14)
    p = 1 / (1 + 10.0**-curve.prior_log10_odds)
    np.testing.assert_allclose(curve.neutral, -p * np.log2(p) - (1 - p) * np.log2(1 - p), atol=1e-13)
    assert np.all(curve.pav <= np.minimum(curve.actual, curve.neutral) + 1e-13)


def test_ece_of_a_far_prior_does_not_overflow() -> None:
    curve = curves.ece_curve([1.0], [-1.0], prior_log10_odds=[-400.0, 400.0])
    np.testing.assert_allclose(curve.actual, 0, atol=1e-13)


def test_tippett_curve_by_hand() -> None:
    curve = curves.tippett_curve([1.0, 2.0], [0.0, 1.0, 1.0, -1.0])
    assert curve.log10_lr.tolist() == [-1.0, 0.0, 1.0, 2.0]
    assert curve.hp_at_least.tolist() == [1.0, 1.0, 1.0, 0.5]
    assert curve.hd_at_least.tolist() == [1.0, 0.75, 0.5, 0.0]


def test_shuffled_labels_cost_about_one_bit() -> None:
    rng = np.random.default_rng(11)
    values = rng.normal(0, 0.1, 4000)
    assert metrics.cllr(values[:2000], values[2000:]) == pytest.approx(1.0, abs=0.03)
    assert metrics.cllr_min(values[:2000], values[2000:]) > 0.98
    assert metrics.auc(values[:2000], values[2000:]) == pytest.approx(0.5, abs=0.03)

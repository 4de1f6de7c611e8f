"""ELUB bounds, the cap by lineages and the verbal scale."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.numerics import bounds

FIXED = settings(derandomize=True, deadline=None, max_examples=60)
WIDE = bounds.ElubBounds(lower=-3.0, upper=3.0)


def test_elub_of_a_perfect_system_is_set_by_the_class_sizes() -> None:
    # With one misleading pair added to 99 Hd pairs, acting on the LRs at threshold x costs x / 100 and 1 /
    # 100 is missed.
    found = bounds.elub([5.0] * 99, [-5.0] * 99)
    assert found.upper == pytest.approx(math.log10(99), abs=0.01)
    assert found.lower == pytest.approx(-math.log10(99), abs=0.01)
    assert found.upper <= math.log10(100)


@pytest.mark.parametrize(
    ("hp", "hd", "lower", "upper"),
    [
        ([2.0, 1.5, 0.8, 0.3, -0.2, 1.1], [-2.0, -1.0, -0.5, 0.4, -1.5, -0.1, -0.9, -2.5], -0.58, 0.71),
        ([3.0] * 20 + [-0.5], [-3.0] * 30 + [1.0], -1.31, 1.46),
        ([5.0] * 99, [-5.0] * 99, -1.99, 1.99),
    ],
)
def test_elub_gives_the_values_of_lir(hp: list[float], hd: list[float], lower: float, upper: float) -> None:
    """Values computed with lir 1.3.1, kept here so that they are checked where lir is not installed."""
    found = bounds.elub(hp, hd)
    assert [found.lower, found.upper] == pytest.approx([lower, upper], abs=1e-12)


def test_elub_of_a_system_worse_than_none_is_zero() -> None:
    found = bounds.elub([-2.0, -3.0], [2.0, 3.0])
    assert (found.lower, found.upper) == (0.0, 0.0)


def test_elub_leaves_its_input_alone() -> None:
    hp, hd = np.array([math.inf, 1.0, 12.0]), np.array([-math.inf, -1.0])
    before = hp.tobytes(), hd.tobytes()
    hp.flags.writeable = hd.flags.writeable = False
    bounds.elub(hp, hd)
    assert (hp.tobytes(), hd.tobytes()) == before


def test_elub_refuses_an_empty_class() -> None:
    with pytest.raises(ValueError, match="no Hd pairs"):
        bounds.elub([1.0], [])


@pytest.mark.parametrize(
    ("log10_lr", "lineages", "value", "bound"),
    [
        (0.5, 30, 0.5, "none"),
        (5.0, 30, math.log10(31), "lineages"),
        (-5.0, 30, -math.log10(31), "lineages"),
        (5.0, 100_000, 3.0, "elub"),
        (-math.inf, 100_000, -3.0, "elub"),
        (3.0, 100_000, 3.0, "none"),
        (3.1, 999, 3.0, "elub"),  # equal bounds: ELUB is named
        (2.0, 0, 0.0, "lineages"),
    ],
)
def test_headline_names_the_bound_that_applied(log10_lr: float, lineages: int, value: float, bound: str) -> None:
    found = bounds.headline_lr(log10_lr, elub=WIDE, lineages=lineages)
    assert (found.log10_lr, found.bound, found.uncapped) == (value, bound, log10_lr)
    assert found.lower <= found.log10_lr <= found.upper


def test_bounds_of_unequal_sides_are_kept_apart() -> None:
    elub = bounds.ElubBounds(lower=-0.5, upper=2.0)
    assert bounds.headline_lr(-4.0, elub=elub, lineages=30).bound == "elub"
    assert bounds.headline_lr(4.0, elub=elub, lineages=30).bound == "lineages"


@FIXED
@given(x=st.floats(-20, 20), k=st.integers(0, 500))
def test_headline_is_mirrored_and_never_stronger(x: float, k: int) -> None:
    here = bounds.headline_lr(x, elub=WIDE, lineages=k)
    there = bounds.headline_lr(-x, elub=WIDE, lineages=k)
    assert (there.log10_lr, there.bound) == (-here.log10_lr, here.bound)
    assert abs(here.log10_lr) <= abs(x)
    assert here.log10_lr * x >= 0


def test_headline_refuses_nan_and_negative_k() -> None:
    with pytest.raises(ValueError, match="NaN"):
        bounds.headline_lr(math.nan, elub=WIDE, lineages=3)
    with pytest.raises(ValueError, match="negative"):
        bounds.headline_lr(1.0, elub=WIDE, lineages=-1)


@pytest.mark.parametrize(
    ("lr", "words"),
    [
        (2.0, "weak support"),
        (10.0, "moderate support"),
        (31.0, "moderate support"),
        (100.0, "moderately strong support"),
        (1_000.0, "strong support"),
        (10_000.0, "very strong support"),
        (999_999.0, "very strong support"),
        (1_000_000.0, "extremely strong support"),
        (math.inf, "extremely strong support"),
    ],
)
def test_verbal_scale_both_ways(lr: float, words: str) -> None:
    up, down = bounds.verbal_equivalent(math.log10(lr)), bounds.verbal_equivalent(-math.log10(lr))
    assert (up.supports, up.words) == ("hp", words)
    assert (down.supports, down.words) == ("hd", words)


def test_ratio_of_one_supports_neither() -> None:
    assert bounds.verbal_equivalent(0.0).supports == "neither"
    with pytest.raises(ValueError, match="NaN"):
        bounds.verbal_equivalent(math.nan)


def test_verbal_scale_has_no_gap() -> None:
    assert bounds.VERBAL_SCALE[0].from_lr == 1
    assert bounds.VERBAL_SCALE[-1].to_lr == math.inf
    for low, high in zip(bounds.VERBAL_SCALE, bounds.VERBAL_SCALE[1:], strict=False):
        assert low.to_lr == high.from_lr

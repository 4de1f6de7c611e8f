"""Normalising all pairs at once: the same values as the general way, lineage by lineage."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.numerics.cohorts import Scales, normalised, s_norm_scales, standardised
from forensics.numerics.normalisation import NEAR_COHORT, ROBUST_S_NORM, S_NORM


def scores(m: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(3.0, 2.0, (m, m))
    values = (values + values.T) / 2
    np.fill_diagonal(values, np.nan)
    return values


@pytest.mark.parametrize("by", [S_NORM, NEAR_COHORT, ROBUST_S_NORM], ids=lambda by: by.name)
@pytest.mark.parametrize("lineages", [
    "abcdefghijklmnopqrstuvwx", "aaaaaabbbbbbccccddddeeeef", "aaaaaaaaaaaaaaaaaaaabcd", "ab" * 6 + "cdefghijklmn",
])  # fmt: skip
def test_as_pair_by_pair(by, lineages) -> None:
    values = scores(len(lineages))
    wanted = by.all_pairs(values, list(lineages))
    found = normalised(values, list(lineages), by)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))


def test_equal_scores_have_no_spread_and_a_missing_score_goes_the_general_way() -> None:
    flat = np.full((9, 9), 0.25)
    np.fill_diagonal(flat, np.nan)
    assert np.isnan(normalised(flat, list("abcdefghi"), S_NORM)).all()
    values = scores(9)
    values[2, 5] = values[5, 2] = np.nan
    np.testing.assert_array_equal(
        normalised(values, list("abcdefghi"), S_NORM), S_NORM.all_pairs(values, list("abcdefghi"))
    )


def test_by_hand() -> None:
    """Six models, the pair (0, 1) against 2 … 5: mean 2.5, sd 1.29 seen from 0; mean 1, sd 0.816 seen from 1."""
    values = np.zeros((6, 6))
    values[0, 1:] = 5, 1, 2, 3, 4
    values[1, 2:] = 0, 1, 1, 2
    values += values.T
    np.fill_diagonal(values, np.nan)
    seen = ((5 - 2.5) / np.std([1, 2, 3, 4], ddof=1) + (5 - 1) / np.std([0, 1, 1, 2], ddof=1)) / 2
    assert normalised(values, list("abcdef"), S_NORM)[0, 1] == pytest.approx(seen, rel=1e-12)


def test_other_centres_with_the_scale_as_measured() -> None:
    values = scores(12)
    scales = s_norm_scales(values, list("aabbccddeeff"))
    moved = standardised(values + 1.0, Scales(scales.centre + 1.0, scales.scale))
    np.testing.assert_allclose(moved, standardised(values, scales), rtol=1e-9, atol=1e-9)

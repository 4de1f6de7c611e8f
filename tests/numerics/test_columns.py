"""Rows at unit length and columns by their spread."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.numerics import columns


def test_rows_have_unit_length_and_a_row_of_zeros_stays() -> None:
    found = columns.unit_rows(np.array([[3, 4], [0, 0]]))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0]])


def test_a_column_counts_by_its_spread_and_one_without_any_not_at_all() -> None:
    found = columns.inverse_spreads(np.array([16.0, 0.0, -1e-18, 1e-13]), 4)
    assert found == pytest.approx([0.5, 0, 0, 0])

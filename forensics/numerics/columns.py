"""Tables of counts made comparable: rows at unit length, columns by their spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FLAT = 1e-6
"""Spreads of a column up to which it counts as the same in all rows."""


def unit_rows(table: NDArray[Any]) -> NDArray[Any]:
    """Return rows at unit length, rows of zeros as they are: [n, columns]."""
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    found: NDArray[Any] = table / np.where(norms > 0, norms, 1)
    return found


def inverse_spreads(squared: Floats, count: int) -> Floats:
    """Return 1 / √(squared / count) of sums of squared deviations, 0 where there is no spread; any shape.

    Features times the root of this are Pareto-scaled (van den Berg et al. 2006): rare habits count beside frequent ones,
    whose counts vary more.
    """
    spread = np.sqrt(np.maximum(squared / count, 0))
    found: Floats = np.divide(1, spread, out=np.zeros_like(spread), where=spread > _FLAT)
    return found

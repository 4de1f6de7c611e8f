"""Check and pool the two classes of values (Hp pairs and Hd pairs) every metric of this package starts from.

It validates and counts; it computes no metric.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

RATE_TOLERANCE = 1e-12
"""Room for rounding when fractional weights are summed; far below any rate anybody asks for."""


@dataclass(frozen=True, eq=False)
class TwoClasses:
    """Checked values of both classes; every weight is finite and > 0."""

    hp: FloatArray
    hd: FloatArray
    hp_weights: FloatArray
    hd_weights: FloatArray


@dataclass(frozen=True, eq=False)
class PooledValues:
    """Distinct values of both classes in ascending order, with the weight of each class on each value (ties pooled)."""

    values: FloatArray
    hp: FloatArray
    hd: FloatArray

    def hp_at_least(self) -> FloatArray:
        """P(value >= values[k] | Hp), in [0, 1]."""
        return _share_from_top(self.hp)

    def hd_at_least(self) -> FloatArray:
        """P(value >= values[k] | Hd), in [0, 1]."""
        return _share_from_top(self.hd)

    def hp_at_most(self) -> FloatArray:
        """P(value <= values[k] | Hp), in [0, 1]."""
        return _share_from_top(self.hp[::-1])[::-1]


def _share_from_top(weights: FloatArray) -> FloatArray:
    cumulative = np.cumsum(weights[::-1])[::-1]
    # Divided by its own first entry, not by weights.sum(): the two round differently and the share must reach
    # exactly 1.
    share: FloatArray = cumulative / cumulative[0]
    return share


def as_values(values: ArrayLike, name: str) -> FloatArray:
    """Return `values` as a float64 vector; ValueError when it is not one-dimensional or holds NaN (infinities pass)."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, but has shape {array.shape}")
    if np.isnan(array).any():
        raise ValueError(f"{name} holds NaN; leave out pairs without a value and count them instead")
    return array


def as_weights(weights: ArrayLike | None, *, size: int, name: str) -> FloatArray:
    """Return weights as a float64 vector (ones for None); ValueError unless finite, >= 0 and of length `size`."""
    if weights is None:
        return np.ones(size)
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (size,):
        raise ValueError(f"{name} must hold one weight for each of the {size} values, but has shape {array.shape}")
    if not np.isfinite(array).all() or (array < 0).any():
        raise ValueError(f"{name} must be finite and not negative")
    return array


def two_classes(
    hp: ArrayLike,
    hd: ArrayLike,
    *,
    hp_weights: ArrayLike | None = None,
    hd_weights: ArrayLike | None = None,
) -> TwoClasses:
    """Check both classes and drop values of weight zero.

    Raises ValueError for NaN, wrong shapes, bad weights, or a class that is empty or has no weight.
    """
    kept = [
        _one_class(values, weights, name) for values, weights, name in ((hp, hp_weights, "Hp"), (hd, hd_weights, "Hd"))
    ]
    return TwoClasses(hp=kept[0][0], hd=kept[1][0], hp_weights=kept[0][1], hd_weights=kept[1][1])


def _one_class(values: ArrayLike, weights: ArrayLike | None, name: str) -> tuple[FloatArray, FloatArray]:
    array = as_values(values, f"the {name} values")
    weight = as_weights(weights, size=array.size, name=f"the {name} weights")
    keep = weight > 0
    if not keep.any():
        raise ValueError(f"there are no {name} pairs with any weight; both Hp and Hd pairs are needed")
    return array[keep], weight[keep]


def pool_ties(classes: TwoClasses) -> PooledValues:
    """Sort all values and add up the weights of equal ones, class by class."""
    values, position = np.unique(np.concatenate([classes.hp, classes.hd]), return_inverse=True)
    split = classes.hp.size
    return PooledValues(
        values=values,
        hp=_weight_per_value(position[:split], classes.hp_weights, values.size),
        hd=_weight_per_value(position[split:], classes.hd_weights, values.size),
    )


def _weight_per_value(position: NDArray[np.intp], weights: FloatArray, size: int) -> FloatArray:
    return np.bincount(position, weights=weights, minlength=size).astype(np.float64)

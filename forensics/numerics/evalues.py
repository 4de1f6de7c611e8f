"""E-values: evidence against a null hypothesis that may be multiplied night after night and looked at every morning.

An e-value is a number of mean at most 1 while the null hypothesis holds. Products of independent ones are wealth that
grows beyond 1/α with a chance of at most α, however often it is looked at (Ville 1939).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

HORIZON = 365
"""Nights over which one unit of wealth is spread: the promise holds for so many, then a new year begins at 1."""


def log_e(p: ArrayLike) -> Floats:
    r"""Return the natural logarithm of the e-value of p-values in (0, 1].

    The calibrator is the mean of κ p^(κ−1) over κ in (0, 1), which is (1 − p + p ln p) / (p (ln p)²) (Vovk and Wang 2021,
    "E-values: calibration, combination and applications", equation 2). It falls with p, so a p-value that is too large
    only loses evidence.

    >>> [round(float(x), 3) for x in np.exp(log_e([1.0, 0.1, 0.01]))]
    [0.5, 1.263, 4.451]
    """
    x = -np.log(np.asarray(p, float))
    # With x = −ln p the formula is (e^x − 1 − x) / x²; its limit at 0 is 1/2.
    small = x < 1e-4
    safe = np.where(small, 1.0, x)
    found: Floats = np.where(small, np.log(0.5) + x / 3, np.log(np.expm1(safe) - safe) - 2 * np.log(safe))
    return found


def log_wealth(log_es: ArrayLike, *, horizon: int = HORIZON) -> Floats:
    """Return the natural logarithm of the wealth after each night; the last axis runs over nights, `horizon` at most.

    One unit is spread evenly over `horizon` possible first nights of a change; the part of night s is multiplied by
    every e-value from s on. What has not begun to play stays as it is. So a change late in the year costs a factor of
    `horizon`, not all that was lost before (a mixture of Shiryaev–Roberts form: Shin, Ramdas and Rinaldo 2024,
    "E-detectors"; with weights of sum 1 it keeps Ville's bound, which their detectors trade for a run length).
    Raises ValueError for more nights than the horizon.
    """
    given = np.asarray(log_es, float)
    nights = given.shape[-1]
    if nights > horizon:
        raise ValueError(f"{nights} nights are more than the horizon of {horizon}")
    playing = np.full(given.shape[:-1], -np.inf)
    found = np.empty(given.shape)
    for night in range(nights):
        playing = np.logaddexp(playing, -np.log(horizon)) + given[..., night]
        waiting = np.log((horizon - night - 1) / horizon) if night + 1 < horizon else -np.inf
        found[..., night] = np.logaddexp(playing, waiting)
    return found


def joined(log_wealths: ArrayLike) -> Floats:
    """Return the logarithm of the wealth of several tests of the same draws: the largest, over how many they are.

    By the union bound it passes 1/α with a chance of at most α, however the tests hang together. Their mean would be
    worth more, but what bounds it over many nights needs them to be martingales of one past.
    """
    given = np.asarray(log_wealths, float)
    found: Floats = given.max(axis=0) - np.log(len(given))
    return found


def first_changed(p: ArrayLike) -> int:
    """Return the place of the likeliest first changed night.

    Before a change p-values are uniform, after it they have the density κ p^(κ−1); κ and the night are those of maximum
    likelihood. For n nights κ = −n / Σ ln p.

    >>> first_changed([0.6, 0.12, 0.3, 0.0001, 0.02, 0.0001])
    3
    """
    logs = -np.log(np.asarray(p, float))
    sums = np.cumsum(logs[::-1])[::-1]
    counts = np.arange(len(logs), 0, -1)
    kappa = np.minimum(counts / np.maximum(sums, 1e-12), 1.0)
    return int(np.argmax(counts * np.log(kappa) + (1 - kappa) * sums))


def discoveries(log_es: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Return which hypotheses e-BH rejects: the k largest, for the largest k whose k-th e-value is m / (k α) or more.

    The share of false ones among them is at most α on average, whatever the dependence (Wang and Ramdas 2022, "False
    discovery rate control with e-values"). Where every null hypothesis holds, a rejection needs a mean e-value of 1/α.
    """
    given = np.asarray(log_es, float)
    count = len(given)
    order = np.argsort(-given, kind="stable")
    needed = np.log(count) - np.log(np.arange(1, count + 1)) - np.log(alpha)
    passing = np.flatnonzero(given[order] >= needed - 1e-12)
    rejected = np.zeros(count, bool)
    if len(passing):
        rejected[order[: passing[-1] + 1]] = True
    return rejected

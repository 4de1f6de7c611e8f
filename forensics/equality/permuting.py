"""Labels dealt out at random inside each probe, and the p-values that follow.

Answers to different probes never change places: under the null hypothesis only draws of one probe are exchangeable.
p = (1 + c) / (1 + B), c permutations at least as extreme: never zero, and valid for any B (Phipson & Smyth 2010).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from forensics.equality.draws import Dealt, Draws, Floats

_BLOCK = 256
"""Labellings dealt at a time: what bounds the memory."""
TOLERANCE = 1e-6
"""Differences of a statistic below this share of its spread are rounding, and count as ties."""


def as_they_are(probes: Sequence[Draws]) -> list[Dealt]:
    """Return the one labelling that is true."""
    dealt = []
    for sizes, places in _groups(probes):
        labels = np.zeros((len(places), 1, sum(sizes)), np.float32)
        labels[:, :, : sizes[0]] = 1
        dealt.append(Dealt(places, labels, sizes))
    return dealt


def deal(probes: Sequence[Draws], permutations: int, seed: int) -> Iterator[list[Dealt]]:
    """Deal labels anew, independently in each probe, a block at a time: `permutations` in all."""
    rng = np.random.default_rng(seed)
    groups = _groups(probes)
    for start in range(0, permutations, _BLOCK):
        count = min(_BLOCK, permutations - start)
        yield [Dealt(places, _labels(rng, len(places), count, sizes), sizes) for sizes, places in groups]


def _labels(rng: np.random.Generator, probes: int, count: int, sizes: tuple[int, int]) -> NDArray[np.float32]:
    """Choose in each probe, each time, which answers count as the reference's: all choices are equally likely."""
    keys = rng.random((probes, count, sum(sizes)))
    last = np.partition(keys, sizes[0] - 1, axis=2)[:, :, sizes[0] - 1 : sizes[0]]
    return (keys <= last).astype(np.float32)


def _groups(probes: Sequence[Draws]) -> list[tuple[tuple[int, int], NDArray[np.int64]]]:
    """Group probes by their numbers of answers, so that each group is one product of matrices."""
    found: dict[tuple[int, int], list[int]] = {}
    for place, probe in enumerate(probes):
        found.setdefault(probe.sizes, []).append(place)
    return [(sizes, np.array(places, np.int64)) for sizes, places in sorted(found.items())]


def exceeding(observed: float, permuted: Floats) -> int:
    """Count permutations with a statistic at least as large, ties by rounding included."""
    slack = TOLERANCE * float(permuted.std() + abs(observed - permuted.mean()))
    return int((permuted >= observed - slack).sum())


def p_value(count: int, permutations: int) -> float:
    """Return (1 + c) / (1 + B)."""
    return (1 + count) / (1 + permutations)


def combined(statistics: Floats) -> Floats:
    """Return the largest of several standardised statistics, labelling by labelling: [k, 1 + B] → [1 + B].

    Mean and spread are taken over all labellings, the true one included: then every labelling is treated alike, and the
    test stays exact under the null hypothesis.
    """
    spread = statistics.std(axis=1, keepdims=True)
    flat = spread <= TOLERANCE * np.abs(statistics).max(axis=1, keepdims=True) + 1e-300
    standard = (statistics - statistics.mean(axis=1, keepdims=True)) / np.where(flat, np.inf, spread)
    largest: Floats = standard.max(axis=0)
    return largest


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number, step down (Holm 1979); in the order given.

    >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for rank, i in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted

"""Simulated nights from real draws: the tool's own tests and wealth, on banks of answers dealt out at random.

A bank holds many draws of one model for each probe. A year deals them out without repetition, a baseline and then night
after night, and every night is tested as `forensics nightly` tests it; only where the draws come from differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.monitoring import draws, drift, forms
from forensics.numerics import evalues, few_of_many
from forensics.numerics.few_of_many import Strata

Floats = NDArray[np.float64]
Texts = Sequence[Sequence[str]]
"""Draws of each probe."""


class Year(NamedTuple):
    """How many nights of how many draws."""

    nights: int = 365
    baseline: int = 6
    """Draws of each probe in the baseline."""
    draws: int = 2
    """Draws of each probe in a night."""

    @property
    def needed(self) -> int:
        """Draws of each probe that a year deals out."""
        return self.baseline + self.nights * self.draws


def kernels(bank: Texts) -> dict[str, NDArray[np.float32]]:
    """Return the kernel of every probe's draws in both streams: [probes, draws, draws]."""
    return {
        "received": np.stack([drift.kernel(draws.codes(list(texts))) for texts in bank]),
        "content": np.stack([drift.kernel(draws.codes([forms.content(t) for t in texts])) for texts in bank]),
    }


def dealt(rng: np.random.Generator, groups: int, probes: int, year: Year, *, draws_held: int) -> NDArray[np.int64]:
    """Deal a bank out to some years: [years, probes, draws of a year]."""
    order = np.argsort(rng.random((groups, probes, draws_held), np.float32), axis=2)
    return order[:, :, : year.needed].astype(np.int64)


def p_values(kernel: NDArray[np.float32], order: NDArray[np.int64], year: Year, rng: np.random.Generator) -> Floats:
    """Test every night of some years against all before it: [years, nights]."""
    groups, probes, _ = order.shape
    which = np.tile(np.arange(probes), groups)
    flat = order.reshape(groups * probes, -1)
    priority = rng.random(flat.shape)
    kept = np.tile(np.arange(year.baseline), (len(flat), 1))
    rows = np.take_along_axis(flat, kept, axis=1)
    sums = _sums(kernel, which, rows, rows)
    found = np.empty((groups, year.nights))
    for night in range(year.nights):
        start = year.baseline + night * year.draws
        new = np.tile(np.arange(start, start + year.draws), (len(flat), 1))
        new_rows = flat[:, start : start + year.draws]
        sums = np.hstack([sums + _sums(kernel, which, rows, new_rows), np.zeros(new_rows.shape)])
        kept, rows = np.hstack([kept, new]), np.hstack([rows, new_rows])
        sums[:, -year.draws :] = _sums(kernel, which, new_rows, rows)
        part = Strata(kernel, which, rows, year.draws, sums)
        found[:, night] = few_of_many.p_values([part], groups, rng)
        if kept.shape[1] > drift.LARGEST_POOL:
            kept, rows, sums = _thinned(kernel, which, kept, rows, sums=sums, priority=priority)
    return found


def _sums(
    kernel: NDArray[np.float32], which: NDArray[np.int64], rows: NDArray[np.int64], others: NDArray[np.int64]
) -> Floats:
    total = np.zeros(rows.shape)
    for column in range(others.shape[1]):
        total += kernel[which[:, None], rows, others[:, column : column + 1]]
    return total


def _thinned(kernel, which, kept, rows, *, sums, priority):
    """Keep the draws of least priority, as `drift.by_probe` does."""
    order = np.argsort(np.take_along_axis(priority, kept, axis=1), axis=1)
    stay, go = order[:, : drift.LARGEST_POOL], order[:, drift.LARGEST_POOL :]
    left = np.take_along_axis(rows, stay, axis=1)
    fewer = np.take_along_axis(sums, stay, axis=1) - _sums(kernel, which, left, np.take_along_axis(rows, go, axis=1))
    return np.take_along_axis(kept, stay, axis=1), left, fewer


def fixed_baseline(
    kernel: NDArray[np.float32], order: NDArray[np.int64], year: Year, rng: np.random.Generator
) -> Floats:
    """Test every night against the same baseline alone, which is not valid over many nights: [years, nights]."""
    groups, probes, _ = order.shape
    which = np.tile(np.arange(probes), groups)
    flat = order.reshape(groups * probes, -1)
    found = np.empty((groups, year.nights))
    for night in range(year.nights):
        start = year.baseline + night * year.draws
        rows = np.hstack([flat[:, : year.baseline], flat[:, start : start + year.draws]])
        part = Strata(kernel, which, rows, year.draws, _sums(kernel, which, rows, rows))
        found[:, night] = few_of_many.p_values([part], groups, rng)
    return found


def wealth(p: Mapping[str, Floats]) -> Floats:
    """Return the logarithm of a watch's wealth after each night: the mean of both streams'."""
    streams = [evalues.log_wealth(evalues.log_e(one)) for one in p.values()]
    return np.logaddexp.reduce(streams) - np.log(len(streams))


def years(
    bank: Texts, *, count: int, year: Year, seed: int, chunk: int = 100, instead: tuple[int, Texts] | None = None
) -> dict[str, Floats]:
    """Simulate years in both streams; with `instead` (night, bank) another model answers from that night on."""
    own = len(bank[0])
    whole = bank if instead is None else [[*a, *b] for a, b in zip(bank, instead[1], strict=True)]
    kernel = kernels(whole)
    rng = np.random.default_rng(seed)
    found: dict[str, list[Floats]] = {stream: [] for stream in kernel}
    for start in range(0, count, chunk):
        groups = min(chunk, count - start)
        order = dealt(rng, groups, len(bank), year, draws_held=own)
        if instead is not None:
            changed = year.baseline + instead[0] * year.draws
            others = dealt(rng, groups, len(bank), year, draws_held=len(whole[0]) - own)
            order[:, :, changed:] = own + others[:, :, : year.needed - changed]
        for stream, one in kernel.items():
            found[stream].append(p_values(one, order, year, rng))
    return {stream: np.concatenate(parts) for stream, parts in found.items()}

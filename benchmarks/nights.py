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
    most = drift.LARGEST_POOL
    priority = rng.random(flat.shape)
    held = year.baseline
    rows = np.zeros((len(flat), most + year.draws), np.int64)
    sums, order_ = np.zeros(rows.shape), np.ones(rows.shape)
    rows[:, :held], order_[:, :held] = flat[:, :held], priority[:, :held]
    sums[:, :held] = _sums(kernel, which, rows[:, :held], rows[:, :held])
    found = np.empty((groups, year.nights))
    for night in range(year.nights):
        start = year.baseline + night * year.draws
        new = flat[:, start : start + year.draws]
        rows[:, held : held + year.draws], order_[:, held : held + year.draws] = (
            new,
            priority[:, start : start + year.draws],
        )
        sums[:, :held] += _sums(kernel, which, rows[:, :held], new)
        held += year.draws
        sums[:, held - year.draws : held] = _sums(kernel, which, rows[:, :held], new, rows_of=False)
        found[:, night] = few_of_many.p_values(
            [_strata(kernel, which, rows[:, :held], year.draws, sums[:, :held])], groups, rng
        )
        while held > most:
            held -= 1
            _drop_last(kernel, which, rows, sums=sums, priority=order_, held=held)
    return found


def _strata(
    kernel: NDArray[np.float32], which: NDArray[np.int64], rows: NDArray[np.int64], few: int, sums: Floats
) -> Strata:
    """Return strata whose sums are known; every draw equals itself, so the diagonal is 1."""
    return Strata(kernel, which, rows, few, sums, sums.sum(axis=1) - rows.shape[1])


def _drop_last(
    kernel: NDArray[np.float32],
    which: NDArray[np.int64],
    rows: NDArray[np.int64],
    *,
    sums: Floats,
    priority: Floats,
    held: int,
) -> None:
    """Drop the draw of largest priority of the first held + 1, as `drift.by_probe` keeps those of the least."""
    every = np.arange(len(rows))
    out = np.argmax(priority[:, : held + 1], axis=1)
    gone = rows[every, out][:, None]
    for table in (rows, sums, priority):
        table[every, out] = table[:, held]
    sums[:, :held] -= _sums(kernel, which, rows[:, :held], gone)


def _sums(
    kernel: NDArray[np.float32],
    which: NDArray[np.int64],
    rows: NDArray[np.int64],
    others: NDArray[np.int64],
    *,
    rows_of: bool = True,
) -> Floats:
    """Return the kernel's sums over `others` for each of `rows`, or the other way round."""
    if not rows_of:
        return np.stack(
            [kernel[which[:, None], others[:, c : c + 1], rows].sum(axis=1) for c in range(others.shape[1])], axis=1
        ).astype(np.float64)
    total = np.zeros(rows.shape)
    for column in range(others.shape[1]):
        total += kernel[which[:, None], others[:, column : column + 1], rows]
    return total


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
        part = _strata(kernel, which, rows, year.draws, _sums(kernel, which, rows, rows))
        found[:, night] = few_of_many.p_values([part], groups, rng)
    return found


def wealth(p: Mapping[str, Floats]) -> Floats:
    """Return the logarithm of a watch's wealth after each night, as the tool joins both streams."""
    return evalues.joined([evalues.log_wealth(evalues.log_e(one)) for one in p.values()])


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

"""Simulated nights from real draws: the tool's own tests and wealth, on banks of answers dealt out at random.

A bank holds many draws of one model for each probe. A year deals them out without repetition, a baseline and then night
after night, and every night is tested as `forensics nightly` tests it; only where the draws come from differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.monitoring import draws, drift, forms, kernels
from forensics.numerics import evalues, few_of_many
from forensics.numerics.few_of_many import Part, Shared, Strata

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


class Seen(NamedTuple):
    """A bank as the nightly test sees it."""

    layers: tuple[NDArray[np.float32], ...]
    """Kernels, [probes, draws, draws] each."""
    features: NDArray[np.float32]
    """[probes, draws, columns]"""


def seen(bank: Texts) -> dict[str, Seen]:
    """Return the views of every probe's draws in both streams."""
    found = {}
    for stream, form in (("received", str), ("content", forms.content)):
        views = [kernels.of_answers(draws.codes([form(text) for text in texts])) for texts in bank]
        layers = tuple(np.stack(view) for view in zip(*(v.kernels for v in views), strict=True))
        found[stream] = Seen(layers, np.stack([v.pooled for v in views if v.pooled is not None]))
    return found


def dealt(rng: np.random.Generator, groups: int, probes: int, year: Year, *, draws_held: int) -> NDArray[np.int64]:
    """Deal a bank out to some years: [years, probes, draws of a year]."""
    order = np.argsort(rng.random((groups, probes, draws_held), np.float32), axis=2)
    return order[:, :, : year.needed].astype(np.int64)


def p_values(
    bank: Seen, order: NDArray[np.int64], year: Year, rng: np.random.Generator, *, most: int = few_of_many.MOST
) -> Floats:
    """Test every night of some years against all before it: [years, nights]."""
    groups, probes, _ = order.shape
    which = np.tile(np.arange(probes), groups)
    flat = order.reshape(groups * probes, -1)
    table = _Table(bank, which, drift.LARGEST_POOL + year.draws)
    priority = rng.random(flat.shape)
    table.add(flat[:, : year.baseline], priority[:, : year.baseline])
    found = np.empty((groups, year.nights))
    for night in range(year.nights):
        start = year.baseline + night * year.draws
        table.add(flat[:, start : start + year.draws], priority[:, start : start + year.draws])
        found[:, night] = few_of_many.p_values([table.part(year.draws)], groups, rng, most=most)
        while table.held > drift.LARGEST_POOL:
            table.drop()
    return found


class _Table:
    """The draws held so far, with the sums the test needs kept up to date instead of worked out anew every night."""

    def __init__(self, bank: Seen, which: NDArray[np.int64], most: int) -> None:
        self.bank, self.which, self.held = bank, which, 0
        self.rows = np.zeros((len(which), most), np.int64)
        self.priority = np.ones(self.rows.shape)
        self.sums = [np.zeros(self.rows.shape) for _ in bank.layers]
        self.totals, self.squares = np.zeros((2, len(which), bank.features.shape[2]))

    def add(self, new: NDArray[np.int64], priority: Floats) -> None:
        """Add some draws of every probe."""
        before, self.held = self.held, self.held + new.shape[1]
        self.rows[:, before : self.held], self.priority[:, before : self.held] = new, priority
        for kernel, sums in zip(self.bank.layers, self.sums, strict=True):
            sums[:, :before] += _sums(kernel, self.which, self.rows[:, :before], new)
            sums[:, before : self.held] = _sums(kernel, self.which, self.rows[:, : self.held], new, rows_of=False)
        features = self.bank.features[self.which[:, None], new]
        self.totals += features.sum(axis=1)
        self.squares += np.square(features).sum(axis=1)

    def part(self, few: int) -> Part:
        """Return what is held, the last draws as the few; every draw equals itself, so the diagonal is 1."""
        rows = self.rows[:, : self.held]
        layers = tuple(
            Strata(kernel, self.which, rows, few, sums[:, : self.held], sums[:, : self.held].sum(axis=1) - self.held)
            for kernel, sums in zip(self.bank.layers, self.sums, strict=True)
        )
        return Part(layers, Shared(self.bank.features, self.totals, self.squares))

    def drop(self) -> None:
        """Drop the draw of largest priority, as `drift.by_probe` keeps those of the least."""
        every = np.arange(len(self.rows))
        out = np.argmax(self.priority[:, : self.held], axis=1)
        self.held -= 1
        gone = self.rows[every, out][:, None]
        for table in (self.rows, self.priority, *self.sums):
            table[every, out] = table[:, self.held]
        for kernel, sums in zip(self.bank.layers, self.sums, strict=True):
            sums[:, : self.held] -= _sums(kernel, self.which, self.rows[:, : self.held], gone)
        features = self.bank.features[self.which, gone[:, 0]]
        self.totals -= features
        self.squares -= np.square(features)


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


def fixed_baseline(bank: Seen, order: NDArray[np.int64], year: Year, rng: np.random.Generator) -> Floats:
    """Test every night against the same baseline alone, which is not valid over many nights: [years, nights]."""
    groups, probes, _ = order.shape
    which = np.tile(np.arange(probes), groups)
    flat = order.reshape(groups * probes, -1)
    found = np.empty((groups, year.nights))
    for night in range(year.nights):
        start = year.baseline + night * year.draws
        table = _Table(bank, which, year.baseline + year.draws)
        for few in (flat[:, : year.baseline], flat[:, start : start + year.draws]):
            table.add(few, np.zeros(few.shape))
        found[:, night] = few_of_many.p_values([table.part(year.draws)], groups, rng)
    return found


def wealth(p: Mapping[str, Floats]) -> Floats:
    """Return the logarithm of a watch's wealth after each night, as the tool joins both streams."""
    return evalues.joined([evalues.log_wealth(evalues.log_e(one)) for one in p.values()])


def years(
    bank: Texts,
    *,
    count: int,
    year: Year,
    seed: int,
    chunk: int = 100,
    instead: tuple[int, Texts] | None = None,
    most: int = few_of_many.MOST,
) -> dict[str, Floats]:
    """Simulate years in both streams; with `instead` (night, bank) another model answers from that night on; `most` as in the test."""
    own = len(bank[0])
    whole = bank if instead is None else [[*a, *b] for a, b in zip(bank, instead[1], strict=True)]
    views = seen(whole)
    rng = np.random.default_rng(seed)
    found: dict[str, list[Floats]] = {stream: [] for stream in views}
    for start in range(0, count, chunk):
        groups = min(chunk, count - start)
        order = dealt(rng, groups, len(bank), year, draws_held=own)
        if instead is not None:
            changed = year.baseline + instead[0] * year.draws
            others = dealt(rng, groups, len(bank), year, draws_held=len(whole[0]) - own)
            order[:, :, changed:] = own + others[:, :, : year.needed - changed]
        for stream, one in views.items():
            found[stream].append(p_values(one, order, year, rng, most=most))
    return {stream: np.concatenate(parts) for stream, parts in found.items()}

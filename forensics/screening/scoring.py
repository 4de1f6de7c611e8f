"""The tasks that score: one part of the probes each, all pairs of the models in the frame, or the rows of newcomers.

What a task returns are sums over its probes, and the same sums over resamplings of the probes; who adds them up does so
in the order of the parts, so that the totals do not hang on where or when a task ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import registry
from forensics.screening import blocks
from forensics.statistics import Block

Floats = NDArray[np.float64]


class Seats(NamedTuple):
    """Where the features of some members lie: their blocks, and each block's members by position."""

    store: str
    blocks: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    """For each position in each block, the member that sits there; −1 for a model that is none. Members 0 … m−1."""
    size: int
    """Members."""


class Asked(NamedTuple):
    """What is scored: a statistic, one part of the probes, and how often each probe counts."""

    statistic: str
    part: int
    prompts: tuple[bytes, ...]
    """Raw digests, sorted."""
    weights: Floats
    """How often each probe counts: once in the first row, as drawn in each resampling. [1 + b, probes]"""


class Sums(NamedTuple):
    """Sums over the probes of one task."""

    total: Floats
    """[1 + b, pairs]"""
    counts: Floats
    """Weighted probes with a value, [1 + b, pairs]; [1 + b, 1] where every pair has one on every probe."""
    known: Floats
    """What a newcomer must know of each probe's frame. [probes]"""
    scored: int
    """Agreements computed, pairs times probes: the work done."""


def all_pairs(seats: Seats, asked: Asked) -> Sums:
    """Score every pair a < b on one part of the probes: the pairs in the order of `np.triu_indices`. A task."""
    from threadpoolctl import threadpool_limits

    plugin = registry.load("statistics", asked.statistic)
    pairs = np.triu_indices(seats.size, 1)
    rows, known = [], []
    # BLAS' own threads collapse when the machine is busy, and may add in another order.
    with threadpool_limits(limits=1):
        for block in probes(seats, asked, plugin.FEATURE):
            if not len(block.owners):
                agreement, told = np.full((seats.size, seats.size), np.nan), np.nan
            elif hasattr(plugin, "framed"):
                agreement, told = plugin.framed(block)
            else:
                agreement, told = plugin.score(block, np.arange(seats.size)), np.nan
            rows.append(agreement[pairs])
            known.append(told)
        return summed(np.array(rows).reshape(len(rows), -1), asked.weights, known)


def joining(seats: Seats, asked: Asked, known: Floats, newcomers: Sequence[int]) -> list[Sums]:
    """Score one newcomer after another against the members of the frame, on one part of the probes. A task.

    Each is scored among the frame and itself, as if no other newcomer were there: so its row does not hang on who else
    joins. Returns its sums with every member, in order; those of other newcomers are empty.
    """
    outside = set(newcomers)
    return [_joined(seats, asked, known, (one,), outside) for one in newcomers]


def between(seats: Seats, asked: Asked, known: Floats, pair: tuple[int, int], newcomers: Sequence[int]) -> Sums:
    """Score two newcomers with each other, among the frame and the two, on one part of the probes. A task."""
    return _joined(seats, asked, known, pair, set(newcomers))


def _joined(seats: Seats, asked: Asked, known: Floats, own: tuple[int, ...], outside: set[int]) -> Sums:
    """Score the first of some newcomers with all members of the frame, or, where two are given, with the second."""
    from threadpoolctl import threadpool_limits

    plugin = registry.load("statistics", asked.statistic)
    hidden = np.array(sorted(outside - set(own)), np.int64)
    rows = []
    with threadpool_limits(limits=1):
        for block, told in zip(probes(seats, asked, plugin.FEATURE), known.tolist(), strict=True):
            seen = ~np.isin(block.owners, hidden)
            among = Block(block.owners[seen], block.rows[seen], block.features)
            if own[0] not in among.owners:
                rows.append(np.full(seats.size, np.nan))
            elif hasattr(plugin, "join"):
                rows.append(plugin.join(among, own[0], told))
            else:
                rows.append(plugin.score(among, np.array([own[0]]))[0])
        values = np.array(rows).reshape(len(rows), -1)
        if len(own) == 2:
            values = values[:, [own[1]]]
        return summed(values, asked.weights, known.tolist())


def summed(values: Floats, weights: Floats, known: Sequence[float]) -> Sums:
    """Add values [probes, pairs] up over the probes, as often as each counts."""
    present = ~np.isnan(values)
    if present.all():
        counts = weights.sum(axis=1, keepdims=True)
    else:
        counts = weights @ present.astype(np.float64)
        values = np.where(present, values, 0.0)
    return Sums(weights @ values, counts, np.array(known, np.float64), int(present.sum()))


def probes(seats: Seats, asked: Asked, kind: str) -> list[Block]:
    """Return what a statistic sees of each probe."""
    place = {prompt: number for number, prompt in enumerate(asked.prompts)}
    owners: list[list[int]] = [[] for _ in place]
    rows: list[list[int]] = [[] for _ in place]
    features: list[dict[str, NDArray[np.float64]]] = [{} for _ in range(seats.size)]
    for name, members in zip(seats.blocks, seats.members, strict=True):
        part = blocks.load(seats.store, name, asked.part, kind)
        for member in members:
            if member >= 0:
                features[member] = part.features[kind]
        for row, (prompt, position) in enumerate(zip(part.prompts, part.positions, strict=True)):
            number = place.get(prompt)
            if number is not None and members[position] >= 0:
                owners[number].append(members[position])
                rows[number].append(row)
    found = []
    for own, at in zip(owners, rows, strict=True):
        order = np.argsort(np.array(own, np.int64), kind="stable")
        found.append(Block(np.array(own, np.int64)[order], np.array(at, np.int64)[order], features))
    return found

"""Are a few draws of the same kind as many others? Two-sample tests inside strata, by permutation, for lopsided samples.

Tonight's few answers to a probe against all that came before. The statistic needs only row sums of the kernel and the
few by few entries among the few, so a permutation costs the square of the few and owes nothing to the many. Several
statistics of the same choices may be taken together: the largest of them, each in units of its own spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from forensics.numerics.columns import inverse_spreads

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

ENOUGH = 20
"""Permutations at least as extreme after which no more are drawn."""
MOST = 19_999
"""Permutations drawn at most: the least p-value is 1 / (MOST + 1)."""
_FIRST = 128
"""Permutations of the first block; every further block doubles what was drawn."""
_SCALE = 200
"""Permutations that only tell the mean and the spread of each statistic."""
_ROOM = 8192
"""Permutations of all groups in one block at most: what bounds the memory."""
_ROWS = 1024
"""Choices of strata whose features are held at once: as many as a processor's cache has room for."""
_SLACK = 1e-4
"""Spreads below which two values count as a tie: rounding. A tie counts as extreme, so this can only raise a p-value."""


class Strata(NamedTuple):
    """Q strata of equal size: which kernel each looks up, and which rows of it are its T draws, the few last."""

    kernels: NDArray[np.float32]
    """[kernels, M, M], symmetric."""
    which: Places
    """[Q]"""
    rows: Places
    """[Q, T]"""
    few: int
    """How many of the T draws are the few: 1 … T − 1."""
    sums: Floats
    """[Q, T]: for each draw the sum of the kernel over all T draws of its stratum."""
    everything: Floats
    """[Q]: the sum of the kernel over all pairs of different draws."""


class Shared(NamedTuple):
    """The same strata in one space of features, in which what differs in the same way everywhere adds up."""

    features: NDArray[np.float32]
    """[kernels, M, columns]"""
    totals: Floats
    """[Q, columns]: the sum of the features over all T draws of each stratum."""
    squares: Floats
    """[Q, columns]: the sum of their squares."""


class Part(NamedTuple):
    """Strata of one size, as several statistics see them: a kernel each, and the features that all strata share."""

    layers: tuple[Strata, ...]
    """The same strata with different kernels; one at least."""
    shared: Shared | None = None


def strata(kernels: NDArray[np.float32], which: Places, rows: Places, few: int) -> Strata:
    """Return strata with their row sums worked out."""
    sums = np.stack([kernels[k][np.ix_(r, r)].sum(axis=1, dtype=np.float64) for k, r in zip(which, rows, strict=True)])
    diagonal = kernels[which[:, None], rows, rows].sum(axis=1, dtype=np.float64)
    return Strata(kernels, which, rows, few, sums, sums.sum(axis=1) - diagonal)


def statistics(given: Strata, chosen: Places, *, of: Places | None = None) -> Floats:
    """Return each stratum's unbiased squared maximum mean discrepancy for choices of the few: [Q, B].

    `chosen` are places among the T draws, [Q, B, few], of all strata or of those that `of` names. Gretton et al. (2012),
    lemma 6. A single draw has no pair of its own, and that term, the same for every choice, is left out.
    """
    few, total = given.few, given.rows.shape[1]
    many = total - few
    strata_ = np.arange(len(given.rows)) if of is None else of
    place = strata_[:, None]
    kernel = given.which[strata_][:, None]
    rows = [given.rows[place, chosen[:, :, i]] for i in range(few)]
    own, at_home, reach = (np.zeros(chosen.shape[:2]) for _ in range(3))
    for i in range(few):
        at_home += given.kernels[kernel, rows[i], rows[i]]
        reach += given.sums[place, chosen[:, :, i]]
        for j in range(i):
            own += given.kernels[kernel, rows[i], rows[j]]
    own *= 2  # sum over ordered pairs of different draws among the few
    across = reach - own - at_home
    rest = given.everything[place] - 2 * across - own
    inside = rest / (many * (many - 1)) if many > 1 else 0.0
    found: Floats = inside - 2 * across / (few * many)
    return found + own / (few * (few - 1)) if few > 1 else found


def as_they_are(given: Strata) -> Floats:
    """Return each stratum's statistic for the few as they are: [Q]."""
    total = given.rows.shape[1]
    places = np.arange(total - given.few, total)
    return statistics(given, np.broadcast_to(places, (len(given.rows), 1, given.few)))[:, 0]


def choices(rng: np.random.Generator, strata_: int, count: int, *, few: int, total: int) -> Places:
    """Return uniform choices of `few` out of `total` places without repetition: [strata, count, few]."""
    chosen = np.empty((strata_, count, few), np.int64)
    for i in range(few):
        place = rng.integers(0, total - i, (strata_, count))
        # The place-th of those not taken yet: step over the taken ones in ascending order.
        for j in range(i):
            place += place >= chosen[:, :, j]
        chosen[:, :, i] = place
        chosen[:, :, : i + 1].sort(axis=2)
    return chosen


def shared(features: NDArray[np.float32], given: Strata) -> Shared:
    """Return the features of some strata, [kernels, M, columns], with their totals worked out."""
    held = [features[k][r].astype(np.float64) for k, r in zip(given.which, given.rows, strict=True)]
    return Shared(features, np.stack([h.sum(axis=0) for h in held]), np.stack([(h * h).sum(axis=0) for h in held]))


def p_values(
    parts: Sequence[Part], groups: int, rng: np.random.Generator, *, enough: int = ENOUGH, most: int | None = None
) -> Floats:
    """Return one p-value for each of some groups of strata: [groups].

    The strata of every part come group by group, as many for each; all parts have the same layers. The statistic of a
    layer is the sum over a group's strata of all parts, that of the shared features is U (`_united`); the largest counts,
    after subtracting a mean and dividing by a spread. Both come of permutations of their own, which say nothing of which
    draws are the few: given them, the largest is one fixed function of the choice, and the test is exact.

    The few are dealt out anew inside every stratum until `enough` permutations are at least as extreme, L of them, and
    p = enough / L; or `most` (MOST) are drawn, g as extreme, and p = (g + 1) / (most + 1). Either way P(p ≤ u) ≤ u while all
    draws of a stratum are exchangeable (Besag and Clifford 1991).
    """
    every = np.arange(groups)
    most = MOST if most is None else most
    weights = _weights(parts, groups)
    observed = _united([_as_they_are(part) for part in parts], parts, every, weights)
    rehearsed = np.concatenate([_dealt(parts, every, weights, count, rng) for count in _blocks(_SCALE, groups)], axis=2)
    mean, spread = rehearsed.mean(axis=2), rehearsed.std(axis=2)
    spread[spread <= 1e-9 * (1 + np.abs(rehearsed).max(axis=2))] = np.inf
    largest = ((observed[:, :, 0] - mean) / spread).max(axis=0)
    p = np.full(groups, np.nan)
    extreme = np.zeros(groups, np.int64)
    open_, drawn = every, 0
    while len(open_):
        block = min(drawn or _FIRST, most - drawn, max(_FIRST, _ROOM // len(open_)))
        dealt = _dealt(parts, open_, weights, block, rng)
        standard = ((dealt - mean[:, open_, None]) / spread[:, open_, None]).max(axis=0)
        as_extreme = standard >= (largest[open_] - _SLACK)[:, None]
        running = extreme[open_, None] + np.cumsum(as_extreme, axis=1)
        ended = running[:, -1] >= enough
        at = np.argmax(running >= enough, axis=1)
        p[open_[ended]] = enough / (drawn + at[ended] + 1)
        extreme[open_] = running[:, -1]
        drawn += block
        open_ = open_[~ended]
        if drawn >= most:
            p[open_] = (extreme[open_] + 1) / (most + 1)
            break
    return p


def _blocks(count: int, groups: int) -> list[int]:
    size = max(1, min(count, max(_FIRST, _ROOM // groups)))
    return [min(size, count - start) for start in range(0, count, size)]


def _as_they_are(part: Part) -> Places:
    count, total = part.layers[0].rows.shape
    places = np.arange(total - part.layers[0].few, total)
    return np.broadcast_to(places, (count, 1, len(places)))


def _dealt(parts: Sequence[Part], open_: Places, weights: Floats, block: int, rng: np.random.Generator) -> Floats:
    """Return every statistic of a block of permutations: [statistics, open, block]."""
    chosen = []
    for part in parts:
        count, total = part.layers[0].rows.shape
        kept = len(open_) * (count // len(weights))
        chosen.append(choices(rng, kept, block, few=part.layers[0].few, total=total))
    return _united(chosen, parts, open_, weights)


def _united(chosen: Sequence[Places], parts: Sequence[Part], open_: Places, weights: Floats) -> Floats:
    """Return every statistic of some choices for each open group: [statistics, open, B].

    Of the shared features: with Δ the difference of the means of the few and of the rest in a stratum, the sum of
    ⟨Δ_p, Δ_q⟩ over pairs of different strata of the group, each column over its spread (`_weights`).
    """
    block = chosen[0].shape[1]
    found = np.zeros((len(parts[0].layers), len(open_), block))
    for part, places in zip(parts, chosen, strict=True):
        each = len(part.layers[0].rows) // len(weights)
        kept = _strata_of(open_, each)
        for place, layer in enumerate(part.layers):
            found[place] += statistics(layer, places, of=kept).reshape(len(open_), each, block).sum(axis=1)
    if parts[0].shared is None:
        return found
    roots = np.sqrt(weights).astype(np.float32)
    across = np.empty((1, len(open_), block))
    strata_ = sum(len(places) for places in chosen) // len(open_)
    wide = min(block, max(1, _ROWS // strata_))
    deep = max(1, _ROWS // (strata_ * wide))
    for first in range(0, len(open_), deep):
        for start in range(0, block, wide):
            some, dealt = slice(first, first + deep), slice(start, start + wide)
            across[0, some, dealt] = _across(chosen, parts, open_[some], (some, dealt), roots)
    return np.concatenate([found, across])


def _strata_of(open_: Places, each: int) -> Places:
    return (open_[:, None] * each + np.arange(each)).ravel()


def _weights(parts: Sequence[Part], groups: int) -> Floats:
    """Return what each column counts in each group: 1 / its spread inside the strata, 0 where it has none: [groups, columns].

    All draws of a stratum enter alike, so that no choice of the few is favoured. Without shared features: [groups, 0].
    """
    if parts[0].shared is None:
        return np.empty((groups, 0))
    squared, draws = np.zeros(()), 0
    for part in parts:
        assert part.shared is not None
        total = part.layers[0].rows.shape[1]
        inside = part.shared.squares - part.shared.totals**2 / total
        squared = squared + inside.reshape(groups, -1, inside.shape[1]).sum(axis=1)
        draws += total * (len(inside) // groups)
    return inverse_spreads(squared, draws)


def _across(
    chosen: Sequence[Places],
    parts: Sequence[Part],
    mine: Places,
    within: tuple[slice, slice],
    roots: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the sum of ⟨Δ_p, Δ_q⟩ over pairs of different strata, for some of the open groups and of the choices: [some, b]."""
    some, dealt = within
    total, own = np.zeros((), np.float32), np.zeros((), np.float32)
    for part, places in zip(parts, chosen, strict=True):
        each = len(part.layers[0].rows) // len(roots)
        held = places[some.start * each : some.stop * each, dealt]
        scale = np.repeat(roots[mine], each, axis=0)
        apart = _apart(part, _strata_of(mine, each), held, scale).reshape(len(mine), each, held.shape[1], -1)
        own = own + np.einsum("gpbd,gpbd->gpb", apart, apart).sum(axis=1)
        for place in range(each):
            total = total + apart[:, place]
    found: NDArray[np.float32] = np.einsum("gbd,gbd->gb", total, total) - own
    return found


def _apart(part: Part, kept: Places, chosen: Places, scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the difference of the mean features of the few and the rest, times `scale` [Q, columns], for choices [Q, B, few]: [Q, B, columns]."""
    layer, given = part.layers[0], part.shared
    assert given is not None
    few, many = layer.few, layer.rows.shape[1] - layer.few
    flat = given.features.reshape(-1, given.features.shape[2])
    at = layer.rows[kept[:, None, None], chosen] + (layer.which[kept] * given.features.shape[1])[:, None, None]
    ones, starts = np.ones(at.size, np.float32), np.arange(0, at.size + 1, few)
    picked = csr_array((ones, at.ravel(), starts), shape=(at.size // few, len(flat)))
    found: NDArray[np.float32] = (picked @ flat).reshape(len(kept), -1, flat.shape[1])
    found *= (scale * np.float32(1 / few + 1 / many))[:, None]
    found -= (scale * (given.totals[kept] / many).astype(np.float32))[:, None]
    return found

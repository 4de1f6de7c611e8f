"""Has a model changed since its baseline? One exact p-value a night, independent of those of other nights.

All nights are drawn from one distribution, says the null hypothesis. Then, given everything drawn up to tonight in any
order, tonight's draws of a probe are a chance selection of it, whatever the nights before looked like. Permuting tonight's
draws among all so far therefore gives p-values that are independent from night to night, as in conformal prediction
(Vovk, Gammerman and Shafer 2005, theorem 8.1), though all share one baseline. Comparing every night with the same fixed
baseline does not: what is odd about that baseline by chance is found odd again every night.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.monitoring import draws, kernels
from forensics.monitoring.draws import Seen
from forensics.numerics import few_of_many
from forensics.numerics.few_of_many import Part

LARGEST_POOL = 400
"""Earlier draws of a probe compared with; of more, a chance selection that owes nothing to when they were drawn."""
VERSION = "3"

Pool = Mapping[bytes, Seen]
"""Draws by probe: [draws, …]."""


class Dated(NamedTuple):
    """One night's draws of one stream."""

    night: str
    probes: NDArray[np.uint8]
    seen: Seen
    """[n, …], as `draws` gives them."""


class Compared(NamedTuple):
    """Tonight beside what came before, probe by probe; only probes that both have."""

    before: Pool
    few: Pool


def by_probe(nights: Sequence[Dated], *, largest: int | None = None, seed: str = "") -> dict[bytes, Seen]:
    """Put the draws of some nights together by probe, at most `largest` of each.

    Which are kept is decided by random numbers of the draws' places, not by when they were drawn or what they say: that
    keeps tonight's p-value exact and independent of later ones.
    """
    rows: dict[bytes, list[tuple[float, Seen]]] = defaultdict(list)
    for dated in nights:
        order = generator(seed, dated.night).random(len(dated.seen))
        for place, probe in enumerate(dated.probes):
            rows[probe.tobytes()].append((float(order[place]), dated.seen[place]))
    found = {}
    for probe in sorted(rows):
        kept = rows[probe]
        if largest is not None and len(kept) > largest:
            kept = sorted(kept, key=lambda row: row[0])[:largest]
        found[probe] = np.stack([one for _, one in kept])
    return found


def compared(before: Sequence[Dated], few: Sequence[Dated], *, seed: str) -> Compared:
    """Lay tonight's draws beside those of earlier nights."""
    pool, tonight = by_probe(before, largest=LARGEST_POOL, seed=seed), by_probe(few)
    shared = [probe for probe in pool if probe in tonight]
    return Compared({probe: pool[probe] for probe in shared}, {probe: tonight[probe] for probe in shared})


def p_value(given: Compared, *, seed: str) -> float | None:
    """Return the p-value of tonight's draws against earlier ones; None where no probe has both."""
    parts = _parts(given)
    if not parts:
        return None
    return float(few_of_many.p_values([part for part, _ in parts], 1, generator(seed, "p"))[0])


class ProbeMoved(NamedTuple):
    """One probe: its p-value alone, and the statistic, larger for more change."""

    probe: bytes
    p: float
    statistic: float


def moved(given: Compared, *, seed: str, share: float = 0.1) -> list[ProbeMoved]:
    """Return the probes that moved, the most first: Benjamini and Hochberg (1995) at a share of false ones.

    This describes a change that was found; it is no test of its own.
    """
    found: list[ProbeMoved] = []
    for part, probes in _parts(given):
        p = few_of_many.p_values([part], len(probes), generator(seed, "moved"), most=4999)
        found += map(ProbeMoved, probes, p.tolist(), few_of_many.as_they_are(part.layers[0]).tolist())
    found.sort(key=lambda probe: (probe.p, -probe.statistic, probe.probe))
    passing = [k for k, probe in enumerate(found, start=1) if probe.p <= share * k / len(found)]
    return sorted(found[: max(passing, default=0)], key=lambda probe: (probe.p, -probe.statistic, probe.probe))


def generator(*parts: str) -> np.random.Generator:
    """Return a generator that depends on these names alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:16], "big"))


def _parts(given: Compared) -> list[tuple[Part, list[bytes]]]:
    """Group the probes by how many draws they have, so that each group is computed at once."""
    sizes: dict[tuple[int, int], list[bytes]] = defaultdict(list)
    for probe, few in given.few.items():
        sizes[len(given.before[probe]), len(few)].append(probe)
    made = []
    for (many, some), probes in sorted(sizes.items()):
        seen = [_views(np.concatenate([given.before[p], given.few[p]])) for p in probes]
        count = len(probes)
        rows = np.tile(np.arange(many + some), (count, 1)).astype(np.int64)
        layers = tuple(
            few_of_many.strata(np.stack(view), np.arange(count), rows, some)
            for view in zip(*(one.kernels for one in seen), strict=True)
        )
        pooled = [one.pooled for one in seen if one.pooled is not None]
        shared = few_of_many.shared(np.stack(pooled), layers[0]) if pooled else None
        made.append((Part(layers, shared), probes))
    return made


def _views(seen: Seen) -> kernels.Views:
    return kernels.of_tokens(seen) if seen.dtype == draws.TOKEN else kernels.of_answers(seen)

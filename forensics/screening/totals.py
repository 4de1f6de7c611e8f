"""All pairs of a screen, added up from tasks over blocks; what was added up before is read from the store.

A screen has a frame: the models among which rarity is counted. Scoring the frame costs its pairs. A model that joins is
scored among the frame and itself, which costs its own row; the frame stays until too many have joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import cache, measuring
from forensics.screening import blocks, places, scoring
from forensics.screening.executors import Runner
from forensics.screening.scoring import Asked, Floats, Seats, Sums

MOST_NEWCOMERS = 8
"""Newcomers beyond which everything is measured in a new frame: joining them pair by pair would cost as much."""
REPLICATES = 50
MOST_RESAMPLED = 600
"""Models beyond which nothing is resampled: of so many no tree is drawn."""


class Sat(NamedTuple):
    """A model with its place in the store, as far as scoring needs it."""

    key: str
    """What its features hang on."""
    block: str
    position: int


@dataclass
class Work:
    """What was really computed, as opposed to read from the store."""

    read: int = 0
    """Models whose answers were read and turned into features."""
    pairs: int = 0
    """Pairs of models that were scored."""
    scored: int = 0
    """Agreements: pairs times probes."""


@dataclass
class Screened:
    """Mean agreement of all pairs, in the order of the members that were given."""

    means: Floats
    """[m, m], NaN on the diagonal and where two share too few probes."""
    counts: Floats
    """Probes behind each mean. [m, m]"""
    resampled: list[Floats] = field(default_factory=list)
    """The means over probes drawn with replacement."""


@dataclass(frozen=True)
class Job:
    """What is to be scored."""

    store: str
    statistic: str
    probes: tuple[bytes, ...]
    """Raw digests, sorted."""
    seed: int
    replicates: int

    def key(self, models: Sequence[Sat]) -> str:
        """Return the key of what comes of these models: everything it hangs on."""
        own = [self.statistic, measuring.version(self.statistic), self.seed, self.replicates]
        return cache.key("screened", own, [p.hex() for p in self.probes], sorted(m.key for m in models))

    def asked(self) -> Iterator[Asked]:
        """Yield what is asked of each part of the probes that holds any."""
        n = len(self.probes)
        rng = np.random.default_rng(self.seed)
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=self.replicates).astype(np.float64)
        weights = np.concatenate([np.ones((1, n)), drawn])
        parts = np.array([blocks.part_of(probe) for probe in self.probes])
        for part in sorted(set(parts.tolist())):
            inside = np.flatnonzero(parts == part)
            yield Asked(self.statistic, part, tuple(self.probes[i] for i in inside.tolist()), weights[:, inside].copy())


def replicates_for(models: int) -> int:
    """Return how often the probes of a screen of so many models are resampled."""
    return REPLICATES if models <= MOST_RESAMPLED else 0


def screened(job: Job, frame: Sequence[Sat], newcomers: Sequence[Sat], runner: Runner, work: Work) -> Screened:
    """Return the means of all pairs, frame first and then the newcomers; scores only what is not stored."""
    total = _frame(job, frame, runner, work)
    m = len(frame)
    joined = _rows(job, frame, newcomers, total.known, runner=runner, work=work)
    among = _between(job, frame, newcomers, total.known, runner=runner, work=work)
    pairs, means, counts = np.triu_indices(m, 1), [], np.zeros((0, 0))
    for row in range(1 + job.replicates):
        sums, times = np.zeros((2, m + len(newcomers), m + len(newcomers)))
        sums[pairs], times[pairs] = total.total[row], total.counts[row]
        for place, found in enumerate(joined):
            sums[:m, m + place], times[:m, m + place] = found.total[row], found.counts[row]
        for (a, b), found in among.items():
            sums[m + a, m + b], times[m + a, m + b] = found.total[row, 0], found.counts[row, 0]
        means.append(mean_of(sums, times))
        counts = times if row == 0 else counts
    return Screened(means[0], counts + counts.T, means[1:])


def mean_of(sums: Floats, counts: Floats) -> Floats:
    """Return means from upper triangles of sums and counts; NaN on the diagonal and where nothing was counted."""
    found: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    lower = np.tril_indices(len(found))
    found[lower] = found.T[lower]
    np.fill_diagonal(found, np.nan)
    return found


def _frame(job: Job, frame: Sequence[Sat], runner: Runner, work: Work) -> Sums:
    place = places.within(job.store, "totals", f"{job.key(frame)}.arrays")
    stored = _stored(place)
    if stored is not None:
        return stored
    seats = seats_of(job.store, frame)
    total = added(runner.map(scoring.all_pairs, ((seats, asked) for asked in job.asked())))
    work.pairs += len(frame) * (len(frame) - 1) // 2
    work.scored += total.scored
    _keep(place, total)
    return total


def _rows(
    job: Job, frame: Sequence[Sat], newcomers: Sequence[Sat], known: Floats, *, runner: Runner, work: Work
) -> list[Sums]:
    """Return each newcomer's sums with the members of the frame."""
    where = [_row_place(job, frame, [one]) for one in newcomers]
    found = [_stored(place) for place in where]
    missing = [number for number, row in enumerate(found) if row is None]
    if missing:
        m = len(frame)
        seats = seats_of(job.store, [*frame, *(newcomers[number] for number in missing)])
        joining = tuple(range(m, m + len(missing)))
        tasks = ((seats, asked, told, joining) for asked, told in _told(job, known))
        made = [added(parts) for parts in zip(*runner.map(scoring.joining, tasks), strict=True)]
        for number, row in zip(missing, made, strict=True):
            counts = row.counts if row.counts.shape[1] == 1 else row.counts[:, :m]
            found[number] = kept = Sums(row.total[:, :m], counts, row.known, row.scored)
            _keep(where[number], kept)
            work.pairs += m
            work.scored += row.scored
    return [row for row in found if row is not None]


def _between(
    job: Job, frame: Sequence[Sat], newcomers: Sequence[Sat], known: Floats, *, runner: Runner, work: Work
) -> dict[tuple[int, int], Sums]:
    """Return the sums of newcomers with one another."""
    found: dict[tuple[int, int], Sums] = {}
    m = len(frame)
    for a in range(len(newcomers)):
        for b in range(a + 1, len(newcomers)):
            # In the order of their keys: which of two joined first must not matter.
            one, two = sorted((a, b), key=lambda number: newcomers[number].key)
            place = _row_place(job, frame, [newcomers[one], newcomers[two]])
            stored = _stored(place)
            if stored is None:
                seats = seats_of(job.store, [*frame, newcomers[one], newcomers[two]])
                tasks = ((seats, asked, told, (m, m + 1), (m, m + 1)) for asked, told in _told(job, known))
                stored = added(runner.map(scoring.between, tasks))
                _keep(place, stored)
                work.pairs += 1
                work.scored += stored.scored
            found[a, b] = stored
    return found


def _told(job: Job, known: Floats) -> Iterator[tuple[Asked, Floats]]:
    """Yield each part of the probes with what is known of its probes' frame."""
    number = {probe: i for i, probe in enumerate(job.probes)}
    for asked in job.asked():
        yield asked, known[[number[prompt] for prompt in asked.prompts]]


def added(parts: Iterator[Sums] | Sequence[Sums]) -> Sums:
    """Add sums up in the order they come, in memory one at a time."""
    total: Sums | None = None
    known: list[Floats] = []
    for part in parts:
        known.append(part.known)
        if total is None:
            total = Sums(part.total.copy(), part.counts.copy(), part.known, part.scored)
            continue
        counts = total.counts + part.counts
        total = Sums(np.add(total.total, part.total, out=total.total), counts, part.known, total.scored + part.scored)
    assert total is not None  # there are probes
    # Parts ascend by the first bits of the digest, as the probes do.
    return total._replace(known=np.concatenate(known))


def seats_of(store: str, models: Sequence[Sat]) -> Seats:
    """Return where models sit: blocks in the order of their names, so that the same models read the same."""
    inside: dict[str, dict[int, int]] = {}
    for member, model in enumerate(models):
        inside.setdefault(model.block, {})[model.position] = member
    names = sorted(inside)
    members = tuple(tuple(inside[name].get(p, -1) for p in range(blocks.MODELS)) for name in names)
    return Seats(store, tuple(names), members, len(models))


def _row_place(job: Job, frame: Sequence[Sat], joined: Sequence[Sat]) -> str:
    name = cache.key("joined", job.key(frame), sorted(one.key for one in joined))
    return places.within(job.store, "rows", f"{name}.arrays")


def _stored(place: str) -> Sums | None:
    found = places.find(place)
    return None if found is None else Sums(found["total"], found["counts"], found["known"], 0)


def _keep(place: str, sums: Sums) -> None:
    arrays: dict[str, NDArray[np.float64]] = {"total": sums.total, "counts": sums.counts, "known": sums.known}
    places.put(place, arrays)

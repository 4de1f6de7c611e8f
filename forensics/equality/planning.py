"""How many probes and draws an equality question needs: from a pilot's own answers, by simulation.

Probes are drawn again and again from those of the pilot, and for each so many of its draws; every time the pair is tested as
a case would be, and the share of tests that find the difference is the power. For more draws than the pilot has, the power
is carried on by a normal approximation: under no difference the spread of the statistic falls as one over the draws, so the
distance from it grows with them; where it starts, and how it varies, is taken from the simulation with the most draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from forensics import canonical, deriving, importing, sources
from forensics import case as case_files
from forensics.adapters import ModelName
from forensics.equality import permuting, reading
from forensics.equality.draws import Draws, Floats
from forensics.errors import UsageError
from forensics.naming import RECORDED
from forensics.planned import Budget
from forensics.records.case import Source
from forensics.registry import load

REPLICATES = 25
PERMUTATIONS = 199
PROBES = (5, 10, 25, 50, 100)
DRAWS = (2, 3, 5, 10, 20, 40)
FARTHEST = 4
"""Multiple of the pilot's probes and draws up to which numbers are tried."""
CHARACTERS_PER_TOKEN = 4
STATISTIC = "mmd"


class Point(NamedTuple):
    """The power of so many probes with so many draws from each side."""

    probes: int
    draws: int
    power: float
    how: str
    """`simulated`, or `approximated` where the pilot has fewer draws."""


@dataclass(frozen=True, slots=True)
class EqualityPlan:
    """A plan and what it rests on."""

    question: str
    reference: str
    questioned: str
    alpha: float
    target: float
    recorded_probes: int
    recorded_draws: int
    curve: tuple[Point, ...]
    budget: Budget | None
    """None where the target was not reached."""
    seed: int
    notes: tuple[str, ...]

    def content(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        content = asdict(self)
        content["curve"] = [point._asdict() for point in self.curve]
        content["budget"] = self.budget and self.budget._asdict()
        return content

    def lines(self) -> Iterator[str]:
        """Yield the plan for a terminal."""
        yield f"equality, {self.questioned} against {self.reference}: {self.recorded_probes} probes recorded × {self.recorded_draws} draws"
        yield f"{'probes':>7} {'draws':>6} {'power':>6}   at α = {self.alpha:g}"
        for point in self.curve:
            yield f"{point.probes:>7} {point.draws:>6} {point.power:>6.2f}   {point.how}"
        yield ""
        if self.budget is None:
            yield f"A power of {self.target:g} was not reached."
        else:
            yield f"For a power of {self.target:g}: {self.budget.probes} probes × {self.budget.draws} draws"
            yield f"  calls   {self.budget.calls} ({self.budget.calls_per_model} for each of {self.budget.models} models)"
            yield f"  tokens  about {self.budget.tokens_in} in, {self.budget.tokens_out} out"
            yield f"  cost    {'unknown' if self.budget.cost is None else self.budget.cost}"
        for note in self.notes:
            yield f"Note: {note}"


def plan(
    folder: Path,
    *,
    alpha: float,
    power: float,
    ask: int,
    price_in: float | None,
    price_out: float | None,
    seed: int,
) -> EqualityPlan:
    """Work out what has to be asked to find a difference like the pilot's.

    `folder` is a case, or holds the answers of two models. Raises UsageError, TooLittleEvidence or IntegrityBroken.
    """
    reference, questioned = _pilot(folder)
    probes = reading.draws(reference, questioned, root=folder)
    most = min(min(probe.sizes) for probe in probes)
    curve = _curve(probes, most, alpha=alpha, seed=seed)
    reached = [point for point in curve if point.power >= power]
    best = min(reached, key=lambda point: (point.probes * point.draws, point.draws), default=None)
    notes = ["the power is that for a difference like the one between the pilot's two sides",
             f"tokens estimated at {CHARACTERS_PER_TOKEN} characters each"]  # fmt: skip
    if any(point.probes > len(probes) for point in curve):
        notes.insert(1, "more probes than were recorded are taken to be like these")
    budget = (
        None if best is None else _budget((reference, questioned), folder, best, ask=ask, prices=(price_in, price_out))
    )
    return EqualityPlan(
        question="equality",
        reference=reference.name,
        questioned=questioned.name,
        alpha=alpha,
        target=power,
        recorded_probes=len(probes),
        recorded_draws=most,
        curve=curve,
        budget=budget,
        seed=seed,
        notes=tuple(notes),
    )


def _pilot(folder: Path) -> tuple[Source, Source]:
    if (folder / case_files.CASE).is_file():
        case = case_files.read_case(folder)
        return case.reference, case.questioned
    files = importing.answers_below(folder)
    if len(files) != 2:
        raise UsageError(
            f"{folder} holds the answers of {len(files)} models; a pilot for equality is two.",
            remedy="Name a case, or a folder with one file of several draws for each side.",
        )
    first, second = (
        sources.recorded_source(ModelName(RECORDED, str(file.resolve())), "cohort", folder=folder, declared={})
        for file in files
    )
    return first, second


def _curve(probes: list[Draws], most: int, *, alpha: float, seed: int) -> tuple[Point, ...]:
    """Return the power over a grid of probes and draws."""
    points = []
    for count in (n for n in PROBES if n <= FARTHEST * len(probes)):
        rng = np.random.default_rng([seed, count])
        simulated = [n for n in DRAWS if n <= most] or [most]
        for draws in simulated:
            p_values, distances = _simulate(probes, count, draws, rng)
            points.append(Point(count, draws, canonical.rounded(float((p_values <= alpha).mean())), "simulated"))
        # The last simulation is the one with the most draws: further ones are carried on from there.
        for draws in (n for n in DRAWS if simulated[-1] < n <= FARTHEST * most):
            power = _approximated(distances * draws / simulated[-1], alpha)
            points.append(Point(count, draws, canonical.rounded(power), "approximated"))
    return tuple(points)


def _approximated(distances: Floats, alpha: float) -> float:
    """Return the power where the statistic lies so many of its null spreads from its null mean."""
    from scipy.stats import norm

    # Half of the unit spread that a null statistic has is in the distances already, seen from their mean.
    centre, spread = float(distances.mean()), max(float(distances.std()), 1.0)
    return float(norm.sf((norm.isf(alpha) - centre) / spread))


def _simulate(probes: list[Draws], count: int, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Test the pilot's own answers again and again: p-values, and distances from the null mean in null spreads."""
    plugin = load("statistics", STATISTIC)
    p_values, distances = [], []
    for replicate in range(REPLICATES):
        pair = [_some(probes[place], draws, rng) for place in rng.integers(0, len(probes), count)]
        blocks = [permuting.as_they_are(pair), *permuting.deal(pair, PERMUTATIONS, replicate)]
        measures = [plugin.measure(pair, kernel) for kernel in plugin.COMBINED]
        values = np.stack([np.concatenate([m.under(dealt).statistic for dealt in blocks]) for m in measures])
        largest = permuting.combined(values)
        exceeding = permuting.exceeding(float(largest[0]), largest[1:])
        p_values.append(permuting.p_value(exceeding, PERMUTATIONS))
        null = values[:, 1:]
        spread = np.maximum(null.std(axis=1), 1e-12)
        distances.append(float(((values[:, 0] - null.mean(axis=1)) / spread).max()))
    return np.array(p_values), np.array(distances)


def _some(probe: Draws, draws: int, rng: np.random.Generator) -> Draws:
    """Take so many draws of each side."""
    n, m = probe.sizes
    places = [*rng.permutation(n)[:draws].tolist(), *(n + rng.permutation(m)[:draws]).tolist()]
    return Draws(probe.prompt_digest, tuple(probe.texts[i] for i in places), draws)


def _budget(
    sides: tuple[Source, Source], root: Path, best: Point, *, ask: int, prices: tuple[float | None, float | None]
) -> Budget:
    asked, answered = [], []
    for source in sides:
        located = source.model_copy(update={"path": str(root / source.path)})
        for entry in deriving.read_source(located).entries:
            asked.append(len(entry.prompt))
            answered.append(len(entry.text))
    calls = best.probes * best.draws * ask
    tokens_in, tokens_out = (round(calls * float(np.mean(n)) / CHARACTERS_PER_TOKEN) for n in (asked, answered))
    cost, (price_in, price_out) = None, prices
    if price_in is not None and price_out is not None:
        cost = canonical.rounded((tokens_in * price_in + tokens_out * price_out) / 1e6)
    return Budget(best.probes, best.draws, best.probes * best.draws, ask, calls, tokens_in, tokens_out, cost)

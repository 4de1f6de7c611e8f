"""How many probes and draws an equality question needs: from a pilot's own answers.

Where a number of probes or of draws is at most half the pilot's, parts of the pilot are taken again and again, no probe and
no draw twice, and tested as a case would be: the share of tests that find the difference is the power. For all other numbers
the power is carried on from the whole pilot (`power`), which says as well how much of it may be the pilot's own chance.
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
from forensics.equality import power as power_of
from forensics.equality.draws import Draws
from forensics.errors import UsageError
from forensics.naming import RECORDED
from forensics.planned import Budget
from forensics.records.case import Source

REPLICATES = 50
PERMUTATIONS = 199
PROBES = (5, 10, 25, 50, 100)
DRAWS = (2, 3, 5, 10, 20, 40)
FARTHEST = 4
"""Multiple of the pilot's probes and draws up to which numbers are tried."""
CHARACTERS_PER_TOKEN = 4
CONFIDENCE = 0.8
"""Share of pilots that keep what the column `at least` promises."""
NOTHING_SEEN = (
    "the pilot's sides lie no further apart than one model's own draws do in one pilot of five: this power may be all chance. "
    "Record more draws, or more probes"
)
LARGEST_PART = 0.5
"""Of the pilot that is simulated with: larger parts are nearly all the same, and the power would be 0 or 1."""


class Point(NamedTuple):
    """The power of so many probes with so many draws from each side: as often too high as too low."""

    probes: int
    draws: int
    power: float
    at_least: float
    """The power, if much of what the pilot shows is chance: one pilot in five promises more here than it keeps."""
    how: str
    """`simulated` with parts of the pilot, or `approximated` from the whole of it."""


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
        yield f"{'probes':>7} {'draws':>6} {'power':>6} {'at least':>9}   at α = {self.alpha:g}"
        for point in self.curve:
            yield f"{point.probes:>7} {point.draws:>6} {point.power:>6.2f} {point.at_least:>9.2f}   {point.how}"
        yield ""
        if self.budget is None:
            yield f"A power of {self.target:g} was not reached."
        else:
            yield f"For a power of {self.target:g}: {self.budget.probes} probes × {self.budget.draws} draws (at least {self._safe():.2f})"
            yield f"  calls   {self.budget.calls} ({self.budget.calls_per_model} for each of {self.budget.models} models)"
            yield f"  tokens  about {self.budget.tokens_in} in, {self.budget.tokens_out} out"
            yield f"  cost    {'unknown' if self.budget.cost is None else self.budget.cost}"
        for note in self.notes:
            yield f"Note: {note}"

    def _safe(self) -> float:
        return next(p.at_least for p in self.curve if self.budget and p[:2] == (self.budget.probes, self.budget.draws))


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
    curve, least = _curve(probes, most, alpha=alpha, seed=seed)
    reached = [point for point in curve if point.power >= power]
    best = min(reached, key=lambda point: (point.probes * point.draws, point.draws), default=None)
    notes = ["the power is that for a difference like the one between the pilot's two sides, as often too high as too low; `at least` is too high for one pilot in five",
             f"tokens estimated at {CHARACTERS_PER_TOKEN} characters each"]  # fmt: skip
    if not least:
        notes.insert(0, NOTHING_SEEN)
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


def _curve(probes: list[Draws], most: int, *, alpha: float, seed: int) -> tuple[tuple[Point, ...], float]:
    """Return the power over a grid of probes and draws, and the share of the pilot's difference that is hardly chance."""
    rng = np.random.default_rng(seed)
    pilot = power_of.pilot([_some(probe, most, rng) for probe in probes], seed=seed)
    likely, least = (power_of.share(pilot, confidence=confidence) for confidence in (0.5, CONFIDENCE))
    points = []
    for count in (n for n in PROBES if n <= FARTHEST * len(probes)):
        rng = np.random.default_rng([seed, count])
        for draws in (n for n in DRAWS if n <= FARTHEST * most):
            parts = count <= len(probes) and draws <= most and min(count / len(probes), draws / most) <= LARGEST_PART
            power = (
                _simulated(probes, count, draws, rng, alpha)
                if parts
                else power_of.power(pilot, count, draws, alpha=alpha, share=likely)
            )
            at_least = min(power, power_of.power(pilot, count, draws, alpha=alpha, share=least))
            how = "simulated" if parts else "approximated"
            points.append(Point(count, draws, canonical.rounded(power), canonical.rounded(at_least), how))
    return tuple(points), least


def _simulated(probes: list[Draws], count: int, draws: int, rng: np.random.Generator, alpha: float) -> float:
    """Test parts of the pilot's own answers again and again: the share of tests that find the difference.

    No probe is taken twice: two copies of one answer agree by themselves, which a test would take for a difference.
    """
    found = 0
    for replicate in range(REPLICATES):
        pair = [_some(probes[place], draws, rng) for place in rng.permutation(len(probes))[:count]]
        largest = permuting.combined(power_of.values(pair, PERMUTATIONS, replicate)[1])
        exceeding = permuting.exceeding(float(largest[0]), largest[1:])
        found += permuting.p_value(exceeding, PERMUTATIONS) <= alpha
    return found / REPLICATES


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

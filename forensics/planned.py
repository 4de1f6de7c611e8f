"""What a plan says, and how it is shown. Works nothing out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple


class Power(NamedTuple):
    """The power of so many probes with so many draws each."""

    probes: int
    draws: int
    power: float
    """Mean over drawings of probes."""
    low: float
    """10% quantile over drawings of probes."""
    beyond: bool
    """More probes than were recorded: holds if further probes are like these."""


class Budget(NamedTuple):
    """What the plan costs."""

    probes: int
    draws: int
    calls_per_model: int
    models: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    """In the currency of the prices; None where a price is unknown."""


class Limit(NamedTuple):
    """How large a likelihood ratio can become at all."""

    lineages: int
    """Lineages available as alternatives."""
    largest: float
    bound: str
    wanted: float | None
    reachable: bool | None
    lineages_needed: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and everything it rests on."""

    question: str
    statistic: str
    target: float
    false_positives: float
    models: int
    related_pairs: int
    unrelated_pairs: int
    recorded_probes: int
    recorded_draws: int
    curve: tuple[Power, ...]
    budget: Budget | None
    """None where the target was not reached."""
    limit: Limit
    seed: int
    notes: tuple[str, ...]

    def content(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        content = asdict(self)
        content["curve"] = [point._asdict() for point in self.curve]
        content["budget"] = self.budget and {**self.budget._asdict(), "cost": _cost(self.budget)}
        content["limit"] = self.limit._asdict()
        return content

    def lines(self) -> Iterator[str]:
        """Yield the plan for a terminal."""
        yield (
            f"{self.question}, {self.statistic}: {self.models} models, {self.related_pairs} related and "
            f"{self.unrelated_pairs} unrelated pairs, {self.recorded_probes} probes recorded × {self.recorded_draws}"
        )
        yield f"{'probes':>7} {'draws':>6} {'power':>6} {'10% below':>10}   at {self.false_positives:.1%} false positives"
        for point in self.curve:
            mark = "  beyond what was recorded" if point.beyond else ""
            yield f"{point.probes:>7} {point.draws:>6} {point.power:>6.2f} {point.low:>10.2f}{mark}"
        yield ""
        if self.budget is None:
            yield f"A power of {self.target:g} was not reached."
        else:
            budget = self.budget
            yield f"For a power of {self.target:g}: {budget.probes} probes × {budget.draws} draws"
            yield f"  calls   {budget.calls} ({budget.calls_per_model} for each of {budget.models} models)"
            yield f"  tokens  about {budget.tokens_in} in, {budget.tokens_out} out"
            yield f"  cost    {_cost(budget)}"
        limit = self.limit
        yield f"Largest likelihood ratio: {limit.largest:.3g} ({limit.bound}, {limit.lineages} lineages)"
        if limit.wanted is not None and not limit.reachable:
            yield f"  {limit.wanted:g} cannot be reached; at least {limit.lineages_needed} lineages are needed."
        for note in self.notes:
            yield f"Note: {note}"


def _cost(budget: Budget) -> str | float:
    return "unknown" if budget.cost is None else budget.cost

"""Ask models every probe of a set and write down every answer: the only stage that talks to models.

All models of a case are asked at once and in the same order. What was answered is on its way to disk before it counts,
and a run that was broken off goes on where it stopped. How that is done stands in `asking`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from forensics import naming, probes, registry
from forensics.adapters import Model, ModelName
from forensics.asking import budget as budgets
from forensics.asking import kept as cache
from forensics.asking import outcome as outcomes
from forensics.asking.crew import Crew
from forensics.asking.estimate import Estimate, Wanted, estimate
from forensics.asking.inquiry import Inquiry
from forensics.asking.lines import Run, steady
from forensics.asking.outcome import Outcome
from forensics.asking.progress import Progress
from forensics.asking.terms import Terms
from forensics.records.transcript import Sampling

Say = Callable[[str], None]


class Ready(NamedTuple):
    """A run whose model is connected."""

    run: Run
    model: Model
    path: Path
    """Where its transcript lies, or will."""


def connected(run: Run, path: Path) -> Ready:
    """Connect a model; sends nothing. Raises UsageError."""
    model: Model = registry.load("adapters", run.model.adapter).connect(run.model.name, run.model.options)
    return Ready(run, model, path)


def run(plan: Run, path: Path, *, terms: Terms | None = None) -> Outcome:
    """Ask one model whatever the transcript at `path` does not hold yet, and append it.

    Raises what `ask` raises, ModelDidNotAnswer and TooLittleEvidence.
    """
    terms = terms or Terms()
    [found] = ask([connected(plan, path)], terms=terms)
    outcomes.judge([found], min_answered=terms.min_answered)
    return found


def ask(ready: Sequence[Ready], *, terms: Terms, stream: TextIO | None = None) -> list[Outcome]:
    """Ask several models at once whatever their transcripts do not hold yet; `stream` is told how far it is.

    Raises UsageError where a transcript was made under other conditions or is in use, Interrupted after a signal.
    """
    prices = budgets.read_prices(terms.prices)
    budget = budgets.Budget(terms, prices, [one.run.model for one in ready])
    inquiries: list[Inquiry] = []
    try:
        for one, twin in zip(ready, _twins(ready), strict=True):
            price = prices.of(one.run.model)
            inquiries.append(Inquiry(one.run, one.model, one.path, terms=terms, price=price, twin=twin))
        kept = cache.open_cache() if any(cache.worth_keeping(one.model) for one in ready) else None
    except BaseException:
        for inquiry in inquiries:
            inquiry.close()
        raise
    progress = Progress(inquiries, prices, stream=stream, now=steady())
    Crew(inquiries, terms=terms, budget=budget, kept=kept, progress=progress).run()
    return [outcomes.outcome(inquiry, stopped=budget.stopped) for inquiry in inquiries]


def estimated(ready: Sequence[Ready], *, terms: Terms) -> list[Estimate]:
    """Work out what asking would take; sends and writes nothing."""
    return estimate(
        [Wanted(one.run, one.model, one.path, twin) for one, twin in zip(ready, _twins(ready), strict=True)],
        terms=terms,
    )


def named(model: str, probe_set: str | None, *, sampling: Sampling, draws: int, path: Path) -> Ready:
    """Connect a model named as on the command line; sends nothing. Raises UsageError."""
    run = Run(naming.parse(model), probes.load(probe_set or probes.DEFAULT), sampling, draws)
    return connected(run, path)


def probe(ready: Ready, *, terms: Terms, say: Say, stream: TextIO | None = None) -> None:
    """Ask one model and say in one line what came back; raises as `run` does."""
    [found] = ask([ready], terms=terms, stream=stream)
    tell([found], say=say)
    outcomes.judge([found], min_answered=terms.min_answered)


def tell(found: Sequence[Outcome], *, say: Say) -> None:
    """Say what came back, a line per model, and what was out of the ordinary."""
    for one in found:
        for note in outcomes.notes(one):
            say(note)
        say(f"{one.name}: {one.tally.line()}")


def _twins(ready: Sequence[Ready]) -> list[int]:
    """Count, for each model, those of the same name before it: they must not share answers."""
    seen: dict[tuple[str, str, frozenset[tuple[str, str]]], int] = {}
    numbers = []
    for one in ready:
        name = identity(one.run.model)
        numbers.append(seen.get(name, 0))
        seen[name] = numbers[-1] + 1
    return numbers


def identity(model: ModelName) -> tuple[str, str, frozenset[tuple[str, str]]]:
    """Return what two names of one model have in common, an alias and what it stands for included."""
    options: Mapping[str, str] = model.options
    return model.adapter, model.name, frozenset(options.items())

"""Get tonight's answers: asked anew, taken from what was asked once, or recorded elsewhere; and what that cost.

Two pairs that need the same answers share one file. A run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from forensics import canonical, importing, naming, probes, registry, runner
from forensics.adapters import ModelName
from forensics.asking import outcome as outcomes
from forensics.asking.lines import Run
from forensics.asking.terms import Terms
from forensics.errors import GateTripped
from forensics.monitoring import nights, plans
from forensics.records.nightly import Pair, Plan, Price, Side, Spend
from forensics.transcripts import safe_name

ANSWERS = "answers"
ONCE = "once"
"""Folder of the answers of models that are not asked every night."""


class Answers(NamedTuple):
    """Where one model's answers of tonight lie."""

    model: str
    path: Path
    digest: str
    fresh: bool
    """True where they were asked for this night: draws that no other night has."""
    lineage: str | None


class Wish(NamedTuple):
    """One file of answers that tonight needs."""

    model: ModelName
    path: Path
    run: Run | None
    """How to ask for it; None for recorded answers."""
    fresh: bool

    def missing(self) -> int:
        """Return how many questions have to be put, retries left aside."""
        if self.run is None:
            return 0
        return self.run.draws * len(self.run.probe_set.probes) - _lines(self.path).answered


@dataclass
class Purse:
    """What may be spent in one night, and what was."""

    calls_left: int | None
    prices: Mapping[str, Price]
    cost_left: float | None

    def refuse(self, calls: int) -> None:
        """Raise GateTripped where so many calls do not fit, or the money is spent already."""
        if self.calls_left is not None and calls > self.calls_left:
            raise GateTripped(
                f"{calls} calls are needed, and {self.calls_left} are left of the night's budget.",
                remedy="Raise [budget] calls, or ask for fewer draws.",
            )
        if calls and self.cost_left is not None and self.cost_left <= 0:
            raise GateTripped("The night's budget is spent.", remedy="Raise [budget] cost.")

    def take(self, spent: Spend) -> None:
        """Take what a pair has cost out of the purse."""
        if self.calls_left is not None:
            self.calls_left -= spent.calls
        if self.cost_left is not None:
            self.cost_left -= spent.cost or 0.0


def purse(plan: Plan) -> Purse:
    """Return a full purse."""
    return Purse(plan.budget.calls, plan.budget.prices, plan.budget.cost)


class Occasion(NamedTuple):
    """When and as what a model is asked."""

    night: str | None
    """None where it is asked once."""
    side: Side | None
    """None in the cohort."""


def wish(plan: Plan, pair: Pair, model: ModelName, occasion: Occasion, *, root: Path, probe_set: str) -> Wish:
    """Return which file holds a model's answers for tonight, and how to ask for them."""
    night = occasion.night
    if model.adapter == naming.RECORDED:
        return Wish(model, importing.answers_file(Path(model.name)).resolve(), None, fresh=False)
    asked = probes.load(probe_set)
    second = occasion.side == "questioned"
    seed = nights.sampling_seed(night, first=plan.seed, draws=pair.draws, second=second)
    sampling = plans.sampling(pair, seed)
    notes = dict(registry.load("adapters", model.adapter).connect(model.name, model.options).notes)
    # What the adapter knows of the weights is part of the name: other weights under the same name are asked anew.
    conditions = [str(model), asked.digest, sampling.model_dump(), pair.draws, notes]
    key = canonical.digest(canonical.encode(conditions))[7:15]
    folder = root / plan.folder / ANSWERS / (night or ONCE)
    return Wish(
        model,
        folder / f"{safe_name(str(model))}-{key}.jsonl",
        Run(model, asked, sampling, pair.draws),
        night is not None,
    )


def is_fresh(pair: Pair, side: Side) -> bool:
    """Say whether a side is asked anew every night."""
    return pair.ask in ("both", side)


def fulfil(wanted: Sequence[Wish], *, calls_left: int | None, say: Callable[[str], None]) -> None:
    """Ask what is still missing, of all models at once, so that a bad hour of the network meets all of them.

    Raises what the runner raises. How many answers are enough is for the pair's gates to say.
    """
    missing = [wish for wish in wanted if wish.missing() > 0]
    # A night's draws must be new: an answer kept from last night would hide every change.
    for fresh in (False, True):
        ready = [runner.connected(w.run, w.path) for w in missing if w.run is not None and w.fresh is fresh]
        for one in ready:
            say(f"asking {one.run.model} {len(one.run.probe_set.probes)} probes × {one.run.draws}")
        if ready:
            found = runner.ask(ready, terms=Terms(fresh=fresh, max_requests=calls_left, min_answered=0.0))
            outcomes.judge(found, min_answered=0.0)


def answers(wanted: Wish) -> Answers:
    """Return where the answers to a wish lie, all of which has been asked."""
    lineage_of = getattr(registry.load("adapters", wanted.model.adapter), "lineage", None)
    name = str(wanted.model) if wanted.run is not None else importing.identify(wanted.path).model
    return Answers(
        model=name,
        path=wanted.path,
        digest=canonical.file_digest(wanted.path),
        fresh=wanted.fresh,
        lineage=lineage_of(wanted.model.name) if lineage_of else None,
    )


class Lines(NamedTuple):
    """What a file of answers holds so far."""

    answered: int
    failed: int
    asked: int
    tokens: tuple[int, int] | None


def _lines(path: Path) -> Lines:
    """Count a native transcript's lines; a torn last one is left out."""
    if not path.is_file():
        return Lines(0, 0, 0, None)
    content = path.read_bytes()
    answers = [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()[1:]]
    held = {(answer["probe"], answer["draw"]) for answer in answers if answer["state"] != "failed"}
    sent = [answer for answer in answers if not answer.get("cached")]
    counted = [answer["tokens"] for answer in sent if answer.get("tokens")]
    tokens = (sum(t[0] for t in counted), sum(t[1] for t in counted)) if counted else None
    calls = sum(1 + len(answer.get("attempts") or ()) for answer in sent)
    failed = {(answer["probe"], answer["draw"]) for answer in answers} - held
    return Lines(len(held), len(failed), calls, tokens)


class Metered(NamedTuple):
    """What a pair cost, and what the ledger must remember of each file."""

    spend: Spend
    files: dict[Path, Lines]


class Meter:
    """Counts what was asked since the ledger was last written: also what a run asked that was broken off."""

    def __init__(self, wishes: Iterable[Wish], before: Mapping[Path, Lines]) -> None:
        self._asked = {wanted.path: str(wanted.model) for wanted in wishes if wanted.run is not None}
        self._before = before

    def read(self, prices: Mapping[str, Price]) -> Metered:
        """Return what has been asked, and its price where every model asked has one."""
        calls, prompt, answer, cost = 0, 0, 0, 0.0
        counted, priced = True, True
        files: dict[Path, Lines] = {}
        for path, model in self._asked.items():
            before, after = self._before.get(path, Lines(0, 0, 0, None)), _lines(path)
            new = after.asked - before.asked
            if not new:
                continue
            files[path] = after
            calls += new
            used = _less(after.tokens, before.tokens)
            price = prices.get(model)
            if used is None:
                counted = priced = False
                continue
            prompt, answer = prompt + used[0], answer + used[1]
            if price is None:
                priced = False
            else:
                cost += (used[0] * price.input + used[1] * price.output) / 1e6
        spend = Spend(
            calls=calls,
            prompt_tokens=prompt if counted else None,
            answer_tokens=answer if counted else None,
            cost=canonical.rounded(cost) if priced else None,
        )
        return Metered(spend, files)


def _less(after: tuple[int, int] | None, before: tuple[int, int] | None) -> tuple[int, int] | None:
    if after is None:
        return None
    start = before or (0, 0)
    return after[0] - start[0], after[1] - start[1]

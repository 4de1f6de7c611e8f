"""What asking would take at worst, before anything is sent: calls, tokens, money. What is not known is said to be unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from forensics.adapters import Model
from forensics.asking.budget import Prices, read_prices, worst_case
from forensics.asking.deciding import MOST_ATTEMPTS
from forensics.asking.kept import Kept, Keys, open_cache, worth_keeping
from forensics.asking.lines import Run, question
from forensics.asking.questions import Questions
from forensics.asking.terms import Terms
from forensics.transcripts import parse_answers, parse_header


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one model's questions would take."""

    model: str
    questions: int
    held: int
    """Of these, answered in the transcript."""
    cached: int
    """Of the others, answered in the response cache."""
    calls: int
    attempts: int
    """Calls at most, if every one had to be repeated."""
    tokens_in: int
    """Of the prompts, at most, each asked once."""
    tokens_out: int | None
    """Of the answers, at most; None where they have no limit."""
    cost: float | None
    """At most; None where no price is known or the answers have no limit."""
    currency: str

    def line(self) -> str:
        """Say it in one line."""
        out = "unknown" if self.tokens_out is None else f"{self.tokens_out:,}"
        cost = "unknown" if self.cost is None else f"{self.cost:.4f} {self.currency}".rstrip()
        return (
            f"{self.model}: {self.calls:,} calls ({self.attempts:,} with every retry), {self.held:,} answers held, "
            f"{self.cached:,} cached; at most {self.tokens_in:,} tokens of prompts and {out} of answers; cost {cost}"
        )


class Wanted(NamedTuple):
    """One model whose questions are estimated."""

    run: Run
    model: Model
    path: Path
    """Of the transcript, which need not be there."""
    twin: int


def estimate(wanted: Sequence[Wanted], *, terms: Terms) -> list[Estimate]:
    """Work out what each model's questions would take; reads transcripts and cache, and changes neither."""
    prices = read_prices(terms.prices)
    kept = open_cache() if not terms.fresh and any(worth_keeping(one.model) for one in wanted) else None
    try:
        return [_estimate(one, terms, prices, kept) for one in wanted]
    finally:
        if kept is not None:
            kept.close()


def _estimate(wanted: Wanted, terms: Terms, prices: Prices, kept: Kept | None) -> Estimate:
    run, model, path, twin = wanted
    held, seed = _held(path)
    questions = Questions(run.probe_set, run.draws, terms, seed=terms.order_seed or seed)
    keys = Keys(run.model, model.endpoint, model.notes, run.probe_set.digest, twin)
    asks = [question(run, probe, draw) for probe, draw in questions if (probe.id, draw) not in held]
    waiting = len(asks)
    if kept is not None and worth_keeping(model):
        asks = [ask for ask in asks if kept.find(keys.of(ask)) is None]
    cases = [worst_case(ask) for ask in asks]
    tokens_in = sum(asked for asked, _ in cases)
    tokens_out = sum(out or 0 for _, out in cases) if all(out is not None for _, out in cases) else None
    price = prices.of(run.model)
    return Estimate(
        model=str(run.model),
        questions=len(questions),
        held=len(questions) - waiting,
        cached=waiting - len(asks),
        calls=len(asks),
        attempts=len(asks) * MOST_ATTEMPTS,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=None if price is None or tokens_out is None else price.of((tokens_in, tokens_out)),
        currency=prices.currency,
    )


def _held(path: Path) -> tuple[set[tuple[str, int]], int]:
    """Return what a transcript holds, and the seed of its order."""
    if not path.is_file():
        return set(), 0
    whole = path.read_bytes().split(b"\n")[:-1]
    if not whole:
        return set(), 0
    lines = [line + b"\n" for line in whole]
    header = parse_header(lines[0], path)
    answers = parse_answers(lines[1:], path, before=lines[0])
    seed = header.provenance.order_seed if header.provenance else None
    return {(answer.probe, answer.draw) for answer in answers if answer.state != "failed"}, seed or 0

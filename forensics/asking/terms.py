"""How models are asked: what part of the questions, how many at once, and when to stop. Nothing here changes an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

CONCURRENCY = 64
MIN_ANSWERED = 0.9


class Shard(NamedTuple):
    """One of several equal parts of the questions."""

    number: int
    """From 1."""
    of: int


@dataclass(frozen=True, slots=True)
class Terms:
    """How to ask."""

    concurrency: int = CONCURRENCY
    """Requests at once to one endpoint at most; adapters may bear fewer."""
    deadline: float | None = None
    """Seconds after which nothing more is sent."""
    max_requests: int | None = None
    """Requests of all models together, attempts included."""
    max_cost: float | None = None
    """In the currency of the price file."""
    prices: Path | None = None
    min_answered: float = MIN_ANSWERED
    """Share of a model's questions that must be answered."""
    fresh: bool = False
    """Take nothing from the response cache."""
    order_seed: int | None = None
    """None for the one on record, or 0."""
    limit: int | None = None
    """Probes asked at most, the first of the random order."""
    only: Sequence[str] = ()
    """Patterns of probe ids or categories; none for all."""
    shard: Shard | None = None

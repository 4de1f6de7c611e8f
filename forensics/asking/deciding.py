"""What to do about a fault: ask again after a while, give the question up, or end the model. The only retry layer.

At most five attempts at a question and no longer than a quarter of an hour. Waits are drawn evenly between nothing and a
bound that doubles (full jitter: M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015), never shorter
than what the service asked for.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from forensics.adapters import Fault

MOST_ATTEMPTS = 5
LONGEST_SECONDS = 900.0
"""For one question, waits included."""
FIRST_BOUND, LARGEST_BOUND = 1.0, 60.0
"""Seconds: bounds of the first wait and of any."""
MOST_IN_A_ROW = 25
"""Questions given up one after the other, no answer between them, after which a model is not asked on."""


class Again(NamedTuple):
    """Ask the question again."""

    after: float
    """Seconds."""


class GiveUp(NamedTuple):
    """Record the question as failed and go on with the others."""


class End(NamedTuple):
    """Record the question as failed and ask this model nothing more."""

    why: str


Decision = Again | GiveUp | End


def decide(fault: Fault, *, attempts: int, seconds: float, answered: bool, in_a_row: int, rng: random.Random) -> Decision:
    """Say what follows from a fault.

    `attempts` counts this one, `seconds` is the age of the question, `answered` says whether the model has answered
    anything in this run, `in_a_row` how many questions before this one were given up since its last answer.
    """
    if fault.kind == "terminal":
        return End("the service says so")
    if fault.kind == "bad_request":
        # Before the first answer it is most likely every request that will be refused.
        return GiveUp() if answered and in_a_row < MOST_IN_A_ROW else End("its requests are refused")
    wait = max(rng.uniform(0, bound(attempts)), fault.after or 0.0)
    if (fault.after or 0.0) > LONGEST_SECONDS:
        return End(f"the service asks to wait {fault.after:,.0f} s")
    if attempts < MOST_ATTEMPTS and seconds + wait <= LONGEST_SECONDS:
        return Again(wait)
    if not answered or in_a_row >= MOST_IN_A_ROW:
        return End(f"{attempts} attempts at its first question failed" if not answered else "it has stopped answering")
    return GiveUp()


def bound(attempts: int) -> float:
    """Return the longest own wait after so many attempts, in seconds.

    >>> [bound(n) for n in (1, 2, 3, 4)]
    [1.0, 2.0, 4.0, 8.0]
    """
    return min(FIRST_BOUND * 2.0 ** (attempts - 1), LARGEST_BOUND)

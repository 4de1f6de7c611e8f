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


class So(NamedTuple):
    """How it stands with the question and its model."""

    attempts: int
    """At this question in this run, the one that failed included."""
    seconds: float
    """Since the first of them."""
    answered: bool
    """Whether the model has answered anything in this run."""
    in_a_row: int
    """Questions given up before this one since the model's last answer."""
    free: bool = False
    """Whether asking costs nothing, as with recorded answers: then one refused request says nothing of the next."""


def decide(fault: Fault, so: So, rng: random.Random) -> Decision:
    """Say what follows from a fault."""
    if fault.kind == "terminal":
        return End("no other request will do better")
    if fault.kind == "bad_request":
        # Before the first answer it is most likely every request that will be refused.
        go_on = so.free or (so.answered and so.in_a_row < MOST_IN_A_ROW)
        return GiveUp() if go_on else End("requests like this one are refused")
    wait = max(rng.uniform(0, bound(so.attempts)), fault.after or 0.0)
    if (fault.after or 0.0) > LONGEST_SECONDS:
        return End(f"the service asks to wait {fault.after:,.0f} s")
    if so.attempts < MOST_ATTEMPTS and so.seconds + wait <= LONGEST_SECONDS:
        return Again(wait)
    if not so.answered:
        return End(f"{so.attempts} attempts at the first question failed")
    return GiveUp() if so.in_a_row < MOST_IN_A_ROW else End("it has stopped answering")


def bound(attempts: int) -> float:
    """Return the longest own wait after so many attempts, in seconds.

    >>> [bound(n) for n in (1, 2, 3, 4)]
    [1.0, 2.0, 4.0, 8.0]
    """
    return min(FIRST_BOUND * 2.0 ** (attempts - 1), LARGEST_BOUND)

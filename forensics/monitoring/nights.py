"""What a night is called, and the seeds that make its draws new ones."""

from __future__ import annotations

from datetime import date

from forensics.custody import clock
from forensics.errors import UsageError
from forensics.records.transcript import SEEDS

_FIRST = date(2020, 1, 1)


def tonight(named: str | None) -> str:
    """Return the night's name, its day in UTC: the one given, or the clock's (SOURCE_DATE_EPOCH stops it)."""
    if named is None:
        return clock.now()[:10]
    try:
        return date.fromisoformat(named).isoformat()
    except ValueError as error:
        raise UsageError(f"{named!r} is no night.", remedy="Write the day, as in 2026-11-25.") from error


def sampling_seed(night: str | None, *, first: int, draws: int, second: bool) -> int:
    """Return the seed of a model's first draw in a night; None for answers that are asked once.

    No two nights share a seed, so that every night's draws are new; nor do the two sides (`second`: the questioned
    one), or one model behind both would give the same answers twice.

    >>> [sampling_seed("2020-01-02", first=1, draws=4, second=s) for s in (False, True)]
    [9, 13]
    """
    days = 0 if night is None else (date.fromisoformat(night) - _FIRST).days
    if days < 0:
        raise UsageError(f"The night {night} lies before {_FIRST}.", remedy="Set the clock.")
    return (first + (2 * days + second) * draws) % SEEDS

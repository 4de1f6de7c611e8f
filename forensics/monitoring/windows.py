"""Which nights are compared with which: a baseline, the nights tested before, tonight; never one draw in two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from forensics.errors import UsageError


class Recorded(NamedTuple):
    """The fresh answers of one model in one night, as the history points to them."""

    night: str
    path: Path
    digest: str
    conditions: str
    """Digest of what was asked and how: model, probes, sampling, draws."""


@dataclass(frozen=True, slots=True)
class Windows:
    """What tonight is compared with; raises UsageError where windows overlap."""

    baseline: tuple[Recorded, ...]
    earlier: tuple[Recorded, ...]
    """Nights tested before, from which nothing was found yet: they join what tonight is compared with."""
    tonight: Recorded

    def __post_init__(self) -> None:
        order = [*self.baseline, *self.earlier, self.tonight]
        nights = [recorded.night for recorded in order]
        if nights != sorted(set(nights)):
            raise UsageError(
                "The baseline window overlaps a tested night.",
                remedy="Every night belongs to one window, baseline first.",
            )
        if len({recorded.digest for recorded in order}) < len(order):
            raise UsageError(
                "The same answers stand in two windows.", remedy="Ask anew: old answers say nothing about tonight."
            )

    @property
    def epoch(self) -> str:
        """The first night of the baseline, by which one run of evidence is named."""
        return self.baseline[0].night


def windows(found: Sequence[Recorded], *, baseline_nights: int, since: date | None) -> Windows | None:
    """Part recorded nights, tonight the last, into windows; None while the baseline is not complete.

    Only nights since the last change of what is asked count, and none before `since`.
    """
    if not found:
        return None
    tonight = found[-1]
    usable: list[Recorded] = []
    for recorded in reversed(found):
        if recorded.conditions != tonight.conditions or (since and recorded.night < since.isoformat()):
            break
        usable.insert(0, recorded)
    if len(usable) <= baseline_nights:
        return None
    return Windows(tuple(usable[:baseline_nights]), tuple(usable[baseline_nights:-1]), tonight)

"""How answers came about: language, length, time and access. Conditions to set beside those of a validation, not findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from forensics import cache, deriving
from forensics.corpus import Member
from forensics.deriving import STATES
from forensics.features.extent import LANGUAGES, UNKNOWN
from forensics.packs import using
from forensics.records.scores import Circumstances

NOT_TOLD = "unknown"
NOT_RECORDED = "not recorded"
SEVERAL = "several"


class OfMany(TypedDict):
    """What `Conditions` says of the circumstances of a calibration's models."""

    languages: dict[str, int]
    words: tuple[float, float, float]
    first: str | None
    last: str | None
    access: str


def of(members: Sequence[Member], *, workers: int) -> list[Circumstances]:
    """Return the circumstances of each member's answers with text, as far as its file or its cohort pack tells them."""
    readable = [using.offers(member.source, "extent") for member in members]
    sources = [member.source for member, known in zip(members, readable, strict=True) if known]
    made = iter(deriving.derived(sources, ["extent"], workers))
    return [
        _circumstances(m, next(made)["extent"] if known else None) for m, known in zip(members, readable, strict=True)
    ]


def _circumstances(member: Member, extent: cache.Arrays | None) -> Circumstances:
    languages: dict[str, int] = {}
    words = None
    if extent is not None:
        texted = member.states == STATES.index("text")
        places, counts = np.unique(extent["language"][texted], return_counts=True)
        told = [(NOT_TOLD if p == UNKNOWN else LANGUAGES[p], int(n)) for p, n in zip(places, counts, strict=True)]
        languages = dict(sorted(told, key=lambda line: (-line[1], line[0])))
        words = float(np.median(extent["words"][texted])) if texted.any() else None
    return Circumstances(
        model=member.source.name,
        languages=languages,
        words=words,
        first=member.handling.first if member.handling else None,
        last=member.handling.last if member.handling else None,
        access=_access(member),
    )


def _access(member: Member) -> str:
    if member.handling is None:
        return f"recorded elsewhere ({member.source.format.partition('?')[0]})"
    return f"asked by this program ({member.source.name.partition(':')[0]})"


def main_language(languages: dict[str, int]) -> str | None:
    """Return the language of most answers; None where none can be told.

    >>> main_language({"en": 90, "unknown": 8, "de": 2}), main_language({"unknown": 3}), main_language({})
    ('en', None, None)
    """
    told = {name: count for name, count in languages.items() if name != NOT_TOLD}
    return max(told, key=lambda name: (told[name], name)) if told else None


def conditions(members: Sequence[Member], *, workers: int) -> OfMany:
    """Return the circumstances of a calibration's models together."""
    found = of(members, workers=workers)
    languages: dict[str, int] = {}
    for one in found:
        for name, count in one.languages.items():
            languages[name] = languages.get(name, 0) + count
    lengths = sorted(one.words for one in found if one.words is not None)
    times = [time for one in found for time in (one.first, one.last) if time is not None]
    access = {one.access for one in found}
    return {
        "languages": dict(sorted(languages.items(), key=lambda line: (-line[1], line[0]))),
        "words": (lengths[0], float(np.median(lengths)), lengths[-1]) if lengths else (0.0, 0.0, 0.0),
        "first": min(times, default=None),
        "last": max(times, default=None),
        "access": access.pop() if len(access) == 1 else SEVERAL,
    }


def days(first: str | None, last: str | None) -> str:
    """Return the days between two times.

    >>> days("2026-01-02T03:04:05.678Z", "2026-01-02T05:00:00Z"), days(None, None)
    ('2026-01-02', 'not recorded')
    """
    if first is None or last is None:
        return NOT_RECORDED
    begin, end = first[:10], last[:10]
    return begin if begin == end else f"{begin} to {end}"

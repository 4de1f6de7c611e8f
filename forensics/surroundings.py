"""Language, length, dates and access of a case beside those of its validation data.

They do not make a calibration unfit by themselves, as another probe set or other sampling does; where they differ, the
validation says less about the case, and every report says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.circumstances import NOT_RECORDED, days, main_language
from forensics.records.calibration import Conditions
from forensics.records.evidence import Condition, Verdict
from forensics.records.scores import Circumstances

IDS = frozenset(("language", "length", "date", "access"))
"""Conditions that are a reason for care and never one for refusing a calibration."""
_NOT_TOLD = "cannot be told"


def compare(sides: Sequence[Circumstances], validation: Conditions) -> list[Condition]:
    """Return the four conditions of the sides of a case beside those of a calibration."""
    return [
        _language(sides, validation),
        _length(sides, validation),
        _date(sides, validation),
        _access(sides, validation),
    ]


def _condition(identity: str, name: str, case: str, validation: str, verdict: Verdict) -> Condition:
    return Condition(id=identity, name=name, case=case, validation=validation, verdict=verdict)


def _language(sides: Sequence[Circumstances], validation: Conditions) -> Condition:
    mains = {main_language(side.languages) for side in sides}
    usual = main_language(validation.languages)
    case = "; ".join(dict.fromkeys(_languages(side.languages) for side in sides))
    known = usual is not None and None not in mains
    verdict: Verdict = ("same" if mains == {usual} else "differs") if known else "not known"
    return _condition("language", "language of the answers", case, _languages(validation.languages), verdict)


def _languages(counts: dict[str, int]) -> str:
    """Return the language of most answers with its share of those that can be told."""
    main = main_language(counts)
    if main is None:
        return _NOT_TOLD
    share = counts[main] / sum(counts.values())
    return f"{main} ({share * 100:.0f}% of {sum(counts.values()):,} answers)"


def _length(sides: Sequence[Circumstances], validation: Conditions) -> Condition:
    short, middle, long = validation.words
    known = [side.words for side in sides if side.words is not None]
    case = (
        "; ".join(f"{words:g}" for words in known) + " words (reference; questioned)" if len(known) == 2 else _NOT_TOLD
    )
    within = all(short <= words <= long for words in known)
    verdict: Verdict = ("same" if within else "differs") if len(known) == 2 else "not known"
    told = f"{middle:g} words in the middle, {short:g} to {long:g} over models"
    return _condition("length", "length of the answers, median", case, told, verdict)


def _date(sides: Sequence[Circumstances], validation: Conditions) -> Condition:
    case = "; ".join(dict.fromkeys(days(side.first, side.last) for side in sides))
    usual = days(validation.first, validation.last)
    known = NOT_RECORDED not in f"{case}{usual}"
    verdict: Verdict = ("same" if case == usual else "differs") if known else "not known"
    return _condition("date", "dates of the answers", case, usual, verdict)


def _access(sides: Sequence[Circumstances], validation: Conditions) -> Condition:
    case = "; ".join(dict.fromkeys(side.access for side in sides))
    verdict: Verdict = "same" if case == validation.access else "differs"
    return _condition("access", "access to the models", case, validation.access, verdict)

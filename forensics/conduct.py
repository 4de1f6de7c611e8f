"""How a service treated the questions of one transcript: what was not sent, who answered, what took a second try.

Kept per answer while a file is read, counted per model in the scores: a report must say it where it differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from forensics.records.transcript import Answer

if TYPE_CHECKING:
    from forensics.records.scores import Handling


class Conduct(NamedTuple):
    """What one answer's line says besides the answer."""

    dropped: tuple[tuple[str, str], ...]
    """Parameters asked for and not sent, with the reason."""
    asked_as: str | None
    """The model's name in the request."""
    answered_as: str | None
    fingerprint: str | None
    retried: bool
    """True where an earlier try of the same question failed."""
    maybe_billed: int
    """Tries without an answer that the service may have charged."""
    cached: bool
    time: str | None
    """UTC, ISO 8601."""


def of(answer: Answer) -> Conduct:
    """Return the conduct of one answer of a native transcript."""
    attempts = answer.attempts or ()
    return Conduct(
        dropped=tuple(sorted((answer.dropped or {}).items())),
        asked_as=_asked_as(answer.request),
        answered_as=answer.answered_as,
        fingerprint=answer.fingerprint,
        retried=bool(attempts) and answer.state != "failed",
        maybe_billed=sum(attempt.maybe_billed for attempt in attempts),
        cached=bool(answer.cached),
        time=answer.time,
    )


def _asked_as(request: dict[str, Any] | None) -> str | None:
    """Return the name by which a service was asked; it stands in the body, or beside it where the body holds none."""
    if request is None:
        return None
    body = request.get("body")
    named = body.get("model") if isinstance(body, dict) else None
    named = request.get("model") if named is None else named
    return named if isinstance(named, str) else None


def handling(conducts: Iterable[Conduct | None]) -> Handling | None:
    """Count conducts over a transcript; None where no answer carries any, as in recorded answers of other programs."""
    from forensics.records.scores import Handling  # transcripts are written without it, and it takes its time

    known = [conduct for conduct in conducts if conduct is not None]
    if not known:
        return None
    times = sorted(conduct.time for conduct in known if conduct.time is not None)
    return Handling(
        dropped=dict(sorted({name: reason for conduct in known for name, reason in conduct.dropped}.items())),
        asked_as=_counts(conduct.asked_as for conduct in known),
        answered_as=_counts(conduct.answered_as for conduct in known),
        fingerprints=_counts(conduct.fingerprint for conduct in known),
        retried=sum(conduct.retried for conduct in known),
        maybe_billed=sum(conduct.maybe_billed for conduct in known),
        cached=sum(conduct.cached for conduct in known),
        first=times[0] if times else None,
        last=times[-1] if times else None,
    )


def _counts(names: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(name for name in names if name is not None).items()))


def warnings(model: str, found: Handling | None) -> list[str]:
    """Say what a reader must know about how a service treated one side's questions."""
    if found is None:
        return []
    said = []
    others = {name: count for name, count in found.answered_as.items() if name not in found.asked_as}
    if others and found.asked_as:
        asked = ", ".join(found.asked_as)
        said += [
            f"{model}: the service was asked for {asked} and answered as {name} ({count} answers)."
            for name, count in others.items()
        ]
    if len(found.answered_as) > 1:
        said.append(f"{model}: the answers came under {len(found.answered_as)} names: {', '.join(found.answered_as)}.")
    if len(found.fingerprints) > 1:
        said.append(f"{model}: the service changed its configuration meanwhile: {', '.join(found.fingerprints)}.")
    return said

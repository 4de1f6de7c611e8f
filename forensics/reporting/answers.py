"""Tables of what became of the answers, and of how services treated the questions. Lays out counts, computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forensics.circumstances import days
from forensics.records.evidence import Evidence
from forensics.records.scores import SideCounts
from forensics.reporting.parts import Column, Table
from forensics.reporting.sheet import Sheet
from forensics.reporting.wording import NONE

NOT_ASKED = "recorded elsewhere: not known"
"""Stands where nobody can say how a service treated the questions."""
NOT_RECORDED = "not recorded"


def sides(evidence: Evidence, roles: Sequence[str]) -> Table:
    """Return what became of the answers of the models in some roles."""
    both = "cohort" not in roles
    sheet = Sheet(
        "answers" if both else "answers-cohort",
        "Answers of the two sides" if both else "Answers of the cohort",
        (
            Column("model", "Model"),
            Column("role", "Role", where="both" if both else "data"),
            Column("answers", "Asked", "answers", numeric=True),
            Column("text", "With text", "answers", numeric=True),
            Column("empty", "Empty", "answers", numeric=True),
            Column("refused", "Refused", "answers", numeric=True),
            Column("failed", "Failed", "answers", numeric=True),
            Column("cut_short", "Cut short", "answers", numeric=True),
            Column("retried", "After a retry", "answers", numeric=True),
            Column("cached", "Cached", "answers", numeric=True),
            Column("common", "Probes in common", "probes", numeric=True),
            Column("draws", "Draws", "draws", numeric=True),
            Column("faults", "Faults in the file"),
        ),
        empty="No model in this role.",
        source=evidence.scores,
        note="Asked: answers wanted, whatever became of them. Only those with text are scored. Empty: answered with nothing. "
        "Refused: the service returned a refusal in place of an answer. Failed: no answer after every retry. Cut short: "
        "ended by the token limit, and scored as far as it goes. After a retry: an earlier try of the same question failed. "
        "Cached: taken from the response cache and not asked again. A dash: the answers were recorded elsewhere, and nobody knows."
        if both
        else "",
    )
    for s in evidence.sides:
        if s.role in roles:
            counts = (s.answers, s.text, s.empty, s.refused, s.failed, s.cut_short)
            treated = (s.handling.retried, s.handling.cached) if s.handling else (None, None)
            values = (s.model, s.role, *counts, *treated, s.common, s.draws, _counted(s.faults) or "none")
            sheet.row(s.model, values, n=s.answers, source=s.digest)
    return sheet.table()


def service(evidence: Evidence) -> Table:
    """Return how a service treated the questions put to either side, one fact a line, both sides beside each other."""
    pair = evidence.sides[:2]
    sheet = Sheet(
        "service",
        "How the questions were put and treated",
        (
            Column("what", "What"),
            Column("reference", "Reference"),
            Column("questioned", "Questioned"),
            Column("verdict", "Verdict"),
        ),
        empty="Neither side is recorded.",
        source=evidence.scores,
        note="Sent: the parameters that went out, the seed apart. A service may answer under another name than it was asked for, or "
        "change its configuration (fingerprint) between two answers. Maybe billed: tries without an answer that the "
        "service may have charged all the same.",
    )
    for name, title in FACTS.items():
        said = [_said(name, side) for side in pair]
        differs = name in COMPARED and NOT_RECORDED not in said and NOT_ASKED not in said and said[0] != said[1]
        verdict = "differs" if differs else NONE
        sheet.row(name, (title, *said, verdict), n=sum(side.answers for side in pair), strong=differs)
    return sheet.table()


FACTS = {
    "sampling": "Parameters asked for", "sent": "Parameters sent", "dropped": "Asked for and not sent",
    "asked_as": "Asked for the model", "answered_as": "Answered as", "fingerprints": "Fingerprints of the service",
    "retried": "Answered after a retry", "maybe_billed": "Maybe billed without an answer", "cached": "Taken from the cache",
    "dates": "Dates of the answers",
}  # fmt: skip
"""Facts in the table, by id."""
COMPARED = ("sampling", "sent", "dropped")
"""Facts in which the sides must not differ."""


def _said(name: str, side: SideCounts) -> str:
    """Return one fact about one side in words."""
    if name in ("sampling", "sent"):
        return getattr(side, name) or NOT_RECORDED
    return _treated(name, side) if side.handling else NOT_ASKED


def _treated(name: str, side: SideCounts) -> str:
    found = side.handling
    assert found is not None
    if name == "dates":
        return days(found.first, found.last)
    if name == "dropped":
        return "; ".join(f"{key}: {reason}" for key, reason in found.dropped.items()) or "nothing"
    value = getattr(found, name)
    if isinstance(value, dict):
        return _counted(value) or NOT_RECORDED
    return f"{value:,} tries" if name == "maybe_billed" else f"{value:,} of {side.answers:,} answers"


def _counted(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{name}: {count:,}" for name, count in sorted(counts.items()))

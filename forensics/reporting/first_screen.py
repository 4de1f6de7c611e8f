"""The first screen of the analyst's style: who is compared with whom, the question, the answer, what to beware of."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.hostile import shortened
from forensics.records.evidence import Evidence, ScaleStep
from forensics.reporting import equality, tables
from forensics.reporting.findings import score_figure
from forensics.reporting.material import Material
from forensics.reporting.parts import Summary
from forensics.reporting.sheet import LONGEST
from forensics.reporting.texts import LIMITS, QUESTIONS
from forensics.reporting.wording import number

MOST_CAUTIONS = 6
"""Warnings and deviations on the first screen."""


def summary(material: Material) -> Summary:
    """Return the first screen."""
    evidence, found = material.evidence, material.evidence.equality
    drawn = {d.statistic: d for d in evidence.distributions}
    weighed = [f.statistic for f in evidence.findings if f.role == "weighed" and f.statistic in drawn]
    shown = next((name for name in ("lexical", *weighed) if name in drawn), None)
    return Summary(
        reference=evidence.reference,
        questioned=evidence.questioned,
        question=QUESTIONS[evidence.question],
        answered=evidence.conclusion.headline is not None or (found is not None and found.verdict != "cannot tell"),
        answer=evidence.conclusion.sentence,
        propositions=_propositions(evidence),
        scale=tuple(_step(step) for step in evidence.scale) if found is None else (),
        meaning=LIMITS[0],
        cautions=tuple(_cautions(evidence)),
        key=tables.key_findings(evidence) if found is None else equality.key(evidence, found),
        figure=score_figure(evidence, drawn[shown]) if shown else None,
    )


def _cautions(evidence: Evidence) -> Iterator[str]:
    """Yield what a reader must know before using a number; a long list goes on in the table of deviations."""
    every = (*evidence.deviations, *evidence.warnings)
    yield from (shortened(text, LONGEST) for text in every[:MOST_CAUTIONS])
    if len(every) > MOST_CAUTIONS:
        yield f"{len(every) - MOST_CAUTIONS} further ones stand in the table of deviations."


def _propositions(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    names = tables.alternative_names(evidence)
    pairs = [("Hp", evidence.propositions.hp), *((names[hd.id], hd.text) for hd in evidence.propositions.hd)]
    return tuple((name, shortened(text, LONGEST)) for name, text in pairs)


def _step(step: ScaleStep) -> str:
    upper = "and above" if step.high is None else f"to {number(int(step.high))}"
    return f"{number(int(step.low))} {upper}: {step.words}"

"""The first screen of the analyst's style: who is compared with whom, the question, the answer, what to beware of."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.hostile import shortened
from forensics.records.evidence import Evidence, ScaleStep, Weight
from forensics.reporting import equality, tables
from forensics.reporting.findings import score_figure
from forensics.reporting.material import Material
from forensics.reporting.parts import Step, Summary, Weighed
from forensics.reporting.sheet import LONGEST
from forensics.reporting.texts import LIMITS, QUESTIONS
from forensics.reporting.wording import between, log_ratio, number, ratio

MOST_CAUTIONS = 6
"""Warnings and deviations on the first screen."""


def summary(material: Material) -> Summary:
    """Return the first screen."""
    evidence, found = material.evidence, material.evidence.equality
    drawn = {d.statistic: d for d in evidence.distributions}
    weighed = [m.statistic for m in evidence.weighed]
    others = [f.statistic for f in evidence.findings if f.role == "weighed"]
    shown = next((name for name in (*weighed, "lexical", *others) if name in drawn), None)
    return Summary(
        reference=evidence.reference,
        questioned=evidence.questioned,
        question=QUESTIONS[evidence.question],
        answered=evidence.conclusion.headline is not None or (found is not None and found.verdict != "cannot tell"),
        answer=evidence.conclusion.sentence,
        verbal=evidence.conclusion.verbal,
        propositions=_propositions(evidence),
        scale=tuple(_step(step, evidence.conclusion.verbal) for step in evidence.scale) if found is None else (),
        meaning=LIMITS[0],
        cautions=tuple(_cautions(evidence)),
        key=tables.key_findings(evidence) if found is None else equality.key(evidence, found),
        figure=score_figure(evidence, drawn[shown]) if shown else None,
    )


def _cautions(evidence: Evidence) -> Iterator[str]:
    """Yield what a reader must know before using a number; a long list goes on in the table of deviations."""
    every = (*evidence.warnings, *evidence.deviations)
    yield from (shortened(text, LONGEST) for text in every[:MOST_CAUTIONS])
    if len(every) > MOST_CAUTIONS:
        yield f"{len(every) - MOST_CAUTIONS} further ones stand in the table of deviations."


def _propositions(evidence: Evidence) -> tuple[Weighed, ...]:
    names = tables.alternative_names(evidence)
    weights = {weight.alternative: weight for weight in evidence.conclusion.weights}
    alternatives = [
        Weighed(names[hd.id], shortened(hd.text, LONGEST), _ratio(names[hd.id], weights.get(hd.id)))
        for hd in evidence.propositions.hd
    ]
    return (Weighed("Hp", shortened(evidence.propositions.hp, LONGEST), ""), *alternatives)


def _ratio(name: str, weight: Weight | None) -> str:
    """Return a ratio in one line, with its interval and the cap, or why there is none."""
    if weight is None or weight.log10_lr is None:
        return f"Hp against {name}: {weight.reason if weight else 'not weighed'}"
    inside = f"{between(weight.interval, 2)}; " if weight.interval else "no interval; "
    return f"Hp against {name}: LR {ratio(weight.log10_lr)}, log10 {log_ratio(weight.log10_lr)} ({inside}cap {log_ratio(weight.cap)})"


def _step(step: ScaleStep, verbal: str | None) -> Step:
    upper = "and above" if step.high is None else f"to {number(int(step.high))}"
    return Step(f"{number(int(step.low))} {upper}", step.words, (verbal or "").startswith(step.words))

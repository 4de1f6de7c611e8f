"""From scores to evidence: propositions, findings, what may be concluded, and everything a report will print.

Computes no score. A likelihood ratio needs a calibration; without one the evidence says so in the ratio's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forensics import canonical, registry
from forensics.exhibits import exhibits
from forensics.features import version_of
from forensics.propositions import propositions
from forensics.records.case import Case
from forensics.records.evidence import (
    Conclusion,
    Control,
    Distribution,
    Evidence,
    Finding,
    Input,
    Population,
    ScaleStep,
    Version,
    Weight,
)
from forensics.records.scores import CohortScore, Score, Scores, SideCounts

SCHEMA = "forensics/evidence/1"
UNDECLARED = "undeclared"
NO_CALIBRATION = "no likelihood ratio: no calibration given"
NO_PROTOCOL = "exploratory: no protocol was sealed"

SCALE = (
    ScaleStep(low=1, high=10, words="weak support"),
    ScaleStep(low=10, high=100, words="moderate support"),
    ScaleStep(low=100, high=1_000, words="moderately strong support"),
    ScaleStep(low=1_000, high=10_000, words="strong support"),
    ScaleStep(low=10_000, high=1_000_000, words="very strong support"),
    ScaleStep(low=1_000_000, high=None, words="extremely strong support"),
)
"""The verbal scale for ratios above 1; mirrored below."""

ENOUGH_SHARE = 0.9
"""Share of answers with text below which a side's answers are called incomplete."""


def weigh(case: Case, scores: Scores, *, root: Path) -> Evidence:
    """Turn the scores of a case into evidence; `root` is the case's folder, where answers to be shown are read."""
    named = propositions(case.question, reference=case.reference.name, questioned=case.questioned.name)
    return Evidence(
        schema=SCHEMA,
        tool=scores.tool,
        case=scores.case,
        scores=canonical.digest(canonical.pretty(scores.model_dump(mode="json", by_alias=True))),
        question=case.question,
        reference=case.reference.name,
        questioned=case.questioned.name,
        propositions=named,
        conclusion=_without_calibration([alternative.id for alternative in named.hd]),
        scale=SCALE,
        findings=tuple(_finding(score) for score in scores.scores),
        population=_population(scores),
        conditions=(),
        validation=None,
        sensitivity=(),
        controls=_controls(scores),
        deviations=(NO_PROTOCOL,),
        sides=scores.sides,
        set_aside=scores.set_aside,
        inputs=tuple(Input(role=s.role, name=s.model, format=s.format, digest=s.digest) for s in scores.sides),
        versions=_versions(scores),
        probe_set=scores.probe_set,
        n_probes=len(scores.probes),
        seed=scores.seed,
        replicates=scores.replicates,
        distributions=tuple(_distribution(score) for score in scores.scores if score.raw is not None),
        exhibits=exhibits(case, scores, root=root),
        warnings=tuple(_warnings(scores)),
    )


def _without_calibration(alternatives: Sequence[str]) -> Conclusion:
    return Conclusion(
        weights=tuple(
            Weight(
                alternative=alternative,
                log10_lr=None,
                interval=None,
                uncapped=None,
                cap=None,
                bound=None,
                reason=NO_CALIBRATION,
            )
            for alternative in alternatives
        ),
        headline=None,
        verbal=None,
        sentence=NO_CALIBRATION[0].upper() + NO_CALIBRATION[1:] + ". The findings below describe closeness; they do "
        "not say how much that closeness is worth.",
    )


def _finding(score: Score) -> Finding:
    return Finding(
        summary=str(registry.load("statistics", score.statistic).SUMMARY),
        **score.model_dump(exclude={"cohort", "contributions"}),
    )


def _distribution(score: Score) -> Distribution:
    assert score.raw is not None
    return Distribution(
        statistic=score.statistic, pair=score.raw, cohort=score.cohort, contributions=score.contributions
    )


def _population(scores: Scores) -> tuple[Population, ...]:
    """List the cohort by lineage, with the reason where one is left out."""
    cohort: Sequence[CohortScore] = next((s.cohort for s in scores.scores if s.cohort), ())
    lineages: dict[str, list[CohortScore]] = {}
    for member in cohort:
        lineages.setdefault(member.lineage or UNDECLARED, []).append(member)
    return tuple(
        Population(lineage=name, models=tuple(m.model for m in members), excluded=members[0].excluded)
        for name, members in sorted(lineages.items())
    )


def _controls(scores: Scores) -> tuple[Control, ...]:
    """Name the controls; the reference against itself needs a second draw of the reference."""
    reason = (
        "the reference answered each probe once; its other draws are needed"
        if scores.sides[0].draws < 2
        else "not measured by this version"
    )
    return (
        Control(
            id="reference-itself",
            name="the reference against itself (other draws)",
            expected="closer than any cohort model",
            statistic="lexical",
            normalised=None,
            log10_lr=None,
            verdict="not available",
            reason=reason,
        ),
    )


def _versions(scores: Scores) -> tuple[Version, ...]:
    parts = [Version(part="forensics", version=scores.tool)]
    for score in scores.scores:
        feature = registry.load("statistics", score.statistic).FEATURE
        parts.append(Version(part=f"statistic {score.statistic}", version=score.version))
        parts.append(Version(part=f"feature {feature}", version=version_of(feature)))
    return tuple(dict.fromkeys(parts))


def _warnings(scores: Scores) -> list[str]:
    """Say what a reader must know before using any number."""
    found = [warning for side in scores.sides[:2] if (warning := _incomplete(side))]
    undeclared = [side.model for side in scores.sides if side.lineage is None]
    if undeclared:
        found.append(
            f"{len(undeclared)} of {len(scores.sides)} models have no declared lineage: relatives of either side may "
            "stand in the cohort, so the robust normalisation was used."
        )
    both = scores.sides[:2]
    if both[0].lineage is not None and both[0].lineage == both[1].lineage:
        found.append(f"Both sides are declared to be of lineage {both[0].lineage}.")
    return found


def _incomplete(side: SideCounts) -> str | None:
    if side.answers and side.text / side.answers < ENOUGH_SHARE:
        return f"{side.model}: only {side.text} of {side.answers} answers have text."
    return None

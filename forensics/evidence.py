"""From scores to evidence: propositions, findings, what may be concluded, and everything a report will print.

Computes no score. A likelihood ratio needs a calibration; without one the evidence says so in the ratio's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from forensics import canonical, conduct, registry, weighing
from forensics.case import as_written
from forensics.concluding import conclude, conclude_equality, scale
from forensics.custody.deviations import deviations
from forensics.exhibits import exhibits
from forensics.features import version_of
from forensics.propositions import propositions
from forensics.records.calibration import Calibration
from forensics.records.case import Case
from forensics.records.custody import Opening, Protocol
from forensics.records.evidence import (
    Distribution,
    Evidence,
    Finding,
    Input,
    LineValidation,
    Population,
    Sensitivity,
    Version,
)
from forensics.records.scores import CohortScore, Control, Score, Scores, SideCounts
from forensics.validating import SHUFFLED
from forensics.weighing import Weighed

SCHEMA: Final = "forensics/evidence/1"
UNDECLARED = "undeclared"

LEAST_SHUFFLED = 0.95
"""Cllr that a calibration with shuffled labels must exceed: below, it has learnt something that is not there."""
MANY_CUT_SHORT = 0.1
"""Share of answers cut short above which a reader is told."""
ENOUGH_SHARE = 0.9
"""Share of answers with text below which a side's answers are called incomplete."""


def weigh(
    case: Case,
    scores: Scores,
    calibration: Calibration | None,
    *,
    root: Path,
    protocol: Protocol | None = None,
    opening: Opening | None = None,
) -> Evidence:
    """Turn the scores of a case into evidence; `root` is the case's folder, where answers to be shown are read.

    `protocol` is the one the case names, and `opening` what opens its secret probe set.

    Raises UsageError where the calibration does not fit the case.
    """
    weighed = weighing.weigh(scores, calibration, transfer=case.transfer) if calibration else None
    named = propositions(case.question, reference=case.reference.name, questioned=case.questioned.name)
    return Evidence(
        schema=SCHEMA,
        tool=scores.tool,
        case=scores.case,
        scores=canonical.digest(as_written(scores)),
        calibration=case.calibration if weighed else None,
        question=case.question,
        reference=case.reference.name,
        questioned=case.questioned.name,
        propositions=named,
        conclusion=conclude(named, weighed) if scores.equality is None else conclude_equality(scores.equality),
        weighed=weighed.measured if weighed else (),
        scale=scale(),
        findings=tuple(_finding(score) for score in scores.scores),
        population=_population(scores),
        conditions=weighed.conditions if weighed else (),
        validation=_validations(calibration),
        sensitivity=(*(weighed.sensitivity if weighed else ()), *_sensitivity(scores)),
        controls=_controls(scores, calibration),
        triad=scores.triad,
        deviations=deviations(case, scores, named, protocol, opening=opening),
        sides=scores.sides,
        set_aside=scores.set_aside,
        inputs=tuple(Input(role=s.role, name=s.model, format=s.format, digest=s.digest) for s in scores.sides),
        versions=_versions(case, scores),
        probe_set=scores.probe_set,
        n_probes=len(scores.probes),
        seed=scores.seed,
        replicates=scores.replicates,
        distributions=tuple(_distribution(score) for score in scores.scores if score.raw is not None),
        habits=scores.habits,
        exhibits=exhibits(case, scores, root=root),
        equality=scores.equality,
        warnings=tuple(_warnings(scores, weighed)),
    )


def _validations(calibration: Calibration | None) -> tuple[LineValidation, ...]:
    if calibration is None:
        return ()
    return tuple(LineValidation(alternative=line.alternative, validation=line.validation) for line in calibration.lines)


def _sensitivity(scores: Scores) -> tuple[Sensitivity, ...]:
    """Show every weighed statistic by every normalisation and in every variant, without a ratio."""
    rows = []
    for score in scores.scores:
        if score.role != "weighed":
            continue
        for variant in score.variants:
            for normalisation, value in variant.values.items():
                if variant.id != "as-measured" and normalisation != score.normalisation:
                    continue
                rows.append(
                    Sensitivity(
                        id=f"{score.statistic}-{variant.id}-{normalisation.replace(' ', '-')}",
                        change=variant.change,
                        statistic=score.statistic,
                        normalisation=normalisation,
                        normalised=value,
                        alternative=None,
                        log10_lr=None,
                        reason="not weighed by itself",
                    )
                )
    return tuple(rows)


def _finding(score: Score) -> Finding:
    return Finding(
        summary=str(registry.load("statistics", score.statistic).SUMMARY),
        **score.model_dump(exclude={"cohort", "contributions", "variants", "resampled"}),
    )


def _distribution(score: Score) -> Distribution:
    assert score.raw is not None
    return Distribution(
        statistic=score.statistic, pair=score.raw, cohort=score.cohort, contributions=score.contributions
    )


def _population(scores: Scores) -> tuple[Population, ...]:
    """List the cohort by lineage, with the reason where one is left out."""
    cohort: Sequence[CohortScore] = next((s.cohort for s in scores.scores if s.cohort), ())
    groups: dict[tuple[str, str], list[CohortScore]] = {}
    for member in cohort:
        groups.setdefault((member.lineage or UNDECLARED, member.excluded or ""), []).append(member)
    return tuple(
        Population(lineage=name, models=tuple(m.model for m in members), excluded=excluded or None)
        for (name, excluded), members in sorted(groups.items())
    )


def _controls(scores: Scores, calibration: Calibration | None) -> tuple[Control, ...]:
    """Return the case's own controls, and the calibration's: shuffled labels must leave it with nothing to say."""
    shuffled = []
    for line in calibration.lines if calibration else ():
        cost = next((metric for metric in line.validation.metrics if metric.id == SHUFFLED), None)
        if cost is not None:
            shuffled.append(
                Control(
                    id=f"shuffled-{line.alternative}",
                    name=f"calibration against {line.alternative.replace('_', ' ')}, labels shuffled: Cllr",
                    expected="about 1",
                    statistic=", ".join(calibration.features) if calibration else "",
                    normalised=cost.value,
                    log10_lr=None,
                    verdict="as expected" if cost.value > LEAST_SHUFFLED else "not as expected",
                    reason=None,
                )
            )
    return (*scores.controls, *shuffled)


def _versions(case: Case, scores: Scores) -> tuple[Version, ...]:
    parts = [Version(part="forensics", version=scores.tool)]
    for score in scores.scores:
        feature = registry.load("statistics", score.statistic).FEATURE
        parts.append(Version(part=f"statistic {score.statistic}", version=score.version))
        parts.append(Version(part=f"feature {feature}", version=version_of(feature)))
    tests = scores.equality.tests if scores.equality else ()
    parts += [Version(part=f"statistic {test.statistic}", version=test.version) for test in tests]
    if case.protocol is not None:
        parts.append(Version(part="protocol", version=case.protocol))
    return tuple(dict.fromkeys(parts))


def _warnings(scores: Scores, weighed: Weighed | None) -> list[str]:
    """Say what a reader must know before using any number."""
    found = ["The calibration was transferred, not validated for this case."] if weighed and weighed.transferred else []
    found += _sent_differently(*scores.sides[:2])
    for side in scores.sides[:2]:
        found += [warning for warning in (_incomplete(side), _cut_short(side)) if warning]
        found += conduct.warnings(side.model, side.handling)
    undeclared = [side.model for side in scores.sides if side.lineage is None]
    if undeclared and scores.equality is None:
        found.append(
            f"{len(undeclared)} of {len(scores.sides)} models have no declared lineage: relatives of either side may "
            "stand in the cohort, so the robust normalisation was used."
        )
    if scores.question == "distillation" and scores.triad is None:
        found.append(
            "No base or sibling of the questioned model was named (--relatives), so whether it is nearer to the reference "
            "than others of its base was not looked at."
        )
    both = scores.sides[:2]
    if both[0].digest == both[1].digest:
        found.append("Both sides are the same file: what was compared is one set of answers with itself.")
    if both[0].lineage is not None and both[0].lineage == both[1].lineage:
        found.append(f"Both sides are declared to be of lineage {both[0].lineage}.")
    return found


def _sent_differently(reference: SideCounts, questioned: SideCounts) -> list[str]:
    """Say where the two sides were not sent the same parameters."""
    if reference.sent is None or questioned.sent is None or reference.sent == questioned.sent:
        return []
    said = [
        f"The sides were sent different parameters: {reference.sent} ({reference.model}); {questioned.sent} "
        f"({questioned.model})."
    ]
    for side in (reference, questioned):
        for name, reason in (side.handling.dropped if side.handling else {}).items():
            said.append(f"{side.model}: {name} was asked for and not sent: {reason}.")
    return said


def _cut_short(side: SideCounts) -> str | None:
    if side.answers and side.cut_short / side.answers > MANY_CUT_SHORT:
        return f"{side.model}: {side.cut_short} of {side.answers} answers were cut short by the token limit."
    return None


def _incomplete(side: SideCounts) -> str | None:
    if side.answers and side.text / side.answers < ENOUGH_SHARE:
        return f"{side.model}: only {side.text} of {side.answers} answers have text."
    return None

"""Whether a calibration fits what is to be weighed: its conditions beside the calibration's, and what differs by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from forensics import measuring, surroundings
from forensics.errors import UsageError
from forensics.records.calibration import Calibration
from forensics.records.evidence import Condition, Verdict
from forensics.records.scores import Scores

ENOUGH_PROBES = 0.95
"""Share of a calibration's probes that a case must hold."""
ENOUGH_COHORT = 0.5
"""Share of a calibration's cohort that a case must be normalised by."""


class Here(NamedTuple):
    """What is to be weighed, as far as a calibration may not fit it."""

    question: str
    versions: Mapping[str, str]
    """Version by statistic that was computed."""
    probes: Sequence[str]
    draws: int
    sampling: str
    cohort: int
    """Fewest unrelated models that anything was normalised by."""


def of_case(scores: Scores, calibration: Calibration) -> list[Condition]:
    """Set the case's conditions beside the calibration's."""
    by_name = {score.statistic: score for score in scores.scores}
    here = Here(
        question=scores.question,
        versions={name: measuring.version(name) for name in calibration.conditions.statistics if name in by_name},
        probes=scores.probes,
        draws=max(side.draws for side in scores.sides[:2]),
        sampling="; ".join(dict.fromkeys(side.sampling for side in scores.sides[:2])),
        cohort=min((by_name[name].n_cohort for name in calibration.features if name in by_name), default=0),
    )
    return [*compare(here, calibration), *surroundings.compare(scores.circumstances, calibration.conditions)]


def compare(here: Here, calibration: Calibration) -> list[Condition]:
    """Set the conditions of what is to be weighed beside the calibration's."""
    wanted = calibration.conditions
    found = [_same("question", "question", here.question, calibration.question)]
    for name, version in wanted.statistics.items():
        seen = here.versions.get(name, "not computed")
        found.append(_same(f"statistic-{name}", f"statistic {name}", seen, version))
    shared = len(set(here.probes) & set(wanted.probes))
    fits = shared == len(here.probes) and shared >= ENOUGH_PROBES * len(wanted.probes)
    found.append(
        Condition(
            id="probes",
            name="probes",
            case=f"{len(here.probes)}, of which {shared} in the calibration",
            validation=str(len(wanted.probes)),
            verdict="same" if fits else "differs",
        )
    )
    found.append(_same("draws", "draws per probe", str(here.draws), str(wanted.draws)))
    found.append(_sampling(here.sampling, wanted.sampling))
    found.append(
        Condition(
            id="cohort",
            name="unrelated models to compare with",
            case=str(here.cohort),
            validation=str(wanted.cohort_models),
            verdict="same" if here.cohort >= ENOUGH_COHORT * wanted.cohort_models else "differs",
        )
    )
    return found


def check(found: Sequence[Condition], *, transfer: bool) -> bool:
    """Say whether any condition differs; raises UsageError where one does and `transfer` was not asked for."""
    differing = [c for c in found if c.verdict == "differs" and c.id not in surroundings.IDS]
    if differing and not transfer:
        named = "; ".join(f"{c.name}: {c.case} here, {c.validation} in the calibration" for c in differing)
        raise UsageError(
            f"The calibration does not fit this case: {named}.",
            remedy="Leave it out, fit one that does, or force it with --transfer (marked: transferred, not validated).",
        )
    return bool(differing)


def _same(identity: str, name: str, case: str, validation: str) -> Condition:
    verdict: Verdict = "same" if case == validation else "differs"
    return Condition(id=identity, name=name, case=case, validation=validation, verdict=verdict)


def _sampling(case: str, validation: str) -> Condition:
    unknown = "not recorded" in (case, validation)
    verdict: Verdict = "not known" if unknown else ("same" if case == validation else "differs")
    return Condition(id="sampling", name="sampling", case=case, validation=validation, verdict=verdict)

"""From what the user names to a case: recorded answers are taken as they lie, other models are asked.

The case folder then holds, or points to, everything that scoring needs; no later stage talks to a model.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forensics import calibrations, canonical, lineages, naming, probes, registry, runner, scoring, sources
from forensics import case as case_files
from forensics.adapters import ModelName
from forensics.asking import outcome as outcomes
from forensics.asking.estimate import Estimate
from forensics.asking.lines import Run
from forensics.asking.terms import Terms
from forensics.equality import likelihoods, testing
from forensics.equality.reading import FEWEST_DRAWS, own_seeds
from forensics.errors import UsageError
from forensics.records.base import Question, Role
from forensics.records.case import Case, Source
from forensics.records.equality import EqualityCase, EqualityTerms
from forensics.records.probes import ProbeSet
from forensics.records.transcript import Sampling
from forensics.runner import Ready

SCHEMA: Final = "forensics/case/1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a comparison was asked for."""

    reference: str
    questioned: str
    cohort: Sequence[str]
    """Model names, files, or folders of files or of folders with one file each."""
    folder: Path
    probe_set: str | None
    """Needed only where a model has to be asked."""
    sampling: Sampling
    draws: int
    question: Question
    models: Path | None
    """Table of lineages, beside those found in cohort folders."""
    statistics: tuple[str, ...] | None
    seed: int
    replicates: int
    calibration: str | None
    """Name or path of a calibration; None for none."""
    transfer: bool
    relatives: Path | None = None
    """Table of the questioned model's relatives in the cohort (model, role)."""
    protocol: str | None = None
    """Digest of the sealed protocol that is followed."""
    terms: Terms | None = None
    """How models are asked; None for the usual terms."""
    equality: EqualityTerms | None = None
    """What is fixed for the question of equality; None for other questions."""


Say = Callable[[str], None]


def prepare(wanted: Wanted, *, say: Say) -> Case:
    """Gather what a case needs and write its `case.json`."""
    case = gather(wanted, say=say)
    case_files.write(wanted.folder, case_files.CASE, case)
    return case


def gather(wanted: Wanted, *, say: Say) -> Case:
    """Find recorded answers and ask the other models; raises any UsageError before a model is asked.

    Writes the transcripts of models that were asked, for equality the likelihoods of answers, and nothing else.
    """
    declared = sources.declared_lineages(wanted.cohort, wanted.models)
    alone = wanted.question == "equality"
    sides = _sides(wanted)
    check(wanted, asked=any(model.adapter != naming.RECORDED for _, model in sides))
    probe_set = _probe_set(wanted, sides)
    calibration = read_calibration(wanted)
    relatives = lineages.read_relatives(wanted.relatives) if wanted.relatives else []
    ready = _ready(wanted, sides, probe_set)
    # Recorded answers first: what is wrong with them shows before any model is asked.
    found = {
        place: sources.recorded_source(model, role, folder=wanted.folder, declared=declared)
        for place, (role, model) in enumerate(sides)
        if place not in ready
    }
    _ask(list(ready.values()), terms=wanted.terms or Terms(), say=say)
    for place, one in ready.items():
        found[place] = _asked_source(wanted, sides[place][0], one, declared)
    reference, questioned, *cohort = (found[place] for place in range(len(sides)))
    kept, set_aside = sources.without_the_sides(cohort, (reference, questioned))
    sources.check_relatives(relatives, [source.name for source in cohort], (reference.name, questioned.name))
    if alone and wanted.cohort:
        set_aside.append(
            f"the cohort ({', '.join(wanted.cohort)}): equality needs none, so it was not asked and not used"
        )
    return Case(
        schema=SCHEMA,
        question=wanted.question,
        reference=reference,
        questioned=questioned,
        cohort=tuple(sorted(kept, key=lambda source: (source.name, source.digest))),
        probe_set=probes.reference(probe_set) if probe_set else None,
        only=None,
        statistics=wanted.statistics,
        seed=wanted.seed,
        replicates=wanted.replicates,
        set_aside=tuple(set_aside),
        relatives=tuple(relatives),
        calibration=canonical.digest(calibration) if calibration else None,
        transfer=wanted.transfer,
        protocol=wanted.protocol,
        equality=_equality(wanted, ready.get(0), (reference, questioned), say),
    )


def check(wanted: Wanted, *, asked: bool) -> None:
    """Refuse, with UsageError, statistics of another question, and equality on one draw where a model is to be asked."""
    alone = wanted.question == "equality"
    if wanted.statistics and alone:
        testing.check(wanted.statistics)
    elif wanted.statistics:
        scoring.chosen_statistics(wanted.statistics, wanted.question)
    if alone and asked and wanted.draws < FEWEST_DRAWS:
        raise UsageError("Equality is tested on several draws of every probe.", remedy="Ask for them: --draws 10.")


def read_calibration(wanted: Wanted) -> bytes | None:
    """Return the bytes of the calibration asked for; raises UsageError where it answers another question."""
    if wanted.calibration is None:
        return None
    data = calibrations.read_bytes(wanted.calibration)
    found = calibrations.parse(data, path=wanted.calibration)
    if found.question != wanted.question:
        raise UsageError(
            f"{wanted.calibration} answers the question {found.question}, not {wanted.question}.",
            remedy=f"Ask --question {found.question}, or name another calibration.",
        )
    return data


def estimated(wanted: Wanted) -> list[Estimate]:
    """Work out what asking the models of a case would take; sends and writes nothing."""
    sides = _sides(wanted)
    ready = _ready(wanted, sides, _probe_set(wanted, sides))
    return runner.estimated(list(ready.values()), terms=wanted.terms or Terms())


def _sides(wanted: Wanted) -> list[tuple[Role, ModelName]]:
    """Name all models of a case: the two sides, then the cohort without them."""
    sided = {wanted.reference, wanted.questioned}
    named = [] if wanted.question == "equality" else sources.cohort_models(wanted.cohort)
    return [
        ("reference", naming.parse(wanted.reference)),
        ("questioned", naming.parse(wanted.questioned)),
        *(("cohort", model) for model in named if str(model) not in sided),
    ]


def _probe_set(wanted: Wanted, sides: Sequence[tuple[Role, ModelName]]) -> ProbeSet | None:
    if wanted.probe_set is not None:
        return probes.load(wanted.probe_set)
    asked = any(model.adapter != naming.RECORDED for _, model in sides)
    return probes.load(probes.DEFAULT) if asked else None


def _ready(wanted: Wanted, sides: Sequence[tuple[Role, ModelName]], probe_set: ProbeSet | None) -> dict[int, Ready]:
    """Connect the models that have to be asked, by their place; sends nothing."""
    ready = {}
    for place, (role, model) in enumerate(sides):
        if model.adapter != naming.RECORDED:
            assert probe_set is not None  # it was loaded since a model has to be asked
            path = case_files.transcript_path(wanted.folder, role, str(model))
            ready[place] = runner.connected(Run(model, probe_set, _sampling(wanted, role), wanted.draws), path)
    return ready


def _ask(ready: Sequence[Ready], *, terms: Terms, say: Say) -> None:
    """Ask all models at once; raises where one of them did not answer enough, after all were asked."""
    if not ready:
        return
    for one in ready:
        say(f"asking {one.run.model} {len(one.run.probe_set.probes)} probes × {one.run.draws}")
    found = runner.ask(ready, terms=terms, stream=sys.stderr)
    runner.tell(found, say=say)
    outcomes.judge(found, min_answered=terms.min_answered)


def _equality(wanted: Wanted, reference: Ready | None, sides: tuple[Source, Source], say: Say) -> EqualityCase | None:
    """Ask the reference, where it is there and can score text, how likely it finds the answers of both sides."""
    if wanted.equality is None:
        return None
    there = None if reference is None else likelihoods.Reference(reference.run, reference.model)
    return likelihoods.gather(wanted.equality, there, sides, root=wanted.folder, chosen=wanted.statistics, say=say)


def _asked_source(wanted: Wanted, role: Role, asked: Ready, declared: Mapping[str, str]) -> Source:
    """Return where the answers of a model that was asked lie."""
    model = asked.run.model
    lineage_of = getattr(registry.load("adapters", model.adapter), "lineage", None)
    lineage = declared.get(str(model)) or (lineage_of(model.name) if lineage_of else None)
    return Source(
        name=str(model),
        role=role,
        format="native",
        path=asked.path.relative_to(wanted.folder).as_posix(),
        digest=canonical.file_digest(asked.path),
        lineage=lineage,
        sampling=_sampling(wanted, role),
    )


def _sampling(wanted: Wanted, role: Role) -> Sampling:
    """Return how a side is sampled: for equality the questioned model gets seeds of its own."""
    if wanted.question != "equality" or role != "questioned":
        return wanted.sampling
    return own_seeds(wanted.sampling, wanted.draws)

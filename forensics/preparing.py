"""From what the user names to a case: recorded answers are taken as they lie, other models are asked.

The case folder then holds, or points to, everything that scoring needs; no later stage talks to a model.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from forensics import calibrations, canonical, lineages, naming, probes, registry, runner, scoring, sources
from forensics import case as case_files
from forensics.adapters import Model, ModelName
from forensics.asking import outcome as outcomes
from forensics.asking.estimate import Estimate
from forensics.asking.lines import Run
from forensics.asking.outcome import Outcome
from forensics.asking.terms import Terms
from forensics.equality import likelihoods, testing
from forensics.equality.reading import FEWEST_DRAWS, own_seeds
from forensics.errors import UsageError
from forensics.records.base import Question, Role
from forensics.records.case import Case, Relative, Source
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


class Found(NamedTuple):
    """What a case is made of, before any model is asked."""

    sides: list[tuple[Role, ModelName]]
    """All models, by their place: the reference, the questioned model, the cohort."""
    declared: dict[str, str]
    probe_set: ProbeSet | None
    calibration: bytes | None
    relatives: list[Relative]
    ready: dict[int, Ready]
    """The models that have to be asked, connected, by their place."""
    recorded: dict[int, Source]
    """The recorded answers of all others."""

    def name(self, place: int) -> str:
        """Return what the case calls a model."""
        return self.recorded[place].name if place in self.recorded else str(self.sides[place][1])


def look(wanted: Wanted, *, reference: Model | None = None) -> Found:
    """Find recorded answers and connect the other models; raises any UsageError, sends and writes nothing.

    `reference` is the reference's model where it is connected already.
    """
    sides = _sides(wanted)
    check(wanted, asked=any(model.adapter != naming.RECORDED for _, model in sides))
    probe_set = _probe_set(wanted, sides)
    calibration = read_calibration(wanted)
    relatives = lineages.read_relatives(wanted.relatives) if wanted.relatives else []
    declared = sources.declared_lineages(wanted.cohort, wanted.models)
    ready = _ready(wanted, sides, probe_set, reference)
    recorded = {
        place: sources.recorded_source(model, role, folder=wanted.folder, declared=declared)
        for place, (role, model) in enumerate(sides)
        if place not in ready
    }
    found = Found(sides, declared, probe_set, calibration, relatives, ready, recorded)
    first, second, *cohort = map(found.name, range(len(sides)))
    sources.check_relatives(relatives, cohort, (first, second))
    return found


def gather(wanted: Wanted, *, say: Say, found: Found | None = None) -> Case:
    """Find recorded answers and ask the other models; raises any UsageError before a model is asked.

    Writes the transcripts of models that were asked, for equality the likelihoods of answers, and nothing else. `found`
    is what was found beforehand where the models were asked already: then their transcripts are taken as they stand.
    """
    if found is None:
        terms = wanted.terms or Terms()
        found = look(wanted)
        outcomes.judge(ask(list(found.ready.values()), terms=terms, say=say), min_answered=terms.min_answered)
    asked = {place: _asked_source(wanted, place, one, found) for place, one in found.ready.items()}
    each = {**found.recorded, **asked}
    reference, questioned, *cohort = (each[place] for place in range(len(found.sides)))
    kept, set_aside = sources.without_the_sides(cohort, (reference, questioned))
    if wanted.question == "equality" and wanted.cohort:
        set_aside.append(
            f"the cohort ({', '.join(wanted.cohort)}): equality needs none, so it was not asked and not used"
        )
    return Case(
        schema=SCHEMA,
        question=wanted.question,
        reference=reference,
        questioned=questioned,
        cohort=tuple(sorted(kept, key=lambda source: (source.name, source.digest))),
        probe_set=probes.reference(found.probe_set) if found.probe_set else None,
        only=None,
        statistics=wanted.statistics,
        seed=wanted.seed,
        replicates=wanted.replicates,
        set_aside=tuple(set_aside),
        relatives=tuple(found.relatives),
        calibration=canonical.digest(found.calibration) if found.calibration else None,
        transfer=wanted.transfer,
        protocol=wanted.protocol,
        equality=_equality(wanted, found.ready.get(0), (reference, questioned), say),
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


def _ready(
    wanted: Wanted, sides: Sequence[tuple[Role, ModelName]], probe_set: ProbeSet | None, reference: Model | None = None
) -> dict[int, Ready]:
    """Connect the models that have to be asked, by their place; sends nothing."""
    ready = {}
    for place, (role, model) in enumerate(sides):
        if model.adapter != naming.RECORDED:
            assert probe_set is not None  # it was loaded since a model has to be asked
            path = case_files.transcript_path(wanted.folder, role, str(model))
            run = Run(model, probe_set, _sampling(wanted, role), wanted.draws)
            there = reference if role == "reference" else None
            ready[place] = runner.connected(run, path) if there is None else Ready(run, there, path)
    return ready


def ask(ready: Sequence[Ready], *, terms: Terms, say: Say) -> list[Outcome]:
    """Ask all models at once; returns what came of each, in order."""
    if not ready:
        return []
    for one in ready:
        say(f"asking {one.run.model} {len(one.run.probe_set.probes)} probes × {one.run.draws}")
    found = runner.ask(ready, terms=terms, stream=sys.stderr)
    runner.tell(found, say=say)
    return found


def _equality(wanted: Wanted, reference: Ready | None, sides: tuple[Source, Source], say: Say) -> EqualityCase | None:
    """Ask the reference, where it is there and can score text, how likely it finds the answers of both sides."""
    if wanted.equality is None:
        return None
    there = None if reference is None else likelihoods.Reference(reference.run, reference.model)
    return likelihoods.gather(wanted.equality, there, sides, root=wanted.folder, chosen=wanted.statistics, say=say)


def _asked_source(wanted: Wanted, place: int, asked: Ready, found: Found) -> Source:
    """Return where the answers of a model that was asked lie."""
    role, model = found.sides[place]
    lineage_of = getattr(registry.load("adapters", model.adapter), "lineage", None)
    lineage = found.declared.get(str(model)) or (lineage_of(model.name) if lineage_of else None)
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

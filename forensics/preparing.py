"""From what the user names to a case: recorded answers are taken as they lie, other models are asked.

The case folder then holds, or points to, everything that scoring needs; no later stage talks to a model.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from forensics import calibrations, canonical, importing, lineages, naming, probes, registry, runner, scoring
from forensics import case as case_files
from forensics.adapters import ModelName
from forensics.asking import outcome as outcomes
from forensics.asking.estimate import Estimate
from forensics.asking.lines import Run
from forensics.asking.terms import Terms
from forensics.errors import UsageError
from forensics.packs import using
from forensics.records.base import Question, Role
from forensics.records.case import Case, Relative, Source
from forensics.records.probes import ProbeSet
from forensics.records.transcript import Sampling
from forensics.runner import Ready

MODELS_TABLE = "models.csv"
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


Say = Callable[[str], None]


def prepare(wanted: Wanted, *, say: Say) -> Case:
    """Gather what a case needs and write its `case.json`."""
    case = gather(wanted, say=say)
    case_files.write(wanted.folder, case_files.CASE, case)
    return case


def gather(wanted: Wanted, *, say: Say) -> Case:
    """Find recorded answers and ask the other models; raises any UsageError before a model is asked.

    Writes the transcripts of models that were asked, and nothing else.
    """
    declared = declared_lineages(wanted)
    sides = _sides(wanted)
    for name in wanted.statistics or ():
        if name != scoring.ALL:
            registry.load("statistics", name)
    probe_set = _probe_set(wanted, sides)
    calibration = read_calibration(wanted)
    relatives = lineages.read_relatives(wanted.relatives) if wanted.relatives else []
    ready = _ready(wanted, sides, probe_set)
    # Recorded answers first: what is wrong with them shows before any model is asked.
    sources = {
        place: recorded_source(model, role, folder=wanted.folder, declared=declared)
        for place, (role, model) in enumerate(sides)
        if place not in ready
    }
    _ask(list(ready.values()), terms=wanted.terms or Terms(), say=say)
    for place, one in ready.items():
        sources[place] = _asked_source(wanted, sides[place][0], one, declared)
    reference, questioned, *cohort = (sources[place] for place in range(len(sides)))
    kept, set_aside = _without_the_sides(cohort, (reference, questioned))
    _check_relatives(relatives, [source.name for source in cohort], (reference.name, questioned.name))
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
    )


def _check_relatives(relatives: Sequence[Relative], cohort: Sequence[str], sides: tuple[str, str]) -> None:
    """Refuse relatives that are no cohort models: they would be left out of nothing, and nobody would notice."""
    for relative in relatives:
        if relative.model in sides:
            raise UsageError(
                f"{relative.model} is a side of the case and cannot be named as a relative.", remedy="Take its row out."
            )
        if relative.model not in cohort:
            named = ", ".join(sorted(cohort)[:20])
            raise UsageError(f"The relative {relative.model!r} is not in the cohort.", remedy=f"It holds {named}.")


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


def declared_lineages(wanted: Wanted) -> dict[str, str]:
    """Collect declared lineages from cohort folders and the table the user names; the latter wins."""
    tables = [Path(item) / MODELS_TABLE for item in wanted.cohort if (Path(item) / MODELS_TABLE).is_file()]
    declared: dict[str, str] = {}
    for table in [*tables, *([wanted.models] if wanted.models else [])]:
        if not table.is_file():
            raise UsageError(f"{table} does not exist.", remedy="Name a CSV table with the columns model and lineage.")
        declared.update(lineages.read_lineages(table))
    return declared


def cohort_models(named: Iterable[str]) -> list[ModelName]:
    """Resolve what was named as cohort: each item is a folder, a file, a model, or `adapter:` for all it knows."""
    found: list[ModelName] = []
    for item in named:
        if not item:
            raise UsageError("A cohort without a name was given.", remedy="Name a folder, a file or a model.")
        path = Path(item)
        if path.is_dir():
            files = importing.answers_below(path)
            if not files:
                raise UsageError(f"{path} holds no recorded answers.", remedy="Name a folder of answer files.")
            found += [ModelName(naming.RECORDED, str(file)) for file in files]
        elif using.is_pack(path):
            found += [ModelName(naming.RECORDED, item, {using.MODEL: name}) for name in using.names(path)]
        elif path.is_file():
            found.append(ModelName(naming.RECORDED, item))
        elif ":" not in item:
            raise UsageError(f"The cohort {item!r} is no file, folder or model.", remedy="Name one that exists.")
        else:
            found += _known(naming.parse(item))
    return found


def _known(model: ModelName) -> list[ModelName]:
    if model.name:
        return [model]
    offers = getattr(registry.load("adapters", model.adapter), "known", None)
    if offers is None:
        raise UsageError(f"The adapter {model.adapter!r} cannot list its models.", remedy="Name them one by one.")
    return [ModelName(model.adapter, name, model.options) for name in offers()]


def estimated(wanted: Wanted) -> list[Estimate]:
    """Work out what asking the models of a case would take; sends and writes nothing."""
    sides = _sides(wanted)
    ready = _ready(wanted, sides, _probe_set(wanted, sides))
    return runner.estimated(list(ready.values()), terms=wanted.terms or Terms())


def _sides(wanted: Wanted) -> list[tuple[Role, ModelName]]:
    """Name all models of a case: the two sides, then the cohort without them."""
    sided = {wanted.reference, wanted.questioned}
    models = [model for model in cohort_models(wanted.cohort) if str(model) not in sided]
    return [
        ("reference", naming.parse(wanted.reference)),
        ("questioned", naming.parse(wanted.questioned)),
        *(("cohort", model) for model in models),
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
            ready[place] = runner.connected(Run(model, probe_set, wanted.sampling, wanted.draws), path)
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
        sampling=wanted.sampling,
    )


def recorded_source(model: ModelName, role: Role, *, folder: Path, declared: Mapping[str, str]) -> Source:
    """Return the source of recorded answers; the format is found from the content unless `?as=` names it.

    Raises UsageError for a side that lies in a cohort pack: its answers are to be shown, and a pack holds no texts.
    """
    if using.is_pack(Path(model.name)):
        if role != "cohort":
            raise UsageError(
                f"The {role} cannot come from a cohort pack: it holds no texts.", remedy="Name a file of its answers."
            )
        return using.source(Path(model.name).resolve(), model.options.get(using.MODEL, ""), declared=declared)
    path = importing.answers_file(Path(model.name)).resolve()
    options = dict(model.options)
    wanted_format = options.pop("as", None)
    if wanted_format:
        registry.load("importers", wanted_format)
    found = importing.identify(path, importer=wanted_format)
    query = urlencode(sorted(options.items()))
    inside = path.is_relative_to(folder.resolve())
    return Source(
        name=found.model,
        role=role,
        format=f"{found.format}?{query}" if query else found.format,
        path=Path(os.path.relpath(path, folder.resolve())).as_posix() if inside else path.as_posix(),
        digest=canonical.file_digest(path),
        lineage=declared.get(found.model),
        sampling=found.sampling,
    )


def _without_the_sides(cohort: Iterable[Source], sides: tuple[Source, Source]) -> tuple[list[Source], list[str]]:
    """Leave out of the cohort what is one of the two sides, and what is there twice; give every other its own name."""
    kept: list[Source] = []
    aside: list[str] = []
    files = {_file(side): f"the {side.role}" for side in sides}
    names = {side.name: f"the {side.role}" for side in sides}
    taken: set[str] = set()
    for source in cohort:
        same = files.get(_file(source)) or names.get(source.name)
        if same is not None:
            aside.append(f"{source.name}: is {same}")
            continue
        files[_file(source)] = f"the same file as {source.name}"
        name = source.name if source.name not in taken else f"{source.name} ({source.digest[7:15]})"
        taken.add(name)
        kept.append(source.model_copy(update={"name": name}))
    return kept, aside


def _file(source: Source) -> str:
    """Return what two sources have in common that are one set of answers: a pack holds many models in one file."""
    return f"{source.digest} {source.format}" if using.is_packed(source) else source.digest

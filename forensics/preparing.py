"""From what the user names to a case: recorded answers are taken as they lie, other models are asked.

The case folder then holds, or points to, everything that scoring needs; no later stage talks to a model.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from forensics import calibrations, canonical, importing, lineages, naming, probes, registry, runner, scoring
from forensics import case as case_files
from forensics.adapters import ModelName
from forensics.equality import testing
from forensics.equality.reading import FEWEST_DRAWS
from forensics.errors import UsageError
from forensics.records.base import Question, Role
from forensics.records.case import Case, Source
from forensics.records.equality import EqualityTerms
from forensics.records.probes import ProbeSet
from forensics.records.transcript import Sampling

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
    protocol: str | None = None
    """Digest of the sealed protocol that is followed."""
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

    Writes the transcripts of models that were asked, and nothing else.
    """
    declared = declared_lineages(wanted)
    sided = {wanted.reference, wanted.questioned}
    alone = wanted.question == "equality"
    models = [] if alone else [model for model in cohort_models(wanted.cohort) if str(model) not in sided]
    sides: list[tuple[Role, ModelName]] = [
        ("reference", naming.parse(wanted.reference)),
        ("questioned", naming.parse(wanted.questioned)),
        *(("cohort", model) for model in models),
    ]
    asked = [model for _, model in sides if model.adapter != naming.RECORDED]
    if wanted.statistics and alone:
        testing.check(wanted.statistics)
    elif wanted.statistics:
        scoring.chosen_statistics(wanted.statistics, wanted.question)
    if alone and asked and wanted.draws < FEWEST_DRAWS:
        raise UsageError("Equality is tested on several draws of every probe.", remedy="Ask for them: --draws 10.")
    probe_set = _probe_set(wanted, asked)
    calibration = read_calibration(wanted)
    for model in asked:
        registry.load("adapters", model.adapter).connect(model.name, model.options)
    # Recorded answers first: what is wrong with them shows before any model is asked.
    order = sorted(range(len(sides)), key=lambda place: sides[place][1].adapter != naming.RECORDED)
    sources = {
        place: _source(wanted, *sides[place], probe_set=probe_set, declared=declared, say=say) for place in order
    }
    reference, questioned, *cohort = (sources[place] for place in range(len(sides)))
    kept, set_aside = _without_the_sides(cohort, (reference, questioned))
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
        calibration=canonical.digest(calibration) if calibration else None,
        transfer=wanted.transfer,
        protocol=wanted.protocol,
        equality=wanted.equality,
    )


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


def _probe_set(wanted: Wanted, asked: Sequence[ModelName]) -> ProbeSet | None:
    if wanted.probe_set is not None:
        return probes.load(wanted.probe_set)
    return probes.load(probes.DEFAULT) if asked else None


def _source(
    wanted: Wanted,
    role: Role,
    model: ModelName,
    *,
    probe_set: ProbeSet | None,
    declared: Mapping[str, str],
    say: Say,
) -> Source:
    """Return where a model's answers lie, after asking it where they lie nowhere yet."""
    if model.adapter == naming.RECORDED:
        return recorded_source(model, role, folder=wanted.folder, declared=declared)
    assert probe_set is not None  # _probe_set refused already
    path = case_files.transcript_path(wanted.folder, role, str(model))
    say(f"asking {model} {len(probe_set.probes)} probes × {wanted.draws}")
    sampling = _sampling(wanted, role)
    runner.run(runner.Run(model, probe_set, sampling, wanted.draws), path)
    lineage_of = getattr(registry.load("adapters", model.adapter), "lineage", None)
    lineage = declared.get(str(model)) or (lineage_of(model.name) if lineage_of else None)
    return Source(
        name=str(model),
        role=role,
        format="native",
        path=path.relative_to(wanted.folder).as_posix(),
        digest=canonical.file_digest(path),
        lineage=lineage,
        sampling=sampling,
    )


def _sampling(wanted: Wanted, role: Role) -> Sampling:
    """Return how a side is sampled: for equality the questioned model gets seeds of its own.

    With the reference's seeds one model would give the same answers twice, which are no draws of their own.
    """
    seed = wanted.sampling.seed
    if wanted.question != "equality" or role != "questioned" or seed is None:
        return wanted.sampling
    return wanted.sampling.model_copy(update={"seed": (seed + wanted.draws) % (1 << 31)})


def recorded_source(model: ModelName, role: Role, *, folder: Path, declared: Mapping[str, str]) -> Source:
    """Return the source of recorded answers; the format is found from the content unless `?as=` names it."""
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
    digests = {side.digest: f"the {side.role}" for side in sides}
    names = {side.name: f"the {side.role}" for side in sides}
    taken: set[str] = set()
    for source in cohort:
        same = digests.get(source.digest) or names.get(source.name)
        if same is not None:
            aside.append(f"{source.name}: is {same}")
            continue
        digests[source.digest] = f"the same file as {source.name}"
        name = source.name if source.name not in taken else f"{source.name} ({source.digest[7:15]})"
        taken.add(name)
        kept.append(source.model_copy(update={"name": name}))
    return kept, aside

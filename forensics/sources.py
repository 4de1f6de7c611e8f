"""What was named as recorded answers or as a cohort: as sources of a case, with their declared lineages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from forensics import aliases, canonical, importing, lineages, naming, registry
from forensics.adapters import ModelName
from forensics.errors import UsageError
from forensics.packs import using
from forensics.records.base import Role
from forensics.records.case import Relative, Source


def declared_lineages(cohort: Iterable[str], models: Path | None) -> dict[str, str]:
    """Collect declared lineages from cohort folders and the table the user names; the latter wins."""
    tables = [Path(item) / lineages.MODELS_TABLE for item in cohort if (Path(item) / lineages.MODELS_TABLE).is_file()]
    declared: dict[str, str] = {}
    for table in [*tables, *([models] if models else [])]:
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
        elif ":" not in item and item.partition("?")[0] not in aliases.read():
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


def without_the_sides(cohort: Iterable[Source], sides: tuple[Source, Source]) -> tuple[list[Source], list[str]]:
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


def check_relatives(relatives: Sequence[Relative], cohort: Sequence[str], sides: tuple[str, str]) -> None:
    """Refuse relatives that are no cohort models: they would be left out of nothing, and nobody would notice."""
    for relative in relatives:
        if relative.model in sides:
            raise UsageError(
                f"{relative.model} is a side of the case and cannot be named as a relative.", remedy="Take its row out."
            )
        if relative.model not in cohort:
            named = ", ".join(sorted(cohort)[:20])
            raise UsageError(
                f"The relative {relative.model!r} is not in the cohort.", remedy=f"It holds {named or 'no model'}."
            )

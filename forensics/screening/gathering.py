"""Which models a folder holds: every file looked at, its features stored, and what cannot be read set aside by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from forensics import canonical, importing, lineages
from forensics.errors import BadFile, ForensicsError, UsageError
from forensics.records.transcript import Sampling
from forensics.screening import blocks, places
from forensics.screening.blocks import File, Held
from forensics.screening.executors import Runner
from forensics.screening.totals import Work

_DEVELOPER = "developer"


class Table(NamedTuple):
    """What is declared about models."""

    digest: str | None
    lineage: Mapping[str, str]
    developer: Mapping[str, str]


class Model(NamedTuple):
    """One model of a folder."""

    name: str
    file: File
    sampling: Sampling | None
    held: Held


class Found(NamedTuple):
    """What a folder holds."""

    models: list[Model]
    """By name."""
    set_aside: list[str]


class Look(NamedTuple):
    """What the beginning of a file says."""

    name: str
    file: File
    sampling: Sampling | None
    reason: str | None
    """Why it is no recording; None where it seems to be one."""


def table(folder: str, named: str | None) -> Table:
    """Read what is declared: the table that is named, or `models.csv` in the folder; raises UsageError or BadFile."""
    place = named or places.within(folder, lineages.MODELS_TABLE)
    data = places.read(place)
    if data is None:
        if named:
            raise UsageError(f"{named} does not exist.", remedy="Name a CSV table with the columns model and lineage.")
        return Table(None, {}, {})
    with places.fetched(place) as path:
        rows = lineages.read_table(path)
        declared = lineages.read_lineages(path)
    column = next((name for name in lineages.MODEL_COLUMNS if rows and name in rows[0]), None)
    developers = {row[column].strip(): row.get(_DEVELOPER, "").strip() for row in rows} if column else {}
    return Table(canonical.digest(data), declared, {name: who for name, who in developers.items() if who})


def look(place: str) -> Look:
    """Say what a file is, from its beginning, and take its digest. A task."""
    nothing = File(place, "", "")
    try:
        with places.fetched(place) as path:
            digest = canonical.file_digest(path)
            found = importing.identify(path)
    except ForensicsError as error:
        return Look("", nothing, None, _problem(error, place))
    except OSError as error:
        return Look("", nothing, None, f"unreadable ({error.strerror or error})")
    return Look(found.model, File(place, found.format, digest), found.sampling, None)


def gather(folder: str, *, store: str, kinds: Sequence[str], runner: Runner, work: Work, afresh: bool = False) -> Found:
    """Look at every file of a folder and make sure that its features are stored; raises UsageError.

    A file that is no recording is set aside and named, and the others go on. `afresh` makes all features again.
    """
    found = places.answers_below(folder)
    looked = list(runner.map(look, ((place,) for place in found)) if places.is_remote(folder) else map(look, found))
    aside = [f"{_short(one.file.place, folder)}: {one.reason}" for one in looked if one.reason]
    kept = _named([one for one in looked if not one.reason], folder, aside)
    stored = {one.file: None if afresh else blocks.held(store, one.file, kinds) for one in kept}
    missing = [one.file for one in kept if stored[one.file] is None]
    chunks = [missing[i : i + blocks.MODELS] for i in range(0, len(missing), blocks.MODELS)]
    chunks = _even(chunks, missing)
    for chunk, reasons in zip(
        chunks, runner.map(blocks.make, ((store, chunk, tuple(kinds)) for chunk in chunks)), strict=True
    ):
        for file, reason in zip(chunk, reasons, strict=True):
            if reason is None:
                stored[file] = blocks.held(store, file, kinds)
                work.read += 1
            else:
                aside.append(
                    f"{_short(file.place, folder)}: {reason.removeprefix(file.place).removeprefix(':').strip()}"
                )
    models = []
    for one in kept:
        held = stored[one.file]
        if held is not None:
            models.append(Model(one.name, one.file, one.sampling, held))
    return Found(sorted(models, key=lambda model: (model.name, model.file.digest)), sorted(aside))


def _even(chunks: list[list[File]], missing: list[File]) -> list[list[File]]:
    """Make a few files into several blocks all the same, so that no core waits for another."""
    if len(missing) < 2 * blocks.MODELS and len(missing) > 3:
        size = -(-len(missing) // 4)
        return [missing[i : i + size] for i in range(0, len(missing), size)]
    return chunks


def _named(looked: Iterable[Look], folder: str, aside: list[str]) -> list[Look]:
    """Leave out what is there twice; of several models of one name all but the first get their digest added."""
    kept: list[Look] = []
    digests: dict[tuple[str, str], str] = {}
    names: set[str] = set()
    for one in sorted(looked, key=lambda one: (one.name, one.file.digest, one.file.place)):
        same = digests.get((one.file.digest, one.file.format))
        if same is not None:
            aside.append(f"{_short(one.file.place, folder)}: the same answers as {same}")
            continue
        name = one.name if one.name not in names else f"{one.name} ({one.file.digest[7:15]})"
        digests[one.file.digest, one.file.format] = name
        names.add(name)
        kept.append(one._replace(name=name))
    return kept


def _short(place: str, folder: str) -> str:
    """Return a file's place within the folder: where the folder lies is nobody's business."""
    return place.removeprefix(folder.rstrip("/")).lstrip("/")


def _problem(error: ForensicsError, place: str) -> str:
    """Return what is wrong without the place, which is said already."""
    message = error.message
    if isinstance(error, BadFile):
        message = message.removeprefix(error.path)
    return message.removeprefix(place).lstrip(":").lstrip(", ").strip()

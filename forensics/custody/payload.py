"""What of a case goes into its bundle, and under which names: records, every file of answers, reports. Nothing else.

Files of answers that lie elsewhere are taken in, and the case's copy names them there: a bundle can be scored by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from forensics import case as case_files
from forensics import importing
from forensics.custody import answers, bag
from forensics.errors import UsageError
from forensics.packs import using
from forensics.records.case import Case, Source
from forensics.transcripts import safe_name

SEALS, LOG, SALTS, OPENING = "seals", "custody.log", "seals/salts.json", "seals/protocol-opening.json"
PROTOCOL_SEAL, OBSERVATIONS_SEAL = "seals/protocol", "seals/observations"
PROTOCOL, LISTING = "protocol.json", "observations.sha256"
"""What the first two seals pin, inside their folders."""
_RECORDS = (case_files.SCORES, case_files.EVIDENCE, case_files.CALIBRATION, LOG, OPENING)
_LAID_OUT = ("tables", "figures")
"""Folders that report formats write."""


class Item(NamedTuple):
    """One file of the payload."""

    path: str
    """In the bundle, below data/."""
    origin: Path | bytes
    expected: str | None
    """Digest that it must have, where a record names one."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The files of a bundle, sorted by path, and what lies in the case and was left out."""

    case: Case
    """With the paths that hold in the bundle."""
    items: tuple[Item, ...]
    left_out: tuple[str, ...]


def of_answers(folder: Path, case: Case) -> tuple[Case, tuple[Item, ...]]:
    """Return the case as it stands in a bundle, and its files of answers, sorted by path."""
    sources, items = [], {}
    for number, source in enumerate((case.reference, case.questioned, *case.cohort), start=1):
        origin = folder / source.path
        path = _place(source, number)
        items[path] = Item(path, origin, source.digest)
        sources.append(source.model_copy(update={"path": path}))
    moved = case.model_copy(update={"reference": sources[0], "questioned": sources[1], "cohort": tuple(sources[2:])})
    return moved, tuple(items[path] for path in sorted(items))


def of_case(folder: Path) -> Payload:
    """Gather a whole case; raises UsageError for a file name that does not mean the same everywhere."""
    case, recorded = of_answers(folder, case_files.read_case(folder))
    items = {item.path: item for item in recorded}
    items[case_files.CASE] = Item(case_files.CASE, case_files.as_written(case), None)
    if case.equality is not None and case.equality.likelihoods is not None:
        name = case_files.LIKELIHOODS
        items[name] = Item(name, folder / name, case.equality.likelihoods)
    for path in _others(folder):
        items[path] = Item(path, folder / path, None)
    clashing = bag.collisions(items)
    unsafe = [path for path in items if not bag.is_safe(path)]
    if clashing or unsafe:
        raise UsageError(
            f"These names do not mean the same file on every system: {', '.join([*clashing, *unsafe][:6])}.",
            remedy="Rename them: plain letters, digits, and . _ + - only, not differing in capitals alone.",
        )
    return Payload(case, tuple(items[path] for path in sorted(items)), tuple(_left_out(folder, items, recorded)))


def _place(source: Source, number: int) -> str:
    """Return where a file of answers lies in a bundle: a path of ours stays, any other is named after its model."""
    path = Path(source.path)
    native = source.format.partition("?")[0] == "native" and path.suffix == ".jsonl"
    inside = not path.is_absolute() and source.path.startswith(answers.TRANSCRIPTS) and bag.is_safe(source.path)
    if native and inside and not source.path.startswith(f"{answers.TRANSCRIPTS}recorded/"):
        return source.path
    if using.is_packed(source):  # many models, one file
        return f"{answers.RECORDED}pack-{source.digest.removeprefix('sha256:')[:16]}.cohort"
    name = f"{number:04}-{safe_name(source.name)}"
    if native:
        return f"{answers.TRANSCRIPTS}recorded/{name}.jsonl"
    return f"{answers.RECORDED}{name}{_suffix(path)}"


def _suffix(path: Path) -> str:
    """Return the endings that say how a file is read."""
    known = [suffix for suffix in path.suffixes[-2:] if suffix in (*importing.SUFFIXES, *importing.COMPRESSED)]
    return "".join(known)


def _others(folder: Path) -> Iterator[str]:
    """Yield the case's other files by relative path: records, seals, and what report formats write."""
    for name in (*_RECORDS, SALTS):
        if (folder / name).is_file():
            yield name
    for seal in (PROTOCOL_SEAL, OBSERVATIONS_SEAL):
        yield from _below(folder, folder / seal)
    for path in sorted(folder.glob("report.*")):
        if path.is_file():
            yield path.name
    for name in _LAID_OUT:
        yield from _below(folder, folder / name)


def _below(folder: Path, inside: Path) -> Iterator[str]:
    for path in sorted(inside.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix()


def _left_out(folder: Path, items: dict[str, Item], recorded: tuple[Item, ...]) -> Iterator[str]:
    taken = {str((folder / path).resolve()) for path in items} | {str(Path(str(i.origin)).resolve()) for i in recorded}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and str(path.resolve()) not in taken:
            yield path.relative_to(folder).as_posix()

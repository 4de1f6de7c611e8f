"""Probe sets: find, read and digest them. What makes a good one is checked in `checks` and measured in `rating`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from forensics import canonical
from forensics.errors import BadFile, UnknownName
from forensics.records.probes import Probe, ProbeSet, ProbeSetHeader, ProbeSetRef

DEFAULT = "standard"
"""The set that models are asked where none is named."""
_HERE = Path(__file__).parent


def folder() -> Path:
    """Return the folder of the shipped probe sets: inside the wheel, or beside the package in a checkout."""
    shipped = _HERE / "sets"
    return shipped if shipped.is_dir() else _HERE.parents[1] / "probes"


def names() -> list[str]:
    """Return the names of the shipped probe sets."""
    return sorted(path.stem for path in folder().glob("*.jsonl"))


def load(name: str) -> ProbeSet:
    """Read a shipped probe set by name, or any by path; raises UnknownName or BadFile."""
    if name in names():
        return read(folder() / f"{name}.jsonl")
    path = Path(name)
    if not path.is_file():
        raise UnknownName("probe set", name, names(), remedy=f"Known: {', '.join(names())}; or name a .jsonl file.")
    return read(path)


def read(path: Path) -> ProbeSet:
    """Read and check a probe set's file; raises BadFile with the line."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadFile(path, "not UTF-8 text") from error
    if not lines[0].strip():
        raise BadFile(path, "the first line is empty: a header was expected")
    header = _parse(ProbeSetHeader, lines[0], path, 1)
    probes: list[Probe] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        probe = _parse(Probe, line, path, number)
        if probe.id in seen:
            raise BadFile(path, f"id {probe.id!r} was used on line {seen[probe.id]} already", line=number)
        seen[probe.id] = number
        probes.append(probe)
    if not probes:
        raise BadFile(path, "no probes in it")
    return ProbeSet(header=header, probes=tuple(probes), digest=content_digest(header, probes))


def content_digest(header: ProbeSetHeader, probes: list[Probe]) -> str:
    """Return the digest of the canonical content: unchanged by layout, changed by any word."""
    content = [header.model_dump(mode="json", exclude_defaults=True)]
    content += [probe.model_dump(mode="json", exclude_defaults=True) for probe in probes]
    return canonical.digest(canonical.encode(content))


def reference(probe_set: ProbeSet) -> ProbeSetRef:
    """Return what transcripts and evidence keep of a probe set."""
    return ProbeSetRef(name=probe_set.header.name, version=probe_set.header.version, digest=probe_set.digest)


_R = TypeVar("_R", ProbeSetHeader, Probe)


def _parse(record: type[_R], line: str, path: Path, number: int) -> _R:
    try:
        return record.model_validate_json(canonical.well_formed(line))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the line"
        raise BadFile(path, f"{place}: {fault['msg']}", line=number) from error

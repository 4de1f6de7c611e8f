"""The public register of faults that affected published numbers, and which of them a bundle was made under.

`docs/faults.md` is written from the register; a test checks that it is up to date. An empty register says that no such
fault is known, not that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from forensics import case as case_files
from forensics.custody import archive, seals
from forensics.custody.findings import Findings
from forensics.custody.sealing import BAG
from forensics.errors import BadFile, UsageError
from forensics.records.custody import FaultRegister, KnownFault
from forensics.records.evidence import Evidence

FILE = "faults.json"


def register() -> FaultRegister:
    """Return the register that comes with the program."""
    return parse(resources.files("forensics.custody").joinpath(FILE).read_bytes())


def parse(data: bytes) -> FaultRegister:
    """Read a register; raises BadFile."""
    try:
        return FaultRegister.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadFile(FILE, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def affecting(bundle: Path, known: FaultRegister | None = None) -> list[KnownFault]:
    """Return the faults that affect the numbers of a bundle (folder or archive) or case; raises UsageError for neither."""
    known = known or register()
    if bundle.is_file():
        with archive.unpacked(bundle, Findings()) as folder:
            if folder is None:
                raise UsageError(f"{bundle} is no bundle.", remedy="Check it with `forensics verify`.")
            return affecting(folder, known)
    versions = _versions(bundle)
    return [fault for fault in known.faults if _within(versions.get(fault.part), fault)]


def lines(found: list[KnownFault]) -> Iterator[str]:
    """Yield what is printed about a bundle."""
    for fault in found:
        yield f"WARN  fault {fault.id}: {fault.summary} ({fault.part} {fault.first} to {fault.last}). {fault.direction}. {fault.reissue}"
    if not found:
        yield "ok    no known fault affects the versions this was made by"


def document(known: FaultRegister) -> str:
    """Return docs/faults.md."""
    rows = [
        "# Fault register",
        "",
        "Every fault that ever affected a published number: which versions, which way, and what to reissue. Newest first.",
        "`forensics doctor BUNDLE` warns when a bundle was made by an affected version. Written from",
        "`forensics/custody/faults.json`; an entry is never taken out.",
        "",
    ]
    for fault in sorted(known.faults, key=lambda fault: fault.found, reverse=True):
        rows += [
            f"## {fault.id}: {fault.summary}",
            "",
            f"* Found: {fault.found}",
            f"* Affects: {fault.part}, versions {fault.first} to {fault.last}",
            f"* Direction: {fault.direction}",
            f"* Reissue: {fault.reissue}",
            "",
        ]
    if not known.faults:
        rows += ["No fault that affected a published number is known.", ""]
    return "\n".join(rows)


def _versions(folder: Path) -> dict[str, str]:
    """Return the versions a bundle's or case's numbers depend on, by part."""
    data = folder / BAG / "data" if (folder / BAG).is_dir() else folder
    if not (data / case_files.EVIDENCE).is_file() and (folder / seals.SEAL).is_file():
        return {"forensics": seals.read(folder)[0].tool}
    evidence: Evidence = case_files.read_evidence(data)
    return {version.part: version.version for version in evidence.versions}


def _within(version: str | None, fault: KnownFault) -> bool:
    return version is not None and _parts(fault.first) <= _parts(version) <= _parts(fault.last)


def _parts(version: str) -> tuple[tuple[int, str], ...]:
    """Return a version as it sorts: numbers by value, anything else by letters."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in version.replace("-", ".").split("."))

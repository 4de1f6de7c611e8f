"""Protocols on disk: sealed into a case before any answer exists, found again by the digest that the case names."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from forensics import canonical
from forensics import case as case_files
from forensics.custody import keys, payload, seals, stamping
from forensics.custody.findings import Findings
from forensics.custody.hashing import of_bytes
from forensics.errors import BadFile, IntegrityBroken, UsageError
from forensics.records.case import Case
from forensics.records.custody import Opening, Protocol, Seal

_R = TypeVar("_R", Protocol, Opening)


class Sealed(NamedTuple):
    """A protocol whose seal holds."""

    protocol: Protocol
    digest: str
    seal: Seal
    folder: Path
    """Where it lies with its seal."""
    opening: Path | None
    """What opens its secret probe set, where that lies beside it."""


def write(
    folder: Path,
    protocol: Protocol,
    opening: Opening | None,
    signer: keys.Signer,
    *,
    authorities: stamping.Authorities,
    say: stamping.Say,
) -> Path:
    """Write and seal a protocol in a case's folder; returns its path. Raises UsageError where it would come too late."""
    place = folder / payload.PROTOCOL_SEAL
    too_late = [
        name
        for name in (case_files.CASE, case_files.TRANSCRIPTS, case_files.SCORES, payload.SEALS)
        if (folder / name).exists()
    ]
    if too_late:
        raise UsageError(
            f"{folder} holds {', '.join(too_late)} already: a protocol comes before any answer, and once.",
            remedy="Name a new folder.",
        )
    data = canonical.pretty(protocol.model_dump(mode="json", by_alias=True))
    canonical.write_atomic(place / payload.PROTOCOL, data)
    if opening is not None:
        content = canonical.pretty(opening.model_dump(mode="json", by_alias=True))
        canonical.write_atomic(folder / payload.OPENING, content)
    pinned = {payload.PROTOCOL: of_bytes(data)}
    try:
        seal = seals.draft("protocol", None, signer, pinned, made=protocol.made)
        seals.write(place, seal, signer, authorities=authorities, say=say)
    except BaseException:
        shutil.rmtree(folder / payload.SEALS)
        raise
    return place / payload.PROTOCOL


def read_sealed(path: Path) -> Sealed:
    """Read a protocol by its file, its folder or its case, with its seal beside it, and check that seal.

    Raises UsageError where there is none, IntegrityBroken where its seal does not hold.
    """
    places = (path, path.parent, path / payload.PROTOCOL_SEAL)
    place = next((folder for folder in places if (folder / payload.PROTOCOL).is_file()), None)
    if place is None or not (place / seals.SEAL).is_file():
        raise UsageError(f"{path} is no sealed protocol.", remedy="Make one with `forensics protocol`.")
    found = Findings()
    sealed = seals.check(place, ("protocol",), trust=stamping.Trust(), found=found, shown="")
    data = (place / payload.PROTOCOL).read_bytes()
    digest = canonical.digest(data)
    if sealed is None or found.faults or [pin.sha256 for pin in sealed[0].pinned] != [digest]:
        fault = found.faults[0].line() if found.faults else "its content is not what was sealed"
        raise IntegrityBroken(f"{place}: {fault}.", remedy="Restore the protocol as it was sealed.")
    opening = place.parents[1] / payload.OPENING
    return Sealed(
        _parse(Protocol, data, place / payload.PROTOCOL),
        digest,
        sealed[0],
        place,
        opening if opening.is_file() else None,
    )


def take_into(folder: Path, sealed: Sealed) -> None:
    """Put a protocol with its seal into a case's folder; raises UsageError where another one lies there."""
    place = folder / payload.PROTOCOL_SEAL
    if place.exists():
        if canonical.file_digest(place / payload.PROTOCOL) != sealed.digest:
            raise UsageError(f"{folder} holds another protocol.", remedy="Name a new folder with -o.")
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(sealed.folder, place)
    if sealed.opening is not None:
        shutil.copyfile(sealed.opening, folder / payload.OPENING)


def of_case(folder: Path) -> str | None:
    """Return the digest of the protocol that a case names; raises UsageError or BadFile."""
    return case_files.read_case(folder).protocol


def read(folder: Path, case: Case) -> tuple[Protocol | None, Opening | None]:
    """Read the protocol a case follows, and what opens its secret probe set; raises IntegrityBroken where it is another."""
    if case.protocol is None:
        return None, None
    path = folder / payload.PROTOCOL_SEAL / payload.PROTOCOL
    data = path.read_bytes() if path.is_file() else b""
    if canonical.digest(data) != case.protocol:
        raise IntegrityBroken(f"{path} is not the protocol this case follows.", remedy="Restore it, or compare again.")
    opening = folder / payload.OPENING
    return _parse(Protocol, data, path), _parse(Opening, opening.read_bytes(), opening) if opening.is_file() else None


def _parse(kind: type[_R], data: bytes, path: Path) -> _R:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadFile(path, f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}") from error

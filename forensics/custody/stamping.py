"""Time stamps of a seal: asked for, listed, signed as a list, and checked. What is stamped is the seal's signature.

The list is signed with the key of the seal, so that no token can be altered, added or taken away unseen. Reads small files
too, for all who check seals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from pydantic import ValidationError

from forensics import canonical
from forensics.custody import timestamps
from forensics.custody.findings import Findings, Kind
from forensics.custody.hashing import read_small
from forensics.errors import IntegrityBroken
from forensics.records.base import Record
from forensics.records.custody import Seal, Stamp, Stamps

STAMPS, STAMPS_SIGNATURE, TOKENS = "stamps.json", "stamps.sig", "tokens"
SCHEMA: Final = "forensics/stamps/1"
LARGEST = 1 << 24
"""Bytes of the largest file of a seal."""
_R = TypeVar("_R", bound=Record)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Authorities:
    """Whose time stamps are wanted."""

    urls: Sequence[str] = ()
    certificates: bytes | None = None
    """PEM, laid beside the tokens for whoever checks them."""
    required: bool = False
    """Fail where one of them gives none."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the one who checks knows from elsewhere."""

    pins: Sequence[str] = ()
    """Fingerprints that a key must be among; none to accept any key, and say so."""
    certificates: bytes | None = None
    """Time-stamp authorities' certificates, PEM."""


class Place(NamedTuple):
    """A folder of a seal that is being checked."""

    folder: Path
    shown: str
    """How the folder is named in faults."""
    found: Findings

    def add(self, kind: Kind, path: str, problem: str) -> None:
        """Add a fault of a file in the folder."""
        self.found.add(kind, self.shown + path, problem)

    def read(self, path: str) -> bytes | None:
        """Read a small file; where it cannot be read, that is a fault."""
        try:
            return read_small(self.folder / path, most=LARGEST)
        except FileNotFoundError:
            self.add("missing", path, "it is not there")
        except IntegrityBroken as error:
            self.add("unsafe", path, error.message)
        except OSError as error:
            self.add("missing", path, f"it cannot be read ({error.strerror})")
        return None

    def parsed(self, kind: type[_R], path: str, data: bytes | None) -> _R | None:
        """Read a signed record; anything but its one canonical form is a fault."""
        if data is None:
            return None
        try:
            record = kind.model_validate_json(data)
        except ValidationError:
            self.add("malformed", path, "it is not the record it should be")
            return None
        if as_signed(record) != data:
            self.add("changed", path, "it is not in the one form it is written in (RFC 8785)")
        return record


def as_signed(record: Record) -> bytes:
    """Return the bytes that are signed (RFC 8785)."""
    return canonical.encode(record.model_dump(mode="json", by_alias=True))


def ask(signature: bytes, authorities: Authorities, *, say: Say) -> list[tuple[Stamp, bytes]]:
    """Return the tokens that authorities give, each with its row; raises NoStamp where a required one gives none."""
    found = []
    for number, url in enumerate(authorities.urls, start=1):
        try:
            token = timestamps.ask(url, signature, certificates=authorities.certificates)
        except timestamps.NoStamp as error:
            if authorities.required:
                raise
            say(f"warning: {error}")
            continue
        stamp = Stamp(
            authority=url,
            path=f"{TOKENS}/{number:02}-{timestamps.name_of(url)}.tsr",
            token=canonical.digest(token),
            certificates=canonical.digest(authorities.certificates) if authorities.certificates else None,
            time=timestamps.check(token, signature).time or "",
        )
        found.append((stamp, token))
    return found


def check(
    place: Place, seal: Seal, trust: Trust, *, sealed: bytes, signature: bytes, listed: bytes | None
) -> tuple[str, ...]:
    """Check every token of a seal; returns the times they say. `listed` are the bytes of stamps.json."""
    stamps = place.parsed(Stamps, STAMPS, listed)
    if stamps is None:
        return ()
    if stamps.seal != canonical.digest(sealed):
        place.add("token invalid", STAMPS, "it belongs to another seal")
    times = [_check_one(place, seal, stamp, trust, signature) for stamp in stamps.stamps]
    _check_extra(place, stamps)
    return tuple(time for time in times if time)


def _check_one(place: Place, seal: Seal, stamp: Stamp, trust: Trust, signature: bytes) -> str | None:
    if not _is_token(stamp.path):
        place.add("unsafe", STAMPS, f"it names {stamp.path!r}")
        return None
    token, beside = place.read(stamp.path), _beside(place, stamp)
    if token is None:
        return None
    if canonical.digest(token) != stamp.token:
        # Not looked into: what it says is not what was sealed, and readers of DER are no place for strangers' bytes.
        place.add("changed", stamp.path, f"its bytes are not those listed in {STAMPS}")
        return None
    checked = timestamps.check(token, signature, certificates=trust.certificates or beside)
    if checked.problem:
        place.add("token invalid", stamp.path, checked.problem)
        return None
    if checked.time != stamp.time:
        place.add("token invalid", stamp.path, f"it says {checked.time}, {STAMPS} says {stamp.time}")
    where = place.shown + stamp.path
    if checked.time and checked.time < seal.made:
        place.found.note(
            f"{where}: stamped {checked.time}, before the maker's clock said {seal.made}: that clock was fast."
        )
    if trust.certificates is None:
        how = "the certificates its maker laid beside it" if beside else "what it stamps alone, not its signature"
        place.found.note(f"{where}: checked by {how}; give the authority's own with --tsa-ca.")
    return f"{checked.time} by {stamp.authority}"


def _is_token(path: str) -> bool:
    """Say whether a token's path is one that `ask` makes."""
    folder, _, name = path.partition("/")
    plain = name.removesuffix(".tsr").replace("-", "")
    return folder == TOKENS and name.endswith(".tsr") and plain.isascii() and plain.isalnum()


def _beside(place: Place, stamp: Stamp) -> bytes | None:
    """Return the certificates laid beside a token, where they are the ones listed."""
    if stamp.certificates is None:
        return None
    path = stamp.path.removesuffix(".tsr") + ".pem"
    data = place.read(path)
    if data is not None and canonical.digest(data) != stamp.certificates:
        place.add("changed", path, f"its bytes are not those listed in {STAMPS}")
        return None
    return data


def token_files(stamps: Stamps) -> set[str]:
    """Return the paths of all files that the tokens of a seal consist of."""
    paths = {stamp.path for stamp in stamps.stamps}
    return paths | {s.path.removesuffix(".tsr") + ".pem" for s in stamps.stamps if s.certificates}


def _check_extra(place: Place, stamps: Stamps) -> None:
    known = token_files(stamps)
    if not (place.folder / TOKENS).is_dir():
        return
    for path in sorted((place.folder / TOKENS).iterdir()):
        if f"{TOKENS}/{path.name}" not in known:
            place.add("extra", f"{TOKENS}/{path.name}", f"{STAMPS} does not name it")

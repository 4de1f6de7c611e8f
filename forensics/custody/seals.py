"""A seal: what was fixed, in RFC 8785 form, an Ed25519 signature over it, and time stamps over the signature.

A seal is a few files in a folder: seal.json, seal.sig, public.pem, stamps.json, stamps.sig and tokens/. It names by digest
other files and the seal before it. What is sealed when is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from forensics import __version__, canonical
from forensics.custody import keys, stamping
from forensics.custody.clock import now
from forensics.custody.findings import Findings, Sealed
from forensics.custody.hashing import Scanned, read_small
from forensics.custody.stamping import LARGEST, STAMPS, STAMPS_SIGNATURE, Authorities, Place, Say, Trust, as_signed
from forensics.errors import IntegrityBroken, UsageError
from forensics.records.custody import Pinned, Root, Seal, Stage, Stamps

SEAL, SIGNATURE, PUBLIC = "seal.json", "seal.sig", "public.pem"
FILES: Final = (SEAL, SIGNATURE, PUBLIC, STAMPS, STAMPS_SIGNATURE)
"""What every seal consists of, besides tokens."""
SCHEMA: Final = "forensics/seal/1"
_ORDER: Final[dict[str, tuple[str | None, ...]]] = {
    "protocol": (None,),
    "observations": (None, "protocol"),
    "report": ("observations",),
    "redaction": ("report",),
}
"""Stages that may stand before each stage."""


def draft(
    stage: Stage,
    previous: str | None,
    signer: keys.Signer,
    pinned: Mapping[str, Scanned],
    *,
    answers: Root | None = None,
    files: Root | None = None,
    made: str | None = None,
) -> Seal:
    """Return a seal that is yet to be signed."""
    return Seal(
        schema=SCHEMA,
        stage=stage,
        previous=previous,
        made=made or now(),
        tool=__version__,
        key=signer.fingerprint,
        pinned=tuple(
            Pinned(path=path, sha256=found.digest, sha512=found.sha512) for path, found in sorted(pinned.items())
        ),
        answers=answers,
        files=files,
    )


def write(folder: Path, seal: Seal, signer: keys.Signer, *, authorities: Authorities, say: Say) -> str:
    """Sign a seal, have it stamped, write its files, and return its digest.

    Raises NoStamp where a required authority gives none; nothing is written then.
    """
    signature_of = signer.sign(as_signed(seal))
    tokens = stamping.ask(signature_of, authorities, say=say)
    stamps = Stamps(
        schema=stamping.SCHEMA, seal=canonical.digest(as_signed(seal)), stamps=tuple(stamp for stamp, _ in tokens)
    )
    for stamp, token in tokens:
        canonical.write_atomic(folder / stamp.path, token)
        if stamp.certificates and authorities.certificates:
            canonical.write_atomic((folder / stamp.path).with_suffix(".pem"), authorities.certificates)
    canonical.write_atomic(folder / PUBLIC, keys.public_pem(signer.public))
    canonical.write_atomic(folder / STAMPS, as_signed(stamps))
    canonical.write_atomic(folder / STAMPS_SIGNATURE, signer.sign(as_signed(stamps)))
    canonical.write_atomic(folder / SIGNATURE, signature_of)
    canonical.write_atomic(folder / SEAL, as_signed(seal))
    return canonical.digest(as_signed(seal))


def read(folder: Path) -> tuple[Seal, str]:
    """Return a seal and its digest as they lie in a folder, unchecked; raises UsageError or IntegrityBroken."""
    path = folder / SEAL
    if not path.is_file():
        raise UsageError(f"{folder} holds no {SEAL}.", remedy="Name a folder that was sealed.")
    data = read_small(path, most=LARGEST)
    try:
        return Seal.model_validate_json(data), canonical.digest(data)
    except ValidationError as error:
        raise IntegrityBroken(f"{path} is no seal.", remedy="Ask its maker for it again.") from error


def check(
    folder: Path, stages: Sequence[Stage], *, trust: Trust, found: Findings, shown: str
) -> tuple[Seal, str] | None:
    """Check a seal's own files (not the files it names); returns it with its digest, or None where it is unusable.

    `shown` is how the folder is named in faults.
    """
    place = Place(folder, shown, found)
    data = {name: place.read(name) for name in FILES}
    seal = place.parsed(Seal, SEAL, data[SEAL])
    public = keys.parse_public_pem(data[PUBLIC] or b"")
    if data[PUBLIC] is not None and public is None:
        place.add("changed", PUBLIC, "it is no Ed25519 public key as it was written")
    if seal is None:
        return None
    sealed = data[SEAL] or b""
    if seal.stage not in stages:
        place.add("out of order", SEAL, f"it seals the {seal.stage}, where the {stages[0]} is expected")
    times: tuple[str, ...] = ()
    if public is not None:
        _check_key(place, seal, public, data, trust)
        times = stamping.check(place, seal, trust, sealed=sealed, signature=data[SIGNATURE] or b"", listed=data[STAMPS])
    found.seals.append(Sealed(seal.stage, seal.made, seal.key, times))
    return seal, canonical.digest(sealed)


def follows(before: tuple[Seal, str] | None, seal: Seal, *, found: Findings, shown: str) -> None:
    """Check that a seal names the one before it, and was not made earlier."""
    stage = before[0].stage if before else None
    if stage not in _ORDER[seal.stage]:
        found.add("out of order", shown, f"a seal of the {seal.stage} follows {stage or 'nothing'}")
    if seal.previous != (before[1] if before else None):
        names = "another seal" if seal.previous else "no seal"
        found.add("out of order", shown, f"it names {names} before it, not {before[1] if before else 'none'}")
    if before and seal.made < before[0].made:
        found.add("out of order", shown, f"made {seal.made}, before the {stage} it rests on ({before[0].made})")


def _check_key(place: Place, seal: Seal, public: bytes, data: Mapping[str, bytes | None], trust: Trust) -> None:
    name = keys.fingerprint(public)
    if name != seal.key:
        place.add("wrong key", PUBLIC, f"it is the key {name}, the seal names {seal.key}")
    if trust.pins and name not in trust.pins:
        place.add("wrong key", PUBLIC, f"{name} is not the pinned key {', '.join(trust.pins)}")
    for signed, signature in ((SEAL, SIGNATURE), (STAMPS, STAMPS_SIGNATURE)):
        content, by = data[signed], data[signature]
        if content is not None and by is not None and not keys.is_signed(public, by, content):
            place.add("changed", signed, f"{signature} is not this key's signature over it")

"""Seal a case: its observations before they are scored, and all of it afterwards, in a bundle that stands by itself.

Copies and hashes each file once. Changes nothing in the case but its seals.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Final

from forensics import __version__, canonical, scoring
from forensics import case as case_files
from forensics.custody import answers, bag, instructions, log, payload, rocrate, seals, secrets
from forensics.custody.clock import now
from forensics.custody.hashing import Scanned, of_bytes, scan
from forensics.custody.keys import Signer
from forensics.custody.merkle import Tree
from forensics.custody.stamping import Authorities, Say
from forensics.errors import IntegrityBroken, UsageError
from forensics.records.case import Case
from forensics.records.custody import Environment, FixedVersion, Root, Salts

BAG: Final = "bag"
ENVIRONMENT: Final = "environment.json"
_PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "onnxruntime",
    "tokenizers",
    "sentence-transformers",
    "torch",
    "pydantic",
)
_CONTEXT = b"forensics/salts/1\x00"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a case is to be sealed."""

    signer: Signer
    authorities: Authorities
    say: Say


@dataclass(frozen=True, slots=True)
class Gathered:
    """The digests and roots of files that were read."""

    files: Mapping[str, Scanned]
    answers: Root


def seal_observations(folder: Path, case: Case, wanted: Wanted) -> str:
    """Seal a case's answers as they lie, before anything is made of them; returns the seal's digest.

    Raises IntegrityBroken where a file is not the one the case names, and UsageError where they are sealed already.
    """
    if _observed(folder):
        raise UsageError(f"The observations in {folder} are sealed already.", remedy="They are sealed once.")
    _, items = payload.of_answers(folder, case)
    seed = _new_seed(items, wanted.signer)
    return _observe(folder, gather(items, seed=seed, into=None), seed, wanted)


def _observe(folder: Path, gathered: Gathered, seed: bytes, wanted: Wanted) -> str:
    place = folder / payload.OBSERVATIONS_SEAL
    salts = canonical.pretty(Salts(schema="forensics/salts/1", seed=seed.hex()).model_dump(mode="json", by_alias=True))
    listing = bag.manifest({**gathered.files, payload.SALTS: of_bytes(salts)}, "sha256")
    previous = seals.read(folder / payload.PROTOCOL_SEAL)[1] if (folder / payload.PROTOCOL_SEAL).is_dir() else None
    canonical.write_atomic(folder / payload.SALTS, salts)
    canonical.write_atomic(place / payload.LISTING, listing)
    pinned = {payload.LISTING: of_bytes(listing)}
    seal = seals.draft("observations", previous, wanted.signer, pinned, answers=gathered.answers)
    return seals.write(place, seal, wanted.signer, authorities=wanted.authorities, say=wanted.say)


def _observed(folder: Path) -> bool:
    return (folder / payload.OBSERVATIONS_SEAL / seals.SEAL).is_file()


def _new_seed(items: Sequence[payload.Item], signer: Signer) -> bytes:
    """Return the secret of the commitments: from the key, so that sealing again gives the same bytes; not to be guessed."""
    digests = "".join(f"{item.path} {item.expected}\n" for item in items).encode()
    return sha256(signer.sign(_CONTEXT + digests)).digest()


def ensure_observations(folder: Path, case: Case, wanted: Wanted) -> None:
    """Seal a case's answers, or check that they are the ones sealed already; raises IntegrityBroken."""
    if not _observed(folder):
        seal_observations(folder, case, wanted)
        return
    _, items = payload.of_answers(folder, case)
    _check_observations(folder, gather(items, seed=_seed(folder), into=None))


def seal(folder: Path, output: Path, wanted: Wanted) -> str:
    """Write a case's bundle into a new folder, and return the digest of its seal.

    The bundle is there whole or not at all. Raises UsageError for a case that is not scored, IntegrityBroken where a file
    is not the one recorded.
    """
    if output.exists():
        raise UsageError(f"{output} exists already.", remedy="Name a new folder: a bundle is never written over.")
    _check_scored(folder)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        digest = _write(folder, partial, wanted)
        partial.chmod(0o755)
        partial.rename(output)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    log.note(folder, "seal", {str(output.name): (None, digest)})
    return digest


def _write(folder: Path, output: Path, wanted: Wanted) -> str:
    data = output / BAG / bag.DATA
    _, recorded = payload.of_answers(folder, case_files.read_case(folder))
    seed = _seed(folder) if _observed(folder) else _new_seed(recorded, wanted.signer)
    answered = gather(recorded, seed=seed, into=data)
    if _observed(folder):
        _check_observations(folder, answered)
    else:
        wanted.say("the observations were not sealed before they were scored: sealing them now")
        _observe(folder, answered, seed, wanted)
    found = payload.of_case(folder)
    for name in found.left_out:
        wanted.say(f"left out: {name} (no part of a case)")
    taken = {item.path for item in recorded}
    rest = [item for item in found.items if item.path not in taken]
    others = gather([*rest, payload.Item(ENVIRONMENT, _environment(), None)], seed=seed, into=data)
    gathered = Gathered({**answered.files, **others.files}, answered.answers)
    made = now()
    crate = rocrate.metadata(found.case, gathered.files, date=made[:10], tool=__version__)
    canonical.write_atomic(data / rocrate.NAME, crate, durable=False)
    files = {**gathered.files, rocrate.NAME: of_bytes(crate)}
    title = f"{found.case.questioned.name} compared with {found.case.reference.name}"
    pinned = write_tags(output, files, date=made[:10], describes=title)
    previous = seals.read(folder / payload.OBSERVATIONS_SEAL)[1]
    sealed = seals.draft(
        "report", previous, wanted.signer, pinned, answers=gathered.answers, files=file_root(files, seed), made=made
    )
    return seals.write(output, sealed, wanted.signer, authorities=wanted.authorities, say=wanted.say)


def write_tags(
    output: Path, files: Mapping[str, Scanned], *, date: str, describes: str, redacted: bool = False
) -> dict[str, Scanned]:
    """Write the tag files of a bag and VERIFY.txt; returns what a seal must pin, by path from the bundle."""
    inside = {bag.DATA + path: scanned for path, scanned in files.items()}
    size = sum(scanned.size for scanned in files.values())
    tags = {
        "bagit.txt": bag.DECLARATION,
        "bag-info.txt": bag.info(date=date, tool=__version__, files=len(files), size=size, describes=describes),
        **{f"manifest-{name}.txt": bag.manifest(inside, name) for name in bag.ALGORITHMS},
    }
    tagged = {name: of_bytes(tags[name]) for name in bag.TAGGED}
    tags.update({f"tagmanifest-{name}.txt": bag.manifest(tagged, name) for name in bag.ALGORITHMS})
    for name, content in tags.items():
        canonical.write_atomic(output / BAG / name, content, durable=False)
    text = instructions.text(redacted=redacted).encode()
    canonical.write_atomic(output / instructions.NAME, text, durable=False)
    return {instructions.NAME: of_bytes(text), **{f"{BAG}/{name}": of_bytes(tags[name]) for name in bag.TAG_FILES}}


def gather(items: Sequence[payload.Item], *, seed: bytes, into: Path | None) -> Gathered:
    """Read every file once: its digests, its answers' commitments, and a copy where one is wanted.

    Raises IntegrityBroken for a file that is not the one recorded or whose chain is broken, UsageError for a secret.
    """
    tree, files = Tree(), {}
    watch = secrets.Watch()
    for item in items:
        lines = answers.Lines(tree, item.path, seed) if answers.is_chained(item.path) else None
        files[item.path] = _taken(item, lines, watch, into)
        if lines is None and answers.is_answers(item.path):
            content = bytes.fromhex(files[item.path].sha256)
            tree.add(answers.commitment(answers.line_salt(seed, item.path, 0), content))
    return Gathered(files, Root(root=f"sha256:{tree.root().hex()}", leaves=tree.leaves))


def _taken(item: payload.Item, lines: answers.Lines | None, watch: secrets.Watch, into: Path | None) -> Scanned:
    target = None
    if into is not None:
        target = into / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
    origin = item.origin
    with watch.file(item.path) as seen, open(target or os.devnull, "wb") as copy:  # noqa: PTH123

        def take(block: bytes) -> None:
            seen(block)
            if target is not None:
                copy.write(block)
            if lines is not None:
                lines.feed(block)

        if isinstance(origin, bytes):
            take(origin)
            scanned = of_bytes(origin)
        else:
            scanned = scan(origin.resolve(), take=take)
    if lines is not None:
        lines.close()
    shown = item.path if isinstance(origin, bytes) else str(origin)
    if item.expected is not None and scanned.digest != item.expected:
        raise IntegrityBroken(
            f"{shown} is not the file the case was made from.", remedy="Restore it, or make a new case."
        )
    if lines is not None and lines.broken:
        raise IntegrityBroken(
            f"{shown}, line {lines.broken[0]}: it does not name the line before it.",
            remedy="Use the transcript as it was first written; an edited one is not evidence.",
        )
    return scanned


def file_root(files: Mapping[str, Scanned], seed: bytes) -> Root:
    """Return the root over salted commitments to whole files, by path."""
    tree = Tree()
    for path in sorted(files):
        tree.add(answers.commitment(answers.file_salt(seed, path), bytes.fromhex(files[path].sha256)))
    return Root(root=f"sha256:{tree.root().hex()}", leaves=tree.leaves)


def _check_scored(folder: Path) -> None:
    """Refuse a case whose records do not belong together."""
    case, evidence = case_files.read_case(folder), case_files.read_evidence(folder)
    scores = canonical.file_digest(folder / case_files.SCORES)
    case_files.read_calibration(folder, case)
    if evidence.scores != scores or evidence.case != scoring.case_digest(case):
        raise UsageError(f"The records in {folder} do not belong together.", remedy=f"Run: forensics score {folder}")


def _seed(folder: Path) -> bytes:
    return bytes.fromhex(Salts.model_validate_json((folder / payload.SALTS).read_bytes()).seed)


def _check_observations(folder: Path, gathered: Gathered) -> None:
    """Refuse answers that are not the ones that were sealed."""
    sealed, _ = seals.read(folder / payload.OBSERVATIONS_SEAL)
    if sealed.answers != gathered.answers:
        raise IntegrityBroken(
            f"The answers are not those that were sealed on {sealed.made}.",
            remedy="Restore the answers, or make a new case from the new ones.",
        )


def _environment() -> bytes:
    versions = []
    for name in _PACKAGES:
        try:
            versions.append(FixedVersion(name=name, version=metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    record = Environment(
        schema="forensics/environment/1",
        tool=__version__,
        python=platform.python_version(),
        platform=platform.system(),
        machine=platform.machine(),
        packages=tuple(versions),
    )
    return canonical.pretty(record.model_dump(mode="json", by_alias=True))

"""Check a bundle offline and name every fault. Computes no score again (that is `recomputing`) and trusts nothing it reads.

The seal pins the tag files, the tag manifests the manifests, the manifests every file: each file is read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from forensics.custody import answers, bag, instructions, log, payload, protocols, seals, stamping
from forensics.custody.clock import parsed
from forensics.custody.findings import Findings
from forensics.custody.hashing import Scanned, read_small, scan
from forensics.custody.listing import plain_files
from forensics.custody.merkle import Tree
from forensics.custody.sealing import BAG, file_root
from forensics.custody.stamping import Trust
from forensics.errors import BadFile, ForensicsError, IntegrityBroken, UsageError
from forensics.records.custody import Pinned, Salts, Seal, Stage, Stamps
from forensics.records.transcript import TranscriptHeader

UNPINNED: Final = (
    "no key was pinned: anybody could have made this bundle with a key of their own. Compare the fingerprint with the one "
    "you have from its maker, and give it with --pin."
)
_LARGEST_TAG_FILE = 1 << 28
_DATA = f"{BAG}/{bag.DATA}"


@dataclass
class Read:
    """What was read of a bundle."""

    found: Findings = field(default_factory=Findings)
    present: set[str] = field(default_factory=set)
    """Plain files, relative to the bundle."""
    scanned: dict[str, Scanned] = field(default_factory=dict)
    """Payload files by path below data/."""
    tags: dict[str, Scanned] = field(default_factory=dict)
    """Files that the seal pins, by path from the bundle."""
    tree: Tree = field(default_factory=Tree)


def check(folder: Path, trust: Trust) -> tuple[Findings, Seal | None]:
    """Check a bundle's folder; raises UsageError where it is none at all."""
    if not folder.is_dir() or not ((folder / seals.SEAL).exists() or (folder / BAG).exists()):
        raise UsageError(f"{folder} is no bundle.", remedy="Name a folder or .zip made with `forensics seal`.")
    read = Read()
    read.present = plain_files(folder, read.found)
    sealed = seals.check(folder, ("report", "redaction"), trust=trust, found=read.found, shown="")
    if not trust.pins:
        read.found.note(UNPINNED)
    _check_pinned(folder, sealed[0].pinned if sealed else (), read)
    expected = _expected(folder, read)
    _check_payload(folder, expected, read)
    _check_extra(folder, expected, sealed[0] if sealed else None, read)
    if sealed and sealed[0].stage == "report":
        chain = _check_chain(folder, sealed, trust, read)
        _check_roots(folder, sealed[0], chain, read)
        _check_case(folder, chain, read)
    return read.found, sealed[0] if sealed else None


def _check_pinned(folder: Path, pinned: tuple[Pinned, ...], read: Read) -> None:
    """Check the files that the seal itself names: the tag files and VERIFY.txt, all of them and no other."""
    named = {instructions.NAME, *(f"{BAG}/{name}" for name in bag.TAG_FILES)}
    for path in sorted(named - {pin.path for pin in pinned}):
        read.found.add("malformed", seals.SEAL, f"it does not name {path}")
    for pin in pinned:
        if pin.path not in named:
            read.found.add("malformed", seals.SEAL, f"it names {pin.path!r}, which no bundle of ours holds")
            continue
        found = _scan(folder / pin.path, pin.path, read)
        if found:
            read.tags[pin.path] = found
        if found and (found.digest, found.sha512) != (pin.sha256, pin.sha512):
            read.found.add("changed", pin.path, f"{found.digest}, sealed {pin.sha256}")


def _expected(folder: Path, read: Read) -> dict[str, dict[str, str]]:
    """Return the digests that the manifests name for each payload file, by algorithm."""
    expected: dict[str, dict[str, str]] = {}
    for algorithm in bag.ALGORITHMS:
        _tags_named(folder, f"tagmanifest-{algorithm}.txt", algorithm, read)
        name = f"{BAG}/manifest-{algorithm}.txt"
        data = _bytes(folder / name)
        if data is None:
            continue
        manifest = bag.parse_manifest(data, algorithm, folder=bag.DATA)
        for problem in manifest.problems:
            read.found.add("malformed", name, problem)
        for path, digest in manifest.digests.items():
            expected.setdefault(path.removeprefix(bag.DATA), {})[algorithm] = digest
    for path, digests in expected.items():
        if len(digests) < len(bag.ALGORITHMS):
            read.found.add("malformed", f"{BAG}/{bag.MANIFESTS[0]}", f"{path} stands in one of the two manifests only")
    return expected


def _tags_named(folder: Path, name: str, algorithm: str, read: Read) -> None:
    """Compare the tag files with a tag manifest, as any BagIt tool would."""
    data = _bytes(folder / BAG / name)
    if data is None:
        return
    manifest = bag.parse_manifest(data, algorithm, folder="")
    problems = [*manifest.problems]
    if set(manifest.digests) != set(bag.TAGGED):
        problems.append("it does not name exactly the tag files of a bag")
    for problem in problems:
        read.found.add("malformed", f"{BAG}/{name}", problem)
    for path in set(manifest.digests) & set(bag.TAGGED):
        found = read.tags.get(f"{BAG}/{path}") or _scan(folder / BAG / path, None, read)
        if found and getattr(found, algorithm) != manifest.digests[path]:
            read.found.add("changed", f"{BAG}/{path}", f"not the file that {name} names")


def _check_payload(folder: Path, expected: Mapping[str, Mapping[str, str]], read: Read) -> None:
    """Read every payload file once: digests, chains, and the leaves of the tree of answers."""
    seed = _seed(folder)
    for path in sorted(expected):
        shown = _DATA + path
        if shown not in read.present:
            if not (folder / shown).is_symlink():
                read.found.add("missing", shown, "the manifest names it")
            continue
        lines = answers.Lines(read.tree, path, seed) if answers.is_chained(path) else None
        found = _scan(folder / shown, shown, read, lines)
        if found is None:
            continue
        read.scanned[path] = found
        if lines is None and seed and answers.is_answers(path):
            content = bytes.fromhex(found.sha256)
            read.tree.add(answers.commitment(answers.line_salt(seed, path, 0), content))
        for algorithm, digest in expected[path].items():
            if getattr(found, algorithm) != digest:
                read.found.add("changed", shown, f"its {algorithm} is not the one the manifest names")
        for number in lines.broken if lines else ():
            read.found.add("out of order", shown, f"line {number} does not name the line before it")
    read.found.files = len(read.scanned)
    read.found.size = sum(found.size for found in read.scanned.values())
    read.found.answers = read.tree.leaves


def _check_extra(folder: Path, expected: Mapping[str, object], seal: Seal | None, read: Read) -> None:
    known = {*seals.FILES, instructions.NAME, *(f"{BAG}/{name}" for name in bag.TAG_FILES)}
    known |= {_DATA + path for path in expected}
    with suppress(OSError, ValidationError, IntegrityBroken):
        stamps = Stamps.model_validate_json(read_small(folder / stamping.STAMPS, most=_LARGEST_TAG_FILE))
        known |= stamping.token_files(stamps)
    for path in sorted(read.present - known):
        if not path.startswith(f"{stamping.TOKENS}/"):  # named where the seal was checked
            read.found.add("extra", path, "nothing that was sealed names it")


def _check_chain(folder: Path, sealed: tuple[Seal, str], trust: Trust, read: Read) -> list[tuple[Seal, str]]:
    """Check the seals before this one, and that each names the one before it."""
    data = folder / _DATA
    before: list[tuple[Seal, str]] = []
    places: tuple[tuple[Stage, str, str], ...] = (
        ("protocol", payload.PROTOCOL_SEAL, payload.PROTOCOL),
        ("observations", payload.OBSERVATIONS_SEAL, payload.LISTING),
    )
    for stage, place, pinned in places:
        if stage == "protocol" and not (data / place).exists():
            continue
        shown = f"{_DATA}{place}/"
        found = seals.check(data / place, (stage,), trust=trust, found=read.found, shown=shown)
        if found is None:
            continue
        if [pin.path for pin in found[0].pinned] != [pinned]:
            read.found.add("malformed", shown + seals.SEAL, f"it does not name {pinned} alone")
        for pin in found[0].pinned:
            scanned = read.scanned.get(f"{place}/{pin.path}")
            if scanned and (scanned.digest, scanned.sha512) != (pin.sha256, pin.sha512):
                read.found.add("changed", shown + pin.path, "not the file that was sealed")
        if found[0].key != sealed[0].key:
            read.found.note(f"the {stage} was sealed with another key, {found[0].key}")
        seals.follows(before[-1] if before else None, found[0], found=read.found, shown=shown + seals.SEAL)
        before.append(found)
    seals.follows(before[-1] if before else None, sealed[0], found=read.found, shown=seals.SEAL)
    return before


def _check_roots(folder: Path, seal: Seal, chain: list[tuple[Seal, str]], read: Read) -> None:
    """Compare the trees over answers and files with the roots that were sealed."""
    seed = _seed(folder)
    if seed is None:
        read.found.add("missing", f"{_DATA}{payload.SALTS}", "without it the commitments cannot be checked")
        return
    tree = read.tree
    got = (f"sha256:{tree.root().hex()}", tree.leaves)
    for one in (seal, *(before for before, _ in chain if before.stage == "observations")):
        if one.answers is None or (one.answers.root, one.answers.leaves) != got:
            wanted = one.answers.leaves if one.answers else "no"
            read.found.add(
                "changed",
                f"seal of the {one.stage}",
                f"its root over answers ({wanted} leaves) is not that of these {got[1]}",
            )
    if seal.files != file_root(read.scanned, seed):
        read.found.add("changed", seals.SEAL, "its root over files is not that of the files that are here")
    if payload.LOG in read.scanned:
        _check_log(folder, read)


def _check_log(folder: Path, read: Read) -> None:
    shown = _DATA + payload.LOG
    try:
        acts = log.parse(_bytes(folder / shown) or b"", path=shown)
    except BadFile as error:
        read.found.add("malformed", shown, error.message)
        return
    for number in acts.broken:
        read.found.add("out of order", shown, f"line {number} does not name the line before it")


def _check_case(folder: Path, chain: list[tuple[Seal, str]], read: Read) -> None:
    """Check that the case names the protocol that was sealed, and that no answer is older than it."""
    protocol = next((seal for seal, _ in chain if seal.stage == "protocol"), None)
    try:
        named = protocols.of_case(folder / _DATA)
    except ForensicsError as error:
        read.found.add("malformed", f"{_DATA}case.json", error.message)
        return
    sealed = protocol.pinned[0].sha256 if protocol and protocol.pinned else None
    if named != sealed:
        read.found.add(
            "out of order",
            f"{_DATA}case.json",
            f"it follows the protocol {named or 'none'}, sealed is {sealed or 'none'}",
        )
    fixed = parsed(protocol.made) if protocol else None
    for path in sorted(read.scanned):
        started = _started(folder / (_DATA + path)) if fixed and answers.is_chained(path) else None
        begun = parsed(started) if started else None
        if fixed and begun and begun < fixed and protocol:
            read.found.add(
                "out of order", _DATA + path, f"asked from {started}, before the protocol was sealed ({protocol.made})"
            )


def _started(path: Path) -> str | None:
    """Return when the asking behind a transcript began; None where it was not asked by us."""
    try:
        with path.open("rb") as stream:
            header = TranscriptHeader.model_validate_json(stream.readline(1 << 20))
    except (OSError, ValidationError):
        return None
    return header.provenance.started if header.provenance else None


def _seed(folder: Path) -> bytes | None:
    data = _bytes(folder / _DATA / payload.SALTS)
    try:
        return bytes.fromhex(Salts.model_validate_json(data).seed) if data else None
    except ValidationError:
        return None


def _bytes(path: Path) -> bytes | None:
    try:
        return read_small(path, most=_LARGEST_TAG_FILE)
    except (OSError, IntegrityBroken):
        return None


def _scan(path: Path, shown: str | None, read: Read, lines: answers.Lines | None = None) -> Scanned | None:
    """Read a file; where it cannot be read, that is a fault (but for a file named before)."""
    try:
        found = scan(path, take=lines.feed if lines else None)
        if lines:
            lines.close()
    except FileNotFoundError:
        if shown:
            read.found.add("missing", shown, "it was sealed and is not there")
    except IntegrityBroken as error:
        if shown and not path.is_symlink():  # links are named where the folder is listed
            read.found.add("unsafe", shown, error.message)
    except OSError as error:
        if shown:
            read.found.add("missing", shown, f"it cannot be read ({error.strerror})")
    else:
        return found
    return None

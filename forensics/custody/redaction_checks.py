"""Check that a redacted edition is the original but for what its register says was removed.

The trees over salted commitments are built again, from what is there and from the commitments to what is not; their roots
are in the original's seal. What was removed is not needed, and not revealed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from forensics.custody import answers, payload, seals
from forensics.custody.findings import Findings
from forensics.custody.hashing import read_small, scan
from forensics.custody.merkle import Tree
from forensics.custody.redaction import EDITED, ORIGINAL, REGISTER
from forensics.custody.sealing import BAG
from forensics.custody.stamping import Trust
from forensics.errors import IntegrityBroken
from forensics.records.custody import KeptAnswers, Register, Removed, Root, Seal

_LARGEST = 1 << 31
_WHERE = f"{BAG}/data/"


def check(folder: Path, trust: Trust, found: Findings) -> None:
    """Check the register of an edition against the seal of the original; adds faults and notes."""
    data = folder / BAG / "data"
    shown = f"{_WHERE}{ORIGINAL}/"
    original = seals.check(data / ORIGINAL, ("report",), trust=trust, found=found, shown=shown)
    register = _read(data / REGISTER, found)
    if original is None or register is None:
        return
    seals.follows(original, seals.read(folder)[0], found=found, shown=seals.SEAL)
    _check_earlier(data, original, trust, found)
    try:
        _compare(original[0].files, _file_leaves(data, register), "files", found)
        _compare(original[0].answers, _answer_leaves(data, register), "answers", found)
    except (OSError, ValueError, KeyError, IntegrityBroken) as error:
        found.add("changed", _WHERE + REGISTER, f"it does not fit the files that are here ({error})")
    _check_rest(data, register, found)
    for (reason, what), count in sorted(Counter(map(_kind, register.removed)).items()):
        found.note(f"removed: {count} {what}, reason: {reason}")


def _kind(row: Removed) -> tuple[str, str]:
    return row.reason, "files" if row.line is None else "answers" if row.line else "files of answers"


def _read(path: Path, found: Findings) -> Register | None:
    try:
        return Register.model_validate_json(read_small(path, most=_LARGEST))
    except (OSError, ValidationError, IntegrityBroken):
        found.add("malformed", _WHERE + REGISTER, "it is no register of what was removed")
        return None


def _compare(sealed: Root | None, leaves: Iterator[tuple[int, bytes]], what: str, found: Findings) -> None:
    """Build a tree from numbered leaves and compare its root with the one sealed."""
    tree = Tree()
    for place, leaf in leaves:
        if place != tree.leaves:
            raise ValueError(f"leaf {tree.leaves} of the {what} is not there")
        tree.add(leaf)
    if sealed != Root(root=f"sha256:{tree.root().hex()}", leaves=tree.leaves):
        found.add(
            "changed",
            _WHERE + REGISTER,
            f"these {what} and the commitments to the others are not what the original sealed",
        )


def _file_leaves(data: Path, register: Register) -> Iterator[tuple[int, bytes]]:
    removed = {row.leaf: bytes.fromhex(row.commitment[7:]) for row in register.removed if row.line is None}
    kept = {row.leaf: row for row in register.kept_files}
    for place in sorted({*removed, *kept}):
        if place in kept:
            row = kept[place]
            content = bytes.fromhex(scan(data / row.path).sha256)
            yield place, answers.commitment(bytes.fromhex(row.salt), content)
        else:
            yield place, removed[place]


def _answer_leaves(data: Path, register: Register) -> Iterator[tuple[int, bytes]]:
    removed = {row.leaf: bytes.fromhex(row.commitment[7:]) for row in register.removed if row.line is not None}
    for file in register.kept_answers:
        yield from _leaves_of(data, file, removed)


def _leaves_of(data: Path, file: KeptAnswers, removed: Mapping[int, bytes]) -> Iterator[tuple[int, bytes]]:
    if not answers.is_chained(file.path):
        salt = file.salts[0]
        if salt is None:
            yield file.first, removed[file.first]
        else:
            yield file.first, answers.commitment(bytes.fromhex(salt), bytes.fromhex(scan(data / file.path).sha256))
        return
    edited = data / EDITED / file.path
    lines = list(answers.lines_of((edited if edited.is_file() else data / file.path).read_bytes()))
    cut = False
    for number, (line, salt) in enumerate(zip(lines, file.salts, strict=True)):
        place = file.first + number
        if salt is None:
            cut = True
            yield place, removed[place]
        else:
            content = answers.content_of(line, header=number == 0, cut=cut)
            yield place, answers.commitment(bytes.fromhex(salt), content)


def _check_earlier(data: Path, original: tuple[Seal, str], trust: Trust, found: Findings) -> None:
    """Check the chain before the original; the observations' list is not in an edition, their root is."""
    before: tuple[Seal, str] | None = None
    for place in (payload.PROTOCOL_SEAL, payload.OBSERVATIONS_SEAL):
        shown = f"{_WHERE}{place}/"
        if not (data / place).exists():
            continue
        stage = place.rpartition("/")[2]
        sealed = seals.check(data / place, (stage,), trust=trust, found=found, shown=shown)  # type: ignore[arg-type]  # two of the stages
        if sealed is None:
            continue
        seals.follows(before, sealed[0], found=found, shown=shown + seals.SEAL)
        before = sealed
    seals.follows(before, original[0], found=found, shown=f"{_WHERE}{ORIGINAL}/{seals.SEAL}")
    if before and before[0].answers != original[0].answers:
        found.add(
            "changed", f"{_WHERE}{ORIGINAL}/{seals.SEAL}", "its root over answers is not that of the observations"
        )


def _check_rest(data: Path, register: Register, found: Findings) -> None:
    """Name every file that is neither kept, nor edited, nor what an edition adds."""
    known = {row.path for row in register.kept_files} | {REGISTER, "ro-crate-metadata.json"}
    for path in sorted(p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file()):
        if path not in known and not path.startswith((f"{EDITED}/", f"{ORIGINAL}/")):
            found.add("extra", _WHERE + path, "the register does not name it")

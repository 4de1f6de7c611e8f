"""A bundle as one .zip: written so that the same bundle gives the same bytes, and unpacked so that nothing gets out.

Nothing is compressed (compressors differ between machines). Only an archive as written here is accepted, to the last byte;
anything else can be unpacked with other tools and checked as a folder.
"""

from __future__ import annotations

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, NamedTuple

from forensics.custody import bag
from forensics.custody.findings import Findings
from forensics.custody.hashing import opened
from forensics.errors import UsageError

SUFFIX: Final = ".zip"
MOST_ENTRIES: Final = 65_534
LARGEST: Final = (1 << 32) - 2
"""Bytes of an archive without the 64-bit extension."""
_BLOCK = 1 << 20
_DATE = 0x21
"""1 January 1980, as zip writes dates."""
_MODE = 0o100644 << 16
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LARGEST_DIRECTORY = MOST_ENTRIES * 512


class _Entry(NamedTuple):
    name: bytes
    path: Path
    crc: int
    size: int


def write(folder: Path, target: Path) -> None:
    """Write a bundle's folder as an archive; raises UsageError where it is too large for one, or there is one already."""
    if target.exists():
        raise UsageError(f"{target} exists already.", remedy="Name a new file: a bundle is never written over.")
    entries = _entries(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as stream:
            for block in _blocks(entries):
                stream.write(block)
    except BaseException:
        with suppress(FileNotFoundError):
            target.unlink()
        raise


@contextmanager
def unpacked(path: Path, found: Findings) -> Iterator[Path | None]:
    """Give the folder of an archive, unpacked into a temporary place; None, and faults, where that would not be safe."""
    with tempfile.TemporaryDirectory(prefix="forensics-verify-") as place:
        folder = Path(place) / "bundle"
        folder.mkdir()
        yield folder if _unpack(path, folder, found) else None


def _unpack(path: Path, folder: Path, found: Findings) -> bool:
    if not _few_enough(path, found):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            problems = list(_problems(infos, path.stat().st_size))
            for name, problem in problems:
                found.add("unsafe", name, problem)
            if problems:
                return False
            for info in infos:
                _extract(archive, info, folder)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, RuntimeError, zlib.error) as error:
        found.add("malformed", path.name, f"it cannot be unpacked ({error})")
        return False
    _compare(path, folder, found)
    return True


def _few_enough(path: Path, found: Findings) -> bool:
    """Read the end of an archive: how much there is to read, before any of it is read."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _END.size))
        end = stream.read(_END.size)
        count = _count(stream, size, end)
    if len(end) < _END.size or end[:4] != b"PK\x05\x06":
        found.add("malformed", path.name, "it does not end as an archive that `forensics seal` writes")
        return False
    _, _, _, _, entries, directory, _, _ = _END.unpack(end)
    if max(entries, count) > MOST_ENTRIES or directory > min(_LARGEST_DIRECTORY, size):
        found.add("unsafe", path.name, f"it holds {max(entries, count)} entries; at most {MOST_ENTRIES} are read")
        return False
    return True


def _count(stream: IO[bytes], size: int, end: bytes) -> int:
    """Count the entries of the directory itself: the number at the end of an archive may be a lie."""
    length = min(int.from_bytes(end[12:16], "little"), size, _LARGEST_DIRECTORY)
    stream.seek(max(0, size - _END.size - length))
    return stream.read(length).count(b"PK\x01\x02")


def _problems(infos: Sequence[zipfile.ZipInfo], size: int) -> Iterator[tuple[str, str]]:
    """Yield what makes an archive unsafe to unpack, entry by entry."""
    seen: set[str] = set()
    for info in infos:
        name = info.orig_filename
        for problem in (
            _path_problem(name),
            *_entry_problems(info),
            "two entries of this name" if name in seen else None,
        ):
            if problem:
                yield _shown(name), problem
        seen.add(name)
    for name in bag.collisions(seen):
        yield _shown(name), "another name differs in capitals alone, or lies below it"
    if sum(info.file_size for info in infos) > size:
        yield "archive", "its entries are larger than itself: they overlap"


def _path_problem(name: str) -> str | None:
    if name.startswith(("/", "\\")) or ":" in name:
        return "an absolute path"
    if ".." in name.replace("\\", "/").split("/"):
        return "a path that leads out"
    return None if bag.is_safe(name) else "no bundle of ours holds such a name"


def _entry_problems(info: zipfile.ZipInfo) -> Iterator[str]:
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        sizes = f"{info.compress_size} bytes for {info.file_size}"
        yield f"compressed ({sizes}); `forensics seal` compresses nothing"
    if info.external_attr >> 16 & 0o170000 not in (0, 0o100000):
        yield "no plain file"
    if info.flag_bits & 0x1:
        yield "encrypted"


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()[:200]


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / info.orig_filename
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(info) as stream, target.open("xb") as copy:
        while block := stream.read(_BLOCK):
            copy.write(block)


def _compare(path: Path, folder: Path, found: Findings) -> None:
    """Compare an archive with the one that would be written from what it holds."""
    place = 0
    with path.open("rb") as stream:
        for block in _blocks(_entries(folder)):
            if stream.read(len(block)) != block:
                found.add(
                    "changed",
                    path.name,
                    f"not as it was written, from byte {place} on; unpack it to check what it holds",
                )
                return
            place += len(block)
        if stream.read(1):
            found.add("extra", path.name, "bytes after its end")


def _entries(folder: Path) -> list[_Entry]:
    paths = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if not path.is_dir())
    entries = [_entry(name, path) for name, path in paths]
    total = sum(e.size + 2 * len(e.name) + _LOCAL.size + _CENTRAL.size for e in entries) + _END.size
    if total > LARGEST or len(entries) > MOST_ENTRIES:
        raise UsageError(f"{folder} is too large for a .zip.", remedy="Hand over the folder.")
    return entries


def _entry(name: str, path: Path) -> _Entry:
    crc = size = 0
    with opened(path) as stream:
        while block := stream.read(_BLOCK):
            crc, size = zlib.crc32(block, crc), size + len(block)
    return _Entry(name.encode(), path, crc, size)


def _blocks(entries: Sequence[_Entry]) -> Iterator[bytes]:
    """Yield an archive (APPNOTE 6.3.10, nothing compressed) block by block."""
    place, directory = 0, []
    for entry in entries:
        name, _, crc, size = entry
        yield _LOCAL.pack(b"PK\x03\x04", 10, 0, 0, 0, _DATE, crc, size, size, len(name), 0) + name
        with opened(entry.path) as stream:
            while block := stream.read(_BLOCK):
                yield block
        directory.append(
            _CENTRAL.pack(
                b"PK\x01\x02", 0x030A, 10, 0, 0, 0, _DATE, crc, size, size, len(name), 0, 0, 0, 0, _MODE, place
            )
            + name
        )
        place += _LOCAL.size + len(name) + size
    whole = b"".join(directory)
    yield whole
    yield _END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(whole), place, 0)

"""A BagIt directory (RFC 8493) by SHA-256 and SHA-512: its tag files written, and read strictly.

Only what `seal` writes is accepted: file names of one plain alphabet, manifests sorted and complete. Digests of files are
taken elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from forensics.custody.hashing import Scanned

ALGORITHMS: Final = ("sha256", "sha512")
DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFESTS: Final = tuple(f"manifest-{name}.txt" for name in ALGORITHMS)
TAG_MANIFESTS: Final = tuple(f"tagmanifest-{name}.txt" for name in ALGORITHMS)
TAGGED: Final = ("bag-info.txt", "bagit.txt", *MANIFESTS)
"""Tag files that the tag manifests name, sorted."""
TAG_FILES: Final = (*TAGGED, *TAG_MANIFESTS)
DATA: Final = "data/"
LONGEST_PATH: Final = 400
_SEGMENT = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that one operating system takes for devices."""


class Manifest(NamedTuple):
    """A manifest as read: what can be used of it, and what is wrong with it."""

    digests: Mapping[str, str]
    """Digest in hexadecimal by path."""
    problems: tuple[str, ...]


@lru_cache(maxsize=1 << 14)
def is_safe(path: str) -> bool:
    """Say whether a relative path is one that means the same file everywhere: plain letters, nothing that leads out."""
    parts = path.split("/")
    return len(path) <= LONGEST_PATH and all(
        _SEGMENT.fullmatch(part) and not part.endswith(".") and not _DEVICES.fullmatch(part) for part in parts
    )


def collisions(paths: Iterable[str]) -> list[str]:
    """Return the paths that are one file where capitals make no difference, or are both file and folder."""
    seen: dict[str, str] = {}
    clashing: set[str] = set()
    ordered = sorted(set(paths))
    for path in ordered:
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            clashing |= {other, path}
    for path in ordered:
        parts = path.casefold().split("/")
        clashing |= {path for n in range(1, len(parts)) if "/".join(parts[:n]) in seen}
    return sorted(clashing)


def manifest(files: Mapping[str, Scanned], algorithm: str) -> bytes:
    """Return a manifest, also readable by `sha256sum --check`: sorted by path."""
    return "".join(f"{getattr(files[path], algorithm)}  {path}\n" for path in sorted(files)).encode()


def parse_manifest(data: bytes, algorithm: str, *, folder: str) -> Manifest:
    """Read a manifest; every path must be safe and lie in `folder` (a prefix, empty for tag files)."""
    length = {"sha256": 64, "sha512": 128}[algorithm]
    digests: dict[str, str] = {}
    problems: list[str] = []
    lines = data.decode("utf-8", "replace").split("\n")
    if lines.pop() != "":
        problems.append("its last line is not complete")
    for number, line in enumerate(lines, start=1):
        digest, gap, path = line[:length], line[length : length + 2], line[length + 2 :]
        if gap != "  " or not re.fullmatch(r"[0-9a-f]+", digest) or len(digest) != length:
            problems.append(f"line {number} is no digest and path")
        elif not is_safe(path) or not path.startswith(folder):
            problems.append(f"line {number} names a path that no bag of ours holds: {path[:200]!r}")
        elif path in digests:
            problems.append(f"line {number} names {path} again")
        else:
            digests[path] = digest
    if list(digests) != sorted(digests):
        problems.append("its lines are not in order")
    clashing = collisions(digests)
    if clashing:
        problems.append(f"names that are one file on some systems: {', '.join(clashing[:6])}")
    return Manifest(digests, tuple(problems))


def info(*, date: str, tool: str, files: int, size: int, describes: str) -> bytes:
    """Return bag-info.txt; `date` is YYYY-MM-DD."""
    rows = {
        "Bag-Software-Agent": f"forensics {tool}",
        "Bagging-Date": date,
        "External-Description": describes,
        "Payload-Oxum": f"{size}.{files}",
    }
    return "".join(f"{name}: {_one_line(value)}\n" for name, value in rows.items()).encode()


def _one_line(value: str) -> str:
    return " ".join(value.split())

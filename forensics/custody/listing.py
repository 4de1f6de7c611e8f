"""What lies in a bundle's folder: plain files and nothing else, named so that they mean the same everywhere, not too many."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from forensics.custody import bag
from forensics.custody.findings import Findings

MOST_ENTRIES = 200_000
"""Files and folders in a bundle; more is taken for an attack on whoever checks it."""
DEEPEST = 40


def plain_files(folder: Path, found: Findings) -> set[str]:
    """Return the relative paths of all plain files below a folder; everything else there is a fault."""
    files: set[str] = set()
    folders: set[str] = set()
    for number, (path, entry) in enumerate(_walk(folder, "", 0)):
        if number >= MOST_ENTRIES:
            found.add(
                "unsafe",
                str(folder),
                f"it holds more than {MOST_ENTRIES} files and folders; the rest was not looked at",
            )
            break
        mode = entry.stat(follow_symlinks=False).st_mode
        if not bag.is_safe(path):
            found.add("unsafe", _shown(path), "no bundle of ours holds such a name")
        elif stat.S_ISDIR(mode):
            folders.add(path)
        elif stat.S_ISREG(mode):
            files.add(path)
        else:
            what = "a symbolic link" if stat.S_ISLNK(mode) else "no plain file"
            found.add("unsafe", path, f"it is {what}")
    for path in bag.collisions(files):
        found.add("unsafe", path, "another name differs in capitals alone")
    needed = {"/".join(path.split("/")[:n]) for path in files for n in range(1, path.count("/") + 1)}
    for path in sorted(folders - needed):
        found.add("extra", path, "an empty folder")
    return files


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield every entry below a folder, links not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            yield path, entry
            if entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
                yield from _walk(Path(entry.path), f"{path}/", depth + 1)


def _shown(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()[:200]

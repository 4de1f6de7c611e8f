"""Folders and files, here or elsewhere: a path, or any URL that fsspec knows (s3://bucket/folder, memory://…).

What is written appears whole or not at all: files of this machine are renamed into place, objects of a store are put in
one piece. Credentials and addresses of services come from the environment, never from a URL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from forensics import cache, canonical, importing
from forensics.errors import UsageError


def is_remote(place: str) -> bool:
    """Say whether a place is a URL and no path of this machine."""
    return "://" in place


def within(place: str, *parts: str) -> str:
    """Return a place inside a folder."""
    return "/".join([place.rstrip("/"), *parts]) if is_remote(place) else str(Path(place, *parts))


def is_folder(place: str) -> bool:
    """Say whether there is such a folder."""
    if not is_remote(place):
        return Path(place).is_dir()
    system, path = _system(place)
    return bool(_asked(place, system.isdir, path))


def exists(place: str) -> bool:
    """Say whether there is such a file."""
    if not is_remote(place):
        return Path(place).is_file()
    system, path = _system(place)
    return bool(_asked(place, system.isfile, path))


def read(place: str) -> bytes | None:
    """Return the bytes of a file, or None where there is none."""
    if not is_remote(place):
        try:
            return Path(place).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
    system, path = _system(place)
    try:
        content: bytes = _asked(place, system.cat_file, path)
    except FileNotFoundError:
        return None
    return content


def write(place: str, data: bytes, *, durable: bool = True) -> None:
    """Write a whole file or nothing."""
    if not is_remote(place):
        canonical.write_atomic(Path(place), data, durable=durable)
        return
    system, path = _system(place)
    _asked(place, system.pipe_file, path, data)


def find(place: str) -> cache.Arrays | None:
    """Return stored arrays, or None where there are none that are whole."""
    content = read(place)
    return None if content is None else cache.unpacked(content)


def put(place: str, arrays: cache.Arrays) -> None:
    """Store arrays; an entry may be deleted at any time."""
    write(place, cache.packed(arrays), durable=False)


def answers_below(folder: str) -> list[str]:
    """Return the answers files inside a folder and inside each of its folders, sorted by name; raises UsageError."""
    if not is_folder(folder):
        raise UsageError(f"{folder} is no folder.", remedy="Name a folder of recorded answers, or a URL of one.")
    if not is_remote(folder):
        return [str(path) for path in importing.answers_below(Path(folder))]
    system, root = _system(folder)
    found = sorted(_asked(folder, system.find, root, maxdepth=2))
    return [str(system.unstrip_protocol(path)) for path in found if importing.is_answers_file(Path(path))]


@contextmanager
def fetched(place: str) -> Iterator[Path]:
    """Give a file as one of this machine; file and folder keep their names, for a model may be named by either."""
    if not is_remote(place):
        yield Path(place)
        return
    data = read(place)
    if data is None:
        raise UsageError(f"{place} is gone.", remedy="Look what the folder holds, and start again.")
    path = PurePosixPath(place.partition("://")[2])
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (path.parent.name or "answers") / path.name
        copy.parent.mkdir()
        copy.write_bytes(data)
        yield copy


def _system(place: str) -> tuple[Any, str]:
    """Return the file system of a URL and the path in it."""
    try:
        import fsspec
    except ImportError as error:
        raise UsageError(f"{place} needs fsspec.", remedy='Install it: pip install "forensics[cluster]".') from error
    try:
        system, path = fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"{place} cannot be opened ({error}).",
            remedy='Local paths and s3:// come with pip install "forensics[cluster]"; others need their own package.',
        ) from error
    return system, str(path)


def _asked(place: str, call: Any, *arguments: Any, **options: Any) -> Any:
    """Ask a store; what it refuses becomes an error that names the place. Absent files stay FileNotFoundError."""
    try:
        return call(*arguments, **options)
    except FileNotFoundError:
        raise
    except Exception as error:
        # Every kind of store has errors of its own; none of them is our fault, and none may show a traceback.
        raise UsageError(
            f"{place} cannot be reached ({type(error).__name__}: {_first_line(str(error))}).",
            remedy="Check the address, the credentials in the environment, and the rights.",
        ) from error


def _first_line(text: str) -> str:
    lines: Sequence[str] = text.splitlines()
    return lines[0][:200] if lines else "no message"

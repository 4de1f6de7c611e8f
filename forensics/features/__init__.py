"""Features: what statistics need to know of one answer, independent of every other answer.

One file per kind. A module has `VERSION` and `extract(texts)`, which returns named arrays: `offsets[n + 1]` and values
for ragged features, or arrays with n rows. They are cached by the digest of the file the answers came from, so a
model that joins a cohort costs only its own answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from numpy.typing import NDArray


def version_of(kind: str) -> str:
    """Return the version of a kind of feature."""
    return str(import_module(f"forensics.features.{kind}").VERSION)


def extract(kind: str, texts: Sequence[str]) -> Mapping[str, NDArray[Any]]:
    """Return the features of a kind for some texts."""
    made: Mapping[str, NDArray[Any]] = import_module(f"forensics.features.{kind}").extract(texts)
    return made

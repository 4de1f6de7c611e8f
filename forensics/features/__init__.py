"""Features: what statistics need to know of one answer, independent of every other answer.

One file per kind. A module has `VERSION` and `extract(texts)`, which returns named arrays: `offsets[n + 1]` and values
for ragged features, or arrays with n rows. They are cached by the digest of the file the answers came from, so a
model that joins a cohort costs only its own answers.

A module may have more: `NEEDS`, names among `keys` (the right answers) and `states` (of the answers), which `extract`
then takes as keywords; `version()` instead of `VERSION`, where the version hangs on what is installed; `unavailable()`,
which says why the features cannot be made here, or None; and `MOST_PROBES`, for features so costly that they are made
only when a statistic is computed, and only for so many probes: the texts of all others come as empty ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from numpy.typing import NDArray


def version_of(kind: str) -> str:
    """Return the version of a kind of feature: the same version, the same features of the same texts."""
    module = _module(kind)
    return str(module.version() if hasattr(module, "version") else module.VERSION)


def unavailable(kind: str) -> str | None:
    """Say why a kind of feature cannot be made here; None where it can."""
    check: Callable[[], str | None] = getattr(_module(kind), "unavailable", lambda: None)
    return check()


def most_probes(kind: str) -> int | None:
    """Return how many probes a costly kind of feature is made for; None for any number."""
    most: int | None = getattr(_module(kind), "MOST_PROBES", None)
    return most


def extract(
    kind: str,
    texts: Sequence[str],
    *,
    keys: Sequence[str | None] | None = None,
    states: Sequence[str] | None = None,
) -> Mapping[str, NDArray[Any]]:
    """Return the features of a kind for some texts; `keys` are None and `states` `text` where not given."""
    module = _module(kind)
    more: dict[str, Sequence[Any]] = {
        "keys": [None] * len(texts) if keys is None else keys,
        "states": ["text"] * len(texts) if states is None else states,
    }
    made: Mapping[str, NDArray[Any]] = module.extract(
        texts, **{name: more[name] for name in getattr(module, "NEEDS", ())}
    )
    return made


def _module(kind: str) -> ModuleType:
    return import_module(f"forensics.features.{kind}")

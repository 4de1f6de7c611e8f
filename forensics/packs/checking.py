"""Whether the arrays of a pack are what they must be, before anything is computed from them.

A pack comes from a stranger: a number out of place must end in a sentence, not in a wrong score.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from forensics.features.extent import LANGUAGES, UNKNOWN
from forensics.packs.forms import OPENINGS, SIZES
from forensics.records.scores import Handling

Arrays = Mapping[str, NDArray[Any]]

STATES = 4
"""Different states of an answer."""
_RIGHT = (-1, 0, 1)


def fault(kind: str, arrays: Arrays, answers: int) -> str | None:
    """Say what is wrong with a model's arrays of a kind; None where they are as they must be.

    `answers` is how many answers the model has: one row for each.
    """
    check = _CHECKS.get(kind)
    return f"it holds {kind!r}, which this version does not know" if check is None else check(arrays, answers)


def _index(arrays: Arrays, answers: int) -> str | None:
    wanted = {"prompts": "u1", "draws": "i8", "states": "i8", "cut_short": "b1", "faults": "u1", "handling": "u1"}
    if wrong := _types(arrays, {**wanted, "content": "u1"}):
        return wrong
    states, draws = arrays["states"], arrays["draws"]
    rows = all(arrays[name].shape == (answers,) for name in ("draws", "states", "cut_short"))
    if not rows or arrays["prompts"].shape != (answers, 32) or len(arrays["content"]) not in (0, 32):
        return "its index has not one row for each answer"
    if answers and (states.min() < 0 or states.max() >= STATES or draws.min() < 0):
        return "its index holds states or draws that there are not"
    return None if _counts(arrays) else "its index holds counts that cannot be read"


def _counts(arrays: Arrays) -> bool:
    """Say whether the counts of faults, and what is known of the service, can be read."""
    try:
        faults, handling = (json.loads(arrays[name].tobytes()) for name in ("faults", "handling"))
        if handling is not None:
            Handling.model_validate(handling)
    except (ValueError, ValidationError, RecursionError):
        return False
    return isinstance(faults, dict) and all(type(count) is int for count in faults.values())


def _tokens(arrays: Arrays, answers: int) -> str | None:
    wanted = {"openings": "u8"}
    for size in SIZES:
        wanted |= {f"grams{size}": "u8", f"times{size}": "u2", f"offsets{size}": "i8"}
    if wrong := _types(arrays, wanted):
        return wrong
    if arrays["openings"].shape != (answers, len(OPENINGS)):
        return "its openings are not one row for each answer"
    for size in SIZES:
        grams, times = arrays[f"grams{size}"], arrays[f"times{size}"]
        if wrong := _places(arrays[f"offsets{size}"], answers, len(grams)):
            return wrong
        if times.shape != grams.shape or (len(times) and times.min() < 1):
            return "its counts do not go with its hashes"
    return None


def _beginnings(arrays: Arrays, answers: int) -> str | None:
    wrong = _types(arrays, {"hashes": "u8", "offsets": "i8"})
    return wrong or _places(arrays["offsets"], answers, len(arrays["hashes"]))


def _final(arrays: Arrays, answers: int) -> str | None:
    if wrong := _types(arrays, {"value": "u8", "right": "i1"}) or _rows(arrays, answers):
        return wrong
    return None if np.isin(arrays["right"], _RIGHT).all() else "it says neither right nor wrong of an answer"


def _extent(arrays: Arrays, answers: int) -> str | None:
    if wrong := _types(arrays, {"words": "i4", "language": "i2"}) or _rows(arrays, answers):
        return wrong
    language = arrays["language"]
    known = answers == 0 or (language.min() >= UNKNOWN and language.max() < len(LANGUAGES))
    return None if known and (arrays["words"] >= 0).all() else "it holds lengths or languages that there are not"


def _numbers(dtypes: Mapping[str, str]) -> Callable[[Arrays, int], str | None]:
    """Return the check of kinds that have one row of plain numbers for each answer."""

    def check(arrays: Arrays, answers: int) -> str | None:
        if wrong := _types(arrays, dtypes) or _rows(arrays, answers):
            return wrong
        floats = [array for array in arrays.values() if array.dtype.kind == "f"]
        return None if all(np.isfinite(array).all() for array in floats) else "it holds numbers that are not finite"

    return check


def _types(arrays: Arrays, wanted: Mapping[str, str]) -> str | None:
    if sorted(arrays) != sorted(wanted):
        return "its arrays are of another version"
    wrong = [name for name, dtype in wanted.items() if arrays[name].dtype.str[1:] != dtype]
    return f"its array {wrong[0]} is of another type" if wrong else None


def _rows(arrays: Arrays, answers: int) -> str | None:
    return None if all(len(array) == answers for array in arrays.values()) else "it has not one row for each answer"


def _places(offsets: NDArray[np.int64], answers: int, total: int) -> str | None:
    if offsets.shape != (answers + 1,) or offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) < 0).any():
        return "its places do not go with its hashes"
    return None


_CHECKS: dict[str, Callable[[Arrays, int], str | None]] = {
    "index": _index,
    "tokens": _tokens,
    "beginnings": _beginnings,
    "final": _final,
    "layout": _numbers({"manner": "f4"}),
    "embedding": _numbers({"vector": "f4", "embedded": "b1"}),
    "declined": _numbers({"declined": "b1"}),
    "extent": _extent,
    "claims": _numbers({"claimed": "u8"}),
}

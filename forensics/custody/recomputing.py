"""Compute every number of a bundle again from its answers, and name the first that differs, and why.

Nothing is taken from a cache. Records hold six significant digits, so that the last bits of processors do not show; where
embeddings are computed on other hardware they may, and then a stated tolerance decides.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from forensics import __version__, canonical, comparing
from forensics import case as case_files
from forensics.custody.findings import Findings
from forensics.custody.sealing import BAG, ENVIRONMENT
from forensics.errors import ForensicsError
from forensics.packs import using
from forensics.records.case import Source
from forensics.records.custody import Environment

TOLERANCE: Final = 1e-4
"""Relative difference of a number that other hardware explains: a hundred times the last digit kept."""
_DEPENDENT: Final = ("scores", "digest")
"""Fields that differ whenever anything else does."""


class Difference(NamedTuple):
    """One value that came out otherwise."""

    place: str
    recorded: Any
    found: Any


def check(folder: Path, found: Findings, *, workers: int) -> None:
    """Score a bundle's answers again and compare scores and evidence byte for byte; adds faults and notes.

    Raises UsageError where a cohort pack in it needs a secret that is not at hand: that is no fault of the bundle.
    """
    data = folder / BAG / "data"
    using.unlock([data / path for path in sorted({s.path for s in _packed(data)})])
    try:
        with _no_caches():
            again = comparing.recompute(data, workers=workers)
    except ForensicsError as error:
        found.add("not reproduced", f"{BAG}/data", f"{error.message} {_why(data, [])}".strip())
        return
    same = True
    for name, record in ((case_files.SCORES, again.scores), (case_files.EVIDENCE, again.evidence)):
        recorded, made = (data / name).read_bytes(), case_files.as_written(record)
        if recorded != made:
            same = False
            _explain(data, name, json.loads(recorded), json.loads(made), found)
    if same:
        found.note("recomputed: scores and evidence come out byte for byte")


def _packed(data: Path) -> list[Source]:
    try:
        return [source for source in case_files.read_case(data).cohort if using.is_packed(source)]
    except ForensicsError:  # whoever computes again says what is wrong with it
        return []


def _explain(data: Path, name: str, recorded: Any, made: Any, found: Findings) -> None:
    differences = list(_differences(recorded, made, ""))
    beyond = [d for d in differences if not _close(d) and d.place.rpartition(".")[2] not in _DEPENDENT]
    if not beyond and differences and _elsewhere(data):
        found.note(
            f"recomputed: {name} differs in {len(differences)} numbers by no more than {TOLERANCE:g} of their value, on "
            f"other hardware or packages: {_why(data, differences)}"
        )
        return
    first = (beyond or differences or [Difference("the layout of the file", "", "")])[0]
    found.add(
        "not reproduced",
        f"{BAG}/data/{name}",
        f"{first.place}: recorded {_short(first.recorded)}, computed {_short(first.found)} "
        f"(the first of {len(differences)} differences). {_why(data, differences)}",
    )


def _differences(recorded: Any, found: Any, place: str) -> Iterator[Difference]:
    """Yield every value that differs, in the order of the record."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        for key in [*recorded, *(key for key in found if key not in recorded)]:
            yield from _differences(recorded.get(key), found.get(key), f"{place}.{key}" if place else str(key))
    elif isinstance(recorded, list) and isinstance(found, list):
        if len(recorded) != len(found):
            yield Difference(f"{place} (length)", len(recorded), len(found))
        for number, (one, other) in enumerate(zip(recorded, found, strict=False)):
            yield from _differences(one, other, f"{place}[{_row(one, number)}]")
    elif recorded != found or type(recorded) is not type(found):
        yield Difference(place, recorded, found)


def _row(value: Any, number: int) -> str:
    """Name a row by what it is of, where it says so."""
    names = (value.get(key) for key in ("statistic", "id", "part", "model")) if isinstance(value, dict) else ()
    return next((name for name in names if isinstance(name, str)), str(number))


def _close(difference: Difference) -> bool:
    one, other = difference.recorded, difference.found
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return False
    return isinstance(other, int | float) and abs(one - other) <= TOLERANCE * max(abs(one), abs(other), 1e-9)


def _environment(data: Path) -> Environment | None:
    try:
        return Environment.model_validate_json((data / ENVIRONMENT).read_bytes())
    except (OSError, ValidationError):
        return None


def _elsewhere(data: Path) -> bool:
    """Say whether the bundle was made under other conditions than these."""
    return bool(_conditions(data))


def _conditions(data: Path) -> list[str]:
    """Name what differs between where the bundle was made and here."""
    from importlib import metadata

    then = _environment(data)
    if then is None:
        return ["where it was computed is not recorded"]
    pairs = [
        ("forensics", then.tool, __version__),
        ("Python", then.python, platform.python_version()),
        ("platform", f"{then.platform} {then.machine}", f"{platform.system()} {platform.machine()}"),
    ]
    for package in then.packages:
        try:
            pairs.append((package.name, package.version, metadata.version(package.name)))
        except metadata.PackageNotFoundError:
            pairs.append((package.name, package.version, "not installed"))
    return [f"{name} {there} there, {here} here" for name, there, here in pairs if there != here]


def _why(data: Path, differences: list[Difference]) -> str:
    """Say what may explain that numbers differ: an embedder that is absent, versions, the platform."""
    reasons = []
    absent = [d.found for d in differences if d.place.endswith(".reason") and isinstance(d.found, str)]
    versions = [d for d in differences if d.place.endswith(".version")]
    if absent:
        reasons.append(f"a statistic has no value here: {absent[0]}")
    if versions:
        reasons.append(f"versions differ: {versions[0].place} {versions[0].recorded} there, {versions[0].found} here")
    reasons += _conditions(data)
    return f"Why: {'; '.join(reasons)}." if reasons else "Why: the same versions and platform, so a record was altered."


def _short(value: Any) -> str:
    return canonical.well_formed(json.dumps(value, ensure_ascii=False))[:120]


@contextmanager
def _no_caches() -> Iterator[None]:
    """Point the caches to an empty place, for worker processes too."""
    before = os.environ.get("FORENSICS_HOME")
    with tempfile.TemporaryDirectory(prefix="forensics-recompute-") as home:
        os.environ["FORENSICS_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["FORENSICS_HOME"]
            else:
                os.environ["FORENSICS_HOME"] = before

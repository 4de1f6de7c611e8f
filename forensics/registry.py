"""Find plugins. A plugin is one file in a folder of this package, or an entry point; its name is its file's name.

Nothing is imported until it is asked for, and one broken plugin never hides the others.
"""

from __future__ import annotations

import functools
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from forensics.errors import UnknownName, UsageError

KINDS = ("adapters", "importers", "statistics", "embedders", "formats")
"""The kinds of plugin: each a folder of this package and an entry-point group `forensics.KIND`."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Listed:
    """One plugin in a catalogue: its summary, or what is wrong with it."""

    name: str
    origin: str
    """`built in`, or the distribution that brings it."""
    summary: str
    fault: str | None
    missing: str | None = None
    """What has to be installed before it can be used here; None when nothing is missing."""


def names(kind: str) -> list[str]:
    """Return the names of all plugins of a kind, sorted, without importing any."""
    return sorted({*_files(kind), *_entry_points(kind)})


def offers(kind: str, name: str) -> bool:
    """Say whether there is a plugin of this name; what is installed is looked through only where no built-in one has it."""
    return name in _files(kind) or name in _entry_points(kind)


def load(kind: str, name: str) -> ModuleType:
    """Import one plugin.

    Raises UnknownName for a name nobody offers and UsageError for a plugin that cannot be imported.
    """
    found = _files(kind).get(name) or _entry_points(kind).get(name)
    if found is None:
        raise UnknownName(kind.removesuffix("s"), name, names(kind))
    try:
        return importlib.import_module(found)
    except Exception as error:
        raise UsageError(
            f"The {kind.removesuffix('s')} {name!r} cannot be loaded: {type(error).__name__}: {error}.",
            remedy="Install what it needs, or remove the plugin.",
        ) from error


def require(kind: str, name: str) -> ModuleType:
    """Import one plugin that must work here.

    Raises what `load` raises, and UsageError where the plugin's `missing()` names something that is not installed.
    """
    plugin = load(kind, name)
    if missing := _missing(plugin):
        raise UsageError(f"The {kind.removesuffix('s')} {name!r} is not usable here: {missing}.")
    return plugin


def _missing(plugin: ModuleType) -> str | None:
    """Ask a plugin what it lacks here; most have no such question."""
    asked = getattr(plugin, "missing", None)
    return asked() if asked else None


def catalogue(kind: str) -> list[Listed]:
    """Return every plugin of a kind with its one-line summary.

    A broken one carries its fault instead, and one that cannot be used here what it lacks.
    """
    listed = []
    outside = _entry_points(kind)
    built_in = _files(kind)
    for name in names(kind):
        origin = "built in" if name in built_in else outside[name].partition(".")[0]
        try:
            plugin = load(kind, name)
        except UsageError as error:
            listed.append(Listed(name=name, origin=origin, summary="", fault=str(error)))
            continue
        summary = str(getattr(plugin, "SUMMARY", ""))
        listed.append(Listed(name=name, origin=origin, summary=summary, fault=None, missing=_missing(plugin)))
    return listed


def _files(kind: str) -> dict[str, str]:
    """Map built-in plugin names to module names."""
    if kind not in KINDS:
        raise UnknownName("kind of plugin", kind, KINDS)
    folder = _HERE / kind
    return {path.stem: f"forensics.{kind}.{path.stem}" for path in folder.glob("*.py") if not path.stem.startswith("_")}


def _entry_points(kind: str) -> dict[str, str]:
    """Map third-party plugin names to module names; built-in names cannot be taken over."""
    return _entry_points_on(kind, tuple(sys.path))


@functools.cache
def _entry_points_on(kind: str, path: tuple[str, ...]) -> dict[str, str]:
    """Look through what is installed on a path, once."""
    import importlib.metadata  # slow to load, and mostly a built-in plugin is meant

    points = importlib.metadata.entry_points(group=f"forensics.{kind}")
    return {point.name: point.value.partition(":")[0] for point in points}

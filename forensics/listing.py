"""What there is to choose from, for `forensics list`."""

from __future__ import annotations

from typing import NamedTuple

from forensics import calibrations, canonical, probes, registry, services
from forensics.errors import UnknownName

_NAME = 22
"""Columns given to names."""


class Row(NamedTuple):
    """One thing in a catalogue."""

    name: str
    summary: str
    origin: str


def lines(found: list[Row], *, width: int | None) -> list[str]:
    """Return the catalogue for people, a line each: summaries shortened to `width` columns, or whole for None."""
    column = max((len(row.name) for row in found), default=0)
    whole = [f"{row.name:<{max(column, _NAME)}} {row.summary}".rstrip() for row in found]
    return whole if width is None else [line if len(line) <= width else f"{line[: width - 1]}…" for line in whole]


def rows(kind: str) -> list[Row]:
    """Return the catalogue of a kind; raises UnknownName."""
    if kind in registry.KINDS:
        return [Row(item.name, _told(item), item.origin) for item in registry.catalogue(kind)]
    if kind == "probes":
        sets = [probes.load(name) for name in probes.names()]
        return [
            Row(s.header.name, f"{len(s.probes):4} probes, {s.header.kind}: {s.header.summary or ''}", s.digest)
            for s in sets
        ]
    if kind == "models":
        from forensics.demo_models import CATALOGUE

        return [
            Row(f"demo:{model.name}", f"lineage {model.lineage}; {model.relation}", "built in")
            for model in CATALOGUE.values()
        ]
    if kind == "services":
        return [Row(name, services.told(services.find(name)), "built in") for name in services.names()]
    if kind == "calibrations":
        return [_calibration(name) for name in calibrations.names()]
    raise UnknownName("kind", kind, (*registry.KINDS, "calibrations", "probes", "models", "services"))


def _told(item: registry.Listed) -> str:
    """Return what a plugin does, or what is wrong with it, or what it lacks here."""
    if item.fault:
        return f"broken: {item.fault}"
    return f"{item.summary} (not usable here: {item.missing})" if item.missing else item.summary


def _calibration(name: str) -> Row:
    data = calibrations.read_bytes(name)
    found = calibrations.parse(data, path=name)
    able = [line.alternative for line in found.lines if line.validation.answerable]
    tells = f"against {' and '.join(able)}" if able else "cannot tell"
    return Row(name, f"{found.summary}; {tells}", canonical.digest(data))

"""What there is to choose from, for `forensics list`."""

from __future__ import annotations

from typing import NamedTuple

from forensics import probes, registry
from forensics.errors import UnknownName


class Row(NamedTuple):
    """One thing in a catalogue."""

    name: str
    summary: str
    origin: str


def rows(kind: str) -> list[Row]:
    """Return the catalogue of a kind; raises UnknownName."""
    if kind in registry.KINDS:
        return [
            Row(item.name, f"broken: {item.fault}" if item.fault else item.summary, item.origin)
            for item in registry.catalogue(kind)
        ]
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
    raise UnknownName("kind", kind, (*registry.KINDS, "probes", "models"))

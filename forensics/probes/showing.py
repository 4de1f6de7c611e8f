"""A probe set laid open for reading: its digest, its datasheet and its probes. Checks and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import probes
from forensics.errors import UnknownName
from forensics.records.probes import Probe, ProbeSet


@dataclass(frozen=True, slots=True)
class Shown:
    """What `forensics probes show` prints."""

    probe_set: ProbeSet
    datasheet: str | None
    """The set's description; None where no file of that name lies beside it."""
    chosen: tuple[Probe, ...]

    def content(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "header": self.probe_set.header.model_dump(mode="json", exclude_defaults=True),
            "digest": self.probe_set.digest,
            "datasheet": self.datasheet,
            "probes": [probe.model_dump(mode="json", exclude_defaults=True) for probe in self.chosen],
        }

    def lines(self) -> Iterator[str]:
        """Yield the set for a terminal: datasheet, digest, then probe after probe."""
        header = self.probe_set.header
        yield (self.datasheet or f"# Probe set `{header.name}`, version {header.version}\n").rstrip()
        yield ""
        yield f"Digest computed now: {self.probe_set.digest}"
        yield f"Probes shown: {len(self.chosen)} of {len(self.probe_set.probes)}"
        for probe in self.chosen:
            yield ""
            yield _title(probe)
            yield from _said(probe)


def show(name: str, *, category: str | None = None) -> Shown:
    """Lay open a shipped probe set, or one by path; raises UnknownName for a set or a category that is not there."""
    probe_set = probes.load(name)
    path = probes.folder() / f"{name}.jsonl" if name in probes.names() else Path(name)
    sheet = path.with_suffix(".md")
    known = sorted({probe.category for probe in probe_set.probes if probe.category})
    if category is not None and category not in known:
        raise UnknownName("category", category, known)
    chosen = tuple(probe for probe in probe_set.probes if category in (None, probe.category))
    return Shown(probe_set, sheet.read_text("utf-8") if sheet.is_file() else None, chosen)


def _title(probe: Probe) -> str:
    facts = [probe.category, probe.language, f"key: {probe.key}" if probe.key else None]
    if probe.max_tokens is not None:
        facts.append(f"at most {probe.max_tokens} tokens")
    return f"{probe.id}  ({', '.join(fact for fact in facts if fact)})"


def _said(probe: Probe) -> Iterator[str]:
    if probe.prompt is not None:
        yield from (f"    {line}" for line in probe.prompt.split("\n"))
    for message in probe.messages or ():
        first, *rest = message.content.split("\n")
        yield f"    {message.role}: {first}"
        yield from (f"      {line}" for line in rest)

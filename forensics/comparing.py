"""The whole way from what was asked to evidence and reports: the one call behind `compare`, `score` and `report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import __version__, canonical, preparing, registry, scoring
from forensics import case as case_files
from forensics.evidence import weigh
from forensics.records.evidence import Evidence
from forensics.report import make


@dataclass(frozen=True, slots=True)
class Result:
    """A scored case and the files that were written."""

    folder: Path
    evidence: Evidence
    written: Sequence[Path]

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        content = self.evidence.model_dump(mode="json", by_alias=True)
        kept = ("tool", "question", "reference", "questioned", "conclusion", "findings", "n_probes", "warnings")
        return {"folder": str(self.folder), **{field: content[field] for field in kept}}

    def show(self) -> None:
        """Print the verdict table and the files written to standard output."""
        from forensics import terminal

        terminal.show(self.evidence, self.written)


def compare(
    wanted: preparing.Wanted, *, formats: Sequence[str], workers: int, say: preparing.Say
) -> Result:
    """Prepare a case, score it and lay it out."""
    for name in formats:
        registry.load("formats", name)
    preparing.prepare(wanted, say=say)
    return rescore(wanted.folder, formats=formats, workers=workers)


def rescore(folder: Path, *, formats: Sequence[str], workers: int) -> Result:
    """Score a case from its transcripts, weigh the scores, and lay out the evidence."""
    for name in formats:
        registry.load("formats", name)
    evidence = score(folder, workers=workers)
    return Result(folder, evidence, report(folder, formats))


def score(folder: Path, *, workers: int = 2) -> Evidence:
    """Score a case from its transcripts and weigh the scores; writes `scores.json` and `evidence.json`."""
    case = case_files.read_case(folder)
    scores = scoring.score_case(case, root=folder, tool=__version__, workers=workers)
    evidence = weigh(case, scores, root=folder)
    case_files.write(folder, case_files.SCORES, scores)
    case_files.write(folder, case_files.EVIDENCE, evidence)
    return evidence


def report(folder: Path, formats: Sequence[str]) -> list[Path]:
    """Lay out a case's evidence in each format; returns the files written."""
    plugins = [registry.load("formats", name) for name in formats]
    made = make(case_files.read_evidence(folder))
    written = []
    for plugin in plugins:
        for name, data in plugin.render(made).items():
            canonical.write_atomic(folder / name, data)
            written.append(folder / name)
    return written

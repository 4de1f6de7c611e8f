"""The whole way from what was asked to evidence and reports: the one call behind `compare`, `score` and `report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import __version__, calibrations, canonical, preparing, registry, scoring
from forensics import case as case_files
from forensics.evidence import weigh
from forensics.records.calibration import Calibration
from forensics.records.case import Case
from forensics.records.evidence import Evidence
from forensics.records.scores import Scores
from forensics.reporting.layout import make


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
        from rich.console import Console

        from forensics.hostile import terminal as harmless
        from forensics.reporting import terminal

        console = Console()
        terminal.verdict(self.evidence, console)
        tables = [path for path in self.written if path.parent != self.folder]
        if tables:
            console.print(f"{len(tables)} tables in {harmless(str(self.folder / 'tables'))}", markup=False)
        for path in (path for path in self.written if path.parent == self.folder):
            console.print(harmless(str(path)), markup=False, highlight=False, soft_wrap=True)


def compare(
    wanted: preparing.Wanted, *, formats: Sequence[str], workers: int, say: preparing.Say
) -> Result:
    """Prepare a case, score it and lay it out; a case that cannot be scored is not written."""
    for name in formats:
        registry.load("formats", name)
    case = preparing.gather(wanted, say=say)
    data = preparing.read_calibration(wanted)
    calibration = calibrations.parse(data, path=str(wanted.calibration)) if data else None
    scores, evidence = _scored(case, calibration, wanted.folder, workers)
    if data:
        canonical.write_atomic(wanted.folder / case_files.CALIBRATION, data)
    case_files.write(wanted.folder, case_files.CASE, case)
    _write(wanted.folder, scores, evidence)
    return Result(wanted.folder, evidence, report(wanted.folder, formats))


def rescore(folder: Path, *, formats: Sequence[str], workers: int) -> Result:
    """Score a case from its transcripts, weigh the scores, and lay out the evidence."""
    for name in formats:
        registry.load("formats", name)
    evidence = score(folder, workers=workers)
    return Result(folder, evidence, report(folder, formats))


def score(folder: Path, *, workers: int = 2) -> Evidence:
    """Score a case from its transcripts and weigh the scores; writes `scores.json` and `evidence.json`."""
    case = case_files.read_case(folder)
    scores, evidence = _scored(case, case_files.read_calibration(folder, case), folder, workers)
    _write(folder, scores, evidence)
    return evidence


def _scored(
    case: Case, calibration: Calibration | None, folder: Path, workers: int
) -> tuple[Scores, Evidence]:
    scores = scoring.score_case(case, root=folder, tool=__version__, workers=workers)
    return scores, weigh(case, scores, calibration, root=folder)


def _write(folder: Path, scores: Scores, evidence: Evidence) -> None:
    case_files.write(folder, case_files.SCORES, scores)
    case_files.write(folder, case_files.EVIDENCE, evidence)


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

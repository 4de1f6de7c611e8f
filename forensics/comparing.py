"""The whole way from what was asked to evidence and reports: the one call behind `compare`, `score` and `report`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from forensics import __version__, calibrations, canonical, preparing, registry, scoring
from forensics import case as case_files
from forensics.custody import drafting, log, protocols, sealing
from forensics.equality import scoring as equality_scoring
from forensics.errors import UsageError
from forensics.evidence import weigh
from forensics.records.calibration import Calibration
from forensics.records.case import Case
from forensics.records.evidence import Evidence
from forensics.records.scores import Scores
from forensics.reporting.layout import check_style, make
from forensics.reporting.parts import Style


@dataclass(frozen=True, slots=True)
class Result:
    """A scored case and the files that were written."""

    folder: Path
    evidence: Evidence
    written: Sequence[Path]

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        content = self.evidence.model_dump(mode="json", by_alias=True)
        kept = (
            "tool",
            "question",
            "reference",
            "questioned",
            "conclusion",
            "findings",
            "triad",
            "equality",
            "n_probes",
            "warnings",
        )
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


class Scored(NamedTuple):
    """What scoring a case gives."""

    scores: Scores
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Plan:
    """How a comparison stands to what was fixed beforehand."""

    protocol: Path | None = None
    """The sealed protocol that is followed."""
    given: Collection[str] = ()
    """Options that were given all the same: where they differ, the case deviates."""
    sealing: sealing.Wanted | None = None
    """Seals the observations before they are scored."""
    found: preparing.Found | None = None
    """What was found beforehand where the models were asked already; None where they are yet to be asked."""


def compare(
    wanted: preparing.Wanted,
    *,
    formats: Sequence[str],
    workers: int,
    say: preparing.Say,
    plan: Plan | None = None,
    style: Style = "analyst",
    us: bool = False,
) -> Result:
    """Prepare a case, score it and lay it out; a case that cannot be scored is not written."""
    check_formats(formats, style=style, us=us)
    fixed = protocols.read_sealed(plan.protocol) if plan and plan.protocol else None
    if fixed and plan:
        wanted = drafting.follow(wanted, plan.given, fixed.protocol, fixed.digest)
    if not (wanted.reference and wanted.questioned):
        raise UsageError(
            "Two models are compared, and fewer were named.",
            remedy="Name REFERENCE and QUESTIONED, or a --protocol that does.",
        )
    with log.watched(wanted.folder, "compare"):
        if fixed:
            protocols.take_into(wanted.folder, fixed)
        case = preparing.gather(wanted, say=say, found=plan.found if plan else None)
        if plan and plan.sealing:
            sealing.ensure_observations(wanted.folder, case, plan.sealing)
        data = preparing.read_calibration(wanted)
        calibration = calibrations.parse(data, path=str(wanted.calibration)) if data else None
        scored = _scored(case, calibration, wanted.folder, workers)
        if data:
            canonical.write_atomic(wanted.folder / case_files.CALIBRATION, data)
        case_files.write(wanted.folder, case_files.CASE, case)
        _write(wanted.folder, scored)
        written = _lay_out(wanted.folder, formats, style=style, us=us)
    return Result(wanted.folder, scored.evidence, written)


def rescore(
    folder: Path, *, formats: Sequence[str], workers: int, style: Style = "analyst", us: bool = False
) -> Result:
    """Score a case from its transcripts, weigh the scores, and lay out the evidence."""
    check_formats(formats, style=style, us=us)
    with log.watched(folder, "score"):
        evidence = score(folder, workers=workers)
        written = _lay_out(folder, formats, style=style, us=us)
    return Result(folder, evidence, written)


def score(folder: Path, *, workers: int = 2) -> Evidence:
    """Score a case from its transcripts and weigh the scores; writes `scores.json` and `evidence.json`."""
    scored = recompute(folder, workers=workers)
    _write(folder, scored)
    return scored.evidence


def recompute(folder: Path, *, workers: int) -> Scored:
    """Score a case from its transcripts and weigh the scores; writes nothing in it."""
    case = case_files.read_case(folder)
    return _scored(case, case_files.read_calibration(folder, case), folder, workers)


def _scored(case: Case, calibration: Calibration | None, folder: Path, workers: int) -> Scored:
    protocol, opening = protocols.read(folder, case)
    if case.question == "equality":
        scores = equality_scoring.score_case(case, root=folder, tool=__version__)
    else:
        scores = scoring.score_case(case, root=folder, tool=__version__, workers=workers)
    return Scored(scores, weigh(case, scores, calibration, root=folder, protocol=protocol, opening=opening))


def _write(folder: Path, scored: Scored) -> None:
    case_files.write(folder, case_files.SCORES, scored.scores)
    case_files.write(folder, case_files.EVIDENCE, scored.evidence)


def report(folder: Path, formats: Sequence[str], *, style: Style = "analyst", us: bool = False) -> list[Path]:
    """Lay out a case's evidence in each format and one style; returns the files written.

    `us` adds the United States set to the court's style. Raises UsageError for a format that lacks what it needs.
    """
    check_formats(formats, style=style, us=us)
    with log.watched(folder, "report"):
        return _lay_out(folder, formats, style=style, us=us)


def check_formats(formats: Sequence[str], *, style: Style, us: bool) -> None:
    """Fail before any work where a format cannot be written here, or the style has no such part."""
    check_style(style, us=us)
    for name in formats:
        registry.require("formats", name)


def _lay_out(folder: Path, formats: Sequence[str], *, style: Style, us: bool) -> list[Path]:
    plugins = [registry.load("formats", name) for name in formats]
    made = make(case_files.read_evidence(folder), style=style, us=us)
    written = []
    for plugin in plugins:
        for name, data in plugin.render(made).items():
            canonical.write_atomic(folder / name, data)
            written.append(folder / name)
    return written

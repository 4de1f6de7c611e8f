"""Where a case keeps its files, and how they are read and written."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from forensics import calibrations, canonical
from forensics.errors import BadFile, IntegrityBroken, UsageError
from forensics.records.base import Record
from forensics.records.calibration import Calibration
from forensics.records.case import Case
from forensics.records.equality import Likelihoods
from forensics.records.evidence import Evidence
from forensics.records.scores import Scores
from forensics.transcripts import safe_name

CASE, SCORES, EVIDENCE, CALIBRATION = "case.json", "scores.json", "evidence.json", "calibration.json"
LIKELIHOODS = "likelihoods.json"
TRANSCRIPTS = "transcripts"
_R = TypeVar("_R", Case, Scores, Evidence, Likelihoods)


def write(folder: Path, name: str, record: Record) -> Path:
    """Write one of a case's records; the same record gives the same bytes."""
    path = folder / name
    canonical.write_atomic(path, as_written(record))
    return path


def as_written(record: Record) -> bytes:
    """Return the bytes of a record's file."""
    return canonical.pretty(record.model_dump(mode="json", by_alias=True))


def read_case(folder: Path) -> Case:
    """Read what is compared; raises UsageError or BadFile."""
    return _read(folder, CASE, Case, made_by="forensics compare")


def read_scores(folder: Path) -> Scores:
    """Read the scores; raises UsageError or BadFile."""
    return _read(folder, SCORES, Scores, made_by="forensics score")


def read_evidence(folder: Path) -> Evidence:
    """Read the evidence; raises UsageError or BadFile."""
    return _read(folder, EVIDENCE, Evidence, made_by="forensics score")


def read_calibration(folder: Path, case: Case) -> Calibration | None:
    """Read the calibration that a case was made with; raises IntegrityBroken where it is another one."""
    if case.calibration is None:
        return None
    path = folder / CALIBRATION
    data = path.read_bytes() if path.is_file() else b""
    if canonical.digest(data) != case.calibration:
        raise IntegrityBroken(
            f"{path} is not the calibration this case was made with.", remedy="Restore it, or compare again."
        )
    return calibrations.parse(data, path=str(path))


def read_likelihoods(folder: Path, case: Case) -> Likelihoods | None:
    """Read the likelihoods of a case's answers; raises IntegrityBroken where they are not those the case was made with."""
    named = None if case.equality is None else case.equality.likelihoods
    if named is None:
        return None
    path = folder / LIKELIHOODS
    if canonical.digest(path.read_bytes() if path.is_file() else b"") != named:
        raise IntegrityBroken(
            f"{path} is not the file this case was made with.", remedy="Restore it, or compare again."
        )
    found = _read(folder, LIKELIHOODS, Likelihoods, made_by="forensics compare")
    if (found.reference, found.questioned) != (case.reference.digest, case.questioned.digest):
        raise IntegrityBroken(f"{path} is of other answers than the case's.", remedy="Compare again.")
    return found


def transcript_path(folder: Path, role: str, name: str) -> Path:
    """Return where the transcript of a model that was asked lies."""
    if role == "cohort":
        return folder / TRANSCRIPTS / "cohort" / f"{safe_name(name)}.jsonl"
    return folder / TRANSCRIPTS / f"{role}.jsonl"


def _read(folder: Path, name: str, record: type[_R], *, made_by: str) -> _R:
    path = folder / name
    if not path.is_file():
        raise UsageError(f"{folder} holds no {name}.", remedy=f"Make it with `{made_by}`.")
    try:
        return record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise BadFile(path, f"{place}: {fault['msg']}") from error

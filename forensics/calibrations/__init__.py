"""The calibrations that come with the program, one file each, and how any calibration is read."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from forensics.errors import BadFile, UnknownName
from forensics.records.calibration import Calibration

_HERE = Path(__file__).parent


def names() -> list[str]:
    """Return the names of the calibrations that come with the program."""
    return sorted(path.stem for path in _HERE.glob("*.json"))


def read_bytes(name: str) -> bytes:
    """Return the bytes of a calibration, by name or by path; raises UnknownName."""
    path = _HERE / f"{name}.json" if name in names() else Path(name)
    if not path.is_file():
        raise UnknownName("calibration", name, names(), remedy=f"Known: {', '.join(names())}; or name a file.")
    return path.read_bytes()


def parse(data: bytes, *, path: str) -> Calibration:
    """Read a calibration; raises BadFile."""
    try:
        return Calibration.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise BadFile(path, f"not a calibration: {place}: {fault['msg']}") from error

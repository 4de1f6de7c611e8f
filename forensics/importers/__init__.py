"""Importers: one file per format of recorded answers. Each reads one file; none decides names, faults or digests.

An importer module has `SUMMARY`, `recognises(start, name)` and `read(recording, options)`; `OPTIONS` names the options
it understands, where it understands any.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from forensics.conduct import Conduct
from forensics.errors import BadFile


class Recorded(NamedTuple):
    """One answer as some other program recorded it, not yet checked."""

    prompt: object
    answer: object
    draw: int | None = None
    """None where the format knows no draws: a second answer to a prompt is then a duplicate."""
    model: str | None = None
    key: str | None = None
    finish_reason: str | None = None
    state: str | None = None
    """Only the native format says; otherwise it follows from the answer."""
    conduct: Conduct | None = None
    """Only the native format says."""
    first: tuple[tuple[str, float], ...] | None = None
    """Likeliest first tokens with their log-probabilities; only the native format says."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The opened content of a file: decompressed, decoded."""

    path: Path
    text: str

    def json(self) -> Any:
        """Parse the whole text as one JSON value; raises BadFile with the line."""
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            raise BadFile(
                self.path,
                f"broken JSON ({error.msg})",
                line=error.lineno,
                remedy="The file may be truncated: get it again.",
            ) from error
        except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
            raise BadFile(self.path, f"JSON that recorded answers do not hold ({error})") from error

    def objects(self) -> list[dict[str, Any]]:
        """Parse a JSON array of objects; raises BadFile."""
        value = self.json()
        if not isinstance(value, list):
            raise BadFile(self.path, "a list of answers was expected")
        for position, item in enumerate(value, start=1):
            if not isinstance(item, dict):
                raise BadFile(self.path, f"answer {position} is not an object")
        return value

    def json_lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line number and object for each line of JSON; raises BadFile with the line."""
        for number, line in enumerate(self.text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError
                raise BadFile(self.path, f"broken JSON ({error})", line=number) from error
            if not isinstance(value, dict):
                raise BadFile(self.path, "an object was expected", line=number)
            yield number, value

    def rows(self, delimiter: str) -> Iterator[tuple[int, dict[str, str | None]]]:
        """Yield line number and row of a table with a header line; raises BadFile with the line."""
        csv.field_size_limit(1 << 28)
        reader = csv.DictReader(io.StringIO(self.text, newline=""), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if None in row:
                    raise BadFile(self.path, "more cells than the header has columns", line=reader.line_num)
                yield reader.line_num, row
        except csv.Error as error:
            raise BadFile(self.path, f"broken table ({error})", line=reader.line_num) from error

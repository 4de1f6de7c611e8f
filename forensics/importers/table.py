"""Tables: CSV, TSV or JSON lines with a column of prompts and a column of answers, named or guessed by usual names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forensics.errors import BadFile
from forensics.importers import Recorded, Recording

SUMMARY = "CSV, TSV or JSON lines with columns for prompt and answer (?prompt=…&answer=…&draw=…&key=…)"

USUAL = {
    "prompt": ("prompt", "question", "instruction", "input", "query"),
    "answer": ("answer", "output", "response", "completion", "text", "generation"),
    "draw": ("draw",),
    "model": ("model", "generator"),
    "key": ("key", "expected", "target"),
}
OPTIONS = tuple(USUAL)
_JSON_NAME = re.compile(r'"([^"\\]+)"\s*:')
"""A field's name; a quotation mark inside a text is escaped, so nothing in there looks like one."""
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


def recognises(start: str, name: str) -> bool:
    """Say whether a file looks like a table with a prompt and an answer column."""
    first = start.lstrip("\ufeff").partition("\n")[0]
    if first.lstrip().startswith("{"):
        columns = set(_JSON_NAME.findall(first))
    else:
        columns = {cell.strip().strip('"') for cell in first.split(_delimiter(first))}
    return bool(columns & set(USUAL["prompt"])) and bool(columns & set(USUAL["answer"]))


def read(recording: Recording, options: Mapping[str, str]) -> Iterator[Recorded]:
    """Yield one recorded answer per row; `options` may name the columns."""
    columns: dict[str, str] | None = None
    for number, row in _rows(recording):
        columns = columns or _columns(recording, row, options)
        prompt, answer = row.get(columns["prompt"]), row.get(columns["answer"])
        draw = row.get(columns.get("draw", ""))
        if draw is not None and not _WHOLE_NUMBER.fullmatch(str(draw)):
            raise BadFile(recording.path, f"draw {str(draw)[:20]!r} is not a whole number", line=number)
        model, key = row.get(columns.get("model", "")), row.get(columns.get("key", ""))
        yield Recorded(
            prompt=prompt,
            answer=answer,
            draw=int(str(draw)) if draw is not None else None,
            model=str(model) if model else None,
            key=str(key) if key is not None else None,
        )


def _rows(recording: Recording) -> Iterable[tuple[int, Mapping[str, Any]]]:
    text = recording.text.lstrip("\ufeff").lstrip()
    if text.startswith("{"):
        return recording.json_lines()
    return recording.rows(_delimiter(text.partition("\n")[0]))


def _columns(recording: Recording, row: Mapping[str, Any], options: Mapping[str, str]) -> dict[str, str]:
    """Find the column of each meaning; raises BadFile naming what there is."""
    found: dict[str, str] = {}
    for meaning, usual in USUAL.items():
        wanted = options.get(meaning)
        if wanted is not None and wanted not in row:
            raise BadFile(recording.path, f"no column {wanted!r}", remedy=f"Columns: {', '.join(map(str, row))}.")
        column = wanted or next((name for name in usual if name in row), None)
        if column is not None:
            found[meaning] = column
    for meaning in ("prompt", "answer"):
        if meaning not in found:
            raise BadFile(
                recording.path,
                f"no column of {meaning}s",
                remedy=f"Name it with ?{meaning}=COLUMN; columns: {', '.join(map(str, row))}.",
            )
    return found


def _delimiter(header: str) -> str:
    return max(",\t;", key=header.count)

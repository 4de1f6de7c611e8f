"""The report as JSON: every section, table, cell and exhibit as data, for programs that lay it out themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from forensics import canonical
from forensics.reporting.parts import Report

SUMMARY = "report.json: every section, table and cell as data"


def render(report: Report) -> dict[str, bytes]:
    """Return report.json, or report.court.json; texts are as in the evidence, drawings are left to the other formats."""
    return {
        f"{report.stem}.json": canonical.pretty({"schema": "forensics/report/2", **_without_drawings(asdict(report))})
    }


def _without_drawings(value: Any) -> Any:
    """Return the value with lone surrogates made well-formed and the drawings left out."""
    if isinstance(value, dict):
        return {key: _without_drawings(part) for key, part in value.items() if key not in ("wide", "narrow")}
    if isinstance(value, list | tuple):
        return [_without_drawings(part) for part in value]
    return canonical.well_formed(value) if isinstance(value, str) else value

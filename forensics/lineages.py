"""Who is related to whom, as far as somebody declared it.

A lineage is the unit of independence: all models that share a developer's base family. Lineages are read from a table
(`models.csv`) beside the answers; a model without a row is undeclared, which is said in the evidence.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from forensics.errors import BadFile
from forensics.records.case import Relative, RelativeRole

MODELS_TABLE = "models.csv"
"""The table's name beside recorded answers."""
MODEL_COLUMNS = ("model", "name")
ROLES: tuple[RelativeRole, ...] = get_args(RelativeRole)
LINEAGE_COLUMNS = ("lineage", "base_family")


def read_lineages(path: Path) -> dict[str, str]:
    """Return the declared lineage by model name; raises BadFile for a table without the two columns."""
    rows = read_table(path)
    if not rows:
        raise BadFile(path, "no models in it")
    model, lineage = _column(path, rows[0], MODEL_COLUMNS), _column(path, rows[0], LINEAGE_COLUMNS)
    found: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        name = row[model].strip()
        if name in found:
            raise BadFile(path, f"{name!r} is declared twice", line=number)
        if row[lineage].strip():
            found[name] = row[lineage].strip()
    return found


def read_relatives(path: Path) -> list[Relative]:
    """Return the questioned model's relatives from a table with the columns model and role, by model; raises BadFile.

    Roles: `base`, what it was made from; `sibling`, another model made from that base; `relative`, any other relative.
    """
    if not path.is_file():
        raise BadFile(path, "there is no such file", remedy="Name a CSV table with the columns model and role.")
    rows = read_table(path)
    if not rows:
        raise BadFile(path, "no relatives in it")
    model, role = _column(path, rows[0], MODEL_COLUMNS), _column(path, rows[0], ("role",))
    found: dict[str, Relative] = {}
    for number, row in enumerate(rows, start=2):
        name, given = row[model].strip(), row[role].strip()
        if name in found:
            raise BadFile(path, f"{name!r} is named twice", line=number)
        if given not in ROLES:
            raise BadFile(path, f"unknown role {given!r}", line=number, remedy=f"Roles: {', '.join(ROLES)}.")
        found[name] = Relative.model_validate({"model": name, "role": given})
    return [found[name] for name in sorted(found)]


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV table with a header line; raises BadFile naming the line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows = []
            for row in reader:
                if None in row or None in row.values():
                    raise BadFile(path, "not as many cells as the header has columns", line=reader.line_num)
                rows.append(row)
            return rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadFile(path, f"not a CSV table ({error})") from error


def _column(path: Path, row: Mapping[str, str], usual: tuple[str, ...]) -> str:
    for name in usual:
        if name in row:
            return name
    raise BadFile(path, f"no column {' or '.join(usual)}", remedy=f"Columns: {', '.join(row)}.")

"""Names that users give to models in `forensics.toml`, looked for in the current folder and upwards.

[models.ours]
adapter = "openai"            # or a service, such as "dashscope"
name = "qwen-plus"
base_url = "https://gateway.example/v1"
key_env = "GATEWAY_KEY"       # the variable that holds the key; a key itself is never written down
parameters = { omit = "seed", timeout = 60 }
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from forensics.errors import BadFile

FILE = "forensics.toml"
_FIELDS = ("adapter", "name", "base_url", "key_env", "parameters")
_REMEDY = f"A model has the fields {', '.join(_FIELDS)}."


class Alias(NamedTuple):
    """A model as a user named it."""

    adapter: str
    """An adapter's name, or a service's."""
    name: str
    options: dict[str, str]


def file() -> Path | None:
    """Return the nearest file of names, from the current folder upwards."""
    here = Path.cwd()
    return next((path for folder in (here, *here.parents) if (path := folder / FILE).is_file()), None)


def read() -> dict[str, Alias]:
    """Return the names that hold here; raises BadFile with what is wrong in the file, and where."""
    path = file()
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(path, f"no TOML: {error}", remedy="Correct it, or move it away.") from error
    models = content.get("models", {})
    if not isinstance(models, dict):
        raise BadFile(path, "`models` is no table", remedy="Write [models.NAME].")
    return {name: _alias(path, name, row) for name, row in models.items()}


def _alias(path: Path, name: str, row: Any) -> Alias:
    if not isinstance(row, dict):
        raise BadFile(path, f"models.{name} is no table", remedy=f"Write [models.{name}]. {_REMEDY}")
    if not name or ":" in name or "?" in name:
        raise BadFile(
            path, f"{name!r} is no name for a model: it holds : or ?, or nothing", remedy="Name it otherwise."
        )
    for field in row:
        if field not in _FIELDS:
            # Not shown with its value: it may be a key.
            raise BadFile(path, f"models.{name} has an unknown field {field!r}", remedy=_REMEDY)
    for field in ("adapter", "name"):
        if not isinstance(row.get(field), str):
            raise BadFile(path, f"models.{name}.{field} is missing or no text", remedy=_REMEDY)
    options = {field: row[field] for field in ("base_url", "key_env") if field in row}
    parameters = row.get("parameters", {})
    if not isinstance(parameters, dict):
        raise BadFile(path, f"models.{name}.parameters is no table", remedy="Write parameters = { timeout = 60 }.")
    return Alias(
        row["adapter"], row["name"], {field: _text(value) for field, value in {**parameters, **options}.items()}
    )


def _text(value: Any) -> str:
    """Write a value as it would stand on the command line."""
    return value if isinstance(value, str) else json.dumps(value)

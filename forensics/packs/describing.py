"""What a pack holds, for people and for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forensics.packs import file


def summary(path: Path) -> dict[str, Any]:
    """Return what `--json` prints: everything the manifest says but the arrays and the salt."""
    found = file.manifest(path)
    models = [model.model_dump(mode="json", exclude={"arrays"}) for model in found.models]
    return {
        "path": str(path),
        "bytes": path.stat().st_size,
        "tool": found.tool,
        "key": "in the pack" if found.salt is not None else "withheld",
        "prompts": found.prompts,
        "embedded": found.embedded,
        "features": dict(found.features),
        "models": models,
    }


def show(path: Path) -> None:
    """Print a pack's models and what it is to standard output."""
    from rich.console import Console
    from rich.table import Table

    from forensics.hostile import terminal

    content = summary(path)
    table = Table("model", "lineage", "answers", "with text", "refused", box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    for model in content["models"]:
        counts = (f"{model[name]:,}" for name in ("answers", "text", "refused"))
        table.add_row(terminal(model["name"]), terminal(model["lineage"] or "not declared"), *counts)
    console = Console()
    console.print(table)
    embedded = f"embeddings of {content['embedded']}" if content["embedded"] else "no embeddings"
    console.print(
        f"{len(content['models'])} models, {content['prompts']:,} prompts, {embedded}; {content['bytes'] / 1e6:,.1f} MB; "
        f"key {content['key']}",
        highlight=False,
    )
    console.print(terminal(str(path)), markup=False, highlight=False, soft_wrap=True)

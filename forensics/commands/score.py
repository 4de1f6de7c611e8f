"""`forensics score`: score a case again from its transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.commands import as_json, format_option, json_option, workers_option

if TYPE_CHECKING:
    from forensics.reporting.parts import Style


@click.command(
    epilog="""\b
Example:
  forensics score reports/demo
"""
)
@click.argument("case", type=click.Path(path_type=Path))
@format_option
@workers_option
@json_option
def command(*, case: Path, formats: str, style: Style, us: bool, workers: int, json_: bool) -> None:
    """Score CASE from its transcripts and write its evidence and reports; asks no model."""
    from forensics import comparing

    result = comparing.rescore(case, formats=formats.split(","), style=style, us=us, workers=workers)
    if json_:
        as_json(result.summary())
    else:
        result.show()

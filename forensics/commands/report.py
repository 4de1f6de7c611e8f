"""`forensics report`: lay out a case's evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.commands import format_option

if TYPE_CHECKING:
    from forensics.reporting.parts import Style


@click.command(
    epilog="""\b
Examples:
  forensics report reports/demo --format html,csv
  forensics report reports/demo --style court --format pdf,docx
"""
)
@click.argument("case", type=click.Path(path_type=Path))
@format_option
def command(case: Path, formats: str, style: Style, us: bool) -> None:
    """Lay out the evidence of CASE; computes nothing, and asks no model."""
    from forensics import comparing

    for path in comparing.report(case, formats.split(","), style=style, us=us):
        click.echo(str(path))

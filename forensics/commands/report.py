"""`forensics report`: lay out a case's evidence."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import format_option


@click.command(
    epilog="""\b
Example:
  forensics report reports/demo --format html,csv
"""
)
@click.argument("case", type=click.Path(path_type=Path))
@format_option
def command(case: Path, formats: str) -> None:
    """Lay out the evidence of CASE; computes nothing, and asks no model."""
    from forensics import comparing

    for path in comparing.report(case, formats.split(",")):
        click.echo(str(path))

"""`forensics list`: what there is to choose from."""

from __future__ import annotations

import shutil
import sys

import click

from forensics.commands import as_json, json_option


@click.command(
    epilog="""\b
Example:
  forensics list statistics
"""
)
@click.argument("kind", metavar="KIND")
@json_option
def command(kind: str, json_: bool) -> None:
    """List what there is of a KIND: adapters, importers, statistics, embedders, formats, probes, models or services."""
    from forensics import listing
    from forensics.hostile import terminal

    rows = listing.rows(kind)
    if json_:
        as_json([row._asdict() for row in rows])
    else:
        # A pipe gets every word.
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in listing.lines(rows, width=width):
            click.echo(terminal(line))

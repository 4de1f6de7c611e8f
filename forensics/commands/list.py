"""`forensics list`: what there is to choose from."""

from __future__ import annotations

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
    """List what there is of a KIND: adapters, importers, statistics, embedders, formats, probes or models."""
    from forensics import listing

    rows = listing.rows(kind)
    if json_:
        as_json([row._asdict() for row in rows])
    else:
        for row in rows:
            click.echo(f"{row.name:<22} {row.summary}")

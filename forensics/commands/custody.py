"""`forensics custody`: who did what to a case, and when."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import as_json, json_option


@click.command(
    epilog="""\b
Example:
  forensics custody reports/demo
"""
)
@click.argument("case", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def command(case: Path, json_: bool) -> None:
    """Print the custody log of CASE: who did what, when, with which version, each file's digest before and after.

    Exit status 4 if a line of it was changed, removed or reordered.
    """
    from forensics.custody import log
    from forensics.hostile import terminal

    found = log.read(case)
    if json_:
        as_json([act.model_dump(mode="json") for act in found.acts])
    else:
        for line in log.lines(found):
            click.echo(terminal(line))
    log.raise_if_broken(found, case)

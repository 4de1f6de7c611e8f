"""`forensics verify`: is this what was sealed."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import as_json, json_option, workers_option


@click.command(
    epilog="""\b
Example:
  forensics verify demo-bundle --pin "$(cat fingerprint.txt)" --recompute
"""
)
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.option("--pin", "pins", multiple=True, help="Fingerprint of the maker's key, from another source (repeatable).")
@click.option(
    "--tsa-ca",
    "authorities",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Certificates of time-stamp authorities that you trust, PEM (repeatable).",
)
@click.option("--recompute", is_flag=True, help="Compute every number again from the answers in the bundle.")
@workers_option
@json_option
def command(
    *, bundle: Path, pins: tuple[str, ...], authorities: tuple[Path, ...], recompute: bool, workers: int, json_: bool
) -> None:
    """Check BUNDLE, a folder or a .zip, offline, and name every fault: exit status 4 if there is one."""
    from forensics.custody import checking, findings
    from forensics.hostile import terminal

    found = checking.verify(bundle, checking.trust(pins, authorities), recompute=recompute, workers=workers)
    if json_:
        as_json(found.content())
    else:
        for line in found.lines():
            click.echo(terminal(line))
    findings.raise_if_any(found, bundle)

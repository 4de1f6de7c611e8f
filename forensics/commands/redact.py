"""`forensics redact`: an edition of a bundle with something taken out, and proof of all the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from forensics.commands import say, sealing_options, signing


@click.command(
    epilog="""\b
Example:
  forensics redact demo-bundle --rule "contains:Jane Doe|personal data" -o demo-redacted
"""
)
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--rule",
    "rules",
    multiple=True,
    required=True,
    help="What to take out and why, KIND:VALUE|REASON (repeatable). Kinds: contains, probe, model, file.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The edition's folder.")
@click.option("--zip", "zip_", is_flag=True, help="Also write it as one .zip beside it.")
@sealing_options
def command(bundle: Path, rules: tuple[str, ...], output: Path, zip_: bool, **options: Any) -> None:
    """Write a redacted edition of BUNDLE under a seal of its own.

    It still proves the position and the digest of what was removed, by salted commitments that tell nothing to somebody
    who guesses, and that everything else is as it was sealed. Each removal stands with its reason in redaction.json.
    """
    from forensics.custody import delivering

    for path in delivering.redact(bundle, output, rules, signing(options), zipped=zip_, say=say):
        click.echo(str(path))

"""`forensics seal`: a case as a bundle that anyone can check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from forensics.commands import say, sealing_options, signing


@click.command(
    epilog="""\b
Examples:
  forensics seal reports/demo -o demo-bundle
  forensics seal reports/demo -o demo-bundle --zip --tsa https://tsa.example.org
"""
)
@click.argument("case", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The bundle's folder.")
@click.option(
    "--zip", "zip_", is_flag=True, help="Also write the bundle as one .zip beside it, byte for byte repeatable."
)
@sealing_options
def command(case: Path, output: Path, zip_: bool, **options: Any) -> None:
    """Copy CASE with every file of answers into a BagIt bundle, and sign it.

    The answers are sealed first, then everything with the report; where the case follows a protocol, its seal comes before
    both. VERIFY.txt in the bundle says how to check it with sha256sum and openssl alone.
    """
    from forensics.custody import delivering

    for path in delivering.seal(case, output, signing(options), zipped=zip_):
        click.echo(str(path))
    say("give the fingerprint of your key (forensics keys show) to whoever checks this, by another way than the bundle")

"""`forensics keys`: the key that seals."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import as_json, ask_passphrase, json_option, say


@click.group(
    epilog="""\b
Examples:
  forensics keys new
  forensics keys show
"""
)
def command() -> None:
    """Make and show the key that seals protocols and bundles."""


@command.command(
    epilog="""\b
Example:
  forensics keys new ~/keys/seal.pem
"""
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
def new(path: Path | None) -> None:
    """Make a key behind a passphrase at PATH (default: the user's), and print its fingerprint.

    The passphrase comes from FORENSICS_PASSPHRASE or is asked for. The file is readable by its owner alone, and never lies
    inside a case.
    """
    from forensics.custody import keys

    where = path or keys.default_path()
    name = keys.new(where, ask=keys.passphrase_from(lambda: ask_passphrase(confirm=True)))
    say(f"key written to {where}: whoever has it and its passphrase can seal in your name")
    click.echo(keys.grouped(name))


@command.command(
    epilog="""\b
Example:
  forensics keys show
"""
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@json_option
def show(path: Path | None, json_: bool) -> None:
    """Print the fingerprint of the key at PATH (default: the user's), for the paper report."""
    from forensics.custody import keys

    signer = keys.load(path or keys.default_path(), ask=keys.passphrase_from(ask_passphrase))
    if json_:
        as_json({"fingerprint": signer.fingerprint, "public_key": keys.public_pem(signer.public).decode()})
    else:
        click.echo(keys.grouped(signer.fingerprint))
        click.echo(keys.public_pem(signer.public).decode(), nl=False)

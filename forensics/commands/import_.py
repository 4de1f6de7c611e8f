"""`forensics import`: recorded answers to transcripts."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import say


@click.command(
    epilog="""\b
Example:
  forensics import answers/a/model_outputs.json.gz answers/b.csv -o transcripts
"""
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--as", "importer", metavar="FORMAT", help="Format of the files (default: found from their content).")
def command(files: tuple[Path, ...], folder: Path, importer: str | None) -> None:
    """Turn FILES of recorded answers into transcripts; all are checked before any is written."""
    from forensics import importing

    for done in importing.convert(files, folder, importer=importer):
        say(done.line)
        click.echo(str(done.path))

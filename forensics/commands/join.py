"""`forensics join`: the transcripts of shards to one."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import say


@click.command(
    epilog="""\b
Example:
  forensics probe demo:alder --probes demo --shard 1/2 -o one.jsonl
  forensics probe demo:alder --probes demo --shard 2/2 -o two.jsonl
  forensics join one.jsonl two.jsonl -o alder.jsonl
"""
)
@click.argument("shards", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The transcript to write.")
def command(*, shards: tuple[Path, ...], output: Path) -> None:
    """Join SHARDS, transcripts of `probe --shard`, to one transcript of its own chain; their digests stand in its header."""
    from forensics.asking import joining

    say(f"{joining.join(shards, output):,} answers of {len(shards)} transcripts")
    click.echo(str(output))

"""`forensics probe`: ask one model a probe set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from forensics.commands import asking_options, part, sampled, sampling_options, say, terms


@click.command(
    epilog="""\b
Examples:
  forensics probe demo:alder --probes demo -o alder.jsonl
  forensics probe openai:gpt-4o-mini --dry-run --prices prices.toml -o mini.jsonl
"""
)
@click.argument("model")
@sampling_options
@asking_options
@click.option(
    "--shard",
    metavar="I/N",
    callback=part,
    help="Ask one of n equal parts; `forensics join` makes one transcript of them.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The transcript.")
def command(
    *,
    model: str,
    probe_set: str | None,
    draws: int,
    dry_run: bool,
    shard: tuple[int, int] | None,
    output: Path,
    **options: Any,
) -> None:
    """Ask MODEL every probe of a set and write the transcript; repeated, it goes on where it stopped.

    Every answer is on disk before it counts, and the order is random but the same for every model. Answers of services
    are kept in a cache of the user's, so that no question is paid for twice.
    """
    from forensics import runner

    ready = runner.named(model, probe_set, sampling=sampled(options), draws=draws, path=output)
    asked = terms(options, shard=shard)
    if dry_run:
        for estimate in runner.estimated([ready], terms=asked):
            click.echo(estimate.line())
        return
    runner.probe(ready, terms=asked, say=say, stream=sys.stderr)
    click.echo(str(output))

"""`forensics probe`: ask one model a probe set."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import sampling_options, say


@click.command(
    epilog="""\b
Example:
  forensics probe demo:alder --probes demo -o alder.jsonl
"""
)
@click.argument("model")
@sampling_options
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The transcript.")
def command(
    *,
    model: str,
    probe_set: str | None,
    draws: int,
    temperature: float | None,
    max_tokens: int,
    sampling_seed: int,
    output: Path,
) -> None:
    """Ask MODEL every probe of a set and write the transcript; repeated, it goes on where it stopped."""
    from forensics import runner
    from forensics.records.transcript import Sampling

    sampling = Sampling(temperature=temperature, max_tokens=max_tokens, seed=sampling_seed)
    counts = runner.probe(model, probe_set, sampling=sampling, draws=draws, path=output)
    say(counts)
    click.echo(str(output))

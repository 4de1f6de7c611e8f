"""`forensics mixture`: which lineages explain a model's behaviour beyond its own base."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import LARGEST_SEED, as_json, json_option, workers_option


@click.command(
    epilog="""\b
Examples:
  forensics mixture replay:answers/suspect.jsonl --cohort answers
  forensics mixture replay:suspect.jsonl --cohort answers --base their-base-chat -o mixture.json
"""
)
@click.argument("suspect")
@click.option("--cohort", multiple=True, required=True, help="Other models: recorded answers, or a cohort pack.")
@click.option("--models", type=click.Path(path_type=Path, exists=True), help="CSV table of declared lineages.")
@click.option("--base", multiple=True, help="Cohort model that is its own base (repeatable; default: its lineage).")
@click.option(
    "--statistic",
    type=click.Choice(["beginnings", "lexical", "semantic"]),
    default="beginnings",
    show_default=True,
    help="What behaviour is measured by.",
)
@click.option("--replicates", type=click.IntRange(100), default=200, show_default=True, help="Bootstrap replicates.")
@click.option(
    "--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True, help="Seed of the bootstrap."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the record to a JSON file.")
@workers_option
@json_option
def command(
    *,
    suspect: str,
    cohort: tuple[str, ...],
    models: Path | None,
    base: tuple[str, ...],
    statistic: str,
    replicates: int,
    seed: int,
    output: Path | None,
    workers: int,
    json_: bool,
) -> None:
    """Say which lineages explain SUSPECT's behaviour beyond its own base, and how much nothing explains.

    A share is a share of behaviour as one statistic sees it, compared with what all lineages have in common. It is no
    share of training data. Most of a model's behaviour is its own: expect a large remainder.
    """
    from forensics import canonical, mixing
    from forensics.reporting.mixture import show

    asked = mixing.Asked(suspect, cohort, models, base, statistic, replicates, seed, workers)
    found = mixing.of_suspect(asked)
    content = found.model_dump(mode="json", by_alias=True)
    if output is not None:
        canonical.write_atomic(output, canonical.pretty(content))
    if json_:
        as_json(content)
    else:
        show(found)

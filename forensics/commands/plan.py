"""`forensics plan`: how much has to be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from forensics.commands import Number, as_json, json_option, workers_option


@click.command(
    epilog="""\b
Examples:
  forensics plan answers --pairs answers/pairs.csv --power 0.95
  forensics plan reports/demo --lr 100 --price-in 0.5 --price-out 1.5
  forensics plan reports/pilot --question equality --power 0.9 --false-positives 0.05
"""
)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--question",
    type=click.Choice(["derivation", "distillation", "shared_ancestry", "equality"]),
    default="derivation",
    show_default=True,
    help="What is asked of the pair.",
)
@click.option(
    "--models", type=click.Path(path_type=Path), help="Table of lineages (default: models.csv in the folder)."
)
@click.option("--pairs", type=click.Path(path_type=Path), help="Table of labelled pairs (a, b, relation, clean).")
@click.option("--power", type=Number(0.05, 0.999), default=0.9, show_default=True, help="Power wanted.")
@click.option("--false-positives", type=Number(0.0001, 0.5), default=0.01, show_default=True, help="Share permitted.")
@click.option("--lr", type=Number(1), help="Likelihood ratio wanted: is it within reach?")
@click.option("--calibration", help="Calibration whose limit applies: a shipped name or a file.")
@click.option("--statistic", default="lexical", show_default=True, help="Statistic to plan for.")
@click.option("--ask", type=click.IntRange(1), default=2, show_default=True, help="Models that have to be asked.")
@click.option("--price-in", type=Number(0), help="Price of a million tokens of prompts.")
@click.option("--price-out", type=Number(0), help="Price of a million tokens of answers.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the drawings of probes.")
@workers_option
@json_option
def command(*, json_: bool, **options: Any) -> None:
    """Work out probes, draws, calls, tokens and cost from recorded answers.

    FOLDER is a case, or a folder of recorded answers with a table of lineages. The power is the share of related pairs
    told from unrelated ones at the permitted share of false positives, found by drawing probes from those recorded.

    For equality FOLDER is a pilot: a case, or a folder with several draws of both sides. The power is the share of tests
    that find a difference like the one between them, `at least` what four pilots in five keep.
    """
    from forensics import planning

    plan = planning.plan_for(options)
    if json_:
        as_json(plan.content())
    else:
        for line in plan.lines():
            click.echo(line)

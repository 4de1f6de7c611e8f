"""`forensics probes`: read, check, digest and rate probe sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from forensics.commands import Number, as_json, json_option, workers_option


@click.group(
    epilog="""\b
Examples:
  forensics probes show values --category honesty
  forensics probes check my-probes.jsonl
"""
)
def command() -> None:
    """Read, check, digest and rate probe sets."""


@command.command(
    epilog="""\b
Example:
  forensics probes show standard
"""
)
@click.argument("name", metavar="SET")
@click.option("--category", help="Only the probes of this category.")
@json_option
def show(name: str, category: str | None, json_: bool) -> None:
    """Print the datasheet, the digest and the probes of SET, a shipped name or a .jsonl file."""
    from forensics.hostile import visible
    from forensics.probes import showing

    shown = showing.show(name, category=category)
    if json_:
        as_json(shown.content())
    else:
        for line in shown.lines():
            click.echo(visible(line))


@command.command(
    epilog="""\b
Example:
  forensics probes check my-probes.jsonl
"""
)
@click.argument("sets", nargs=-1, metavar="[SET]...")
@json_option
def check(sets: tuple[str, ...], json_: bool) -> None:
    """Check SETs (default: all shipped) and list every fault: exit status 2 if there is one.

    Form, ids, length, language, keys, near-duplicates within and across sets, real people, requests for harm. Your own
    set is compared with the shipped ones as well.
    """
    from forensics.hostile import visible
    from forensics.probes import checks

    checked = checks.check(sets)
    if json_:
        as_json(checked.content())
    else:
        for line in checked.lines():
            click.echo(visible(line))
    checks.raise_if_any(checked)


@command.command(
    epilog="""\b
Example:
  forensics probes digest my-probes.jsonl
"""
)
@click.argument("sets", nargs=-1, required=True, metavar="SET...")
@json_option
def digest(sets: tuple[str, ...], json_: bool) -> None:
    """Print the digest of each SET's content: what to commit to before anyone is asked."""
    from forensics import probes

    found = {name: probes.load(name).digest for name in sets}
    if json_:
        as_json(found)
    else:
        for name, value in found.items():
            click.echo(f"{value}  {name}")


@command.command(
    epilog="""\b
Example:
  forensics probes rate my-probes.jsonl answers --models models.csv
"""
)
@click.argument("probe_set", metavar="SET")
@click.argument("folder", metavar="TRANSCRIPTS", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--models", type=click.Path(path_type=Path), help="Table of lineages (default: models.csv in the folder)."
)
@click.option("--pairs", type=click.Path(path_type=Path), help="Table of labelled pairs (a, b, relation, clean).")
@click.option("--statistic", default="lexical", show_default=True, help="The statistic that is rated by.")
@click.option("--development", type=Number(0.1, 1.0), default=0.5, show_default=True, help="Share of lineages.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the split by lineage.")
@workers_option
@json_option
def rate(*, json_: bool, **options: Any) -> None:
    """Rate the probes of SET by how well recorded answers to them tell lineages apart.

    TRANSCRIPTS is a folder of recorded answers, a file or a folder for each model. SET is a shipped name, a .jsonl file, or `recorded` for all
    prompts in the answers. Without --pairs all models of one lineage are taken as related. Only development lineages are looked at; the others stay unseen, for measuring what a
    selection is worth.
    """
    from forensics.probes import rating

    ratings = rating.rate(rating.Wanted(**options))
    if json_:
        as_json(ratings.content())
    else:
        for line in ratings.lines():
            click.echo(line)

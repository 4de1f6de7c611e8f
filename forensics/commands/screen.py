"""`forensics screen`: many models, every pair, ranked and drawn."""

from __future__ import annotations

import click

from forensics.commands import LARGEST_SEED, as_json, json_option, say, workers_option


@click.command(
    epilog="""\b
Examples:
  forensics screen answers -o market
  forensics screen answers -o market --suspect their-model --calibration alpaca_eval-derivation
  forensics screen s3://bucket/answers -o s3://bucket/market --store s3://bucket/work --cluster tcp://10.0.0.5:8786
"""
)
@click.argument("folder")
@click.option("-o", "--output", metavar="SCREEN", required=True, help="The screen's folder: a path or a URL.")
@click.option("--models", help="CSV table of models: model, lineage, developer (default: models.csv in DIR).")
@click.option("--statistic", "statistics", multiple=True, help="Statistic to score by (repeatable)  [default: phrases]")
@click.option(
    "--suspect", "suspects", multiple=True, metavar="NAME", help="List the models nearest to this one (repeatable)."
)
@click.option("--calibration", metavar="NAME", help="Calibration: a shipped name or a file (see `list calibrations`).")
@click.option("--transfer", is_flag=True, help="Use the calibration even if it does not fit; marked as not validated.")
@click.option(
    "--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True, help="Seed of the resamplings."
)
@click.option(
    "--anew", is_flag=True, help="Measure everything anew; without it, models that joined cost only their rows."
)
@click.option(
    "--pictures/--no-pictures", default=True, show_default=True, help="Draw the page, heat map, trees and map."
)
@click.option(
    "--candidates",
    type=click.IntRange(1),
    help="Score only each model's nearest so many by sketch (for thousands of models).",
)
@click.option("--cluster", metavar="URL", help="Run on a Dask cluster, tcp://HOST:PORT (needs forensics[cluster]).")
@click.option(
    "--store", metavar="PLACE", help="Where features and sums are kept: a path or a URL (default: the cache)."
)
@workers_option
@json_option
def command(
    *,
    folder: str,
    output: str,
    models: str | None,
    statistics: tuple[str, ...],
    suspects: tuple[str, ...],
    calibration: str | None,
    transfer: bool,
    seed: int,
    anew: bool,
    candidates: int | None,
    pictures: bool,
    cluster: str | None,
    store: str | None,
    workers: int,
    json_: bool,
) -> None:
    """Score every pair of the models whose recorded answers lie in FOLDER, rank them, and draw who resembles whom.

    Relatives are left out of what a pair is compared with: as the table of models declares them, or as closeness gives
    them away, which is then marked. A screen says where to look; the evidence of a pair is made by `forensics compare`.
    Folders may be URLs that fsspec knows.
    """
    from forensics.screening import running

    wanted = running.Wanted(
        folder=folder,
        output=output,
        models=models,
        statistics=tuple(dict.fromkeys(statistics)),
        calibration=calibration,
        transfer=transfer,
        suspects=tuple(dict.fromkeys(suspects)),
        seed=seed,
        workers=workers,
        cluster=cluster,
        store=store,
        anew=anew,
        candidates=candidates,
        pictures=pictures,
    )
    result = running.screen(wanted, say=say)
    if json_:
        as_json(result.summary())
    else:
        result.show()

"""`forensics calibrate`: how scores become likelihood ratios."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import say, workers_option


@click.command(
    epilog="""\b
Example:
  forensics calibrate answers --pairs answers/pairs.csv --models answers/models.csv -o calibration.json
"""
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pairs", type=click.Path(path_type=Path), required=True, help="CSV table: a, b, relation, clean.")
@click.option("--models", type=click.Path(path_type=Path), required=True, help="CSV table: model, lineage.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The calibration.")
@click.option(
    "--question",
    type=click.Choice(["derivation", "shared_ancestry", "distillation"]),
    default="derivation",
    show_default=True,
)
@click.option(
    "--statistic", "features", multiple=True, help="Statistic to weigh (repeatable; default: the question's)."
)
@click.option("--normalisation", help="How scores are normalised (default: the question's).")
@click.option("--probes", "probe_set", metavar="SET", help="Only the prompts of this probe set.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the bootstrap over lineages.")
@click.option("--figures", type=click.Path(path_type=Path), help="Folder for the Tippett, PAV and ECE plots (SVG).")
@workers_option
def command(
    *,
    folder: Path,
    pairs: Path,
    models: Path,
    output: Path,
    question: str,
    features: tuple[str, ...],
    normalisation: str | None,
    probe_set: str | None,
    seed: int,
    figures: Path | None,
    workers: int,
) -> None:
    """Fit and validate likelihood ratios on the recorded answers in FOLDER and labelled pairs of models.

    Every figure is measured on pairs whose two lineages the fitted line has not seen.
    """
    from forensics import calibrating

    calibrating.run(
        calibrating.wanted(
            folder=folder,
            pairs=pairs,
            models=models,
            question=question,
            features=features,
            normalisation=normalisation,
            probe_set=probe_set,
            seed=seed,
            workers=workers,
        ),
        output,
        say=say,
        figures=figures,
    )
    click.echo(str(output))

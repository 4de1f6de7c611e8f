"""`forensics cohort`: share a reference population without its texts."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import as_json, json_option, say, workers_option


@click.group(
    epilog="""\b
Examples:
  forensics cohort build answers -o market.cohort
  forensics compare replay:a.jsonl replay:b.jsonl --cohort market.cohort -o reports/a-b
"""
)
def command() -> None:
    """Make and show cohort packs: a population to compare with, without its texts.

    A pack holds counts of keyed hashes, embeddings, counts of answers, digests of the prompts and declared lineages.
    Comparing with it gives the scores that the texts would give. It is no anonymisation: docs/packs.md says what
    somebody who has the pack can find out.
    """


@command.command(
    epilog="""\b
Examples:
  forensics cohort build answers -o market.cohort
  FORENSICS_PACK_KEY=... forensics cohort build answers --embeddings none -o market.cohort
"""
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The pack, NAME.cohort.")
@click.option("--models", type=click.Path(path_type=Path), help="CSV table of declared lineages (model, lineage).")
@click.option(
    "--embeddings",
    "embed",
    type=click.Choice(["first", "all", "none"]),
    default="first",
    show_default=True,
    help="Embed as many prompts as a comparison uses, all, or none.",
)
@workers_option
@json_option
def build(*, folder: Path, output: Path, models: Path | None, embed: str, workers: int, json_: bool) -> None:
    """Make a pack of the recorded answers in FOLDER.

    Its key is drawn at random and kept in the pack, so that anybody can compare with it. With FORENSICS_PACK_KEY set, that
    secret is the key and the pack does not hold it: only those who have it can use the pack, or try guesses.
    """
    from forensics.packs import building, describing

    built = building.build_folder(folder, output, models=models, embed=embed, workers=workers, say=say)  # type: ignore[arg-type]  # click.Choice has checked it
    if json_:
        as_json(describing.summary(built.path))
    else:
        describing.show(built.path)


@command.command(
    epilog="""\b
Example:
  forensics cohort show market.cohort
"""
)
@click.argument("pack", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def show(*, pack: Path, json_: bool) -> None:
    """Say what PACK holds, and of which models."""
    from forensics.packs import describing

    if json_:
        as_json(describing.summary(pack))
    else:
        describing.show(pack)

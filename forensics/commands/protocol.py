"""`forensics protocol`: what is fixed before any answer exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from forensics.commands import (
    equality_options,
    equality_terms,
    sampled,
    sampling_options,
    say,
    scoring_options,
    sealing_options,
    signing,
)


@click.command(
    epilog="""\b
Examples:
  forensics protocol reports/demo --reference demo:alder --questioned demo:alder-tuned --cohort demo: --probes demo --analyst "A. Analyst"
  forensics protocol reports/same --question equality --reference demo:alder --questioned demo:alder-mirror --probes demo --draws 10
    --alpha 0.01 --analyst "A. Analyst"
"""
)
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--reference", required=True, help="The reference model.")
@click.option("--questioned", required=True, help="The questioned model.")
@click.option(
    "--cohort",
    multiple=True,
    help="Other models: a folder or file of answers, or a model name; only equality needs none.",
)
@click.option("--analyst", required=True, help="Who fixes this.")
@click.option(
    "--question",
    type=click.Choice(["derivation", "distillation", "shared_ancestry", "equality"]),
    default="derivation",
    show_default=True,
    help="What is asked of the pair.",
)
@click.option("--models", type=click.Path(path_type=Path), help="CSV table of declared lineages (model, lineage).")
@click.option(
    "--relatives",
    type=click.Path(path_type=Path),
    help="CSV table of the questioned model's relatives in the cohort: model, role (base, sibling, relative).",
)
@click.option("--calibration", metavar="NAME", help="Calibration: a shipped name or a file.")
@click.option("--transfer", is_flag=True, help="Use the calibration even if it does not fit.")
@click.option(
    "--decision-rule", "rules", multiple=True, help="How it will be decided (repeatable; default: the usual rules)."
)
@click.option("--secret-probes", is_flag=True, help="Fix the probe set by a commitment that does not tell which it is.")
@equality_options
@sampling_options
@scoring_options
@sealing_options
def command(case: Path, **options: Any) -> None:
    """Write down and seal in CASE, a new folder, what is fixed before any answer exists.

    `forensics compare --protocol` follows it, and every departure from it stands in every report.
    """
    from forensics.custody import delivering

    signer = signing(options)
    options["sampling"] = sampled(options)
    options["equality"] = equality_terms(options, options["question"])
    click.echo(str(delivering.protocol(case, signer, **options)))
    say("compare with --protocol and this file; a time stamp (--tsa) is what proves its date to others")

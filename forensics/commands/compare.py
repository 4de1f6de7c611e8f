"""`forensics compare`: two models, a cohort, and the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.commands import (
    answers_key,
    as_json,
    asking_options,
    equality_options,
    equality_terms,
    format_option,
    given,
    json_option,
    sampled,
    sampling_options,
    say,
    scoring_options,
    terms,
    workers_option,
)

if TYPE_CHECKING:
    from forensics.reporting.parts import Style


@click.command(
    epilog="""\b
Examples:
  forensics compare demo:alder demo:alder-tuned --cohort demo: --probes demo -o reports/demo
  forensics compare replay:answers/a replay:answers/b --cohort answers -o reports/a-b
  forensics compare replay:teacher.jsonl replay:student.jsonl --cohort market.cohort --question distillation
    --relatives siblings.csv -o reports/distilled
  forensics compare demo:alder demo:alder-mirror --question equality --draws 10 --probes demo -o reports/same
  forensics compare demo:alder demo:alder-mirror demo:oak --question equality --draws 10 --probes demo -o reports/all
"""
)
@click.argument("reference", default="")
@click.argument("questioned", nargs=-1)
@click.option("--cohort", multiple=True, help="Other models: a folder or file of recorded answers, or a model name.")
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), required=True, help="The case's folder.")
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
@click.option("--calibration", metavar="NAME", help="Calibration: a shipped name or a file (see `list calibrations`).")
@click.option("--transfer", is_flag=True, help="Use the calibration even if it does not fit; marked as not validated.")
@click.option(
    "--protocol",
    type=click.Path(path_type=Path, exists=True),
    help="Sealed protocol to follow; what is given besides deviates.",
)
@click.option("--key", type=click.Path(path_type=Path), help="Key that seals the answers before they are scored.")
@equality_options
@sampling_options
@asking_options
@scoring_options
@format_option
@workers_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    reference: str,
    questioned: tuple[str, ...],
    cohort: tuple[str, ...],
    folder: Path,
    question: str,
    models: Path | None,
    relatives: Path | None,
    calibration: str | None,
    transfer: bool,
    protocol: Path | None,
    key: Path | None,
    probe_set: str | None,
    draws: int,
    statistics: tuple[str, ...],
    seed: int,
    replicates: int,
    formats: str,
    style: Style,
    us: bool,
    workers: int,
    json_: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Compare QUESTIONED with REFERENCE against a cohort, and write the evidence.

    The question of equality, whether both endpoints serve the same model, needs several draws and no cohort. It takes
    several QUESTIONED: a case for each, and a verdict over all of them in which --alpha bounds the chance of any false alarm.

    A model is ADAPTER:NAME, as in replay:PATH for answers recorded earlier. Recorded answers are matched by their
    prompts; models that have to be asked answer the probe set named with --probes.

    With --relatives, QUESTIONED is set beside other models of its own base: is it nearer to REFERENCE than they are?
    """
    from forensics import comparing, endpoints
    from forensics.preparing import Wanted

    wanted = Wanted(
        reference=reference,
        questioned="",
        cohort=cohort,
        folder=folder,
        probe_set=probe_set,
        sampling=sampled(options),
        draws=draws,
        question=question,  # type: ignore[arg-type]  # click.Choice has checked it
        models=models,
        relatives=relatives,
        statistics=statistics or None,
        seed=seed,
        replicates=replicates,
        calibration=calibration,
        transfer=transfer,
        terms=terms(options),
        equality=equality_terms(options, question, planned=protocol is not None),
    )
    if dry_run:
        for estimate in endpoints.estimated(wanted, questioned):
            click.echo(estimate.line())
        return
    plan = comparing.Plan(protocol, given(context), answers_key(key))
    result = endpoints.compare(
        wanted, questioned, formats=formats.split(","), style=style, us=us, workers=workers, say=say, plan=plan
    )
    if json_:
        as_json(result.summary())
    else:
        result.show()
    endpoints.raise_if_lost(result)

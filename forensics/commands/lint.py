"""`forensics lint`: check the words of reports, generated or edited."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import as_json, json_option


@click.command(
    epilog="""\b
Example:
  forensics lint reports/demo/report.court.docx expert-report.docx
"""
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def command(files: tuple[Path, ...], *, json_: bool) -> None:
    """Find words in FILEs (docx, html, md, txt) that say more than a comparison can; exits with 2 where there are any."""
    from forensics import linting
    from forensics.errors import UsageError
    from forensics.hostile import terminal

    faults = [fault for path in files for fault in linting.lint(path)]
    if json_:
        as_json([{**fault._asdict(), "rule": fault.rule.id, "instead": fault.rule.instead} for fault in faults])
    else:
        for fault in faults:
            click.echo(terminal(f"{fault.path}:{fault.line}: {fault.rule.id}: “{fault.text}” in “{fault.context}”"))
            click.echo(f"  {fault.rule.instead}")
    if faults:
        raise UsageError(
            f"{len(faults)} expressions say more than a comparison can."
            if len(faults) > 1
            else "1 expression says more than a comparison can.",
            remedy="Change them; a rule finds words, so a human decides what may stay.",
        )

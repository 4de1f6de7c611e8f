"""`forensics doctor`: is this instrument in order."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import as_json, json_option, say


@click.command(
    epilog="""\b
Examples:
  forensics doctor
  forensics doctor demo-bundle
"""
)
@click.argument("bundle", required=False, type=click.Path(path_type=Path, exists=True))
@json_option
def command(bundle: Path | None, json_: bool) -> None:
    """Check the installation, and measure controls whose answer is known: exit status 1 if one comes out wrong.

    With BUNDLE, a bundle or a case, warn of every known fault of the versions that it was made by, and nothing else.
    """
    from forensics import self_check

    if bundle is not None:
        _of_bundle(bundle, json_=json_)
        return
    findings = self_check.run(say=say)
    if json_:
        as_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}: {finding.found}")
    self_check.raise_if_any_failed(findings)


def _of_bundle(bundle: Path, *, json_: bool) -> None:
    from forensics.custody import faults

    found = faults.affecting(bundle)
    if json_:
        as_json([fault.model_dump(mode="json") for fault in found])
    else:
        for line in faults.lines(found):
            click.echo(line)

"""`forensics doctor`: is this instrument in order?"""

from __future__ import annotations

import click

from forensics.commands import as_json, json_option, say


@click.command(
    epilog="""\b
Example:
  forensics doctor
"""
)
@json_option
def command(json_: bool) -> None:
    """Check the installation, and measure controls whose answer is known: exit status 1 if one comes out wrong."""
    from forensics import self_check

    findings = self_check.run(say=say)
    if json_:
        as_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}: {finding.found}")
    self_check.raise_if_any_failed(findings)

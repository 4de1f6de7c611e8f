"""`forensics doctor`: is this instrument in order, and what can be asked of a model."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import as_json, json_option, say


@click.command(
    epilog="""\b
Examples:
  forensics doctor
  forensics doctor ollama:qwen3:8b
  forensics doctor demo-bundle
"""
)
@click.argument("target", metavar="[MODEL|BUNDLE]", required=False)
@json_option
def command(target: str | None, json_: bool) -> None:
    """Check the installation, and measure controls whose answer is known: exit status 1 if one comes out wrong.

    With MODEL, ask it a call per capability (key, endpoint, seed, log-probabilities, …) and say what works: exit status 3
    if it does not answer at all. With BUNDLE, a bundle or a case, warn of every known fault of the versions that it was
    made by. Neither does anything else.
    """
    from forensics import self_check

    if target is not None and Path(target).exists():
        _of_bundle(Path(target), json_=json_)
        return
    if target is not None:
        _of_model(target, json_=json_)
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


def _of_model(model: str, *, json_: bool) -> None:
    from forensics import examining
    from forensics.hostile import terminal

    found = examining.examine(model, say=say)
    if json_:
        as_json({"model": found.model, "calls": found.calls, "findings": [one._asdict() for one in found.findings]})
    else:
        for line in examining.lines(found):
            click.echo(terminal(line))

"""`forensics nightly`: look at pairs of models every night."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import answers_key, as_json, json_option, say, workers_option

PLAN = click.argument("plan", metavar="PAIRS.toml", type=click.Path(path_type=Path, exists=True, dir_okay=False))


class WithDefault(click.Group):
    """A group that takes what is no command of it for the file to `run`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` before a file's name or an option of it."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=WithDefault,
    epilog="""\b
Examples:
  forensics nightly init pairs.toml
  forensics nightly check pairs.toml
  forensics nightly pairs.toml --junit night.xml --markdown "$GITHUB_STEP_SUMMARY"
""",
)
def command() -> None:
    """Look at pairs of models every night: still the same, how close, and has a gate tripped.

    `forensics nightly PAIRS.toml` does one night. Exit status: 0 all gates passed · 5 a gate tripped · 6 a gate cannot
    be decided · 3 a model did not answer. A night is a day in UTC; repeated on the same day, it does what is missing.
    """


@command.command(
    epilog="""\b
Examples:
  forensics nightly pairs.toml
  forensics nightly run pairs.toml --json
"""
)
@PLAN
@click.option("--night", metavar="DAY", help="The night's name, as in 2026-11-25  [default: today, UTC]")
@click.option("--junit", "junit_to", type=click.Path(path_type=Path), help="Write JUnit XML to this file.")
@click.option("--markdown", "markdown_to", type=click.Path(path_type=Path), help="Add a summary to this file.")
@click.option("--key", type=click.Path(path_type=Path), help="Key that seals every night's case.")
@workers_option
@json_option
@click.pass_context
def run(
    context: click.Context,
    /,
    *,
    plan: Path,
    night: str | None,
    junit_to: Path | None,
    markdown_to: Path | None,
    key: Path | None,
    workers: int,
    json_: bool,
) -> None:
    """Do one night of PAIRS.toml."""
    from forensics.monitoring import outcome, running

    found = running.run(plan, night=night, workers=workers, seal=answers_key(key), say=say)
    outcome.write(found, junit_to=junit_to, markdown_to=markdown_to)
    if json_:
        as_json(found.model_dump(mode="json", by_alias=True))
    else:
        for line in outcome.lines(found):
            click.echo(line)
    context.exit(found.exit_status)


@command.command(epilog="\b\nExample:\n  forensics nightly init pairs.toml\n")
@click.argument("plan", metavar="PAIRS.toml", type=click.Path(path_type=Path))
def init(*, plan: Path) -> None:
    """Write PAIRS.toml to begin with, with every table and what it means."""
    from forensics.hostile import terminal
    from forensics.monitoring import plans

    plans.write_template(plan)
    click.echo(terminal(str(plan)))


@command.command(epilog="\b\nExample:\n  forensics nightly check pairs.toml\n")
@PLAN
def check(*, plan: Path) -> None:
    """Check PAIRS.toml and everything it names; asks no model."""
    from forensics.hostile import terminal
    from forensics.monitoring import plans

    for line in plans.described(plans.check(plan), plan.parent):
        click.echo(terminal(line))


@command.command(epilog="\b\nExample:\n  forensics nightly schema > pairs.schema.json\n")
def schema() -> None:
    """Print the JSON schema of PAIRS.toml."""
    from forensics.monitoring import plans

    as_json(plans.schema())

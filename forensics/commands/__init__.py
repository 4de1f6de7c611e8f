"""Commands: one file each, holding arguments and one call. Everything else is imported when the command runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
LARGEST_SEED = (1 << 31) - 1
"""What every service and every generator takes."""


class Temperature(click.FloatRange):
    """A range that refuses NaN too, which is neither below nor above any bound."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or fail as click does."""
        number: float = super().convert(value, param, ctx)
        if number != number:  # noqa: PLR0124  this is what tells NaN apart
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def say(message: str) -> None:
    """Print progress to standard error, control characters made harmless."""
    from forensics.hostile import terminal

    click.echo(terminal(message), err=True)


def as_json(value: Any) -> None:
    """Print one JSON document, and nothing else, to standard output."""
    from forensics import canonical

    click.echo(canonical.pretty(value).decode(), nl=False)


def json_option(command: F) -> F:
    """Add `--json`."""
    option = click.option("--json", "json_", is_flag=True, help="Print one JSON document to standard output.")
    return option(command)


def sampling_options(command: F) -> F:
    """Add the options that say how models are asked; they have no effect on recorded answers."""
    options = [
        click.option("--probes", "probe_set", metavar="SET", help="Probe set to ask: a name or a file  [default: standard]"),
        click.option("--draws", type=click.IntRange(1), default=1, show_default=True, help="Answers per probe."),
        click.option("--temperature", type=Temperature(0, 10), help="Sampling temperature (default: the model's)."),
        click.option("--max-tokens", type=click.IntRange(1), default=512, show_default=True, help="Limit per answer."),
        click.option("--sampling-seed", type=click.IntRange(0, LARGEST_SEED), default=1, show_default=True, help="Seed sent with the first draw."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def scoring_options(command: F) -> F:
    """Add the options that decide how a case is scored."""
    options = [
        click.option("--statistic", "statistics", multiple=True, help="Only this statistic (repeatable), or `all`."),
        click.option("--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True, help="Seed of the bootstrap."),
        click.option(
            "--replicates", type=click.IntRange(100), default=1000, show_default=True, help="Bootstrap replicates."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def workers_option(command: F) -> F:
    """Add `--workers`."""
    return click.option(
        "--workers", type=click.IntRange(1), default=2, show_default=True, help="Cores used; never changes a result."
    )(command)


def format_option(command: F) -> F:
    """Add `--format`."""
    return click.option(
        "--format",
        "formats",
        default="html,markdown,csv",
        show_default=True,
        help="Report formats, separated by commas (see `forensics list formats`).",
    )(command)

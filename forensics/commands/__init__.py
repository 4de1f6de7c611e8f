"""Commands: one file each, holding arguments and one call. Everything else is imported when the command runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from forensics.asking.terms import Terms
    from forensics.custody import sealing
    from forensics.records.equality import EqualityTerms
    from forensics.records.transcript import Sampling

F = TypeVar("F", bound=Callable[..., Any])
LARGEST_SEED = (1 << 31) - 1
"""What every service and every generator takes."""


class Number(click.FloatRange):
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
    """Add the options that say how models are sampled, for `sampled`; they have no effect on recorded answers."""
    options = [
        click.option(
            "--probes", "probe_set", metavar="SET", help="Probe set to ask: a name or a file  [default: standard]"
        ),
        click.option("--draws", type=click.IntRange(1), default=1, show_default=True, help="Answers per probe."),
        click.option("--temperature", type=Number(0, 10), help="Sampling temperature (default: the model's)."),
        click.option("--max-tokens", type=click.IntRange(1), default=512, show_default=True, help="Limit per answer."),
        click.option(
            "--sampling-seed",
            type=click.IntRange(0, LARGEST_SEED),
            default=1,
            show_default=True,
            help="Seed sent with the first draw.",
        ),
        click.option("--top-p", type=Number(0, 1, min_open=True), help="Nucleus sampling (default: the model's)."),
        click.option("--system", metavar="TEXT", help="System prompt."),
        click.option(
            "--logprobs",
            type=click.IntRange(0, 20),
            metavar="N",
            help="Ask for log-probabilities, with the N likeliest tokens of each place.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def sampled(options: dict[str, Any]) -> Sampling:
    """Take the sampling options out of a command's options; --probes and --draws stay."""
    from forensics.records.transcript import Sampling

    names = ("temperature", "top_p", "max_tokens", "system", "logprobs")
    return Sampling(**{name: options.pop(name) for name in names}, seed=options.pop("sampling_seed"))


def part(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read `2/5`, the second of five equal parts; fails as click does."""
    if value is None:
        return None
    number, _slash, count = value.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) < 1 << 20):
        raise click.BadParameter(f"{value!r} is no part such as 1/4.")
    return int(number), int(count)


def asking_options(command: F) -> F:
    """Add the options that say how models are asked and when to stop; `terms` reads them."""
    number = click.IntRange(1)
    options = [
        click.option("--concurrency", type=click.IntRange(1, 1024), default=64, show_default=True, help="Requests at once to one service at most."),
        click.option("--limit", type=number, metavar="N", help="Ask N probes only, the first of the random order."),
        click.option("--only", multiple=True, metavar="PATTERN", help="Ask only probes whose id or category is like this (repeatable)."),
        click.option("--order-seed", type=click.IntRange(0, LARGEST_SEED), help="Seed of the order of asking  [default: 0, or the one on record]"),
        click.option("--min-answered", type=Number(0, 1), default=0.9, show_default=True, help="Share of the questions a model must answer."),
        click.option("--max-requests", type=number, metavar="N", help="Stop after N requests, attempts included."),
        click.option("--max-cost", type=Number(0), metavar="SUM", help="Stop before this may be exceeded; needs --prices."),
        click.option("--prices", type=click.Path(path_type=Path), metavar="FILE", help="Prices per million tokens, TOML: [\"openai:gpt-4o\"] input = 2.5, output = 10."),
        click.option("--deadline", type=Number(1), metavar="SECONDS", help="Send nothing more after this time."),
        click.option("--fresh", is_flag=True, help="Take no answer from the response cache."),
        click.option("--dry-run", is_flag=True, help="Ask nothing; say what it would take at worst."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def terms(options: dict[str, Any], *, shard: tuple[int, int] | None = None) -> Terms:
    """Take the asking options, but for --dry-run, out of a command's options."""
    from forensics.asking.terms import Shard, Terms

    names = ("concurrency", "limit", "only", "order_seed", "min_answered", "max_requests", "max_cost", "prices", "deadline", "fresh")  # fmt: skip
    named = {name: options.pop(name) for name in names}
    return Terms(**named, shard=Shard(*shard) if shard else None)


def scoring_options(command: F) -> F:
    """Add the options that decide how a case is scored."""
    options = [
        click.option("--statistic", "statistics", multiple=True, help="Only this statistic (repeatable), or `all`."),
        click.option(
            "--seed", type=click.IntRange(0, LARGEST_SEED), default=0, show_default=True, help="Seed of the bootstrap."
        ),
        click.option(
            "--replicates", type=click.IntRange(100), default=1000, show_default=True, help="Bootstrap replicates."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def equality_options(command: F) -> F:
    """Add the options that the question of equality is decided by; `equality_terms` reads them."""
    options = [
        click.option("--alpha", type=Number(0.0001, 0.4), help="Equality: false alarms permitted  [default: 0.05]"),
        click.option("--delta", type=Number(0.0001, 0.99), help="Equality: effect that does not matter  [default: 0.01]"),
        click.option("--permutations", type=click.IntRange(99), help="Equality: permutations  [default: 1999]"),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def equality_terms(options: dict[str, Any], question: str, *, planned: bool = False) -> EqualityTerms | None:
    """Take what equality is decided by out of a command's options; `planned` where a protocol may name the question."""
    from forensics.equality import scoring

    named = {name: options.pop(name) for name in ("alpha", "delta", "permutations")}
    return scoring.terms(question, **named, planned=planned)  # type: ignore[arg-type]  # click.Choice has checked it


def workers_option(command: F) -> F:
    """Add `--workers`."""
    return click.option(
        "--workers", type=click.IntRange(1), default=2, show_default=True, help="Cores used; never changes a result."
    )(command)


def format_option(command: F) -> F:
    """Add `--format`, `--style` and `--us`."""
    options = [
        click.option(
            "--format",
            "formats",
            default="html,markdown,csv",
            show_default=True,
            help="Report formats, separated by commas (see `forensics list formats`).",
        ),
        click.option(
            "--style",
            type=click.Choice(["analyst", "court"]),
            default="analyst",
            show_default=True,
            help="A report for analysts, or an annex to a human expert's report.",
        ),
        click.option("--us", is_flag=True, help="Add the United States set (FRE 702, 902) to the court style."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def sealing_options(command: F) -> F:
    """Add the options that say who seals and whose time stamps are wanted; `signing` reads them."""
    options = [
        click.option("--key", type=click.Path(path_type=Path), help="Key that signs (default: the user's)."),
        click.option("--tsa", metavar="URL", multiple=True, help="RFC 3161 time-stamp authority (repeatable)."),
        click.option(
            "--tsa-ca",
            multiple=True,
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="Its certificates, PEM, laid beside the token (repeatable).",
        ),
        click.option("--require-tsa", is_flag=True, help="Fail if an authority does not answer (default: a warning)."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def signing(options: dict[str, Any]) -> sealing.Wanted:
    """Take the sealing options out of a command's options and open the key."""
    from forensics.custody import delivering

    named = {name: options.pop(name) for name in ("key", "tsa", "tsa_ca", "require_tsa")}
    return delivering.wanted(**named, ask=ask_passphrase, say=say)


def answers_key(key: Path | None) -> sealing.Wanted | None:
    """Open the key that seals answers before they are scored; None where none was named."""
    return None if key is None else signing({"key": key, "tsa": (), "tsa_ca": (), "require_tsa": False})


def ask_passphrase(*, confirm: bool = False) -> str:
    """Ask for a passphrase without showing it."""
    answer: str = click.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=confirm, err=True)
    return answer


def given(context: click.Context) -> frozenset[str]:
    """Return the names of the options that the user gave, defaults left aside."""
    source = context.get_parameter_source
    return frozenset(
        name
        for name in context.params
        if source(name) not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
    )

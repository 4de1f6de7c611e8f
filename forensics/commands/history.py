"""`forensics history`: the trends of nightly runs."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands import Number, as_json, json_option


@click.command(
    epilog="""\b
Examples:
  forensics history history.sqlite -o history.html
  forensics history history.sqlite --export parquet -o tables
"""
)
@click.argument("database", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The page, or the folder of exported tables  [default: history.html, history-tables]",
)
@click.option("--export", "form", type=click.Choice(["csv", "parquet", "duckdb"]), help="Write the tables instead.")
@click.option("--alpha", type=Number(1e-6, 0.5), default=0.05, show_default=True, help="Level drawn, as in the plan.")
@json_option
def command(*, database: Path, output: Path | None, form: str | None, alpha: float, json_: bool) -> None:
    """Plot the trends in DATABASE, a history of nightly runs, as one page; or export its tables.

    Parquet and DuckDB need the extra `forensics[history]`.
    """
    from forensics.hostile import terminal
    from forensics.monitoring import viewing

    written = viewing.write(database, output, form=form, alpha=alpha)
    if json_:
        as_json({"written": [str(path) for path in written]})
    else:
        for path in written:
            click.echo(terminal(str(path)))

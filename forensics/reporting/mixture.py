"""A mixture in a terminal: the parts, the largest first, and always what nothing explains. Computes nothing."""

from __future__ import annotations

from forensics.records.mixture import Mixture
from forensics.records.scores import Interval

WHAT_IT_IS = (
    "Shares of behaviour beyond what all lineages have in common, not of training data. Rank: among models of other "
    "lineages, each fitted the same way; a share that many others reach says nothing."
)


def show(found: Mixture) -> None:
    """Print a mixture to standard output, the remainder last and always."""
    from rich.console import Console
    from rich.table import Table

    from forensics.hostile import terminal

    table = Table("explained by", "models", "share", "interval", "rank of this share", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    base, interval = found.base_share, found.base_interval
    if base is not None and interval is not None:
        table.add_row(terminal(f"own base: {found.base}"), str(len(found.base_models)), *_percent(base, interval), "")
    for part in (part for part in found.parts if part.share > 0):
        shown = _percent(part.share, part.interval)
        table.add_row(terminal(part.lineage), str(part.models), *shown, f"{part.rank} of {part.of}")
    table.add_row("nothing here (unexplained)", "", *_percent(found.remainder, found.remainder_interval), "")
    console = Console()
    console.print(terminal(f"{found.suspect}: {found.statistic}, {found.n_probes} probes"), markup=False)
    if base is None:
        console.print("No base of its own is declared: what it owes to one is not set apart. Name it with --base.")
    console.print(table)
    console.print(WHAT_IT_IS)


def _percent(share: float, interval: Interval) -> tuple[str, str]:
    return f"{100 * share:.2f}%", f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"

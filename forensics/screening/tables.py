"""What a screen writes as tables: `pairs.csv`, and the list of a suspect; and how both are shown in a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from forensics import canonical, hostile
from forensics.records.screen import Suspect
from forensics.reporting.wording import fixed
from forensics.screening.measured import Values
from forensics.screening.ratios import Ratios

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS = (
    "a", "b", "statistic", "raw", "normalised", "log10_lr", "log10_lr_low", "log10_lr_high", "rank_a", "rank_b", "reason",
)  # fmt: skip
SHOWN = 20
"""Pairs, or candidates of a suspect, that a terminal shows."""
_LONGEST_NAME = 44


class Row(NamedTuple):
    """One line of `pairs.csv`; None where there is no value."""

    a: str
    b: str
    statistic: str
    raw: float | None
    normalised: float | None
    log10_lr: float | None
    log10_lr_low: float | None
    log10_lr_high: float | None
    rank_a: int | None
    """Of b among all models, seen from a."""
    rank_b: int | None
    reason: str


def rows(
    names: Sequence[str],
    found: Values,
    weighed: Ratios | None,
    why_not: Callable[[Values, int, int], str],
) -> Iterator[Row]:
    """Yield the pairs of one statistic, the nearest first and those without a value last; candidates alone where only they were scored."""
    first, second = np.triu_indices(len(names), 1)
    if found.panel is not None:
        wanted = np.isfinite(found.raw[first, second])
        first, second = first[wanted], second[wanted]
    values = np.round(found.normalised[first, second], 9)
    order = np.lexsort((second, first, -np.where(np.isfinite(values), values, -np.inf)))
    for a, b in zip(first[order].tolist(), second[order].tolist(), strict=True):
        ratio = _number(weighed.log10[a, b]) if weighed else None
        normalised = _number(found.normalised[a, b])
        reason = why_not(found, a, b) if normalised is None else ""
        if weighed and ratio is None and not reason:
            reason = f"no ratio: {weighed.reasons.get((a, b), '')}"
        yield Row(
            names[a],
            names[b],
            found.statistic,
            _number(found.raw[a, b]),
            normalised,
            ratio,
            _number(weighed.low[a, b]) if weighed else None,
            _number(weighed.high[a, b]) if weighed else None,
            int(found.ranks[a, b]) or None,
            int(found.ranks[b, a]) or None,
            reason,
        )


def as_csv(lines: Iterable[Row]) -> bytes:
    """Return `pairs.csv`; no cell of it is computed by a spreadsheet."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    harmless: dict[str, str] = {}
    for row in lines:
        for text in (row.a, row.b, row.reason):
            if text not in harmless:
                harmless[text] = hostile.csv_cell(text)
        writer.writerow(
            [harmless[row.a], harmless[row.b], row.statistic]
            + ["" if value is None else repr(value) for value in row[3:10]]
            + [harmless[row.reason]]
        )
    return stream.getvalue().encode()


def show_pairs(nearest: Sequence[Row], models: int, console: Console) -> None:
    """Print the nearest pairs."""
    weighed = any(row.log10_lr is not None for row in nearest)
    heads = ["Normalised", "Ranks", *(["log10 LR"] if weighed else [])]
    lines = []
    for row in nearest:
        ratio = [_shown(row.log10_lr)] if weighed else []
        lines.append(
            ([row.a, row.b], [_shown(row.normalised), f"{_rank(row.rank_a)} / {_rank(row.rank_b)} of {models - 1}", *ratio])
        )  # fmt: skip
    _table(["A", "B"], heads, lines, console)


def show_suspect(found: Suspect, console: Console) -> None:
    """Print the nearest models of one."""
    weighed = any(one.log10_lr is not None for one in found.candidates)
    lines = []
    for one in found.candidates[:SHOWN]:
        lineage = (one.lineage or "—") + (" (inferred)" if one.inferred else "")
        figures = [
            _shown(one.normalised),
            f"{one.rank} / {one.rank_back}",
            *(f"{v:.2g}" for v in (one.p, one.q, one.list_p)),
        ]
        lines.append(([one.model, lineage], [*figures, *([_shown(one.log10_lr)] if weighed else [])]))  # fmt: skip
    heads = ["Normalised", "Ranks", "p", "q", "list p", *(["log10 LR"] if weighed else [])]
    console.print(hostile.terminal(f"Nearest to {hostile.shortened(found.suspect, 120)}"), markup=False)
    _table(["Model", "Lineage"], heads, lines, console)
    console.print(
        f"p: unrelated pairs as near, of {found.unrelated_pairs:,}. q: p for a list of {len(found.candidates)} (Benjamini and "
        f"Yekutieli), at best {found.least_q:.2g} for one. list p: models with an unrelated model as near, of "
        f"{found.unrelated_models} in {found.unrelated_lineages} lineages, at best {found.least_list_p:.2g}. "
        "Nearness is no finding: compare what matters.",
        style="dim",
        markup=False,
    )


def _table(
    texts: Sequence[str], numbers: Sequence[str], lines: Iterable[tuple[list[str], list[str]]], console: Console
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right")
    for words, figures in lines:
        cells = [Text(hostile.terminal(hostile.shortened(word, _LONGEST_NAME))) for word in words]
        table.add_row(*cells, *(Text(figure) for figure in figures))
    console.print(table)


def _number(value: float) -> float | None:
    return canonical.rounded(float(value)) if np.isfinite(value) else None


def _shown(value: float | None) -> str:
    return "—" if value is None else fixed(value, 2)


def _rank(value: int | None) -> str:
    return "—" if value is None else str(value)

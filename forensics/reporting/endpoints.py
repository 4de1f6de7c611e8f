"""Several endpoints beside one reference, laid out: the words of every cell, and the page. Computes nothing.

A case alone speaks of its pair alone; whoever looks at several must not read their verdicts one by one, and is told so.
"""

from __future__ import annotations

from typing import NamedTuple

from forensics.hostile import markdown as harmless
from forensics.records.endpoints import Endpoint, Endpoints
from forensics.reporting.equality import VERDICTS
from forensics.reporting.texts import LIMITS, QUESTIONS
from forensics.reporting.wording import NONE, between, number, percent

NOTES = (
    (
        "The verdict is over all endpoints: that any of them is said to differ though its answers and the reference's are draws "
        "from one distribution has a chance of at most α."
    ),
    (
        "The case of a pair speaks of that pair alone and takes no account of the others. Where it says that they differ and "
        "the verdict over all does not, the latter counts."
    ),
    "δ is judged for each endpoint; to say of all that they differ by less takes no further adjustment.",
)


class Row(NamedTuple):
    """What the cells of one endpoint say."""

    endpoint: str
    verdict: str
    p_holm: str
    effect: str
    pair: str
    """What the pair's case says by itself."""


def headings(found: Endpoints) -> Row:
    """Return what stands above the cells."""
    level = next((percent(e.effect_interval.level) for e in found.endpoints if e.effect_interval), "no")
    return Row("Endpoint", "Verdict over all", "p, Holm", f"Effect ({level} interval)", "Pair alone")


def row(endpoint: Endpoint) -> Row:
    """Return the cells of one endpoint; names as they came."""
    verdict = "not compared" if endpoint.verdict is None else VERDICTS[endpoint.verdict]
    limits = f" ({between(endpoint.effect_interval)})" if endpoint.effect_interval else ""
    alone = NONE if endpoint.pair is None else VERDICTS[endpoint.pair]
    return Row(
        endpoint.model,
        f"{verdict} ({endpoint.cause})" if endpoint.cause else verdict,
        number(endpoint.p_holm),
        f"{number(endpoint.effect)}{limits}",
        alone if endpoint.p is None else f"{alone} ({endpoint.statistic}: p = {number(endpoint.p)})",
    )


def markdown(found: Endpoints) -> str:
    """Return the page: the table, why cells are empty, and how to read it."""
    lines = [
        f"# {QUESTIONS['equality']}",
        "",
        f"Reference: {harmless(found.reference)}",
        "",
        f"| {' | '.join(headings(found))} | Case |",
        "| --- | --- | --: | --: | --- | --- |",
        *(f"| {' | '.join(_cells(e))} | {_link(e)} |" for e in found.endpoints),
        "",
        harmless(found.sentence),
        "",
        *(f"- {harmless(e.model)}: {harmless(e.reason)}" for e in found.endpoints if e.reason),
        *("" for _ in range(any(e.reason for e in found.endpoints))),
        *(line for note in notes(found) for line in (note, "")),
        harmless(f"forensics {found.tool}"),
    ]
    return "\n".join(lines) + "\n"


def notes(found: Endpoints) -> tuple[str, ...]:
    """Return how to read it."""
    units = sorted({e.unit for e in found.endpoints if e.unit})
    return (*(f"Effect: {unit}." for unit in units), *NOTES, LIMITS[0])


def _cells(endpoint: Endpoint) -> Row:
    """Return the cells of one endpoint for the page; only its name comes from outside."""
    cells = row(endpoint)
    return cells._replace(endpoint=harmless(cells.endpoint))


def _link(endpoint: Endpoint) -> str:
    """Name the case's folder; its name holds only letters, digits and `._+-`."""
    shown = harmless(endpoint.folder)
    return f"[{shown}]({endpoint.folder}/evidence.json)" if endpoint.evidence else shown

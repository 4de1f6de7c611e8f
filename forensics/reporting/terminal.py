"""The verdict table in a terminal. Prints what the evidence holds and computes nothing; files are made elsewhere.

Texts from outside pass `hostile.terminal` and never reach the terminal as markup or as control sequences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.hostile import shortened
from forensics.hostile import terminal as harmless
from forensics.records.endpoints import Endpoints
from forensics.records.equality import Equality
from forensics.records.evidence import Evidence, Finding
from forensics.reporting import endpoints as pages
from forensics.reporting.equality import VERDICTS
from forensics.reporting.tables import KINDS, alternative_names
from forensics.reporting.texts import LIMITS, QUESTIONS
from forensics.reporting.wording import NONE, between, findings_phrase, number, percent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

LONGEST_NAME = 60


def verdict(evidence: Evidence, console: Console) -> None:
    """Print who is compared with whom, the question, the findings and the conclusion or why there is none."""
    console.print(_line("Questioned", evidence.questioned))
    console.print(_line("Reference", evidence.reference))
    console.print(_line("Question", QUESTIONS[evidence.question]))
    console.print()
    if evidence.equality is None:
        _findings(evidence, console)
    else:
        _tests(evidence.equality, console)
    console.print()
    names = alternative_names(evidence)
    for weight in evidence.conclusion.weights:
        if weight.log10_lr is not None:
            name = names[weight.alternative]
            phrase = findings_phrase(weight.log10_lr, hd=name)
            console.print(_text(f"{name}, {KINDS[weight.alternative]}: {phrase}"))
    console.print(_text(evidence.conclusion.sentence, "bold"))
    if evidence.triad is not None:
        console.print(_text(evidence.triad.sentence))
    console.print(_text(LIMITS[0], "dim"))
    for warning in (*evidence.warnings, *evidence.deviations):
        console.print(_text(f"Note: {warning}", "yellow"))


def endpoints(found: Endpoints, console: Console) -> None:
    """Print the verdict over all endpoints, a row for each, why cells are empty, and how to read them."""
    from rich.table import Table

    console.print(_line("Reference", found.reference))
    console.print(_line("Question", QUESTIONS["equality"]))
    console.print()
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for place, heading in enumerate(pages.headings(found)):
        # A name that is cut short names nobody.
        table.add_column(heading, justify="right" if place in (2, 3) else "left", overflow="fold")
    for endpoint in found.endpoints:
        style = "bold" if endpoint.verdict == "differs" else ""
        table.add_row(*(_text(cell, style) for cell in pages.row(endpoint)))
    console.print(table)
    for endpoint in found.endpoints:
        if endpoint.reason:
            console.print(_text(f"{endpoint.model}: {endpoint.reason}", "dim"))
    console.print()
    console.print(_text(found.sentence, "bold"))
    for note in pages.notes(found):
        console.print(_text(note, "dim"))


def _findings(evidence: Evidence, console: Console) -> None:
    """Print a row for every statistic, and under it why some have no value."""
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("Statistic")
    level = next((percent(f.interval.level) for f in evidence.findings if f.interval), "no")
    for heading in (f"Raw ({level} interval)", f"Normalised ({level} interval)", "Rank from R / from Q"):
        table.add_column(heading, justify="right")
    for finding in evidence.findings:
        table.add_row(*(_text(part) for part in _cells(finding)))
    console.print(table)
    for finding in evidence.findings:
        if finding.reason:
            console.print(_text(f"{finding.statistic}: {finding.reason}", "dim"))


def _tests(found: Equality, console: Console) -> None:
    """Print the verdict and a row for every test of equality; those that decide stand out."""
    from rich.table import Table

    console.print(_line("Verdict", VERDICTS[found.verdict] + (f" ({found.cause})" if found.cause else "")))
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("Test")
    level = next((percent(t.effect_interval.level) for t in found.tests if t.effect_interval), "no")
    for heading in (f"Effect ({level} interval)", "p", "p, Holm"):
        table.add_column(heading, justify="right")
    for test in found.tests:
        name = f"{test.statistic}, {test.kernel}" if test.kernel else test.statistic
        effect = number(test.effect) + (f" ({between(test.effect_interval)})" if test.effect_interval else "")
        row = (name, effect, number(test.p), number(test.p_adjusted))
        table.add_row(*(_text(part, "bold" if test.decides else "") for part in row))
    console.print(table)
    for test in found.tests:
        if test.reason:
            console.print(_text(f"{test.statistic}: {test.reason}", "dim"))


def _cells(finding: Finding) -> tuple[str, str, str, str]:
    rank = finding.rank
    places = f"{number(rank.reference)} / {number(rank.questioned)} of {number(rank.of)}" if rank else NONE
    raw = number(finding.raw) + (f" ({between(finding.interval)})" if finding.interval else "")
    normalised = number(finding.normalised)
    if finding.normalised_interval:
        normalised += f" ({between(finding.normalised_interval)})"
    return finding.statistic, raw, normalised, places


def _line(label: str, words: str) -> Text:
    from rich.text import Text

    return Text.assemble(
        (f"{label:<11}", "dim"), (harmless(shortened(words, 4 * LONGEST_NAME)), "bold" if label != "Question" else "")
    )


def _text(words: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(harmless(shortened(words, 20 * LONGEST_NAME)), style=style)

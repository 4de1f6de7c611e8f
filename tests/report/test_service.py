"""What a service did with the questions stands in every report, and what differs between the sides on the first screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forensics import registry
from forensics.evidence import _warnings
from forensics.records.evidence import Evidence
from forensics.records.scores import Handling, Scores, SideCounts
from forensics.reporting import layout
from forensics.reporting.first_screen import MOST_CAUTIONS

Make = Callable[..., Evidence]
HANDLING = Handling(
    dropped={"seed": "the service has no such parameter"}, asked_as={"m": 20}, answered_as={"m-0613": 20},
    fingerprints={"fp_1": 12, "fp_2": 8}, retried=3, maybe_billed=2, cached=4,
    first="2026-01-02T03:04:05.678Z", last="2026-01-03T03:04:05.678Z",
)  # fmt: skip


def asked(evidence: Evidence, *, sent: tuple[str, str]) -> Evidence:
    sides = [
        side.model_copy(update={"sent": sent[i], "handling": HANDLING, "cut_short": 7, "lineage": "x"})
        if i < 2
        else side
        for i, side in enumerate(evidence.sides)
    ]
    return evidence.model_copy(update={"sides": tuple(sides), "warnings": tuple(_said(sides))})


def _said(sides: list[SideCounts]) -> list[str]:
    scores = Scores.model_construct(question="derivation", sides=tuple(sides), equality=None, triad=None)
    return _warnings(scores, None)


@pytest.mark.parametrize("style", ["analyst", "court"])
@pytest.mark.parametrize("name", ["html", "markdown", "json", "csv", "docx"])
def test_different_parameters_are_said_in_every_format_and_style(make_evidence: Make, style: str, name: str) -> None:
    plugin = registry.load("formats", name)
    if lacking := getattr(plugin, "missing", lambda: None)():
        pytest.skip(lacking)
    made = layout.make(asked(make_evidence(), sent=("temperature 1", "temperature 0.7")), style=style)  # type: ignore[arg-type]
    if name != "docx":
        joined = b"".join(plugin.render(made).values()).decode()
        assert "The sides were sent different parameters: temperature 1" in joined.replace("\\", "")
    rows = {row.id: row for s in made.walk() for t in s.tables if t.id == "service" for row in t.rows}
    assert [cell.text for cell in rows["sent"].cells] == [
        "Parameters sent",
        "temperature 1",
        "temperature 0.7",
        "differs",
    ]
    assert rows["sent"].strong
    assert not rows["retried"].strong


def test_different_parameters_stand_first_on_the_first_screen_however_much_else_there_is(make_evidence: Make) -> None:
    evidence = asked(make_evidence(), sent=("temperature 1", "temperature 0.7"))
    evidence = evidence.model_copy(update={"deviations": tuple(f"deviation {i}" for i in range(30))})
    cautions = layout.make(evidence).summary.cautions
    assert cautions[0].startswith("The sides were sent different parameters")
    assert len(cautions) == MOST_CAUTIONS + 1
    assert cautions[-1].endswith("further ones stand in the table of deviations.")


def test_the_same_parameters_are_no_difference(make_evidence: Make) -> None:
    made = layout.make(asked(make_evidence(), sent=("temperature 1", "temperature 1")))
    assert not any("different parameters" in caution for caution in made.summary.cautions)
    rows = {row.id: row for s in made.walk() for t in s.tables if t.id == "service" for row in t.rows}
    assert rows["sent"].cells[-1].text == "–"


def test_states_retries_bills_and_the_cache_are_counted(make_evidence: Make) -> None:
    made = layout.make(asked(make_evidence(), sent=("temperature 1", "temperature 1")))
    tables = {t.id: t for s in made.walk() for t in s.tables}
    answers = {cell.id.rpartition(".")[2]: cell.value for cell in tables["answers"].rows[0].cells}
    assert (answers["cut_short"], answers["retried"], answers["cached"]) == (7, 3, 4)
    said = {row.id: row.cells[1].text for row in tables["service"].rows}
    assert said["maybe_billed"] == "2 tries"
    assert said["answered_as"] == "m-0613: 20"
    assert said["fingerprints"] == "fp_1: 12; fp_2: 8"
    assert said["dropped"] == "seed: the service has no such parameter"
    assert said["dates"] == "2026-01-02 to 2026-01-03"


def test_what_nobody_knows_is_no_zero(make_evidence: Make) -> None:
    made = layout.make(make_evidence())
    tables = {t.id: t for s in made.walk() for t in s.tables}
    row = next(row for row in tables["answers"].rows if row.cells[1].value == "reference")
    assert {cell.id.rpartition(".")[2]: cell.value for cell in row.cells}["retried"] is None
    assert tables["service"].rows[-1].cells[1].text == "recorded elsewhere: not known"

"""The court style: an annex to a human expert's report, with everything a human must say left open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from forensics import registry
from forensics.errors import UsageError
from forensics.records.evidence import Evidence
from forensics.reporting import layout
from forensics.reporting.court_texts import GLOSSARY, TO_COMPLETE
from forensics.reporting.parts import Field, Report
from forensics.reporting.wording import forbidden

Make = Callable[..., Evidence]
ORDER = [
    "propositions", "conclusion", "scale", "findings", "population", "conditions", "validation", "misleading", "turing",
    "sensitivity", "controls", "deviations", "answers", "service", "answers-cohort", "custody", "versions",
]  # fmt: skip
ASKED = {
    "qualifications": "PD 35 3.2(1)†",
    "material": "PD 35 3.2(2)†",
    "instructions": "CPR 35.10(3)†, PD 35 3.2(3)†",
    "knowledge": "PD 35 3.2(4)†",
    "tests": "PD 35 3.2(5)†",
    "range": "PD 35 3.2(6)†",
    "conclusions": "PD 35 3.2(7)†",
    "duty": "CPR 35.10(2)†",
    "truth": "PD 35 3.3†",
}


def court(evidence: Evidence, *, us: bool = False) -> Report:
    return layout.make(evidence, style="court", us=us)


def fields(made: Report) -> dict[str, Field]:
    return {field.id: field for section in made.walk() for field in section.fields}


def words(made: Report) -> Iterator[str]:
    yield from (made.title, made.kicker, *made.limits)
    for section in made.walk():
        yield from (section.title, *section.paragraphs)
        for field in section.fields:
            yield from (field.title, field.rule, field.asks, *field.draft)
        for figure in section.figures:
            yield from (figure.title, figure.note)
        for table in section.tables:
            yield from (table.title, table.note, table.empty, *(c.title for c in table.columns))
            yield from (cell.text for row in table.rows for cell in row.cells)


@pytest.mark.parametrize("ratio", [None, 1.2, -0.8])
def test_tables_stand_in_the_order_of_the_issue(make_evidence: Make, ratio: float | None) -> None:
    made = court(make_evidence(ratio=ratio))
    ids = [table.id for section in made.walk() for table in section.tables]
    assert [name for name in ids if name in ORDER] == ORDER
    assert len(ids) == len(set(ids))


def test_every_field_a_human_must_fill_names_its_rule_marked_for_a_lawyer(make_evidence: Make) -> None:
    found = fields(court(make_evidence(ratio=1.2)))
    for name, rule in ASKED.items():
        assert rule in found[name].rule, name
    references = [f"{field.rule} {field.asks}" for field in found.values()]
    for text in references:
        assert not re.search(r"(?:CPR|PD) ?3?5? ?\d[\d.()]*(?![\d.()†])", text.replace("PD 35 ", "PD ")), text


def test_paragraphs_are_numbered_without_a_gap(make_evidence: Make) -> None:
    made = court(make_evidence(ratio=1.2), us=True)
    numbers: list[int] = []
    for section in made.walk():
        count = len(section.paragraphs) + len(section.fields)
        assert (section.first is None) == (count == 0)
        numbers += range(section.first or 0, (section.first or 0) + count)
    assert numbers == list(range(1, len(numbers) + 1))


def test_it_says_what_it_is_not_and_ends_with_duty_and_truth(make_evidence: Make) -> None:
    made = court(make_evidence())
    assert "Not an expert's report" in made.kicker
    assert "no infringement" in " ".join(made.limits)
    assert "No part of this annex was written by a language model" in " ".join(words(made))
    assert [field.id for field in made.sections[-1].fields] == ["duty", "truth", "signature"]
    assert any("contempt of court" in line for line in fields(made)["truth"].draft)


def test_every_statement_has_its_qualifications_beside_it(make_evidence: Make) -> None:
    evidence = make_evidence(ratio=1.2)
    made = court(evidence)
    table = next(t for s in made.walk() for t in s.tables if t.id == "summary")
    beside = " ".join(row.cells[-1].text for row in table.rows)
    for text in (*evidence.deviations, *evidence.warnings):
        assert text in beside
    assert "capped at" in beside


def test_the_range_is_the_lowest_and_highest_of_the_sensitivity_table(make_evidence: Make) -> None:
    evidence = make_evidence(ratio=1.2)
    lines = [(0.7, "less"), (1.2, "nothing changed"), (1.9, "more")]
    rows = tuple(
        evidence.sensitivity[0].model_copy(
            update={"id": change, "change": change, "log10_lr": value, "normalised": value * 5}
        )
        for value, change in lines
    )
    made = court(evidence.model_copy(update={"sensitivity": rows}))
    table = next(t for s in made.walk() for t in s.tables if t.id == "ranges")
    ratio, normalised = ([cell.value for cell in row.cells[1:]] for row in table.rows)
    assert ratio == [1.2, 0.7, "less", 1.9, "more"]
    assert normalised == [6.0, 3.5, "less", 9.5, "more"]
    assert "lowest 0.70 (less), highest 1.9 (more)" in fields(made)["range"].draft[0]


def test_the_united_states_set_comes_only_when_asked_for(make_evidence: Make) -> None:
    plain, us = court(make_evidence()), court(make_evidence(), us=True)
    assert "702" not in " ".join(words(plain))
    found = " ".join(words(us))
    assert all(f"702({limb})†" in found for limb in "abcd")
    assert "902(13)†" in found
    assert "902(14)†" in found
    assert us.sections[-1].id == "duty"
    with pytest.raises(UsageError, match="court"):
        layout.make(make_evidence(), us=True)


@pytest.mark.parametrize("ratio", [None, 1.2, -0.8, 7.0, 0.0])
def test_words_are_neutral(make_evidence: Make, ratio: float | None) -> None:
    found = {hit for text in words(court(make_evidence(ratio=ratio), us=True)) for hit in forbidden(text)}
    assert found == set()


def test_both_styles_show_the_same_values_under_the_same_ids(make_evidence: Make) -> None:
    evidence = make_evidence(ratio=1.2)
    first, second = (
        {cell.id: cell.value for table in made.tables() for row in table.rows for cell in row.cells}
        for made in (layout.make(evidence), court(evidence))
    )
    assert set(first) <= set(second)
    assert all(second[name] == value for name, value in first.items())


def test_the_styles_write_different_documents_and_share_their_tables(make_evidence: Make) -> None:
    evidence = make_evidence(ratio=1.2)
    for name in ("html", "markdown", "json", "csv"):
        plugin = registry.load("formats", name)
        first, second = plugin.render(layout.make(evidence)), plugin.render(court(evidence))
        shared = set(first) & set(second)
        assert not any(path.startswith("report.") or path.endswith("cells.csv") for path in shared)
        assert all(first[path] == second[path] for path in shared)


def test_html_and_markdown_hold_every_field_number_and_term(make_evidence: Make) -> None:
    made = court(make_evidence(ratio=1.2))
    html = registry.load("formats", "html").render(made)["report.court.html"].decode()
    markdown = registry.load("formats", "markdown").render(made)["report.court.md"].decode()
    count = len(fields(made))
    assert html.count(f"</span> {TO_COMPLETE}</p>") == count
    assert markdown.count(f"**{TO_COMPLETE}:") == count
    last = sum(len(s.paragraphs) + len(s.fields) for s in made.walk())
    assert f'id="p{last}"' in html
    assert f"**[{last}]**" in markdown
    for term, _ in GLOSSARY:
        assert term in html

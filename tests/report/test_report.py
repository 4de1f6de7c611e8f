"""The report says what the evidence says: order, ids, empty tables, words, and the same bytes every time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import layout
from forensics.reporting.parts import Report, Section, Table
from forensics.reporting.wording import forbidden

Make = Callable[..., Evidence]
ORDER = [
    "propositions", "conclusion", "scale", "findings", "population", "conditions", "validation", "misleading", "turing",
    "sensitivity", "controls", "deviations", "answers", "service", "answers-cohort", "custody", "versions",
]  # fmt: skip


def printed(made: Report) -> list[Table]:
    return [table for section in made.walk() for table in section.tables]


def texts(made: Report) -> Iterator[str]:
    """Yield every text of a report."""
    yield from (made.title, made.summary.question, made.summary.answer, made.summary.meaning, *made.limits)
    for section in made.walk():
        yield from (section.title, *section.paragraphs)
        for figure in section.figures:
            yield from (figure.title, figure.note)
    for table in made.tables():
        yield from (table.title, table.note, table.empty, *(c.title for c in table.columns))
        yield from (cell.text for row in table.rows for cell in row.cells)


@pytest.mark.parametrize("ratio", [None, 1.2, -0.8])
def test_tables_stand_in_the_order_an_expert_expects(make_evidence: Make, ratio: float | None) -> None:
    ids = [table.id for table in printed(layout.make(make_evidence(ratio=ratio)))]
    assert [name for name in ids if name in ORDER] == ORDER


@pytest.mark.parametrize("ratio", [None, 1.2])
def test_ids_are_stable_and_belong_to_one_cell_each(make_evidence: Make, ratio: float | None) -> None:
    made = layout.make(make_evidence(ratio=ratio))
    cells = [cell.id for table in made.tables() for row in table.rows for cell in row.cells]
    assert len(cells) == len(set(cells)) > 100
    assert all(re.fullmatch(r"[A-Za-z0-9_+~-]+\.[A-Za-z0-9._+~-]+\.[a-z0-9_]+", cell) for cell in cells)
    assert "findings.lexical.raw" in cells


def test_models_of_like_names_have_ids_of_their_own(make_evidence: Make) -> None:
    names = ["a b", "a_b", "a/b", "a:b", "", ".", "A_b", "a b "]
    made = layout.make(make_evidence(names=names))
    rows = [row.id for table in made.tables() if table.id == "scores-lexical" for row in table.rows]
    assert len(set(rows)) == len(names)


def test_an_empty_table_says_why(make_evidence: Make) -> None:
    made = layout.make(make_evidence(ratio=None))
    empty = {table.id: table.empty for table in printed(made) if not table.rows}
    assert {"conditions", "validation", "misleading", "turing", "sensitivity"} <= set(empty)
    assert all("calibration" in empty[name] for name in ("conditions", "validation", "misleading", "turing"))
    for name in ("html", "markdown", "csv"):
        joined = b"".join(registry.load("formats", name).render(made).values()).decode()
        assert "No calibration was given" in joined


def test_without_a_ratio_the_reason_stands_in_its_place(make_evidence: Make) -> None:
    made = layout.make(make_evidence(ratio=None))
    table = next(table for table in printed(made) if table.id == "conclusion")
    assert [row.cells[-1].text for row in table.rows] == ["no likelihood ratio: no calibration given"] * 2
    assert not made.summary.answered


def test_a_ratio_is_said_in_the_one_permitted_phrase(make_evidence: Make) -> None:
    made = layout.make(make_evidence(ratio=1.0))
    table = next(table for table in printed(made) if table.id == "conclusion")
    assert table.rows[0].cells[-1].text.startswith("the findings are 10 times more probable if Hp than if Hd 1")
    assert table.rows[0].strong
    assert [row.strong for t in printed(made) if t.id == "scale" for row in t.rows] == [False, True] + [False] * 4
    assert [f.id for s in made.walk() for f in s.figures if s.id == "validation"][:3] == [
        "tippett-independent", "pav-independent", "ece-independent",
    ]  # fmt: skip


def test_the_value_before_the_cap_stands_in_the_sensitivity_table_only(make_evidence: Make) -> None:
    made = layout.make(make_evidence(ratio=1.2))
    holding = {t.id for t in made.tables() for row in t.rows for cell in row.cells if cell.value == 1.2 + 3}
    assert holding == {"sensitivity"}


@pytest.mark.parametrize("ratio", [None, 1.2, -0.8, 7.0, 0.0])
def test_words_are_neutral(make_evidence: Make, ratio: float | None) -> None:
    found = {hit for text in texts(layout.make(make_evidence(ratio=ratio))) for hit in forbidden(text)}
    assert found == set()


def test_a_statistic_without_a_value_gives_its_reason(make_evidence: Make) -> None:
    made = layout.make(make_evidence())
    section = next(part for part in made.walk() if part.id == "statistics-without-a-value")
    assert any(words.startswith("blank: ") and "made-up-reason" in words for words in section.paragraphs)
    table = next(table for table in printed(made) if table.id == "findings")
    assert "made-up-reason" in table.rows[-1].cells[-1].text


def test_the_pair_stands_in_its_place_among_the_nearest(make_evidence: Make) -> None:
    made = layout.make(make_evidence(cohort=30))
    table = next(table for table in printed(made) if table.id == "nearest-lexical-questioned")
    strong = [row for row in table.rows if row.strong]
    assert [row.cells[0].value for row in strong] == [2], "the place that the evidence gives"
    assert strong[0].cells[1].value == "made-up-reference"
    scores = [row.cells[3].value for row in table.rows if not row.strong]
    assert scores == sorted(scores, reverse=True)


def test_every_cell_knows_where_it_comes_from(make_evidence: Make) -> None:
    made = layout.make(make_evidence(ratio=1.2))
    for table in made.tables():
        if table.id != "scale":
            assert all(cell.source for row in table.rows for cell in row.cells), table.id
    custody = next(table for table in made.tables() if table.id == "custody")
    assert all(row.cells[-1].source == row.cells[-1].value for row in custody.rows if row.id.startswith("cohort"))


def test_marked_passages_join_to_the_answer(make_evidence: Make) -> None:
    evidence = make_evidence()
    made = layout.make(evidence)
    exhibits = [exhibit for section in made.walk() for exhibit in section.exhibits]
    for recorded, shown in zip(evidence.exhibits, exhibits, strict=True):
        for before, after in zip(recorded.excerpts, shown.excerpts, strict=True):
            assert "".join(run.text for run in after.passages) == before.text


@pytest.mark.parametrize("name", ["csv", "html", "json", "markdown"])
def test_the_same_evidence_gives_the_same_bytes(make_evidence: Make, name: str) -> None:
    plugin = registry.load("formats", name)
    first = plugin.render(layout.make(make_evidence(ratio=1.2)))
    assert plugin.render(layout.make(make_evidence(ratio=1.2))) == first


def test_sections_are_numbered_in_order(make_evidence: Make) -> None:
    made = layout.make(make_evidence())

    def check(sections: tuple[Section, ...], before: str) -> None:
        for place, section in enumerate(sections, start=1):
            assert section.number == f"{before}{place}"
            check(section.sections, f"{section.number}.")

    check(made.sections, "")
    numbers = [table.number for table in printed(made)]
    assert numbers == list(range(1, len(numbers) + 1))

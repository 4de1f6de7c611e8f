"""Habits of style, circumstances, and their comparison with a validation's: worked by hand, and on made-up cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import case as case_files
from forensics import comparing, surroundings
from forensics.circumstances import main_language
from forensics.features.extent import LANGUAGES, UNKNOWN, extract
from forensics.records.calibration import Conditions
from forensics.records.scores import Circumstances, Habit, Scores


def scored(folder: Any, case: Path, wanted: Callable[..., Any], **changes: object) -> Scores:
    asked = wanted(folder, case, statistics=("lexical", "style"), **changes)
    comparing.compare(asked, formats=["json"], workers=1, say=lambda line: None)
    return case_files.read_scores(case)


def by_id(scores: Scores) -> dict[str, Habit]:
    return {habit.id: habit for habit in scores.habits}


def test_a_habit_is_counted_as_people_count(make_folder: Any, wanted: Any, tmp_path: Path) -> None:
    folder = make_folder(cohort=6, probes=6, relatives=0)

    def shouting(count: int) -> Callable[[str, int], str]:
        return lambda model, probe: "word, " * 9 + "end" + "!" * count

    for model, count in (("reference", 4), ("questioned", 4), *((f"cohort-{i:02}", i % 2) for i in range(6))):
        folder.add(model, lineage="oak" if model in ("reference", "questioned") else model, answer=shouting(count))
    folder.declare()
    habits = by_id(scored(folder, tmp_path / "case", wanted))
    mark = habits["marks-!"]
    length = len("word, " * 9 + "end!!!!")
    assert mark.reference == mark.questioned == pytest.approx(1000 * 4 / length, rel=1e-4)
    assert mark.unit == "per 1,000 characters"
    # Half of the cohort writes one mark, half none: the roots of its shares spread about half of the root of one share.
    one = (1 / (length - 3)) ** 0.5
    spread = one / 2 * (6 / 5) ** 0.5
    assert mark.reference_place == pytest.approx(((4 / length) ** 0.5 - one / 2) / spread, rel=1e-3)
    assert mark.shared == mark.reference_place
    assert mark.low == pytest.approx(0, abs=1e-9)
    assert mark.high == pytest.approx(1000 / (length - 3), rel=1e-4)
    assert habits["shape-ends exclaiming"].reference == pytest.approx(100)
    assert (mark.n_cohort, mark.n_probes) == (6, 6)


def test_the_profile_is_the_same_from_either_side(make_folder: Any, wanted: Any, tmp_path: Path) -> None:
    folder = make_folder(cohort=8, probes=8)
    one = by_id(scored(folder, tmp_path / "one", wanted))
    turned = wanted(folder, tmp_path / "two", statistics=("lexical", "style"))
    turned = turned.__class__(**{**{f: getattr(turned, f) for f in turned.__dataclass_fields__},
                                 "reference": turned.questioned, "questioned": turned.reference})  # fmt: skip
    comparing.compare(turned, formats=["json"], workers=1, say=lambda line: None)
    two = by_id(case_files.read_scores(tmp_path / "two"))
    assert set(one) == set(two)
    for name, habit in one.items():
        assert (habit.reference, habit.questioned_place) == (two[name].questioned, two[name].reference_place)
        assert habit.shared == two[name].shared


def test_habits_stand_in_order_and_those_on_opposite_sides_are_negative(
    make_folder: Any, wanted: Any, tmp_path: Path
) -> None:
    folder = make_folder(cohort=8, probes=8, related=False)
    marks = {"reference": ("!!!!!!", ""), "questioned": ("", "??????")}

    def said(model: str, probe: int) -> str:
        exclaimed, asked = marks.get(model, ("!", "?"))
        return "word, " * (4 + probe % 3 + len(model) % 2) + f"end{exclaimed} then{asked}"

    for model in list(folder.lineages):
        folder.add(model, lineage=folder.lineages[model], answer=said)
    folder.add("cohort-00", answer=lambda model, probe: "word, " * 5 + "end!! then")
    folder.add("cohort-01", answer=lambda model, probe: "word, " * 5 + "end then??")
    folder.declare()
    habits = scored(folder, tmp_path / "case", wanted).habits
    assert {h.shared > 0 for h in habits} == {True, False}
    assert {h.id: h.shared < 0 for h in habits}["marks-!"], "one side writes many, the other none"
    assert [h.shared for h in habits] == sorted((h.shared for h in habits), reverse=True)
    for h in habits:
        assert abs(h.shared) == min(abs(h.reference_place), abs(h.questioned_place))
        assert (h.shared > 0) == (h.reference_place * h.questioned_place > 0)
        assert h.low <= h.middle <= h.high


def test_without_the_statistic_there_are_no_habits(make_folder: Any, wanted: Any, tmp_path: Path) -> None:
    asked = wanted(make_folder(), tmp_path / "case", statistics=("lexical",))
    comparing.compare(asked, formats=["json"], workers=1, say=lambda line: None)
    assert case_files.read_scores(tmp_path / "case").habits == ()


TEXTS = {
    "It is what it is, and that is all there is to say about it.": "en",
    "Das ist nicht das, was wir mit dem Haus und der Stadt meinen.": "de",
    "Это просто предложение на русском языке.": "ru",
    "これは日本語の文章です": "ja",
}


def test_languages_and_lengths_are_told() -> None:
    found = extract([*TEXTS, "42", ""])
    assert [LANGUAGES[i] for i in found["language"][: len(TEXTS)]] == list(TEXTS.values())
    assert found["language"][-2:].tolist() == [UNKNOWN, UNKNOWN]
    assert found["words"].tolist()[-2:] == [1, 0]
    assert main_language({"unknown": 9, "de": 1}) == "de"


VALIDATION = Conditions.model_construct(
    languages={"en": 95, "unknown": 5}, words=(40.0, 120.0, 400.0), first="2026-01-01T00:00:00.000Z",
    last="2026-02-01T00:00:00.000Z", access="asked by this program (openai)",
)  # fmt: skip


def side(**changes: Any) -> Circumstances:
    usual: dict[str, Any] = {
        "model": "m", "languages": {"en": 20}, "words": 100.0, "first": "2026-01-01T00:00:00.000Z",
        "last": "2026-02-01T00:00:00.000Z", "access": "asked by this program (openai)",
    }  # fmt: skip
    return Circumstances(**{**usual, **changes})


def verdicts(*sides: Circumstances) -> dict[str, str]:
    return {c.id: c.verdict for c in surroundings.compare(sides, VALIDATION)}


def test_circumstances_are_the_same_where_nothing_differs() -> None:
    assert set(verdicts(side(), side()).values()) == {"same"}


@pytest.mark.parametrize(
    ("changes", "differing", "verdict"),
    [
        ({"languages": {"de": 20}}, "language", "differs"),
        ({"languages": {"unknown": 20}}, "language", "not known"),
        ({"words": 900.0}, "length", "differs"),
        ({"words": None}, "length", "not known"),
        ({"first": None, "last": None}, "date", "not known"),
        ({"last": "2026-03-01T00:00:00.000Z"}, "date", "differs"),
        ({"access": "recorded elsewhere (table)"}, "access", "differs"),
    ],
)
def test_one_side_that_differs_is_enough(changes: dict[str, Any], differing: str, verdict: str) -> None:
    found = verdicts(side(), side(**changes))
    assert found.pop(differing) == verdict
    assert set(found.values()) == {"same"}
    assert {"language", "length", "date", "access"} == surroundings.IDS

"""Figures: one colour and line for Hp and one for Hd, told apart in grey; what each must say, and its data."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import drawing, layout
from forensics.reporting.drawing import Drawing, Scale
from forensics.reporting.parts import Figure

Make = Callable[..., Evidence]


def figures(evidence: Evidence) -> dict[str, Figure]:
    return {figure.id: figure for figure in layout.make(evidence).figures()}


def test_every_figure_asked_for_is_there(make_evidence: Make) -> None:
    found = figures(make_evidence(ratio=1.2, statistics=("lexical", "style")))
    for name in (
        "ratio",
        "score-lexical",
        "probes-lexical",
        "tippett-independent",
        "pav-independent",
        "ece-independent",
        "style-profile",
    ):
        assert found[name].data.rows, name
        for svg in (found[name].wide, found[name].narrow):
            assert svg.startswith("<svg ")
            assert not re.search(r"<script|<foreignObject|href=|\son\w+=|url\(", svg)


def test_hp_and_hd_look_the_same_everywhere_and_differ_without_colour(make_evidence: Make) -> None:
    lines: dict[str, set[str]] = {"hp": set(), "hd": set()}
    for figure in figures(make_evidence(ratio=1.2)).values():
        for side in lines:
            lines[side] |= set(
                re.findall(rf'<path class="{side}" ([^>]*?stroke-width="2"(?: stroke-dasharray="[^"]*")?)', figure.wide)
            )
    lines["hd"] = {line for line in lines["hd"] if "dasharray" in line} or lines["hd"]
    assert len(lines["hp"]) == len(lines["hd"]) == 1
    assert "dasharray" not in lines["hp"].pop()
    assert "dasharray" in lines["hd"].pop()
    grey = [_grey(colour) for colour in (drawing.HP, drawing.HD)]
    assert all(value < 0.5 for value in grey), "both dark enough on paper"


def _grey(colour: str) -> float:
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * r + 0.587 * g + 0.114 * b


def test_a_tippett_plot_says_its_type_its_pairs_and_lineages_the_case_and_the_cap(make_evidence: Make) -> None:
    tippett = figures(make_evidence(ratio=1.2))["tippett-independent"]
    assert tippett.note.startswith("Type: both curves fall")
    for words in (
        "Hp true: 140 pairs of 12 lineages",
        "Hd true: 9,000 pairs of 29 lineages",
        "this case: 1.2",
        "beyond the cap of 1.5",
    ):
        assert f">{words}</text>" in tippett.wide
    assert tippett.wide.count('class="band"') == 3, "two zones and the legend"
    assert len(re.findall(r'class="pair"[^>]*d="M([\d.]+) [\d.]+ L\1 ', tippett.wide)) == 2, (
        "the case is an upright line"
    )


def test_the_style_profile_shows_both_ends_of_the_evidence(make_evidence: Make) -> None:
    evidence = make_evidence(statistics=("lexical", "style"))
    profile = figures(evidence)["style-profile"]
    assert "Shared most" in profile.wide
    assert "Opposed most" in profile.wide
    assert len(profile.data.rows) == len(evidence.habits)
    assert [row.cells[-1].value for row in profile.data.rows] == [habit.shared for habit in evidence.habits]
    assert profile.wide.count('class="side-r"') == len([h for h in evidence.habits if h.shared > 0][:12]) + 6 + 1


def test_without_habits_there_is_no_profile(make_evidence: Make) -> None:
    evidence = make_evidence(statistics=("lexical", "style")).model_copy(update={"habits": ()})
    assert "style-profile" not in figures(evidence)


def test_axes_turn_pixels_back_into_values() -> None:
    made = Drawing("x", width=100, height=100, title="t", description="d", font=12)
    made.axes(Scale(-2, 2, 10, 90), Scale(0, 1, 95, 5), x="a <b>", y="c")
    made.path("hp", [(10, 95), (90, 5)], name="Hp \u202e")
    svg = made.svg()
    assert 'data-axes="-2 2 10 90 0 1 95 5" data-x="a &lt;b&gt;" data-y="c"' in svg
    assert 'data-name="Hp ⟦U+202E⟧"' in svg
    assert drawing.AXES not in svg


@pytest.mark.parametrize("name", ["pdf", "docx"])
def test_documents_hold_no_titles_that_only_a_pointer_finds(make_evidence: Make, name: str) -> None:
    figure = figures(make_evidence())["score-lexical"]
    assert figure.wide.count("<title>") > 5
    assert "<title>" not in drawing.on_paper(figure.wide)
    assert drawing.on_paper(figure.wide).count("<title id=") == 1
    assert "on_paper" in vars(registry.load("formats", name))

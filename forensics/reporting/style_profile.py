"""The style profile: habit by habit, where either side stands among the unrelated cohort models. Computes nothing.

Values, places and their order are those of the evidence; the figure shows the first and the last of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.records.evidence import Evidence
from forensics.records.scores import Habit
from forensics.reporting import legends
from forensics.reporting.case_plots import MARGIN, NARROW, WIDE, Size
from forensics.reporting.drawing import Drawing, fitting, plain, scale, ticks
from forensics.reporting.legends import Entry
from forensics.reporting.parts import Column, Figure, Table
from forensics.reporting.sheet import Sheet, Shown

MOST_SHARED, MOST_OPPOSED = 12, 6
"""Habits drawn from either end of the evidence's order."""
KINDS = {"lines": "{}", "shape": "{}", "marks": "mark {}", "words": "word “{}”"}
"""How a habit of each kind is called."""
_UNIT = "standard deviations"
ENTRIES = (
    Entry("mark", "reference", "reference"),
    Entry("mark", "questioned", "questioned"),
    Entry("zone", "band", "80% of the unrelated cohort models"),
)


def figure(evidence: Evidence) -> Figure:
    """Return the figure of the habits behind `style`, with all of them as data."""
    return Figure(
        id="style-profile",
        title="Style profile",
        note=f"Each line is one habit. The marks stand where the two sides lie among the unrelated cohort models, in {_UNIT} from "
        "their mean; the bar holds the middle 80% of those models. Above: the habits in which both sides depart most from "
        "the cohort in the same direction. Below: those in which they depart most in opposite directions, which speak against a "
        "common source. Chosen for that from all habits measured, so the ends look more striking than the whole.",
        wide=_drawn(evidence.habits, WIDE),
        narrow=_drawn(evidence.habits, NARROW),
        data=habits(evidence),
    )


def habits(evidence: Evidence) -> Table:
    """Return every habit with its values on both sides and in the cohort."""
    sheet = Sheet(
        "habits",
        "Habits of style: both sides and the cohort",
        (
            Column("habit", "Habit"),
            Column("unit", "Counted"),
            Column("reference", "Reference", numeric=True),
            Column("questioned", "Questioned", numeric=True),
            Column("low", "Cohort 10%", numeric=True),
            Column("middle", "Cohort median", numeric=True),
            Column("high", "Cohort 90%", numeric=True),
            Column("reference_place", "Place of the reference", _UNIT, numeric=True),
            Column("questioned_place", "Place of the questioned", _UNIT, numeric=True),
            Column("low_place", "Place of the cohort's 10%", _UNIT, numeric=True, where="data"),
            Column("high_place", "Place of the cohort's 90%", _UNIT, numeric=True, where="data"),
            Column("shared", "Shared", _UNIT, numeric=True),
        ),
        empty="No habit has a value in this case.",
        source=evidence.scores,
        note="Averages are taken as the statistic takes them (roots of shares, logarithms of counts) and turned back. Place: "
        "standard deviations of the unrelated cohort models from their mean. Shared: the smaller of both distances, negative "
        "where the sides lie on opposite sides of the cohort.",
    )
    for h in evidence.habits:
        values = [Shown(v, unit=h.unit, n=h.n_probes) for v in (h.reference, h.questioned)]
        spread = [Shown(v, unit=h.unit) for v in (h.low, h.middle, h.high)]
        places = (h.reference_place, h.questioned_place, h.low_place, h.high_place, h.shared)
        sheet.row(h.id, (_name(h), h.unit, *values, *spread, *places), n=h.n_cohort)
    return sheet.table()


def _name(habit: Habit) -> str:
    return KINDS[habit.kind].format(habit.name)


def _chosen(habits: Sequence[Habit]) -> tuple[list[Habit], list[Habit]]:
    """Return the habits drawn: the first that are shared, and the last that are opposed, the most opposed first."""
    shared = [habit for habit in habits if habit.shared > 0][:MOST_SHARED]
    opposed = [habit for habit in reversed(habits) if habit.shared < 0][:MOST_OPPOSED]
    return shared, opposed


def _drawn(habits: Sequence[Habit], size: Size) -> str:
    groups = [
        (words, group) for words, group in zip(("Shared most", "Opposed most"), _chosen(habits), strict=True) if group
    ]
    line = size.font + 6
    body = sum(len(group) + 1 for _, group in groups) * line
    foot = 2 * line + legends.height(ENTRIES, width=size.width - 2 * MARGIN, font=size.font) + 8
    drawing = Drawing(
        f"fig-style-profile-{size.name}",
        width=size.width,
        height=body + foot + line,
        title="Style profile",
        description=f"{len(habits)} habits; those drawn: "
        + ", ".join(_name(habit) for _, group in groups for habit in group) + ".",
        font=size.font,
    )  # fmt: skip
    left = size.width * (0.36 if size is WIDE else 0.4)
    drawn = [h for _, group in groups for h in group]
    ends = [v for h in drawn for v in (h.reference_place, h.questioned_place, h.low_place, h.high_place)]
    across = scale([*ends, -1.0, 1.0], start=left + 8, end=size.width - MARGIN - 6)
    for value in ticks(across.low, across.high, size.ticks):
        drawing.path("grid", [(across(value), 4), (across(value), body)])
        drawing.text(across(value), body + size.font + 4, plain(value), anchor="middle", style="quiet")
    drawing.path("neutral", [(across(0), 4), (across(0), body)])
    y = 0.0
    for words, group in groups:
        drawing.text(MARGIN, y + size.font, words, bold=True)
        y += line
        for habit in group:
            middle = y + line / 2 - 1
            drawing.text(left, middle + size.font * 0.35, fitting(_name(habit), left - MARGIN, size.font), anchor="end")
            start, end = across(habit.low_place), across(habit.high_place)
            drawing.rectangle("band", start, middle - 4, end - start, 8)
            for side, place in (("reference", habit.reference_place), ("questioned", habit.questioned_place)):
                drawing.marks(side, [(across(place), middle, _hover(habit, size))], size.radius * 1.3)
            y += line
    drawing.text(size.width / 2, body + 2 * size.font + 10, f"{_UNIT} from the mean of the unrelated models", anchor="middle", style="quiet")  # fmt: skip
    legends.draw(drawing, ENTRIES, x=MARGIN, y=body + 2 * line + 14, width=size.width - 2 * MARGIN, radius=size.radius * 1.3)  # fmt: skip
    return drawing.svg()


def _hover(habit: Habit, size: Size) -> str:
    """Return what a pointer shows; phones have none."""
    if size is not WIDE:
        return ""
    values = (plain(float(f"{v:.3g}")) for v in (habit.reference, habit.questioned, habit.middle))
    return "{}, {}: reference {}, questioned {}, cohort median {}".format(_name(habit), habit.unit, *values)

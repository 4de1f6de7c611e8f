"""The score plot: where the pair stands among the cohort, seen from both sides. Draws the evidence, computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from forensics import hostile
from forensics.records.evidence import Distribution, Finding
from forensics.records.scores import CohortScore
from forensics.reporting import legends
from forensics.reporting.case_plots import MARGIN, WIDE, Size, axis
from forensics.reporting.drawing import Drawing, Scale, fitting, scale, width_of
from forensics.reporting.legends import Entry
from forensics.reporting.parts import flat
from forensics.reporting.wording import EMPTY, between, counted, number

Side = Literal["reference", "questioned"]
SIDES: tuple[Side, Side] = ("reference", "questioned")
NAMED = 3
"""Nearest models named on each side."""
TALLEST = 92.0
"""Most height of a stack of marks."""


class Panel(NamedTuple):
    """What every part of one score plot needs."""

    drawing: Drawing
    found: Distribution
    finding: Finding
    across: Scale
    size: Size
    strip: float
    """Height of one side's row."""

    @property
    def line(self) -> float:
        """Height of a line of text."""
        return self.size.font + 4

    def top(self, side: Side) -> float:
        """Return where a side's row begins."""
        return 2 * self.line + SIDES.index(side) * self.strip


def score_plot(found: Distribution, finding: Finding, size: Size) -> str:
    """Draw where the pair stands among the cohort; relatives differ in shape as in colour."""
    line = size.font + 4
    values = [v for c in found.cohort for v in (c.reference, c.questioned) if v is not None]
    ends = [finding.interval.low, finding.interval.high] if finding.interval else []
    across = scale([*values, found.pair, *ends], start=MARGIN, end=size.width - MARGIN)
    strip = line + NAMED * line + max(_tallest(found, side, across, size) for side in SIDES) + 10
    legend = legends.height(_entries(found, finding), width=size.width - 2 * MARGIN, font=size.font)
    drawing = Drawing(
        f"fig-score-{flat(found.statistic)}-{size.name}",
        width=size.width,
        height=2 * line + 2 * strip + 3 * line + legend + 6,
        title=f"Score plot of {found.statistic}",
        description=_description(found, finding),
        font=size.font,
    )
    panel = Panel(drawing, found, finding, across, size, strip)
    bottom = panel.top("questioned") + strip
    if finding.interval:
        left, right = across(finding.interval.low), across(finding.interval.high)
        drawing.rectangle("band", left, 2 * line - 4, right - left, bottom - 2 * line + 4)
    for side in SIDES:
        _side(panel, side)
    drawing.path("pair", [(across(found.pair), 2 * line - 6), (across(found.pair), bottom)])
    _pair_label(panel)
    axis(drawing, across, bottom, size, f"raw score ({found.statistic}): further right is closer")
    room = size.width - 2 * MARGIN
    legends.draw(
        drawing, _entries(found, finding), x=MARGIN, y=bottom + 3 * line + 4, width=room, radius=size.radius * 1.3
    )
    return drawing.svg()


def _description(found: Distribution, finding: Finding) -> str:
    place = ""
    if finding.rank and finding.rank.reference and finding.rank.questioned:
        place = (
            f" Among {finding.rank.of} models the other side ranks {finding.rank.reference} seen from the reference "
            f"and {finding.rank.questioned} seen from the questioned model."
        )
    return (
        "Two rows of marks, one for each side of the case: the raw score of that side with every cohort model. A "
        f"vertical line stands at the raw score of the pair, {number(found.pair)}.{place}"
    )


def _side(panel: Panel, side: Side) -> None:
    """Draw one side's row: its label, the stacked marks, the names of the nearest models."""
    size, across, drawing = panel.size, panel.across, panel.drawing
    drawn = sorted((value, c.model, c) for c in panel.found.cohort if (value := _score(c, side)) is not None)
    baseline = panel.top(side) + panel.strip - 6
    drawing.path("axis", [(MARGIN, baseline), (size.width - MARGIN, baseline)])
    heights = _stack([across(value) for value, _, _ in drawn], size.radius)
    marks = [
        (c.excluded is not None, (across(value), baseline - size.radius - 1 - height, _hover(c, value, size)))
        for (value, _, c), height in zip(drawn, heights, strict=True)
    ]
    for rank, ((_, name, _), (_, mark)) in enumerate(list(zip(drawn, marks, strict=True))[::-1][:NAMED]):
        _name(panel, name, mark[:2], panel.top(side) + (rank + 2) * panel.line - 3)
    for style, related in (("unrelated", False), ("related", True)):
        drawing.marks(style, [mark for is_related, mark in marks if is_related == related], size.radius)
    drawing.text(MARGIN, panel.top(side) + panel.line - 3, f"{side.capitalize()} with each cohort model", bold=True)


def _score(member: CohortScore, side: Side) -> float | None:
    return member.reference if side == "reference" else member.questioned


def _tallest(found: Distribution, side: Side, across: Scale, size: Size) -> float:
    """Return how high the marks of one side stand."""
    xs = sorted(across(v) for c in found.cohort if (v := _score(c, side)) is not None)
    return max(_stack(xs, size.radius), default=0.0) + 3 * size.radius + 8


def _stack(xs: Sequence[float], radius: float) -> list[float]:
    """Return the height of each mark (ascending x) so that marks of one place stand on each other."""
    counts: dict[int, int] = {}
    levels = []
    for x in xs:
        place = int(x // (2 * radius + 0.6))
        levels.append(counts.get(place, 0))
        counts[place] = levels[-1] + 1
    tallest = max(counts.values(), default=1)
    step = min(2 * radius + 0.6, (TALLEST - 2 * radius) / max(tallest - 1, 1))
    return [level * step for level in levels]


def _hover(member: CohortScore, value: float, size: Size) -> str:
    """Return what a pointer shows; phones have none."""
    if size is not WIDE:
        return ""
    return f"{hostile.shortened(member.model, 80)}: {number(value)} ({member.excluded or 'unrelated'})"


def _name(panel: Panel, model: str, mark: tuple[float, float], y: float) -> None:
    """Write a near model's name above its mark, on the side with more room, and short of the pair's line."""
    x, mark_y = mark
    size, pair = panel.size, panel.across(panel.found.pair)
    leftwards = x > size.width * 0.42
    room = (x if leftwards else size.width - x) - MARGIN - 8
    if not leftwards and x < pair:
        room = min(room, max(pair - x - 10, 60))
    way, height = (-1 if leftwards else 1), y - size.font * 0.35
    panel.drawing.path("leader", [(x, mark_y - size.radius), (x, height), (x + way * 4, height)])
    words = fitting(model, room, size.font) if model.strip() else EMPTY
    panel.drawing.text(x + way * 6, y, words, anchor="end" if leftwards else "start", style="quiet")


def _pair_label(panel: Panel) -> None:
    interval = f" ({between(panel.finding.interval)})" if panel.finding.interval else ""
    words = f"this pair: {number(panel.found.pair)}{interval}"
    half = width_of(words, panel.size.font) * 0.55 + 4  # bold runs a tenth wider
    middle = min(max(panel.across(panel.found.pair), half), panel.size.width - half)
    panel.drawing.text(middle, panel.size.font + 3, words, anchor="middle", bold=True)


def _entries(found: Distribution, finding: Finding) -> tuple[Entry, ...]:
    related = sum(c.excluded is not None for c in found.cohort)
    declared = all(c.lineage is not None for c in found.cohort)
    kind = "unrelated model" if declared else "cohort model"
    entries = [Entry("mark", "unrelated", counted(len(found.cohort) - related, kind))]
    if related:
        entries.append(Entry("mark", "related", f"{counted(related, 'declared relative')}, left out"))
    entries.append(Entry("upright", "pair", "this pair"))
    return (*entries, *([Entry("zone", "band", "its interval")] if finding.interval else []))

"""Pictures of a history: one figure per pair, its panels under one another on one axis of nights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from forensics.monitoring.trends import Event, Series, Trend
from forensics.reporting.case_plots import MARGIN, Size
from forensics.reporting.drawing import Drawing, Scale, fitting, plain, scale, ticks
from forensics.reporting.parts import flat
from forensics.reporting.wording import number

LEFT = 46.0
PANEL = 86.0
MARKED = 62
"""Nights up to which each has a mark."""
PROBES_SHOWN = 24
"""Probes of a side in the picture of flips, those that flipped most often."""
SIDES = {"reference": ("hd", "unrelated"), "questioned": ("hp", "related")}
"""Line and mark of each side: they differ in dash and shape as in colour."""


class Line(NamedTuple):
    """One series of a panel."""

    name: str
    style: str
    mark: str
    values: Series


class Panel(NamedTuple):
    """One panel: a title, its lines, and a level that means something."""

    title: str
    lines: tuple[Line, ...]
    level: float | None = None
    level_words: str = ""
    reach: float | None = None
    """A value that the scale always holds: small wobbles must not fill a panel."""


def panels(trend: Trend, alpha: float) -> list[Panel]:
    """Return the panels that have anything to show."""
    pair = {name: values for (side, name), values in trend.measures.items() if side == "pair"}
    found = []
    if trend.statistic:
        score = pair.get(f"normalised:{trend.statistic}", {})
        found.append(
            Panel(f"Closeness ({trend.statistic}, normalised)", (Line("pair", "pair", "dot", score),), 0.0, "usual")
        )
    found.append(
        Panel("log10 likelihood ratio", (Line("pair", "pair", "dot", pair.get("log10_lr", {})),), 0.0, "neutral")
    )
    wealth = tuple(Line(watch, *SIDES.get(watch, ("pair", "dot")), values) for watch, values in trend.wealth.items())
    threshold = -_log10(alpha)
    found.append(Panel("Evidence of change (log10 E)", wealth, threshold, f"1/α = {1 / alpha:.4g}"))
    for name, title, reach in (
        ("refusals", "Refusals (share of answers)", 0.1),
        ("length", "Length (characters)", 1.0),
        ("style", "Style change (standard deviations)", 0.2),
        ("flips", "Flipped probes", 4.0),
    ):
        lines = tuple(Line(side, *SIDES[side], trend.measures.get((side, name), {})) for side in SIDES)
        found.append(Panel(title, lines, reach=reach))
    return [panel for panel in found if any(v is not None for line in panel.lines for v in line.values.values())]


def _log10(value: float) -> float:
    import math

    return math.log10(value)


class Frame(NamedTuple):
    """What all panels of one figure share."""

    drawing: Drawing
    trend: Trend
    across: Scale
    size: Size
    events: Sequence[Event]

    def x(self, night: str) -> float:
        """Return where a night stands."""
        return self.across(float(date.fromisoformat(night).toordinal()))


def trend_figure(trend: Trend, events: Sequence[Event], size: Size, *, alpha: float) -> str:
    """Draw everything that is known of one pair, night by night."""
    shown = panels(trend, alpha)
    line = size.font + 4
    flips = [(side, probe) for side, probes in trend.flips.items() for probe in list(probes)[:PROBES_SHOWN]]
    cell = 9.0
    heat = (line + 4 + cell * len(flips) + line * max(len(trend.flips) - 1, 0) + 8) if flips else 0.0
    top = 2 * line
    each = PANEL + line + 12
    height = top + each * len(shown) + heat + 2 * line
    drawing = Drawing(
        f"fig-{flat(trend.pair)}-{size.name}", width=size.width, height=height,
        title=f"{trend.pair}, night by night", description=_description(trend), font=size.font,
    )  # fmt: skip
    days = [float(date.fromisoformat(night).toordinal()) for night in trend.nights]
    across = Scale(min(days) - 0.5, max(days) + 0.5, LEFT, size.width - MARGIN)
    frame = Frame(drawing, trend, across, size, [e for e in events if trend.nights[0] <= e.night <= trend.nights[-1]])
    bottom = top + each * len(shown) + heat
    _background(frame, top - 4, bottom)
    for place, panel in enumerate(shown):
        _panel(frame, panel, top + each * place)
    if flips:
        _flips(frame, top + each * len(shown), cell)
    _days(frame, bottom)
    return drawing.svg()


def _description(trend: Trend) -> str:
    found = "; ".join(f"{a.watch} changed ({a.cause}) since {a.since}" for a in trend.alarms) or "no change found"
    return f"{len(trend.nights)} nights from {trend.nights[0]} to {trend.nights[-1]}: {found}. The same values stand in the table below."


def _background(frame: Frame, top: float, bottom: float) -> None:
    """Shade the baselines, and mark what changed: of the tool by dots, of a model by a line."""
    drawing, size = frame.drawing, frame.size
    half = (frame.across.end - frame.across.start) / max(frame.across.high - frame.across.low, 1) / 2
    for first, last in frame.trend.windows:
        drawing.rectangle("band", frame.x(first) - half, top, frame.x(last) - frame.x(first) + 2 * half, bottom - top)
        drawing.text(frame.x(first) - half + 3, size.font + 2, "baseline", style="quiet")
    for event in frame.events:
        drawing.path(
            "second" if event.method else "neutral", [(frame.x(event.night), top), (frame.x(event.night), bottom)]
        )
    for since in sorted({alarm.since for alarm in frame.trend.alarms}):
        x = frame.x(since) - half
        drawing.path("pair", [(x, top), (x, bottom)])
        right = x > size.width * 0.6
        drawing.text(
            x - 4 if right else x + 4,
            size.font + 2,
            f"changed {_day(since)}",
            anchor="end" if right else "start",
            bold=True,
        )


def _panel(frame: Frame, panel: Panel, top: float) -> None:
    drawing, size, line = frame.drawing, frame.size, frame.size.font + 4
    values = [v for one in panel.lines for v in one.values.values() if v is not None]
    levels = [level for level in (panel.level, panel.reach) if level is not None]
    up = scale([*values, *levels], start=top + line + PANEL, end=top + line + 4, zero=min(values) >= 0, room=0.06)
    drawing.text(LEFT, top + size.font - 2, fitting(panel.title, size.width - LEFT - MARGIN, size.font), bold=True)
    for value in ticks(up.low, up.high, 3):
        drawing.path("grid", [(LEFT, up(value)), (frame.across.end, up(value))])
        drawing.text(LEFT - 6, up(value) + 4, plain(value), anchor="end", style="quiet")
    drawing.path("axis", [(LEFT, up.start), (frame.across.end, up.start)])
    if panel.level is not None:
        drawing.path("neutral", [(LEFT, up(panel.level)), (frame.across.end, up(panel.level))])
        drawing.text(frame.across.end, up(panel.level) - 4, panel.level_words, anchor="end", style="quiet")
    for one in panel.lines:
        _line(frame, one, up)


def _line(frame: Frame, one: Line, up: Scale) -> None:
    """Draw a series; a night without a value breaks the line."""
    run: list[tuple[float, float]] = []
    marks = []
    for night in frame.trend.nights:
        value = one.values.get(night)
        if value is None:
            frame.drawing.path(one.style, run)
            run = []
            continue
        run.append((frame.x(night), up(value)))
        marks.append(
            (frame.x(night), up(value), f"{night}, {one.name}: {number(value)}" if frame.size.name == "wide" else "")
        )
    frame.drawing.path(one.style, run)
    # More marks than this run into each other: the line says it all.
    if len(marks) <= MARKED:
        frame.drawing.marks(one.mark, marks, 2.2)


def _flips(frame: Frame, top: float, cell: float) -> None:
    """Draw a cell per probe and night on which the probe had flipped."""
    drawing, size, line = frame.drawing, frame.size, frame.size.font + 4
    width = max((frame.across.end - frame.across.start) / (frame.across.high - frame.across.low) - 1, 1.5)
    y = top
    for side, probes in frame.trend.flips.items():
        kept = list(probes.items())[:PROBES_SHOWN]
        more = f", {len(kept)} of {len(probes)}" if len(probes) > len(kept) else ""
        words = f"Flips by probe: {side}{more}"
        drawing.text(LEFT, y + size.font - 2, fitting(words, size.width - LEFT - MARGIN, size.font), bold=True)
        y += line
        for probe, nights in kept:
            for night in sorted(nights & set(frame.trend.nights)):
                drawing.rectangle(
                    "flip" if side == "questioned" else "flip-reference",
                    frame.x(night) - width / 2,
                    y,
                    width,
                    cell - 1.5,
                )
            drawing.text(LEFT - 6, y + cell - 1, probe[7:11], anchor="end", style="tiny")
            y += cell


def _days(frame: Frame, y: float) -> None:
    """Write dates below the panels."""
    first, last = (date.fromisoformat(frame.trend.nights[place]) for place in (0, -1))
    count = (last - first).days
    step = max(1, -(-count // (frame.size.ticks - 1)))
    day = first
    while day <= last:
        x = frame.x(day.isoformat())
        frame.drawing.path("axis", [(x, y), (x, y + 5)])
        frame.drawing.text(x, y + frame.size.font + 7, _day(day.isoformat()), anchor="middle", style="quiet")
        day += timedelta(days=step)
    frame.drawing.path("axis", [(LEFT, y), (frame.across.end, y)])


def _day(night: str) -> str:
    day = date.fromisoformat(night)
    return f"{day.day} {day.strftime('%b')}"

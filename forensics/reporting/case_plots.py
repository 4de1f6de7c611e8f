"""Figures of a comparison: agreement by probe, the likelihood ratio on its scale; the sizes all figures are drawn in.

Draws values of the evidence and computes none. The score plot is in `score_plot`, a calibration's validation in
`validation_plots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from forensics.records.evidence import Conclusion, Weight
from forensics.records.scores import Contribution
from forensics.reporting import legends
from forensics.reporting.drawing import Drawing, Scale, fitting, plain, scale, ticks
from forensics.reporting.legends import Entry
from forensics.reporting.parts import flat
from forensics.reporting.wording import log_ratio


class Size(NamedTuple):
    """One of the two widths that every figure is drawn in."""

    name: str
    width: float
    font: float
    radius: float
    ticks: int


WIDE = Size("wide", 720, 13, 3.4, 8)
NARROW = Size("narrow", 340, 12, 2.6, 4)
MARGIN = 10.0


def axis(drawing: Drawing, across: Scale, y: float, size: Size, words: str) -> None:
    """Draw the horizontal axis of a figure: ticks, their values, and what is measured."""
    for value in ticks(across.low, across.high, size.ticks):
        drawing.path("axis", [(across(value), y), (across(value), y + 5)])
        drawing.text(across(value), y + size.font + 7, plain(value), anchor="middle", style="quiet")
    drawing.path("axis", [(across.start, y), (across.end, y)])
    drawing.text(
        size.width / 2,
        y + 2 * (size.font + 4) + 5,
        fitting(words, size.width - 20, size.font),
        anchor="middle",
        style="quiet",
    )


def probe_plot(contributions: Sequence[Contribution], statistic: str, size: Size) -> str:
    """Draw how much closer than typical the pair is on each probe, the largest first."""
    excess = sorted((c.excess for c in contributions), reverse=True)
    height = 190.0
    line = size.font + 4
    drawing = Drawing(
        f"fig-probes-{flat(statistic)}-{size.name}",
        width=size.width,
        height=height + 3 * line,
        title=f"Agreement by probe: {statistic}",
        description=f"The excess of the pair's score over what is typical, for {len(excess)} probes, largest first.",
        font=size.font,
    )
    up = scale(excess, start=height, end=line)
    across = Scale(0, max(len(excess), 1), 44, size.width - MARGIN)
    for value in ticks(up.low, up.high, 5):
        drawing.path("grid", [(across.start, up(value)), (across.end, up(value))])
        drawing.text(across.start - 6, up(value) + 4, plain(value), anchor="end", style="quiet")
    drawing.axes(across, up, x="probe, from the most to the least", y="excess")
    steps = [(across(i + half), up(value)) for i, value in enumerate(excess) for half in (0, 1)]
    drawing.path("area", [(across.start, up(0)), *steps, (across.end, up(0))], close=True, name="pair less typical")
    drawing.path("axis", [(across.start, up(0)), (across.end, up(0))])
    words = f"{len(excess)} probes, from the most to the least in excess of typical"
    drawing.text(
        (across.start + across.end) / 2,
        height + 2 * line - 4,
        fitting(words, size.width - 50, size.font),
        anchor="middle",
        style="quiet",
    )
    return drawing.svg()


def ratio_plot(conclusion: Conclusion, labels: dict[str, str], size: Size) -> str:
    """Draw each alternative's log10 likelihood ratio with its interval; what lies beyond the cap is shaded."""
    weights = [w for w in conclusion.weights if w.log10_lr is not None]
    entries = [Entry("mark", "ratio", "likelihood ratio"), Entry("zone", "band", "beyond the cap: not reported")]
    if any(w.interval for w in weights):
        entries.insert(1, Entry("line", "pair", "its interval"))
    line, room = size.font + 4, size.width - 2 * MARGIN
    height = line * (1.4 + 2 * len(weights)) + 10
    foot = 3 * line + legends.height(entries, width=room, font=size.font) + 6
    drawing = Drawing(
        f"fig-ratio-{size.name}",
        width=size.width,
        height=height + foot,
        title="Likelihood ratio",
        description="; ".join(f"{labels[w.alternative]}: log10 LR {log_ratio(w.log10_lr)}" for w in weights),
        font=size.font,
    )
    across = _ratio_scale(weights, size)
    top = line + 6
    cap = min((w.cap for w in weights if w.cap is not None), default=None)
    if cap is not None:
        drawing.rectangle("band", across.start, top, across(-cap) - across.start, height - top)
        drawing.rectangle("band", across(cap), top, across.end - across(cap), height - top)
    drawing.path("neutral", [(across(0), top), (across(0), height)])
    _directions(drawing, across, size)
    for i, weight in enumerate(weights):
        y = top + line * (2 * i + 1.6)
        drawing.text(
            MARGIN + 4, y - line + 4, fitting(labels[weight.alternative], size.width - 20, size.font), bold=True
        )
        if weight.interval:
            drawing.path("pair", [(across(weight.interval.low), y), (across(weight.interval.high), y)])
        drawing.marks("ratio", [(across(weight.log10_lr or 0.0), y, "")], 5)
    axis(drawing, across, height, size, "log10 likelihood ratio")
    legends.draw(drawing, entries, x=MARGIN, y=height + 3 * line + 4, width=room, radius=5)
    return drawing.svg()


def _ratio_scale(weights: Sequence[Weight], size: Size) -> Scale:
    shown = [
        v
        for w in weights
        for v in (
            w.log10_lr,
            w.cap,
            -(w.cap or 0),
            *((w.interval.low, w.interval.high) if w.interval else ()),
        )
        if v is not None
    ]
    return scale([*shown, -2.0, 2.0], start=MARGIN, end=size.width - MARGIN, room=0.1)


def _directions(drawing: Drawing, across: Scale, size: Size) -> None:
    """Say which way is which, in the colours and lines that Hp and Hd have everywhere."""
    y = size.font * 0.7
    for style, way, words, anchor in (("hd", -1, "supports Hd", "end"), ("hp", 1, "supports Hp", "start")):
        near, far = across(0) + way * 10, across(0) + way * 50
        drawing.path(style, [(near, y), (far, y)])
        drawing.path(f"{style}-solid", [(far - way * 6, y - 4), (far, y), (far - way * 6, y + 4)])
        drawing.text(far + way * 8, y + size.font * 0.35, words, anchor=anchor, style=f"{style}-words")

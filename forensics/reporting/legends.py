"""The legend of a figure: a sample of each line, mark and zone with its words. Knows nothing of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from forensics.reporting.drawing import Drawing, fitting, width_of


class Entry(NamedTuple):
    """One sample with its words."""

    kind: Literal["line", "upright", "mark", "zone"]
    style: str
    """A style of `drawing`."""
    words: str


_SAMPLE, _GAP = 26.0, 10.0
"""Width of a sample, and the space after an entry."""


def rows(entries: Sequence[Entry], *, width: float, font: float) -> list[list[Entry]]:
    """Return the entries in lines that fit a width."""
    lines: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        wanted = _SAMPLE + width_of(entry.words, font) + _GAP
        if lines[-1] and used + wanted - _GAP > width:
            lines.append([])
            used = 0.0
        lines[-1].append(entry)
        used += wanted
    return lines


def height(entries: Sequence[Entry], *, width: float, font: float) -> float:
    """Return the height that a legend takes."""
    return len(rows(entries, width=width, font=font)) * (font + 6)


def draw(drawing: Drawing, entries: Sequence[Entry], *, x: float, y: float, width: float, radius: float) -> None:
    """Draw a legend whose first line has its middle at `y`."""
    for line in rows(entries, width=width, font=drawing.font):
        across = x
        for entry in line:
            _sample(drawing, entry, across, y, radius)
            words = fitting(entry.words, width - _SAMPLE, drawing.font)
            drawing.text(across + _SAMPLE, y + drawing.font * 0.35, words, style="quiet")
            across += _SAMPLE + width_of(words, drawing.font) + _GAP
        y += drawing.font + 6


def _sample(drawing: Drawing, entry: Entry, x: float, y: float, radius: float) -> None:
    if entry.kind == "zone":
        drawing.rectangle(entry.style, x, y - 6, 20, 12)
    elif entry.kind == "line":
        drawing.path(entry.style, [(x, y), (x + 20, y)])
    elif entry.kind == "upright":
        drawing.path(entry.style, [(x + 10, y - 7), (x + 10, y + 7)])
    else:
        drawing.marks(entry.style, [(x + 10, y, "")], radius)

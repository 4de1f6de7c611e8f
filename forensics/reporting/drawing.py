"""A few lines of SVG: shapes, texts, axes. Knows nothing of evidence; the same calls give the same bytes.

Colours are given twice: as presentation attributes, so that a file stands alone, and as classes, so that a page can
adapt them to dark mode. Every text goes through `hostile.html_line`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from forensics import hostile

INK, MUTED, HP, HD, PAPER, BAND = "#1d1b18", "#5f5a52", "#a3360b", "#1f5a99", "#fffdf9", "#e7dfd2"
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"


HALO = f' stroke="{PAPER}" stroke-width="3" paint-order="stroke" stroke-linejoin="round"'
"""Sets labels off from lines beneath."""
_HOVER = re.compile("<title>[^<]*</title>(?=</(?:circle|path|rect)>)")


AXES = "\0axes"
"""Holds the place of the axes in a drawing's first element until they are known; no text can hold it."""


class Ink(NamedTuple):
    """How a kind of thing is drawn in every figure: colour and line differ, so that grey is enough."""

    css: str
    attributes: str


STYLES = {
    "axis": Ink("axis", f'fill="none" stroke="{MUTED}" stroke-width="1"'),
    "grid": Ink("grid", f'fill="none" stroke="{BAND}" stroke-width="1"'),
    "pair": Ink("pair", f'fill="none" stroke="{INK}" stroke-width="2.5"'),
    "band": Ink("band", f'fill="{BAND}" stroke="none"'),
    "unrelated": Ink("unrelated", f'fill="{PAPER}" stroke="{HD}" stroke-width="1.3"'),
    "related": Ink("related", f'fill="{MUTED}" stroke="{PAPER}" stroke-width="0.6"'),
    "reference": Ink("side-r", f'fill="{INK}" stroke="{PAPER}" stroke-width="0.8"'),
    "questioned": Ink("side-q", f'fill="{PAPER}" stroke="{INK}" stroke-width="1.8"'),
    "leader": Ink("leader", f'fill="none" stroke="{MUTED}" stroke-width="0.8"'),
    "hp": Ink("hp", f'fill="none" stroke="{HP}" stroke-width="2"'),
    "hd": Ink("hd", f'fill="none" stroke="{HD}" stroke-width="2" stroke-dasharray="6 4"'),
    "hp-solid": Ink("hp", f'fill="none" stroke="{HP}" stroke-width="2"'),
    "hd-solid": Ink("hd", f'fill="none" stroke="{HD}" stroke-width="2"'),
    "hp-words": Ink("hp-words", f'fill="{HP}"'),
    "hd-words": Ink("hd-words", f'fill="{HD}"'),
    "ratio": Ink("side-r", f'fill="{INK}" stroke="{PAPER}" stroke-width="0.8"'),
    "first": Ink("pair", f'fill="none" stroke="{INK}" stroke-width="2"'),
    "second": Ink("axis", f'fill="none" stroke="{MUTED}" stroke-width="1.6" stroke-dasharray="7 4"'),
    "neutral": Ink("neutral", f'fill="none" stroke="{MUTED}" stroke-width="1.3" stroke-dasharray="2 3"'),
    "blank": Ink("blank", 'fill="none" stroke="none"'),
    "area": Ink("area", f'fill="{BAND}" stroke="{INK}" stroke-width="1"'),
    "flip": Ink("flip", f'fill="{HP}" stroke="none"'),
    "flip-reference": Ink("flip-reference", f'fill="{HD}" stroke="none"'),
    "dot": Ink("dot", f'fill="{INK}" stroke="{PAPER}" stroke-width="0.6"'),
    "text": Ink("ink", f'fill="{INK}"'),
    "quiet": Ink("muted", f'fill="{MUTED}"'),
    "tiny": Ink("muted", f'fill="{MUTED}" font-size="8"'),
}


class Drawing:
    """One drawing, filled call by call; coordinates in pixels from the top left."""

    def __init__(self, id_: str, *, width: float, height: float, title: str, description: str, font: float) -> None:
        self.id = id_
        self.width, self.height, self.font = width, height, font
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {at(width)} {at(height)}" role="img"'
            f'{AXES} aria-labelledby="{id_}-title {id_}-desc" font-family="{FONT}" font-size="{at(font)}">'
            f'<title id="{id_}-title">{hostile.html_line(title)}</title>'
            f'<desc id="{id_}-desc">{hostile.html_line(description)}</desc>'
        )
        self._body: list[str] = []
        self._axes = ""

    def axes(self, across: Scale, up: Scale, *, x: str, y: str) -> None:
        """Say how pixels become values, for a page that shows the values under a pointer."""
        ends = " ".join(f"{value:.6g}" for value in (*across, *up))
        self._axes = f' data-axes="{ends}" data-x="{hostile.html_line(x)}" data-y="{hostile.html_line(y)}"'

    def path(self, style: str, points: Iterable[tuple[float, float]], *, close: bool = False, name: str = "") -> None:
        """Draw a line through points; one with a name shows its values under a pointer."""
        steps = " ".join(f"{'L' if i else 'M'}{at(x)} {at(y)}" for i, (x, y) in enumerate(points))
        if steps:
            named = f' data-name="{hostile.html_line(name)}"' if name else ""
            self._body.append(f'<path {_attributes(style)}{named} d="{steps}{"Z" if close else ""}"/>')

    def rectangle(self, style: str, x: float, y: float, width: float, height: float) -> None:
        """Draw a rectangle."""
        self._body.append(
            f'<rect {_attributes(style)} x="{at(x)}" y="{at(y)}" width="{at(max(width, 0))}" '
            f'height="{at(max(height, 0))}"/>'
        )

    def marks(self, style: str, places: Sequence[tuple[float, float, str]], radius: float) -> None:
        """Draw circles (`unrelated`), squares (`reference`), diamonds (`questioned`) or triangles, each with a title for hover."""
        if not places:
            return
        self._body.append(f"<g {_attributes(style)}>")
        for x, y, title in places:
            named = f"<title>{hostile.html_line(title)}</title>" if title else ""
            self._body.append(_mark(style, x, y, radius, named))
        self._body.append("</g>")

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: str = "start",
        style: str = "text",
        bold: bool = False,
    ) -> None:
        """Write one line, with a halo of paper so that lines beneath do not cross it."""
        weight = ' font-weight="600"' if bold else ""
        self._body.append(
            f'<text {_attributes(style)} x="{at(x)}" y="{at(y)}" text-anchor="{anchor}"{weight}'
            f"{HALO}>{hostile.html_line(words)}</text>"
        )

    def svg(self) -> str:
        """Return the finished drawing."""
        return self._head.replace(AXES, self._axes, 1) + "".join(self._body) + "</svg>"


def on_paper(markup: str) -> str:
    """Return drawings for a renderer of documents: without the titles that only a pointer finds, and without the halo.

    A renderer that knows no `paint-order` would paint the halo over the letters.
    """
    return _HOVER.sub("", markup.replace(HALO, ""))


class Scale(NamedTuple):
    """Maps values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; values outside stay at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def scale(values: Iterable[float], *, start: float, end: float, room: float = 0.03, zero: bool = True) -> Scale:
    """Return a scale that holds all values, and zero if asked, with a little room."""
    kept = [*values, *((0.0,) if zero else ())]
    low, high = min(kept), max(kept)
    if high - low <= 1e-12:
        low, high = low - 0.5, high + 0.5
    margin = (high - low) * room
    return Scale(low - margin, high + margin, start, end)


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Return round values between two bounds.

    >>> ticks(0, 1, 5), ticks(-0.01, 0.19, 4)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 0.05, 0.1, 0.15])
    """
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, math.floor(high / step + 1e-9) + 1)]


def plain(value: float) -> str:
    """Return a tick's label."""
    return f"{value:z.6g}".replace("-", "\u2212")


def fitting(words: str, width: float, font: float) -> str:
    """Return the words cut to about a width, the end replaced by an ellipsis.

    >>> fitting("a rather long name", 60, 12)
    'a rather…'
    """
    words = words[:400]
    if width_of(words, font) <= width:
        return words
    kept = 0.0
    for place, char in enumerate(words):
        kept += width_of(char, font)
        if kept > width - font:
            return words[:place] + "…"
    return words


def width_of(words: str, font: float) -> float:
    """Return about how wide a text is drawn, hidden characters as their codes."""
    return sum(_advance(char) for char in hostile.one_line(words)) * font


def at(value: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def _advance(char: str) -> float:
    if char in "il.,:;|'!jtfrI-()[] ":
        return 0.38
    if char in "mwMW" or unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.7 if char.isupper() else 0.6


def _attributes(style: str) -> str:
    ink = STYLES[style]
    return f'class="{ink.css}" {ink.attributes}'


def _mark(style: str, x: float, y: float, radius: float, named: str) -> str:
    if style == "unrelated":
        return f'<circle cx="{at(x)}" cy="{at(y)}" r="{at(radius)}">{named}</circle>'
    if style == "reference":
        side = at(2 * radius)
        return f'<rect x="{at(x - radius)}" y="{at(y - radius)}" width="{side}" height="{side}">{named}</rect>'
    r = radius * 1.35
    if style == "questioned":
        return f'<path d="M{at(x)} {at(y - r)}L{at(x + r)} {at(y)}L{at(x)} {at(y + r)}L{at(x - r)} {at(y)}Z">{named}</path>'
    return f'<path d="M{at(x)} {at(y - r)}L{at(x + r)} {at(y + r * 0.8)}L{at(x - r)} {at(y + r * 0.8)}Z">{named}</path>'

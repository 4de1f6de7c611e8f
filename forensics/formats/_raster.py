"""Draws our own SVG figures as pixels, for programs that cannot show SVG. Knows only what `reporting.drawing` writes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

_FINER = 2
"""Each pixel of the figure as so many in each direction."""
_STEP = re.compile(r"([ML])(-?[0-9.]+) (-?[0-9.]+)")
_PLAIN = str.maketrans({"\u2212": "-", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "…": "..."})
"""Signs that are not in the font that draws the labels."""
_LONGEST_DASHES = 20_000
"""Pieces drawn of one dashed line."""


def png(svg: str) -> bytes:
    """Return a figure as PNG, twice its size in pixels; the same figure gives the same bytes.

    Raises ValueError for a picture that is not one of ours.
    """
    from PIL import Image, ImageDraw

    root = ElementTree.fromstring(svg)  # noqa: S314  our own drawing, made in this process
    _, _, width, height = (float(side) for side in root.get("viewBox", "").split())
    image = Image.new("RGB", (round(width * _FINER), round(height * _FINER)), "white")
    pen = ImageDraw.Draw(image)
    size = float(root.get("font-size", "13"))
    for element in _drawn(root, {}):
        _draw(pen, element, size)
    stream = io.BytesIO()
    image.quantize(32).save(stream, "PNG")
    return stream.getvalue()


def _drawn(element: ElementTree.Element, outer: dict[str, str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield shapes and texts with the attributes that hold for them."""
    for child in element:
        kind = child.tag.rpartition("}")[2]
        own = {**outer, **child.attrib}
        if kind == "g":
            yield from _drawn(child, dict(child.attrib))
        else:
            yield kind, own, child.text or ""


def _draw(pen: Any, element: tuple[str, dict[str, str], str], size: float) -> None:
    kind, a, text = element
    fill = None if a.get("fill", "none") == "none" else a["fill"]
    line = None if a.get("stroke", "none") == "none" else a["stroke"]
    width = max(round(float(a.get("stroke-width", 1)) * _FINER), 1)
    if kind == "rect":
        x, y = _at(a, "x"), _at(a, "y")
        pen.rectangle((x, y, x + _at(a, "width"), y + _at(a, "height")), fill=fill)
    elif kind == "circle":
        x, y, r = _at(a, "cx"), _at(a, "cy"), _at(a, "r")
        pen.ellipse((x - r, y - r, x + r, y + r), fill=fill, outline=line, width=width)
    elif kind == "text":
        _write(pen, a, text, size)
    elif kind == "path":
        points = [(float(x) * _FINER, float(y) * _FINER) for _, x, y in _STEP.findall(a["d"])]
        if fill and len(points) > 2:
            pen.polygon(points, fill=fill)
        if a["d"].endswith("Z"):
            points.append(points[0])
        if line and "stroke-dasharray" in a:
            for piece in _dashes(points, [float(part) * _FINER for part in a["stroke-dasharray"].split()]):
                pen.line(piece, fill=line, width=width)
        elif line:
            pen.line(points, fill=line, width=width, joint="curve")


def _at(attributes: dict[str, str], name: str) -> float:
    return float(attributes[name]) * _FINER


def _write(pen: Any, a: dict[str, str], text: str, size: float) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(size * _FINER * 0.95)
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[a.get("text-anchor", "start")]
    place = (_at(a, "x"), _at(a, "y"))
    bold = 1 if "font-weight" in a else 0
    pen.text(
        place,
        text.translate(_PLAIN),
        font=font,
        fill=a["fill"],
        anchor=anchor,
        stroke_width=bold,
        stroke_fill=a["fill"],
    )


def _dashes(points: list[tuple[float, float]], lengths: list[float]) -> Iterator[list[tuple[float, float]]]:
    """Yield the pieces of a dashed line."""
    which, left, drawn = 0, lengths[0], 0
    for (x, y), (to_x, to_y) in pairwise(points):
        length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
        done = 0.0
        while length - done > 1e-9 and drawn < _LONGEST_DASHES:
            step = min(left, length - done)
            start, end = done / length, (done + step) / length
            if which % 2 == 0:
                drawn += 1
                yield [(x + (to_x - x) * t, y + (to_y - y) * t) for t in (start, end)]
            done, left = done + step, left - step
            if left <= 1e-9:
                which += 1
                left = lengths[which % len(lengths)]

"""The flat map of a screen as a drawing: marks by lineage, lines between the nearest, names where there is room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forensics.numerics.maps import FlatMap
from forensics.picturing.canvas import MARGIN, Canvas, Size, legend_height, lines_of
from forensics.picturing.material import Floats, Material
from forensics.reporting.drawing import fitting, width_of

NEAR = 8.0
"""Normalised closeness from which two models are joined by a line."""
_AIR = 4.0
"""Free on either side of a name, so that two names do not read as one."""
_MOST_LINES = 3
"""Lines drawn, times the number of models."""


class Box(NamedTuple):
    """What a name or a mark covers."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Say whether two boxes overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def map_words(flat: FlatMap) -> str:
    """Say how faithful a map is."""
    return (
        f"Near models lie near, as far as a plane allows: stress {flat.stress:.2f} (0 would be exact), and "
        f"{100 * flat.kept:.0f}% of the models have their nearest one among the five nearest here. Lines join pairs of "
        f"closeness {NEAR:g} and more. Directions, and distances between far groups, mean nothing."
    )


def map_drawing(material: Material, flat: FlatMap, size: Size, *, alone: bool) -> str:
    """Draw the map; `alone` adds the legend and the words that a file needs and the page has beside it."""
    places, bottom = _scaled(flat.places, size)
    height = bottom
    words = map_words(flat)
    if alone:
        height += legend_height(material.models, size) + 12
        height += (len(lines_of(words, size.width - 2 * MARGIN, size.font)) + 1) * (size.font + 4)
    title = f"Map of {len(places)} models"
    canvas = Canvas(f"map-{size.name}", material.models, size, height, (title, words))
    _lines(canvas, material.normalised, places)
    r = 5.0 if len(places) <= 80 else 4.0
    labels = _labels(material, places, size, r)
    for number, (x, y) in enumerate(places.tolist()):
        canvas.model(number, x, y, labels.get(number), r)
    if alone:
        canvas.words(canvas.legend(bottom + 10) + size.font, words)
    return canvas.svg()


def _scaled(places: Floats, size: Size) -> tuple[Floats, float]:
    """Fit the places into the width, both axes alike; returns them and the height."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = 26.0
    factor = (size.width - 2 * (MARGIN + room)) / max(float((high - low).max()), 1e-9)
    moved: Floats = (places - low) * factor + MARGIN + room
    spare = size.width - 2 * (MARGIN + room) - (high - low)[0] * factor
    moved[:, 0] += max(spare, 0.0) / 2
    return moved, float((high - low)[1] * factor + 2 * (MARGIN + room))


def _lines(canvas: Canvas, normalised: Floats, places: Floats) -> None:
    """Join the nearest pairs, the nearest drawn last."""
    first, second = np.triu_indices(len(places), 1)
    near = np.nan_to_num(normalised[first, second], nan=0.0)
    order = [pair for pair in np.argsort(near, kind="stable").tolist() if near[pair] >= NEAR]
    for pair in order[-_MOST_LINES * len(places) :]:
        a, b = int(first[pair]), int(second[pair])
        same = canvas.models[a].lineage and canvas.models[a].lineage == canvas.models[b].lineage
        look = canvas.look(a) if same else None
        ends = [tuple(places[a].tolist()), tuple(places[b].tolist())]
        canvas.line(ends, look=look, width=1.6 if near[pair] >= 2 * NEAR else 0.8)


def _labels(material: Material, places: Floats, size: Size, r: float) -> dict[int, tuple[float, float, str, str]]:
    """Name the models whose names fit without covering a mark or another name; those with near relatives first."""
    taken = [Box(x - r, y - r, x + r, y + r) for x, y in places.tolist()]
    nearest = np.nan_to_num(material.normalised, nan=-9.0).max(axis=1)
    found: dict[int, tuple[float, float, str, str]] = {}
    for number in np.argsort(-nearest, kind="stable").tolist():
        x, y = places[number].tolist()
        words = fitting(material.models[number].name, 190 if size.name == "wide" else 120, size.font)
        wide, up = width_of(words, size.font), size.font
        tried = (
            (x + r + 4, y + up * 0.35, "start"),
            (x - r - 4, y + up * 0.35, "end"),
            (x, y - r - 4, "middle"),
            (x, y + r + up, "middle"),
        )
        for left, base, anchor in tried:
            start = left - {"start": 0.0, "end": wide, "middle": wide / 2}[anchor]
            box = Box(start - _AIR, base - up, start + wide + _AIR, base + 2)
            inside = box.left >= 2 and box.right <= size.width - 2
            if inside and not any(box.meets(other) for i, other in enumerate(taken) if i != number):
                taken.append(box)
                found[number] = (left, base, words, anchor)
                break
    return found

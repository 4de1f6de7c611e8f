"""A drawing with what pictures of many models need besides: coloured lines, marked models, a legend, closing words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from forensics import hostile
from forensics.picturing.colours import Look, look_of, looks, mark
from forensics.picturing.material import Shown
from forensics.reporting.drawing import MUTED, Drawing, at, fitting, width_of

LONGEST_NAME = 120
"""Characters of a name that a title shows."""


class Size(NamedTuple):
    """For what width a picture is made."""

    name: str
    width: float
    font: float
    row: float
    """Height of a line of the tree."""
    label: float
    """Width kept for names."""


WIDE = Size("wide", 860, 13, 16.5, 270)
NARROW = Size("narrow", 350, 11.5, 16, 170)
MARGIN = 10.0


class Canvas(Drawing):
    """A drawing of models; `looks` gives each lineage its mark."""

    def __init__(self, id_: str, models: Sequence[Shown], size: Size, height: float, words: tuple[str, str]) -> None:
        super().__init__(id_, width=size.width, height=height, title=words[0], description=words[1], font=size.font)
        self.models = models
        self.looks = looks(models)

    def look(self, model: int) -> Look:
        """Return how a model is marked."""
        return look_of(self.models[model], self.looks)

    def line(self, points: Iterable[tuple[float, float]], *, look: Look | None = None, width: float = 1.2) -> None:
        """Draw a line, in a lineage's colour where one is given."""
        css, colour = (f"s {look.css}", look.colour) if look else ("axis", MUTED)
        steps = " ".join(f"{'L' if i else 'M'}{at(x)} {at(y)}" for i, (x, y) in enumerate(points))
        dash = f' stroke-dasharray="{look.dash}"' if look and look.dash else ""
        self._body.append(
            f'<path class="{css}" fill="none" stroke="{colour}" stroke-width="{at(width)}"{dash} d="{steps}"/>'
        )

    def model(self, number: int, x: float, y: float, label: tuple[float, float, str, str] | None, r: float) -> None:
        """Mark a model; `label` is x, y, words and anchor of its name. The page finds it by its number."""
        model, look = self.models[number], self.look(number)
        plain = model.lineage not in self.looks
        self._body.append(
            f'<g class="m" data-i="{number}"><title>{hostile.html_line(named(model))}</title>'
            f'<circle class="hit" fill="none" pointer-events="all" cx="{at(x)}" cy="{at(y)}" r="{at(r + 4)}"/>'
            + mark(look, x, y, r, plain=plain)
        )
        if label:
            self.text(label[0], label[1], label[2], anchor=label[3])
        self._body.append("</g>")

    def raw(self, markup: str) -> None:
        """Add markup of our own making."""
        self._body.append(markup)

    def legend(self, top: float) -> float:
        """Draw the marks of the lineages from `top` down; returns where it ends."""
        column, line = 190.0, self.font + 5
        columns = max(1, int((self.width - 2 * MARGIN) // column))
        names = list(self.looks)
        for place, name in enumerate(names):
            x, y = MARGIN + 6 + (place % columns) * column, top + (place // columns) * line
            self._body.append(mark(self.looks[name], x, y, 4.5, plain=False))
            self.text(x + 10, y + self.font * 0.35, fitting(name, column - 26, self.font), style="quiet")
        rows = -(-len(names) // columns)
        if not names:
            return top
        words = "A small grey mark: alone in its lineage, or none of the 48 largest."
        self.text(MARGIN, top + rows * line + self.font * 0.35, words, style="quiet")
        return top + (rows + 1) * line

    def words(self, top: float, text: str) -> float:
        """Write a paragraph from `top` down; returns where it ends."""
        for line in lines_of(text, self.width - 2 * MARGIN, self.font):
            self.text(MARGIN, top, line, style="quiet")
            top += self.font + 4
        return top


def legend_height(models: Sequence[Shown], size: Size) -> float:
    """Return the height that `Canvas.legend` takes."""
    names, columns = len(looks(models)), max(1, int((size.width - 2 * MARGIN) // 190))
    return (-(-names // columns) + 1) * (size.font + 5) if names else 0.0


def lines_of(text: str, width: float, font: float) -> list[str]:
    """Break a text of our own into lines of about a width."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def named(model: Shown) -> str:
    """Return a model's name with developer and lineage, for a title."""
    lineage = f"lineage {model.lineage}{' (inferred)' if model.inferred else ''}" if model.lineage else "no lineage"
    return f"{hostile.shortened(model.name, LONGEST_NAME)} · {model.developer or 'developer not declared'} · {lineage}"

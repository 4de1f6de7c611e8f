"""Colours and shapes that tell lineages apart, and the scale of the heat map: for grey paper, and for dark screens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from forensics.picturing.material import Shown
from forensics.reporting.drawing import MUTED, at

LIGHT = ("#1f5a99", "#b93a0b", "#2c7a3a", "#7a3fa3", "#8a6400", "#0f737d", "#b02f66", "#55606b")
"""Colours on paper; the page has another set for the dark under the classes g0 … g7."""
FORMS = ("circle", "square", "triangle", "diamond", "cross", "ring")
_PLAIN = ("circle", "gx", MUTED)
_BEFORE_AGAIN = 24
"""Lineages after which form and colour would both come again: the least common multiple of their numbers."""
_DASHES = ("", "7 2", "2 2", "7 2 2 2", "12 3", "4 4")

STEPS = (-2.0, 0.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Bounds of the heat map's classes, in spreads of the unrelated models' scores."""
HEAT = ("#e6edf5", "#f7f2e8", "#f7e6c9", "#f3cf9a", "#eaa663", "#d9743a", "#b5431a", "#701f0c")
"""Colours of the classes, one more than bounds, from far to near."""
NOTHING = "#d4cfc5"
"""Colour of a pair without a value, and of the diagonal."""


class Look(NamedTuple):
    """How the models of one lineage are marked."""

    form: str
    css: str
    colour: str
    dash: str = ""
    """Dashes of its lines, where another lineage has its colour too."""


def looks(models: Sequence[Shown]) -> dict[str, Look]:
    """Give every lineage of two models or more a mark of its own.

    Form and colour change together from one lineage to the next, so that the largest are told apart in grey, too, and by
    those who see few colours; a colour that comes again comes with another form and with dashed lines.
    """
    counts = Counter(model.lineage for model in models if model.lineage)
    several = [name for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n > 1]
    found = {}
    for place, name in enumerate(several[: len(LIGHT) * len(FORMS)]):
        again = place // _BEFORE_AGAIN
        colour = (place + again) % len(LIGHT)
        dash = _DASHES[place // len(LIGHT)]
        found[name] = Look(FORMS[place % len(FORMS)], f"g{colour}", LIGHT[colour], dash)
    return found


def look_of(model: Shown, given: dict[str, Look]) -> Look:
    """Return how a model is marked: plainly where it is alone in its lineage."""
    return given.get(model.lineage, Look(*_PLAIN))


def mark(look: Look, x: float, y: float, r: float, *, plain: bool) -> str:
    """Return the SVG of one mark; `plain` draws a smaller one for a model alone in its lineage."""
    r = r * 0.7 if plain else r
    if look.form == "circle":
        return f'<circle class="{look.css}" fill="{look.colour}" cx="{at(x)}" cy="{at(y)}" r="{at(r)}"/>'
    if look.form == "ring":
        return (
            f'<circle class="{look.css} open" fill="none" stroke="{look.colour}" stroke-width="2" '
            f'cx="{at(x)}" cy="{at(y)}" r="{at(r - 0.6)}"/>'
        )
    return f'<path class="{look.css}" fill="{look.colour}" d="{_outline(look.form, x, y, r)}"/>'


def heat_class(value: float) -> int:
    """Return the class of a normalised value, 0 … 7; −1 for none.

    >>> heat_class(-3), heat_class(0), heat_class(40), heat_class(float("nan"))
    (0, 2, 7, -1)
    """
    return -1 if value != value else sum(value >= step for step in STEPS)  # noqa: PLR0124  only NaN differs from itself


def _outline(form: str, x: float, y: float, r: float) -> str:
    if form == "square":
        corners = [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
    elif form == "triangle":
        corners = [(0.0, -1.2), (1.15, 0.9), (-1.15, 0.9)]
    elif form == "diamond":
        corners = [(0.0, -1.3), (1.2, 0.0), (0.0, 1.3), (-1.2, 0.0)]
    else:
        corners = [(-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4),
                   (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4)]  # fmt: skip
    return "M" + "L".join(f"{at(x + r * dx)} {at(y + r * dy)}" for dx, dy in corners) + "Z"

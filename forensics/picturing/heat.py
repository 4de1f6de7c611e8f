"""The clustered heat map as a file: cells in classes of closeness, names on both sides, the tree they are ordered by."""

from __future__ import annotations

from forensics.numerics.trees import Tree
from forensics.picturing.canvas import MARGIN, Canvas, Size, legend_height
from forensics.picturing.colours import HEAT, NOTHING, STEPS, heat_class, mark
from forensics.picturing.material import Material
from forensics.picturing.shapes import Shapes
from forensics.reporting.drawing import at, fitting

CELL = 13.0
LABEL = 190.0
TREE = 120.0
_KEY = 34.0


def heat_drawing(material: Material, shapes: Shapes) -> str:
    """Draw all pairs, ordered by average linkage; the colour is the class of normalised closeness."""
    order = shapes.order.tolist()
    side = len(order) * CELL
    left, top = MARGIN + TREE + LABEL, _KEY + LABEL
    size = Size("file", left + side + MARGIN, 11, CELL, LABEL)
    bottom = top + side
    words = (
        f"Clustered heat map of {len(order)} models",
        f"Closeness of {material.statistic}, normalised: 0 is usual between unrelated models, in units of their spread.",
    )
    canvas = Canvas("heat", material.models, size, bottom + legend_height(material.models, size) + 16, words)
    _key(canvas)
    canvas.raw(_cells(material, order, left, top))
    for place, model in enumerate(order):
        middle = top + (place + 0.5) * CELL
        name = fitting(material.models[model].name, LABEL - 22, size.font)
        plain = material.models[model].lineage not in canvas.looks
        canvas.text(left - 14, middle + 4, name, anchor="end")
        canvas.raw(mark(canvas.look(model), left - 7, middle, 4, plain=plain))
        x = left + (place + 0.5) * CELL
        canvas.raw(f'<g transform="translate({at(x + 4)} {at(top - 14)}) rotate(-90)">')
        canvas.text(0, 0, name)
        canvas.raw("</g>" + mark(canvas.look(model), x, top - 7, 4, plain=plain))
    _tree(canvas, shapes.averaged.tree, order, top)
    canvas.legend(bottom + 14)
    return canvas.svg()


def _key(canvas: Canvas) -> None:
    """Draw the classes of the scale with their bounds."""
    canvas.text(MARGIN, 22, "Closeness, normalised", bold=True)
    x = MARGIN + 150
    for number, colour in enumerate(HEAT):
        canvas.raw(f'<rect class="h{number}" fill="{colour}" x="{at(x + number * 44)}" y="10" width="44" height="11"/>')
        if number:
            canvas.text(x + number * 44, 32, f"{STEPS[number - 1]:g}".replace("-", "−"), anchor="middle", style="quiet")


def _cells(material: Material, order: list[int], left: float, top: float) -> str:
    """Return the cells, one path for each class, in units of a cell; neighbours of one class are one shape."""
    drawn: dict[int, list[str]] = {}
    for row, a in enumerate(order):
        classes = [heat_class(float(material.normalised[a, b])) for b in order]
        start = 0
        for column in range(1, len(order) + 1):
            if column == len(order) or classes[column] != classes[start]:
                width = column - start
                drawn.setdefault(classes[start], []).append(f"M{start} {row}h{width}v1h-{width}z")
                start = column
    paths = "".join(
        f'<path class="{"hx" if number < 0 else f"h{number}"}" fill="{NOTHING if number < 0 else HEAT[number]}" '
        f'd="{"".join(steps)}"/>'
        for number, steps in sorted(drawn.items())
    )
    where = f"translate({at(left)} {at(top)}) scale({CELL:g})"
    return f'<g transform="{where}" shape-rendering="crispEdges">{paths}</g>'


def _tree(canvas: Canvas, tree: Tree, order: list[int], top: float) -> None:
    """Draw the tree on the left, its root outermost."""
    depth = tree.depths()
    deepest = max(float(depth.max()), 1e-12)
    down = [0.0] * len(tree.parent)
    for place, leaf in enumerate(order):
        down[leaf] = top + (place + 0.5) * CELL
    for node, children in enumerate(tree.children()):
        if not children:
            continue
        down[node] = sum(down[child] for child in children) / len(children)
        x = MARGIN + (TREE - 12) * float(depth[node]) / deepest
        for child in children:
            to_x = MARGIN + (TREE - 12) * float(depth[child]) / deepest
            canvas.line([(x, down[node]), (x, down[child]), (to_x, down[child])], width=0.9)

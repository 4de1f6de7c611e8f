"""The tree of a screen as a drawing: branches in the colours of lineages, dots for what resampling the probes upholds."""

from __future__ import annotations

import numpy as np

from forensics.numerics.trees import Tree
from forensics.picturing.canvas import MARGIN, Canvas, Size, legend_height, lines_of
from forensics.picturing.colours import Look
from forensics.picturing.material import Material
from forensics.picturing.shapes import Grown
from forensics.reporting.drawing import INK, PAPER, at, fitting

FIRM, FAIR = 0.95, 0.7
"""Shares of the resamplings from which a fork gets a full dot, and an open one."""
NO_HISTORY = (
    "This tree shows who resembles whom. It is not a family history: any similarities give some tree, a branch is no "
    "descent, and a fork without a dot may be chance."
)
_HEAD = 34.0


def tree_drawing(material: Material, grown: Grown, size: Size, *, alone: bool) -> str:
    """Draw a tree; `alone` adds the legend and the words that a file needs and the page has beside it."""
    tree = grown.tree
    order = tree.order()
    bottom = _HEAD + len(order) * size.row + 8
    height = bottom
    if alone:
        words = lines_of(NO_HISTORY, size.width - 2 * MARGIN, size.font)
        height += legend_height(material.models, size) + (len(words) + 1) * (size.font + 4) + 12
    title = f"{grown.title} tree of {len(order)} models"
    canvas = Canvas(f"{grown.id}-{size.name}", material.models, size, height, (title, _description(grown)))
    places = _places(tree, order, size)
    _branches(canvas, tree, places)
    for leaf in order:
        x, y = places[leaf]
        name = fitting(material.models[leaf].name, size.width - x - 18, size.font)
        canvas.model(leaf, x + 4, y, (x + 14, y + size.font * 0.35, name, "start"), 3.6)
    _dots(canvas, grown, places, numbers=len(order) <= 60 and size.name == "wide")
    _scale_bar(canvas, tree, places, size)
    if alone:
        end = canvas.legend(bottom + 10)
        canvas.words(end + size.font, NO_HISTORY)
    return canvas.svg()


def _description(grown: Grown) -> str:
    shares = grown.shares[~np.isnan(grown.shares)]
    if not len(shares):
        return NO_HISTORY
    return (
        f"{int((shares >= FIRM).sum())} of {len(shares)} forks are upheld by at least 95% of {grown.replicates} "
        f"resamplings of the probes. {NO_HISTORY}"
    )


def _places(tree: Tree, order: list[int], size: Size) -> list[tuple[float, float]]:
    """Return where every node stands: across by its depth, down by the middle of what it holds."""
    depth = tree.depths()
    deepest = max(float(depth.max()), 1e-12)
    wide = size.width - size.label - 2 * MARGIN
    down = [0.0] * len(tree.parent)
    for row, leaf in enumerate(order):
        down[leaf] = _HEAD + (row + 0.5) * size.row
    for node, children in enumerate(tree.children()):
        if children:
            down[node] = sum(down[child] for child in children) / len(children)
    return [(MARGIN + wide * float(depth[node]) / deepest, down[node]) for node in range(len(down))]


def _branches(canvas: Canvas, tree: Tree, places: list[tuple[float, float]]) -> None:
    """Draw the branches; one that holds a single lineage has its colour."""
    kept = _kept(canvas, tree)
    for node, children in enumerate(tree.children()):
        x, y = places[node]
        for child in children:
            to_x, to_y = places[child]
            look = kept[child]
            canvas.line([(x, y), (x, to_y), (to_x, to_y)], look=look, width=2.0 if look else 1.1)


def _kept(canvas: Canvas, tree: Tree) -> list[Look | None]:
    """Return the mark of the lineage that everything below a node belongs to, or None."""
    below: list[set[str]] = [set() for _ in tree.parent]
    for node, parent in enumerate(tree.parent.tolist()):
        if node < tree.leaves:
            below[node] = {canvas.models[node].lineage}
        if parent >= 0:
            below[parent] |= below[node]
    return [canvas.looks.get(next(iter(names))) if len(names) == 1 else None for names in below]


def _dots(canvas: Canvas, grown: Grown, places: list[tuple[float, float]], *, numbers: bool) -> None:
    """Mark the forks that resampling upholds."""
    for node in range(grown.tree.leaves, len(places)):
        share = float(grown.shares[node])
        if np.isnan(share):
            continue
        x, y = places[node]
        said = f"<title>upheld by {100 * share:.0f}% of {grown.replicates} resamplings of the probes</title>"
        if share >= FAIR:
            fill, css = (INK, "dot") if share >= FIRM else (PAPER, "dot open")
            canvas.raw(
                f'<g>{said}<circle class="{css}" fill="{fill}" stroke="{INK}" stroke-width="1.1" cx="{at(x)}" '
                f'cy="{at(y)}" r="3"/></g>'
            )
        if numbers and x > MARGIN + 24:
            canvas.text(x - 5, y - 4, f"{100 * share:.0f}", anchor="end", style="quiet")


def _scale_bar(canvas: Canvas, tree: Tree, places: list[tuple[float, float]], size: Size) -> None:
    """Draw how long a distance of 0.1 is, and what the dots mean."""
    deepest = max(float(tree.depths().max()), 1e-12)
    step = next((s for s in (0.1, 0.05, 0.02, 0.01, 0.005) if s <= deepest), deepest)
    wide = (max(x for x, _ in places) - MARGIN) * step / deepest
    canvas.line([(MARGIN, 12), (MARGIN, 18), (MARGIN + wide, 18), (MARGIN + wide, 12)], width=1.2)
    canvas.text(MARGIN + wide + 6, 19, f"distance {step:g}", style="quiet")
    x = size.width - (270 if size.name == "wide" else 168)
    for place, (fill, css, words) in enumerate(((INK, "dot", "≥ 95%"), (PAPER, "dot open", "≥ 70%"))):
        left = x + place * 66
        canvas.raw(
            f'<circle class="{css}" fill="{fill}" stroke="{INK}" stroke-width="1.1" cx="{at(left)}" cy="15" r="3"/>'
        )
        canvas.text(left + 7, 19, words, style="quiet")
    if size.name == "wide":
        canvas.text(x + 134, 19, "of the resamplings", style="quiet")

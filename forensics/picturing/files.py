"""All pictures of a screen as files: the page, the drawings by themselves, and the trees for other programs."""

from __future__ import annotations

from forensics import hostile
from forensics.numerics.trees import newick
from forensics.picturing.canvas import WIDE
from forensics.picturing.heat import heat_drawing
from forensics.picturing.maps import map_drawing
from forensics.picturing.material import Material
from forensics.picturing.page import page
from forensics.picturing.shapes import shape
from forensics.picturing.trees import tree_drawing

FEWEST, MOST = 3, 600
"""Models between which there are pictures: fewer make no tree, and of more no picture is legible."""


def pictures(material: Material) -> dict[str, bytes]:
    """Return file names and contents; the same material gives the same bytes.

    Raises ValueError below 3 models and above 600: callers say so and write none.
    """
    if not FEWEST <= len(material.models) <= MOST:
        raise ValueError(f"pictures are drawn of {FEWEST} to {MOST} models, not {len(material.models)}")
    shapes = shape(material)
    files = {
        "screen.html": page(material, shapes),
        "heatmap.svg": heat_drawing(material, shapes),
        "map.svg": map_drawing(material, shapes.flat, WIDE, alone=True),
    }
    names = [hostile.one_line(model.name) for model in material.models]
    for grown in (shapes.joined, shapes.averaged):
        files[f"tree-{grown.id}.svg"] = tree_drawing(material, grown, WIDE, alone=True)
        files[f"tree-{grown.id}.nwk"] = newick(grown.tree, names, grown.shares) + "\n"
    return {name: content.encode() for name, content in files.items()}

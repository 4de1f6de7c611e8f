"""Pictures of a screen: same bytes, well-formed, harmless, small, and saying what they are not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from forensics.numerics.trees import neighbour_joining
from forensics.picturing.colours import FORMS, HEAT, LIGHT, STEPS, looks
from forensics.picturing.files import pictures
from forensics.picturing.material import Material, Shown, distances
from forensics.picturing.shapes import shape

Make = Callable[..., Material]
HOSTILE = [
    "</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\u202eb", "<!--", "</svg>",
    "x" * 5000, "'; (,:)[]", "\u0000\n\u2028", "{{ 7 * 7 }}", "",
]  # fmt: skip


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_distances_are_what_they_are_said_to_be() -> None:
    closeness = np.array([[np.nan, 4, -3], [4, np.nan, 12], [-3, 12, np.nan]])
    assert distances(closeness).tolist() == [[0, 0.5, 1], [0.5, 0, 0.25], [1, 0.25, 0]]
    assert distances(np.full((2, 2), np.nan)).tolist() == [[0, 1], [1, 0]], "without a value: as far as unrelated ones"


def test_the_same_screen_gives_the_same_bytes(make_material: Make) -> None:
    assert pictures(make_material()) == pictures(make_material())


def test_every_file_is_there_and_well_formed(make_material: Make) -> None:
    made = pictures(make_material())
    assert sorted(made) == [
        "heatmap.svg", "map.svg", "screen.html", "tree-average-linkage.nwk", "tree-average-linkage.svg",
        "tree-neighbour-joining.nwk", "tree-neighbour-joining.svg",
    ]  # fmt: skip
    for name, content in made.items():
        if name.endswith(".svg"):
            root = ET.fromstring(content)
            assert root.tag.endswith("svg")
            assert not [e for e in root.iter() if "href" in "".join(e.attrib) or "on" in [a[:2] for a in e.attrib]]


def test_families_stand_together_and_forks_have_support(make_material: Make) -> None:
    material = make_material()
    found = shape(material)
    order = [material.models[i].lineage for i in found.order.tolist()]
    assert sum(a != b for a, b in pairwise(order)) == 6, "seven families, side by side"
    shares = found.joined.shares[~np.isnan(found.joined.shares)]
    assert shares.min() >= 0
    assert shares.max() == 1
    assert found.joined.replicates == 8
    assert np.array_equal(found.joined.tree.parent, neighbour_joining(distances(material.normalised)).parent)


def test_newick_names_every_model_and_supports(make_material: Make) -> None:
    material = make_material()
    for name in ("tree-neighbour-joining.nwk", "tree-average-linkage.nwk"):
        text = pictures(material)[name].decode()
        assert text.endswith(";\n")
        assert text.count("(") == text.count(")") == len(material.models) - 1
        assert all(f"'{model.name}'" in text for model in material.models)
        assert re.search(r"\)100:", text)


@pytest.mark.parametrize("file", ["screen.html", "tree-neighbour-joining.svg", "tree-average-linkage.svg"])
def test_it_says_that_a_tree_is_no_family_history(make_material: Make, file: str) -> None:
    text = re.sub(r"<[^>]*>", " ", pictures(make_material())[file].decode())
    assert "not a family history" in re.sub(r"\s+", " ", text)


def test_the_page_holds_the_figures_of_every_pair(make_material: Make) -> None:
    material = make_material()
    data = data_of(pictures(material)["screen.html"].decode())
    upper = np.triu_indices(len(material.models), 1)
    assert np.allclose(np.array(data["normalised"]) / 100, material.normalised[upper], atol=0.0051)
    assert np.allclose(data["raw"], material.raw[upper], rtol=1e-3)
    assert np.allclose(np.array(data["log10"]) / 100, material.normalised[upper] / 4, atol=0.0051)
    assert data["ranks"] == material.ranks.tolist()
    assert data["reasons"] == {"0-1": "no probe in common"}
    assert data_of(pictures(make_material(weighed=False))["screen.html"].decode())["log10"] is None


def test_names_from_strangers_stay_text(make_material: Make) -> None:
    made = pictures(make_material(names=HOSTILE))
    page = made["screen.html"].decode()
    assert page.count("<script") == 2, "our data and our script"
    assert "<img" not in page
    assert "\u202e" not in page
    assert "\u0000" not in page
    names = [model[0] for model in data_of(page)["models"]]
    assert names[0] == HOSTILE[0]
    assert "⟦U+202E⟧" in names[2]
    assert max(map(len, names)) < 200
    for name, content in made.items():
        if name.endswith(".svg"):
            assert not [e.tag for e in ET.fromstring(content).iter() if e.tag.endswith(("script", "img"))]
        assert b"\x00" not in content


def test_three_hundred_models_make_a_page_of_less_than_three_megabytes(make_material: Make) -> None:
    made = pictures(make_material(300, 60))
    assert len(made["screen.html"]) < 3_000_000
    assert data_of(made["screen.html"].decode())["order"]


@pytest.mark.parametrize("models", [2, 601])
def test_too_few_and_too_many_are_refused(make_material: Make, models: int) -> None:
    few = make_material()
    with pytest.raises(ValueError, match="pictures are drawn of 3 to 600 models"):
        pictures(few._replace(models=[few.models[0]] * models))


def test_pairs_without_value_and_models_without_lineage_are_drawn(make_material: Make) -> None:
    material = make_material(6, 6)
    gaps = material.normalised.copy()
    gaps[0, 1:] = gaps[1:, 0] = np.nan
    bare = [Shown(model.name, "", "", inferred=False) for model in material.models]
    made = pictures(material._replace(models=bare, normalised=gaps, resampled=[]))
    page = made["screen.html"].decode()
    assert data_of(page)["normalised"][:5] == [None] * 5
    assert "No resampling of the probes says which forks hold." in page


def test_every_lineage_has_a_mark_of_its_own() -> None:
    models = [Shown(f"m{i}", "", f"l{i // 2:02}", inferred=False) for i in range(2 * len(LIGHT) * len(FORMS))]
    found = list(looks(models).values())
    assert len({(look.form, look.colour) for look in found}) == len(found) == len(LIGHT) * len(FORMS)
    assert len({(look.colour, look.dash) for look in found}) == len(found), "lines are told apart, too"
    assert len({look.form for look in found[:6]}) == 6, "the largest six are told apart without any colour"
    assert len(HEAT) == len(STEPS) + 1


def light(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_heat_map_can_be_read_on_grey_paper() -> None:
    """From usual to near every class is darker than the one before, by enough to see; beyond −2 it is blue, not grey."""
    shades = [light(colour) ** (1 / 3) for colour in HEAT[1:]]
    assert all(lower - higher > 0.02 for lower, higher in pairwise(shades))


def test_the_page_has_the_colours_of_the_files() -> None:
    import forensics.picturing as package

    css = (Path(package.__file__).parent / "templates" / "page.css").read_text("utf-8")
    for number, colour in enumerate(HEAT):
        assert f"--h{number}: {colour};" in css
    for number, colour in enumerate(LIGHT):
        assert f"--g{number}: {colour};" in css

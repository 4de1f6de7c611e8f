"""The page of a screen: one file, nothing loaded from anywhere, every name from outside made harmless on its way in."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from forensics import hostile, pages
from forensics.picturing import maps, trees
from forensics.picturing.canvas import LONGEST_NAME, NARROW, WIDE
from forensics.picturing.colours import FORMS, HEAT, STEPS, Look, looks, mark
from forensics.picturing.material import Floats, Material
from forensics.picturing.shapes import Grown, Shapes
from forensics.reporting.wording import fixed

TOP = 60
"""Pairs in the list of a page whose script does not run."""
_NO_HISTORY = (
    "Trees and maps here show who resembles whom. They are not a family history: any similarities give some tree."
)


class Picture(NamedTuple):
    """One drawing in the two widths that a page needs."""

    wide: str
    narrow: str


def page(material: Material, shapes: Shapes) -> str:
    """Return the page as HTML."""
    css, js = (
        pages.part("forensics.formats", "report.css") + pages.part("forensics.picturing", "page.css"),
        pages.part("forensics.picturing", "page.js"),
    )
    policy = pages.policy(css, js)
    count = len(material.models)
    environment = pages.environment()
    environment.filters["drawing"] = Markup
    return environment.from_string(pages.part("forensics.picturing", "page.html.j2")).render(
        policy=policy,
        css=Markup(css),  # noqa: S704  our own file
        js=Markup(js),  # noqa: S704  our own file
        tool=material.tool,
        source=material.source,
        title=f"{count} models, {count * (count - 1) // 2:,} pairs",
        lead=(
            f"How close every two of {count} models are in {material.statistic}, over {material.probes:,} probes, "
            "measured against models unrelated to both."
        ),
        not_history=_NO_HISTORY,
        scale_words="Closeness 0 is usual between unrelated models; the unit is the spread of their scores.",
        classes=_classes(),
        tree_words=(
            "Branches that hold one lineage have its colour. Full dots: forks that at least 95% of the resamplings of "
            "the probes uphold; open dots: at least 70%. " + trees.NO_HISTORY
        ),
        trees=[_tree(material, grown) for grown in (shapes.joined, shapes.averaged)],
        map=Picture(*(maps.map_drawing(material, shapes.flat, size, alone=False) for size in (WIDE, NARROW))),
        map_words=maps.map_words(shapes.flat),
        pair_words=_pair_words(material),
        weighed=material.weighed is not None,
        top=_top(material),
        inferred=_inferred(material),
        legend=_legend(material),
        method=_method(shapes.joined),
        data=_data(material, shapes),
    )


def _classes() -> list[str]:
    bounds = [f"{step:g}".replace("-", "−") for step in STEPS]
    inner = [f"{low} … {high}" for low, high in pairwise(bounds)]
    assert len(inner) + 2 == len(HEAT)
    return [f"below {bounds[0]}", *inner, f"{bounds[-1]} and more"]


def _tree(material: Material, grown: Grown) -> dict[str, str]:
    drawn = [trees.tree_drawing(material, grown, size, alone=False) for size in (WIDE, NARROW)]
    shares = grown.shares[~np.isnan(grown.shares)]
    words = (
        f"{int((shares >= trees.FIRM).sum())} of {len(shares)} forks are upheld by at least 95% of {grown.replicates} "
        "resamplings of the probes."
        if len(shares)
        else "No resampling of the probes says which forks hold."
    )
    return {"id": grown.id, "title": grown.title, "words": words, "wide": drawn[0], "narrow": drawn[1]}


def _pair_words(material: Material) -> str:
    ratios = "" if material.weighed else f" There are no likelihood ratios: {material.unweighed}."
    return f"The nearest first. Ranks: of the second model seen from the first, and of the first seen from the second.{ratios}"


def _top(material: Material) -> list[dict[str, str]]:
    first, second = np.triu_indices(len(material.models), 1)
    values = material.normalised[first, second]
    order = [pair for pair in np.argsort(-values, kind="stable").tolist() if np.isfinite(values[pair])]
    rows = []
    for pair in order[:TOP]:
        a, b = int(first[pair]), int(second[pair])
        ratio = material.weighed.log10[a, b] if material.weighed else np.nan
        rows.append(
            {
                "pair": f"{_name(material, a)} – {_name(material, b)}",
                "closeness": _figure(values[pair]),
                "ratio": _figure(ratio),
                "ranks": f"{material.ranks[a, b]}, {material.ranks[b, a]}",
            }
        )
    return rows


def _figure(value: float) -> str:
    return fixed(value, 2) if np.isfinite(value) else "—"


def _name(material: Material, number: int) -> str:
    return hostile.shortened(material.models[number].name, LONGEST_NAME)


def _inferred(material: Material) -> str:
    count = sum(model.inferred for model in material.models)
    return f"The lineages of {count} models are inferred from closeness, not declared." if count else ""


def _legend(material: Material) -> list[dict[str, Any]]:
    counts = Counter(model.lineage for model in material.models)
    return [
        {"drawn": _drawn(look), "name": name, "count": counts[name]} for name, look in looks(material.models).items()
    ]


def _drawn(look: Look) -> str:
    return f'<svg viewBox="0 0 14 14" aria-hidden="true">{mark(look, 7, 7, 4.8, plain=False)}</svg>'


def _method(grown: Grown) -> str:
    return (
        "Distances of trees and map: 1 / (1 + max(z, 0) / 4), z the normalised closeness. Neighbour joining (Saitou and "
        "Nei 1987), rooted in the middle of its longest path; average linkage; map by least stress from classical "
        f"scaling. Support: share of {grown.replicates} trees from probes drawn with replacement that hold the same fork."
    )


def _data(material: Material, shapes: Shapes) -> str:
    """Return what the script reads, as JSON that no text in it can end."""
    given = looks(material.models)
    lineages = list(dict.fromkeys(model.lineage for model in material.models if model.lineage))
    weighed = material.weighed
    content = {
        "statistic": material.statistic,
        "probes": material.probes,
        "unweighed": hostile.one_line(material.unweighed),
        "steps": STEPS,
        "lineages": [
            {
                "name": hostile.one_line(hostile.shortened(name, LONGEST_NAME)),
                "colour": _colour(given.get(name)),
                "again": bool(name in given and given[name].dash),
            }
            for name in lineages
        ],
        "models": [
            [
                hostile.one_line(_name(material, number)),
                hostile.one_line(hostile.shortened(model.developer, LONGEST_NAME)),
                lineages.index(model.lineage) if model.lineage else -1,
                model.inferred,
            ]
            for number, model in enumerate(material.models)
        ],
        "order": shapes.order.tolist(),
        "normalised": _hundredths(material.normalised),
        "raw": [float(f"{v:.4g}") if np.isfinite(v) else None for v in _upper(material.raw).tolist()],
        "log10": _hundredths(weighed.log10) if weighed else None,
        "low": _hundredths(weighed.low) if weighed else None,
        "high": _hundredths(weighed.high) if weighed else None,
        "ranks": material.ranks.tolist(),
        "compare": {
            "models": [hostile.one_line(words) for words in material.evidence.models],
            "options": hostile.one_line(material.evidence.options),
            "folder": hostile.one_line(material.evidence.folder),
            "short": material.evidence.short,
            "cases": {f"{a}-{b}": _link(place) for (a, b), place in sorted(material.evidence.cases.items())},
        },
        "reasons": {f"{a}-{b}": hostile.one_line(why) for (a, b), why in sorted(material.reasons.items())},
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _link(place: str) -> str:
    """Return a place beside the page as the address of a link: nothing in it can lead elsewhere."""
    return "/".join(["."] + [quote(part, safe="") for part in place.split("/")])


def _colour(look: Look | None) -> int:
    return int(look.css[1:]) if look and look.form in FORMS else -1


def _upper(values: Floats) -> NDArray[np.float64]:
    upper: NDArray[np.float64] = values[np.triu_indices(len(values), 1)]
    return upper


def _hundredths(values: Floats) -> list[int | None]:
    return [round(100 * value) if np.isfinite(value) else None for value in _upper(values).tolist()]

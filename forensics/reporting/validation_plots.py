"""Figures of a calibration's validation: Tippett, PAV and ECE, from the curves that the evidence holds. Computes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from forensics.records.calibration import Curve, Validation
from forensics.records.evidence import Evidence, LineValidation
from forensics.reporting import legends
from forensics.reporting.case_plots import MARGIN, NARROW, WIDE, Size
from forensics.reporting.drawing import Drawing, Scale, fitting, plain, scale, ticks
from forensics.reporting.legends import Entry
from forensics.reporting.parts import Column, Figure, Table
from forensics.reporting.sheet import Sheet
from forensics.reporting.tables import alternative_names
from forensics.reporting.wording import counted, log_ratio


class Kind(NamedTuple):
    """What one kind of figure is called, measures, and how it is read."""

    title: str
    across: str
    up: str
    note: str


KINDS = {
    "tippett": Kind(
        "Tippett plot", "log10 LR", "share of pairs with this log10 LR or more",
        "Type: both curves fall, each giving the share of its pairs whose log10 LR is at least the value below it. Each "
        "ratio was given by a line fitted without both lineages of its pair, and stands as it was before the cap. Good "
        "separation keeps the two curves apart; where they cross log10 LR = 0 they show how many pairs point the wrong "
        "way. The upright line is the ratio of this case; ratios in the shaded zones are not reported."),
    "pav": Kind(
        "PAV plot", "log10 LR given", "log10 LR after PAV",
        "Type: the ratios given to pairs of known relation, against the best calibration that their order allows. Well "
        "calibrated ratios lie on the dotted diagonal. Where all pairs to one side are alike, PAV gives an infinite "
        "ratio: such ends are drawn at the edge of the figure."),
    "ece": Kind(
        "Empirical cross-entropy", "prior log10 odds", "cross-entropy, bits",
        "Type: cost at every prior of the ratios given to pairs of known relation. Lower is better; a curve above the "
        "dotted one would be worse than ratios that say nothing."),
}  # fmt: skip
"""By the first part of a curve's id."""
NAMES = {
    "pav": "ratios given", "ece_actual": "ratios given", "ece_pav": "best that their order allows (PAV)",
    "ece_neutral": "ratios that say nothing",
}  # fmt: skip
"""What a line stands for, by its curve's id."""
FURTHEST = 6.0
"""log10 LR at which the axes of ratios end, unless the cap or the case lies beyond; the data hold the rest."""


def figures(evidence: Evidence) -> tuple[Figure, ...]:
    """Return a figure for each kind of curve and alternative in the validation; none without a calibration."""
    return tuple(
        _figure(evidence, line, kind)
        for line in evidence.validation
        for kind in KINDS
        if any(_kind(curve) == kind for curve in line.validation.curves)
    )


def charts(found: Validation, name: str) -> dict[str, str]:
    """Return a drawing of each kind of curve in a validation by itself, by file name; no case is marked in it."""
    made = {}
    for kind in KINDS:
        curves = [curve for curve in found.curves if _kind(curve) == kind]
        if curves:
            made[f"{kind}-{name}.svg"] = _chart(f"{kind}-{name}", found, curves, (), WIDE)
    return made


def _kind(curve: Curve) -> str:
    return curve.id.partition("_")[0]


def _figure(evidence: Evidence, line: LineValidation, kind: str) -> Figure:
    title, _, _, note = KINDS[kind]
    name = f"{kind}-{line.alternative}"
    curves = [curve for curve in line.validation.curves if _kind(curve) == kind]
    case = [w.log10_lr for w in evidence.conclusion.weights if w.alternative == line.alternative]
    ratios = [ratio for ratio in case if ratio is not None] if kind == "tippett" else []
    wide, narrow = (_chart(name, line.validation, curves, ratios, size) for size in (WIDE, NARROW))
    whole = f"{title}: Hp against {alternative_names(evidence)[line.alternative]}"
    return Figure(
        id=name, title=whole, note=note, wide=wide, narrow=narrow, data=_data(evidence, line, name, whole, curves)
    )


def _style(curve: Curve) -> str:
    """Return how a curve is drawn: what belongs to Hp or Hd as everywhere, the others in ink."""
    which = curve.id.partition("_")[2]
    return {"hp": "hp", "hd": "hd", "pav": "second", "neutral": "neutral"}.get(which, "first")


def _within(curve: Curve, x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Return the pixels of a curve as far as it lies between the ends of the axis."""
    return [(x(a), y(b)) for a, b in zip(curve.x, curve.y, strict=True) if x.low <= a <= x.high]


def _chart(name: str, found: Validation, curves: Sequence[Curve], ratios: Sequence[float], size: Size) -> str:
    """Draw the curves; on a Tippett plot also the case's ratio and, shaded, what lies beyond the cap."""
    kind = KINDS[_kind(curves[0])]
    tippett = _kind(curves[0]) == "tippett"
    entries = [*(_entry(curve, found) for curve in curves), *_marks(found, ratios, _kind(curves[0]))]
    line, room = size.font + 4, size.width - 2 * MARGIN
    key = legends.height(entries, width=room, font=size.font)
    top, height = line + key + 12, 240.0
    drawing = Drawing(
        f"fig-{name}-{size.name}", width=size.width, height=top + height + 2.7 * line, title=kind.title,
        description=f"{kind.up} against {kind.across}; {_pairs(found)}.", font=size.font,
    )  # fmt: skip
    limit = math.inf if _kind(curves[0]) == "ece" else max(FURTHEST, 3 * found.cap, *(abs(r) + 1 for r in ratios))
    xs = [min(max(v, -limit), limit) for c in curves for v in c.x]
    x = scale([*xs, *ratios], start=48, end=size.width - MARGIN, zero=False)
    ys = [min(max(v, -limit), limit) for c in curves for v in c.y]
    y = scale(ys, start=top + height, end=top)
    drawing.axes(x, y, x=kind.across, y=kind.up)
    if tippett:
        for start, end in ((x.low, -found.cap), (found.cap, x.high)):
            drawing.rectangle("band", x(start), top, x(end) - x(start), height)
    _grid(drawing, x, y, size)
    if _kind(curves[0]) == "pav":
        low, high = max(x.low, y.low), min(x.high, y.high)
        drawing.path("neutral", [(x(low), y(low)), (x(high), y(high))])
    for value in ratios:
        drawing.path("pair", [(x(value), top - 2), (x(value), top + height)])
    for curve in curves:
        drawing.path(_style(curve), _within(curve, x, y), name=_entry(curve, found).words)
    legends.draw(drawing, entries, x=MARGIN, y=12, width=room, radius=size.radius)
    drawing.text(MARGIN, key + size.font + 8, fitting(kind.up, size.width - 20, size.font), style="quiet")
    drawing.text((x.start + x.end) / 2, top + height + 2.2 * line, kind.across, anchor="middle", style="quiet")
    return drawing.svg()


def _entry(curve: Curve, found: Validation) -> Entry:
    """Return a curve's line in the legend; those of Hp and Hd say how many pairs and lineages they are made of."""
    which = curve.id.partition("_")[2]
    counts = {"hp": (found.pairs_hp, found.lineages_hp), "hd": (found.pairs_hd, found.lineages)}
    if which not in counts:
        return Entry("line", _style(curve), NAMES.get(curve.id, curve.id))
    pairs, lineages = counts[which]
    words = f"{which.capitalize()} true: {counted(pairs, 'pair')} of {counted(lineages, 'lineage')}"
    return Entry("line", _style(curve), words)


def _marks(found: Validation, ratios: Sequence[float], kind: str) -> list[Entry]:
    if kind == "pav":
        return [Entry("line", "neutral", "well calibrated"), Entry("line", "blank", _pairs(found))]
    if kind == "ece":
        return [Entry("line", "blank", _pairs(found))]
    case = [Entry("upright", "pair", f"this case: {log_ratio(ratio)}") for ratio in ratios]
    return [*case, Entry("zone", "band", f"beyond the cap of {log_ratio(found.cap)}")]


def _pairs(found: Validation) -> str:
    return (
        f"{counted(found.pairs_hp, 'Hp pair')} of {counted(found.lineages_hp, 'lineage')}, "
        f"{counted(found.pairs_hd, 'Hd pair')} of {counted(found.lineages, 'lineage')}"
    )


def _grid(drawing: Drawing, x: Scale, y: Scale, size: Size) -> None:
    for value in ticks(y.low, y.high, 5):
        drawing.path("grid", [(x.start, y(value)), (x.end, y(value))])
        drawing.text(x.start - 6, y(value) + 4, plain(value), anchor="end", style="quiet")
    for value in ticks(x.low, x.high, size.ticks):
        drawing.path("grid", [(x(value), y.start), (x(value), y.end)])
        drawing.text(x(value), y.start + size.font + 4, plain(value), anchor="middle", style="quiet")


def _data(evidence: Evidence, line: LineValidation, kind: str, title: str, curves: Sequence[Curve]) -> Table:
    sheet = Sheet(
        f"curve-{kind}",
        f"Data behind the figure: {title}",
        (Column("curve", "Curve"), Column("x", "x", numeric=True), Column("y", "y", numeric=True)),
        empty="No points.",
        source=evidence.calibration,
    )
    found = line.validation
    pairs = {"hp": found.pairs_hp, "hd": found.pairs_hd}
    for curve in curves:
        n = pairs.get(curve.id.partition("_")[2], found.pairs_hp + found.pairs_hd)
        for i, (a, b) in enumerate(zip(curve.x, curve.y, strict=True), start=1):
            sheet.row(f"{curve.id}-{i}", (curve.id, a, b), n=n)
    return sheet.table()

"""Figures of a calibration's validation: Tippett, PAV and ECE, from the curves that the evidence holds. Computes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forensics.records.calibration import Curve, Validation
from forensics.records.evidence import Evidence, LineValidation
from forensics.reporting.case_plots import MARGIN, NARROW, WIDE, Size
from forensics.reporting.drawing import Drawing, Scale, fitting, plain, scale, ticks, width_of
from forensics.reporting.parts import Column, Figure, Table
from forensics.reporting.sheet import Sheet
from forensics.reporting.tables import alternative_names
from forensics.reporting.wording import counted

KINDS = {
    "tippett": ("Tippett plot", "log10 LR", "share of pairs with at least this log10 LR",
                ("Solid: pairs for which Hp is true; dashed: pairs for which Hd is true. Good separation keeps the two apart; "
                "where they cross log10 LR = 0 they show how many point the wrong way. Shaded: beyond the cap.")),
    "pav": ("PAV plot", "log10 LR given", "log10 LR after PAV",
            "Well calibrated ratios lie on the diagonal (dotted)."),
    "ece": ("Empirical cross-entropy", "prior log10 odds", "cross-entropy, bits",
            "Solid: the ratios given; dashed: the best that their order allows; dotted: ratios that say nothing."),
}  # fmt: skip
"""Title, axes and reading help, by the first part of a curve's id."""
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
    return Figure(id=name, title=whole, note=note, wide=wide, narrow=narrow, data=_data(evidence, name, whole, curves))


def _style(curve: Curve) -> str:
    """Return how a curve is drawn: what belongs to Hp or Hd as everywhere, the others in ink."""
    which = curve.id.partition("_")[2]
    return {"hp": "hp", "hd": "hd", "pav": "second", "neutral": "neutral"}.get(which, "first")


def _within(curve: Curve, x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Return the pixels of a curve as far as it lies between the ends of the axis."""
    return [(x(a), y(b)) for a, b in zip(curve.x, curve.y, strict=True) if x.low <= a <= x.high]


def _chart(name: str, found: Validation, curves: Sequence[Curve], ratios: Sequence[float], size: Size) -> str:
    """Draw the curves; on a Tippett plot also the case's ratio and, shaded, what lies beyond the cap."""
    kind = _kind(curves[0])
    title, across, up, _ = KINDS[kind]
    legend = (
        f"{counted(found.pairs_hp, 'Hp pair')} of {counted(found.lineages_hp, 'lineage')}, "
        f"{counted(found.pairs_hd, 'Hd pair')} of {counted(found.lineages, 'lineage')}"
    )
    line = size.font + 4
    top, height = 3 * line + 6, 240.0
    drawing = Drawing(
        f"fig-{name}-{size.name}", width=size.width, height=top + height + 2.7 * line, title=title,
        description=f"{up} against {across}; {legend}.", font=size.font,
    )  # fmt: skip
    limit = max(FURTHEST, 3 * found.cap, *(abs(ratio) + 1 for ratio in ratios)) if kind != "ece" else math.inf
    xs = [min(max(v, -limit), limit) for c in curves for v in c.x]
    x = scale([*xs, *ratios], start=48, end=size.width - MARGIN, zero=False)
    ys = [min(max(v, -limit), limit) for c in curves for v in c.y]
    y = scale(ys, start=top + height, end=top)
    if kind == "tippett":
        for start, end in ((x.low, -found.cap), (found.cap, x.high)):
            drawing.rectangle("band", x(start), top, x(end) - x(start), height)
    _grid(drawing, x, y, size)
    if kind == "pav":
        low, high = max(x.low, y.low), min(x.high, y.high)
        drawing.path("neutral", [(x(low), y(low)), (x(high), y(high))])
    for value in ratios:
        drawing.path("pair", [(x(value), top - 2), (x(value), top + height)])
        edge = size.width - width_of("this case", size.font) / 2 - 4
        drawing.text(min(x(value), edge), top - 6, "this case", anchor="middle", bold=True)
    for curve in curves:
        drawing.path(_style(curve), _within(curve, x, y))
    drawing.text(MARGIN, size.font + 2, fitting(up, size.width - 20, size.font), style="quiet")
    drawing.text(MARGIN, size.font + 2 + line, fitting(legend, size.width - 20, size.font), style="quiet")
    drawing.text((x.start + x.end) / 2, top + height + 2.2 * line, across, anchor="middle", style="quiet")
    return drawing.svg()


def _grid(drawing: Drawing, x: Scale, y: Scale, size: Size) -> None:
    for value in ticks(y.low, y.high, 5):
        drawing.path("grid", [(x.start, y(value)), (x.end, y(value))])
        drawing.text(x.start - 6, y(value) + 4, plain(value), anchor="end", style="quiet")
    for value in ticks(x.low, x.high, size.ticks):
        drawing.path("grid", [(x(value), y.start), (x(value), y.end)])
        drawing.text(x(value), y.start + size.font + 4, plain(value), anchor="middle", style="quiet")


def _data(evidence: Evidence, kind: str, title: str, curves: Sequence[Curve]) -> Table:
    sheet = Sheet(
        f"curve-{kind}",
        f"Data behind the figure: {title}",
        (Column("curve", "Curve"), Column("x", "x", numeric=True), Column("y", "y", numeric=True)),
        empty="No points.",
        source=evidence.scores,
    )
    for curve in curves:
        for i, (a, b) in enumerate(zip(curve.x, curve.y, strict=True), start=1):
            sheet.row(f"{curve.id}-{i}", (curve.id, a, b))
    return sheet.table()

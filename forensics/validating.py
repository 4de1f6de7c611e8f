"""How well log10 likelihood ratios did on pairs whose truth is known: every figure printed with a calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import canonical
from forensics.numerics import curves, metrics
from forensics.numerics.bounds import elub
from forensics.numerics.folds import bootstrap_lineage_weights
from forensics.numerics.intervals import contributing_lineages, lineage_interval, lineage_t_interval
from forensics.numerics.misleading import turing_check
from forensics.numerics.pav import pav_points
from forensics.records.calibration import Curve, Metric, TuringCheck, Validation
from forensics.records.scores import Interval

FEWEST_LINEAGES = 10
"""Lineages below which no ratio is printed."""
FEWEST_FOR_INTERVAL = 15
"""Lineages below which no interval is printed: nominal 95% intervals then cover too little."""
REPLICATES = 1999
SHUFFLED = "cllr_shuffled"
LEVELS = (1.0, 10.0, 100.0)
FURTHEST = 12.0
"""Infinite PAV values are drawn at this log10 LR."""

Floats = NDArray[np.float64]


class Labelled(NamedTuple):
    """log10 LRs of pairs whose truth is known."""

    log10_lr: Floats
    hp: NDArray[np.bool_]
    lineage_a: Sequence[str]
    lineage_b: Sequence[str]

    def split(self) -> tuple[Floats, Floats]:
        """Return the ratios of Hp pairs and of Hd pairs."""
        return self.log10_lr[self.hp], self.log10_lr[~self.hp]

    def lineages(self) -> set[str]:
        """Return all lineages."""
        return {*self.lineage_a, *self.lineage_b}


class Cap(NamedTuple):
    """The largest ratio that some pairs support."""

    log10: float
    bound: str


def cap(pairs: Labelled) -> Cap:
    """Return min(ELUB, K + 1) as log10, with K lineages, and which of the two it is."""
    hp, hd = pairs.split()
    bounds = elub(hp, hd)
    by_elub, by_lineages = min(bounds.upper, -bounds.lower), float(np.log10(len(pairs.lineages()) + 1))
    return Cap(by_elub, "elub") if by_elub <= by_lineages else Cap(by_lineages, "lineages")


def validate(
    pairs: Labelled, *, shuffled: Labelled, seed: int, strata: Sequence[tuple[str, NDArray[np.bool_]]]
) -> Validation:
    """Return every validation figure; `strata` name groups of Hd pairs in which the Turing bound is checked too.

    `shuffled` holds the ratios of lines fitted on shuffled labels: a control that must come out at Cllr 1.
    """
    hp, hd = pairs.split()
    found = _metrics(hp, hd)
    replicates = _replicates(pairs, seed=seed)
    limit = cap(pairs)
    rows = [_metric(name, value, replicates, pairs) for name, value in found.items()]
    rows.append(_shuffled(shuffled))
    upper = _interval("cllr", found["cllr"], replicates["cllr"], pairs)
    hp_lineages = {side[i] for side in (pairs.lineage_a, pairs.lineage_b) for i in np.flatnonzero(pairs.hp).tolist()}
    return Validation(
        lineages=len(pairs.lineages()),
        lineages_hp=len(hp_lineages),
        pairs_hp=len(hp),
        pairs_hd=len(hd),
        answerable=upper is not None and upper.high < 1,
        cap=canonical.rounded(limit.log10),
        bound=limit.bound,
        metrics=tuple(rows),
        turing=tuple(_turing(hp, hd, "overall") + [row for s, hit in strata for row in _stratum(pairs, s, hit)]),
        curves=tuple(_curves(hp, hd)),
    )


def _shuffled(pairs: Labelled) -> Metric:
    hp, hd = pairs.split()
    return Metric(
        id=SHUFFLED,
        name="Cllr with shuffled labels",
        value=canonical.rounded(metrics.cllr(hp, hd)),
        interval=None,
        n=len(pairs.hp),
        reason="a control, not a figure of merit",
    )


NAMES = {
    "cllr": "Cllr",
    "cllr_min": "Cllr_min",
    "cllr_cal": "Cllr_cal",
    "auc": "AUC",
    "eer": "EER",
    "tpr_1": "TPR at 1% false positives",
    "tpr_01": "TPR at 0.1% false positives",
    "misleading_hd_1": "P(LR > 1 | Hd)",
    "misleading_hd_10": "P(LR ≥ 10 | Hd)",
    "misleading_hd_100": "P(LR ≥ 100 | Hd)",
    "misleading_hp_1": "P(LR < 1 | Hp)",
    "misleading_hp_10": "P(LR ≤ 1/10 | Hp)",
    "misleading_hp_100": "P(LR ≤ 1/100 | Hp)",
}


def _metrics(
    hp: Floats, hd: Floats, hp_weights: Floats | None = None, hd_weights: Floats | None = None
) -> dict[str, float]:
    m = metrics.validation_metrics(hp, hd, hp_weights=hp_weights, hd_weights=hd_weights)
    by_rate = {point.asked_fpr: point.tpr for point in m.operating_points}
    found = {"cllr": m.cllr, "cllr_min": m.cllr_min, "cllr_cal": m.cllr_cal, "auc": m.auc, "eer": m.eer}
    found |= {"tpr_1": by_rate[0.01], "tpr_01": by_rate[0.001]}
    for row in m.misleading:
        found[f"misleading_hd_{row.lr:g}"] = row.hd_rate
        found[f"misleading_hp_{row.lr:g}"] = row.hp_rate
    return found


def _replicates(pairs: Labelled, *, seed: int) -> dict[str, Floats]:
    """Return every metric in each two-way bootstrap replicate over lineages; NaN where a class is not drawn."""
    drawn = bootstrap_lineage_weights(pairs.lineage_a, pairs.lineage_b, n=REPLICATES, seed=seed)
    hp, hd = pairs.split()
    rows = []
    for replicate in range(REPLICATES):
        weights = drawn.weights(replicate)
        hp_weights, hd_weights = weights[pairs.hp], weights[~pairs.hp]
        if hp_weights.sum() == 0 or hd_weights.sum() == 0:
            rows.append(dict.fromkeys(NAMES, np.nan))
        else:
            rows.append(_metrics(hp, hd, hp_weights, hd_weights))
    return {name: np.array([row[name] for row in rows]) for name in NAMES}


def _metric(name: str, value: float, replicates: dict[str, Floats], pairs: Labelled) -> Metric:
    interval = _interval(name, value, replicates[name], pairs)
    return Metric(
        id=name,
        name=NAMES[name],
        value=canonical.rounded(value),
        interval=interval,
        n=len(pairs.hp),
        reason=None if interval else "too few lineages of one kind for an interval",
    )


def _interval(name: str, value: float, values: Floats, pairs: Labelled) -> Interval | None:
    """Return the interval over lineages, widened for their number; None where there are too few."""
    lineages = contributing_lineages(pairs.lineage_a, pairs.lineage_b, pairs.hp)
    try:
        if name == "cllr":
            # Closest to its nominal coverage in simulation; the percentile interval covers too little.
            found = lineage_t_interval(value, values, lineages=lineages, positive=True)
        else:
            found = lineage_interval(values, lineages=lineages)
    except ValueError:
        return None
    if not (np.isfinite(found.low) and np.isfinite(found.high)):
        return None
    return Interval(
        low=canonical.rounded(found.low),
        high=canonical.rounded(found.high),
        level=found.level,
        method=f"two-way bootstrap over lineages, widened for {lineages}",
    )


def _turing(hp: Floats, hd: Floats, stratum: str) -> list[TuringCheck]:
    check = turing_check(hp, hd, levels=LEVELS)
    return [
        TuringCheck(
            stratum=stratum,
            threshold=point.lr,
            hd=canonical.rounded(point.hd_product),
            hp=canonical.rounded(point.hp_product),
            n_hd=len(hd),
            n_hp=len(hp),
        )
        for point in check.points
    ]


def _stratum(pairs: Labelled, name: str, hit: NDArray[np.bool_]) -> list[TuringCheck]:
    """Check Turing's bound among some Hd pairs only; nothing is said of Hp there."""
    inside = pairs.log10_lr[~pairs.hp & hit]
    return [
        TuringCheck(
            stratum=name,
            threshold=level,
            hd=canonical.rounded(level * float((inside >= np.log10(level)).mean())) if len(inside) else None,
            hp=None,
            n_hd=len(inside),
            n_hp=0,
        )
        for level in LEVELS
    ]


def _curves(hp: Floats, hd: Floats) -> list[Curve]:
    tippett = curves.tippett_curve(hp, hd)
    pav = pav_points(hp, hd)
    ece = curves.ece_curve(hp, hd)
    finite = np.clip(pav.pav_log10_lr, -FURTHEST, FURTHEST)
    return [
        _curve("tippett_hp", tippett.log10_lr, tippett.hp_at_least),
        _curve("tippett_hd", tippett.log10_lr, tippett.hd_at_least),
        _curve("pav", pav.log10_lr, finite),
        _curve("ece_actual", ece.prior_log10_odds, ece.actual),
        _curve("ece_pav", ece.prior_log10_odds, ece.pav),
        _curve("ece_neutral", ece.prior_log10_odds, ece.neutral),
    ]


def _curve(name: str, x: Floats, y: Floats) -> Curve:
    """Return a line, thinned to points that can be told apart when drawn."""
    keep = _thinned(x, y)
    return Curve(
        id=name,
        x=tuple(canonical.rounded(v) for v in x[keep].tolist()),
        y=tuple(canonical.rounded(v) for v in y[keep].tolist()),
    )


def _thinned(x: Floats, y: Floats, *, steps: float = 400.0) -> NDArray[np.int64]:
    """Return the positions of points that move at least 1/400 of the range since the last one kept; ends always."""
    span_x, span_y = np.ptp(x) or 1.0, np.ptp(y) or 1.0
    kept = [0]
    for i in range(1, len(x)):
        moved = max(abs(x[i] - x[kept[-1]]) / span_x, abs(y[i] - y[kept[-1]]) / span_y)
        if moved * steps >= 1 or i == len(x) - 1:
            kept.append(i)
    return np.array(kept)

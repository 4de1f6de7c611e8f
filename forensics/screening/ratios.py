"""Likelihood ratios of a screen's pairs: each by a line fitted without its own lineages and models, as a case's is.

The same refusals and the same cap as in `weighing`; the lower ratio of the alternatives is given. Pairs that are weighed
by the same line are weighed together: there are as many lines as pairs of lineages that the calibration knows. An
interval takes hundreds of further lines, so it is given where the ratio speaks for Hp, and left to a case elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import weighing
from forensics.numerics.folds import bootstrap_lineage_weights
from forensics.numerics.intervals import contributing_lineages, lineage_t_interval
from forensics.numerics.logistic import fit_fusion
from forensics.records.calibration import Calibration
from forensics.validating import FEWEST_FOR_INTERVAL
from forensics.weighing import Fitted

Floats = NDArray[np.float64]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Positions of the first and of the second models of some pairs."""
REPLICATES = 199
"""Resamplings of the lineages behind each interval: fewer than in a case, for there are many lines."""
NO_VALUE = "a statistic of the calibration has no value for this pair"


class Ratios(NamedTuple):
    """log10 LR of all pairs, NaN where there is none. [m, m] each, symmetric."""

    log10: Floats
    low: Floats
    high: Floats
    reasons: dict[tuple[int, int], str]
    """Why a pair (a < b) has no ratio."""


class Side(NamedTuple):
    """What a model is known by."""

    name: str
    lineage: str | None


def ratios(
    calibration: Calibration,
    sides: Sequence[Side],
    x: Floats,
    resampled: Callable[[], Sequence[Floats]],
) -> Ratios:
    """Weigh all pairs by their features [m, m, k], normalised as the calibration wants; `resampled` gives replicates."""
    m = len(sides)
    empty = np.full((m, m), np.nan)
    found = Ratios(empty, empty.copy(), empty.copy(), {})
    task = _Task(calibration, x, resampled, found)
    kinds, codes = _kinds(calibration, sides)
    for one in range(len(kinds)):
        for two in range(one, len(kinds)):
            rows, columns = np.nonzero((codes[:, None] == one) & (codes[None, :] == two))
            upper = rows != columns if one != two else rows < columns
            _weigh(task, kinds[one] | kinds[two], (rows[upper], columns[upper]))
    return found


def _kinds(calibration: Calibration, sides: Sequence[Side]) -> tuple[list[NDArray[np.bool_]], NDArray[np.int64]]:
    """Return the models of the calibration that models of the screen leave out, each set once, and who has which."""
    line = calibration.lines[0]
    kinds: dict[bytes, NDArray[np.bool_]] = {}
    codes = []
    for side in sides:
        out = weighing.touched(line, {side.name, side.lineage} - {None})
        kinds.setdefault(out.tobytes(), out)
        codes.append(list(kinds).index(out.tobytes()))
    return list(kinds.values()), np.array(codes, np.int64)


class _Task(NamedTuple):
    """What is weighed, and where it goes."""

    calibration: Calibration
    x: Floats
    resampled: Callable[[], Sequence[Floats]]
    found: Ratios


def _weigh(task: _Task, left_out: NDArray[np.bool_], pairs: Pairs) -> None:
    """Weigh some pairs by the lines without some models, against every alternative, and keep the lower ratio."""
    if not len(pairs[0]):
        return
    reasons = []
    for line in task.calibration.lines:
        fitted = weighing.fit_without(line, left_out, signed=task.calibration.signed)
        reason = weighing.too_little(line, fitted)
        if reason is not None or fitted is None:
            reasons.append(f"against {line.alternative}: {reason}")
            continue
        _by_one_line(task, fitted, pairs)
    for a, b in zip(*(side.tolist() for side in pairs), strict=True):
        if np.isnan(task.found.log10[a, b]):
            whole = np.isfinite(task.x[a, b]).all()
            task.found.reasons[min(a, b), max(a, b)] = "; ".join(reasons) if whole else NO_VALUE


def _by_one_line(task: _Task, fitted: Fitted, pairs: Pairs) -> None:
    """Take the ratios of one alternative where they are lower than those of the others."""
    whole = np.isfinite(task.x[pairs]).all(axis=1)
    rows, columns = pairs[0][whole], pairs[1][whole]
    if not len(rows):
        return
    uncapped = fitted.line.log10_lr(task.x[rows, columns])
    limit = fitted.cap.log10
    low, high = np.full((2, len(rows)), np.nan)
    told = uncapped > 0
    if len(fitted.pairs.lineages()) >= FEWEST_FOR_INTERVAL and told.any():
        some = rows[told], columns[told]
        low[told], high[told] = _intervals(task.calibration, fitted, some, uncapped[told], task.resampled())
    found = task.found
    lower = ~(found.log10[rows, columns] <= np.clip(uncapped, -limit, limit))
    for matrix, values in ((found.log10, uncapped), (found.low, low), (found.high, high)):
        kept = np.clip(values, -limit, limit)[lower]
        matrix[rows[lower], columns[lower]] = matrix[columns[lower], rows[lower]] = kept


def _intervals(
    calibration: Calibration,
    fitted: Fitted,
    pairs: Pairs,
    uncapped: Floats,
    resampled: Sequence[Floats],
) -> tuple[Floats, Floats]:
    """Return intervals over lineages and, where the screen resampled them, over probes."""
    known = fitted.pairs
    drawn = bootstrap_lineage_weights(known.lineage_a, known.lineage_b, n=REPLICATES, seed=calibration.seed)
    ratios = np.full((REPLICATES, len(uncapped)), np.nan)
    for replicate in range(REPLICATES):
        weights = drawn.weights(replicate)
        kept = weights > 0
        if known.hp[kept].all() or not known.hp[kept].any():
            continue
        line = fit_fusion(fitted.x[kept], known.hp[kept], non_negative=not calibration.signed, weights=weights[kept])
        values = resampled[replicate % len(resampled)][pairs]
        whole = np.isfinite(values).all(axis=1)
        ratios[replicate, whole] = line.log10_lr(values[whole])
    lineages = contributing_lineages(known.lineage_a, known.lineage_b, known.hp)
    low, high = np.full((2, len(uncapped)), np.nan)
    for place, value in enumerate(uncapped.tolist()):
        if np.isfinite(ratios[:, place]).sum() > 1:
            found = lineage_t_interval(value, ratios[:, place], lineages=lineages, positive=False)
            low[place], high[place] = found.low, found.high
    return low, high

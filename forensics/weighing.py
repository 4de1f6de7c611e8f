"""What a score is worth: a case's scores and a calibration to likelihood ratios, or the reason why there is none.

A case is weighed by a line fitted on the pairs that touch neither of its lineages nor either of its models.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import canonical, conditions, relations, validating
from forensics.numerics.folds import bootstrap_lineage_weights
from forensics.numerics.intervals import contributing_lineages, lineage_t_interval
from forensics.numerics.logistic import LogisticFusion, fit_fusion
from forensics.records.calibration import Calibration, Line
from forensics.records.evidence import Condition, Measured, Sensitivity, Weight
from forensics.records.scores import Interval, Score, Scores, Variant
from forensics.validating import FEWEST_FOR_INTERVAL, FEWEST_LINEAGES, Labelled

REPLICATES = 999
CANNOT_TELL = "this tool cannot tell: on pairs of known relation the upper limit of Cllr reaches 1"

NO_LINE = "the calibration holds too few pairs of models related in that way"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Everything a calibration adds to the evidence."""

    weights: tuple[Weight, ...]
    conditions: tuple[Condition, ...]
    sensitivity: tuple[Sensitivity, ...]
    measured: tuple[Measured, ...]
    transferred: bool
    """True where the calibration was used although the case differs from it."""


class Fitted(NamedTuple):
    """A line fitted without the case's lineages, and what its pairs support."""

    line: LogisticFusion
    x: Floats
    pairs: Labelled
    cap: validating.Cap


def weigh(scores: Scores, calibration: Calibration, *, transfer: bool) -> Weighed:
    """Weigh a case's scores; raises UsageError where the calibration does not fit and `transfer` was not asked for."""
    found = conditions.of_case(scores, calibration)
    transferred = conditions.check(found, transfer=transfer)
    by_name = {score.statistic: score for score in scores.scores}
    used = [by_name.get(name) for name in calibration.features]
    fitted = {line.alternative: _fit(line, scores, signed=calibration.signed) for line in calibration.lines}
    weights = [_weight(line, fitted[line.alternative], used, calibration) for line in calibration.lines]
    weights += [no_weight(other, NO_LINE) for other in relations.HD[calibration.question] if other not in fitted]
    return Weighed(
        weights=tuple(weights),
        conditions=tuple(found),
        sensitivity=tuple(_sensitivity(scores, calibration, fitted)),
        measured=tuple(_measured(name, by_name.get(name), calibration) for name in calibration.features),
        transferred=transferred,
    )


def _measured(name: str, score: Score | None, calibration: Calibration) -> Measured:
    value = _values(score).get(calibration.normalisation) if score else None
    return Measured(
        statistic=name,
        normalisation=calibration.normalisation,
        value=value,
        n_probes=score.n_probes if score else 0,
    )


def _fit(line: Line, scores: Scores, *, signed: bool) -> Fitted | None:
    """Fit a line on the pairs that touch neither the case's lineages nor its models; None where too few are left."""
    own = {name for side in scores.sides[:2] for name in (side.lineage, side.model)}
    return fit_without(line, touched(line, own), signed=signed)


def touched(line: Line, own: Collection[str | None]) -> NDArray[np.bool_]:
    """Say which models behind a line have one of some names, or a lineage of that name."""
    pairs = line.pairs
    return np.array([m in own or n in own for m, n in zip(pairs.models, pairs.lineages, strict=True)], bool)


def fit_without(line: Line, left_out: NDArray[np.bool_], *, signed: bool) -> Fitted | None:
    """Fit a line on the pairs that touch none of the models left out; None where too few are left."""
    pairs = line.pairs
    a, b = np.array(pairs.a, np.int64), np.array(pairs.b, np.int64)
    kept = np.flatnonzero(~left_out[a] & ~left_out[b])
    hp = np.array(pairs.hp, bool)[kept]
    if hp.all() or not hp.any():
        return None
    names = np.array(pairs.lineages)
    labelled = Labelled(np.array(pairs.log10_lr)[kept], hp, names[a[kept]].tolist(), names[b[kept]].tolist())
    x = np.array(pairs.scores).reshape(len(a), -1)[kept]
    return Fitted(fit_fusion(x, hp, non_negative=not signed), x, labelled, validating.cap(labelled))


def too_little(line: Line, fitted: Fitted | None) -> str | None:
    """Say why a line gives no ratio for those it was fitted without; None where it gives one."""
    if not line.validation.answerable:
        return CANNOT_TELL
    if fitted is None:
        return "no pair with Hp, or none with Hd, is left without the case's own lineages"
    left = len(fitted.pairs.lineages())
    if left < FEWEST_LINEAGES:
        return f"only {left} lineages are left without the case's own; {FEWEST_LINEAGES} are needed"
    return None


def _weight(line: Line, fitted: Fitted | None, used: Sequence[Score | None], calibration: Calibration) -> Weight:
    """Return the ratio against one alternative, or why there is none."""
    reason = _why_not(line, fitted, used, calibration)
    if reason is not None or fitted is None:
        return no_weight(line.alternative, reason or "")
    x = np.array([[_value(score, calibration) for score in used]])
    uncapped = float(fitted.line.log10_lr(x)[0])
    limit = fitted.cap.log10
    capped = float(np.clip(uncapped, -limit, limit))
    return Weight(
        alternative=line.alternative,
        log10_lr=canonical.rounded(capped),
        interval=_interval(uncapped, fitted, used, calibration),
        uncapped=canonical.rounded(uncapped),
        cap=canonical.rounded(limit),
        bound=fitted.cap.bound if abs(uncapped) > limit else "none",
        lineages=len(fitted.pairs.lineages()),
        reason=None,
    )


def no_weight(alternative: str, reason: str) -> Weight:
    """Return the place of a ratio that there is none of, and why."""
    return Weight(
        alternative=alternative,
        log10_lr=None,
        interval=None,
        uncapped=None,
        cap=None,
        bound=None,
        lineages=None,
        reason=reason,
    )


def _why_not(line: Line, fitted: Fitted | None, used: Sequence[Score | None], calibration: Calibration) -> str | None:
    for name, score in zip(calibration.features, used, strict=True):
        if score is None or calibration.normalisation not in _values(score):
            return f"{name} has no value normalised as {calibration.normalisation}"
    return too_little(line, fitted)


def _values(score: Score) -> Mapping[str, float]:
    return score.variants[0].values if score.variants else {}


def _value(score: Score | None, calibration: Calibration) -> float:
    assert score is not None  # _why_not refused already
    return _values(score)[calibration.normalisation]


def _interval(
    uncapped: float, fitted: Fitted, used: Sequence[Score | None], calibration: Calibration
) -> Interval | None:
    """Return the interval over lineages and probes together; None below 15 lineages."""
    if len(fitted.pairs.lineages()) < FEWEST_FOR_INTERVAL:
        return None
    resampled = [score.resampled.get(calibration.normalisation, ()) for score in used if score is not None]
    if not resampled or not all(resampled):
        return None
    pairs = fitted.pairs
    drawn = bootstrap_lineage_weights(pairs.lineage_a, pairs.lineage_b, n=REPLICATES, seed=calibration.seed)
    ratios = np.full(REPLICATES, np.nan)
    for replicate in range(REPLICATES):
        weights = drawn.weights(replicate)
        kept = weights > 0
        if pairs.hp[kept].all() or not pairs.hp[kept].any():
            continue
        line = fit_fusion(fitted.x[kept], pairs.hp[kept], non_negative=not calibration.signed, weights=weights[kept])
        x = np.array([[values[replicate % len(values)] for values in resampled]])
        ratios[replicate] = line.log10_lr(x)[0]
    lineages = contributing_lineages(pairs.lineage_a, pairs.lineage_b, pairs.hp)
    found = lineage_t_interval(uncapped, ratios, lineages=lineages, positive=False)
    limit = fitted.cap.log10
    return Interval(
        low=canonical.rounded(float(np.clip(found.low, -limit, limit))),
        high=canonical.rounded(float(np.clip(found.high, -limit, limit))),
        level=found.level,
        method=f"t interval of a two-way bootstrap over {lineages} lineages and over probes; capped",
    )


def _sensitivity(scores: Scores, calibration: Calibration, fitted: Mapping[str, Fitted | None]) -> list[Sensitivity]:
    """Weigh every variant of the weighed statistic against each alternative."""
    if len(calibration.features) != 1:
        return []
    name = calibration.features[0]
    score = next((s for s in scores.scores if s.statistic == name), None)
    return [
        _varied(name, variant, line, fitted[line.alternative], calibration.normalisation)
        for line in calibration.lines
        for variant in (score.variants if score else ())
    ]


def _varied(name: str, variant: Variant, line: Line, fitted: Fitted | None, normalisation: str) -> Sensitivity:
    value = variant.values.get(normalisation)
    ratio = None
    if value is not None and fitted is not None and line.validation.answerable:
        limit = fitted.cap.log10
        ratio = canonical.rounded(float(np.clip(fitted.line.log10_lr(np.array([[value]]))[0], -limit, limit)))
    return Sensitivity(
        id=f"{name}-{variant.id}-{line.alternative}",
        change=variant.change,
        statistic=name,
        normalisation=normalisation,
        normalised=value,
        alternative=line.alternative,
        log10_lr=ratio,
        reason=variant.reason,
    )

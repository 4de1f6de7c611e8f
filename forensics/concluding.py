"""What may be said of a pair, in the words of the verbal scale, and what may not be said because nothing supports it."""

from __future__ import annotations

from forensics.numerics.bounds import VERBAL_SCALE, verbal_equivalent
from forensics.records.equality import Equality
from forensics.records.evidence import Conclusion, Propositions, ScaleStep, Weight
from forensics.weighing import Weighed, no_weight

NO_CALIBRATION = "no likelihood ratio: no calibration given"
NAMES = {"independent": "independent development", "common_source": "a common third source"}


def scale() -> tuple[ScaleStep, ...]:
    """Return the verbal scale for ratios above 1; it is mirrored below."""
    return tuple(
        ScaleStep(low=step.from_lr, high=step.to_lr if step.to_lr != float("inf") else None, words=step.words)
        for step in VERBAL_SCALE
    )


def conclude(named: Propositions, weighed: Weighed | None) -> Conclusion:
    """Return the conclusion: the lower ratio is the headline, and an alternative without a ratio is never passed over."""
    if weighed is None:
        weights = tuple(no_weight(alternative.id, NO_CALIBRATION) for alternative in named.hd)
        sentence = (
            "No likelihood ratio: no calibration given. The findings describe closeness; they do not say how "
            "much that closeness is worth."
        )
        return Conclusion(weights=weights, headline=None, verbal=None, sentence=sentence)
    given = [weight for weight in weighed.weights if weight.log10_lr is not None]
    silent = [weight for weight in weighed.weights if weight.log10_lr is None]
    gap = "".join(f" Against {NAMES[w.alternative]} there is no ratio: {w.reason}." for w in silent)
    if not given:
        return Conclusion(weights=weighed.weights, headline=None, verbal=None, sentence=f"No likelihood ratio.{gap}")
    headline = min(given, key=lambda weight: (weight.log10_lr or 0.0, weight.alternative))
    assert headline.log10_lr is not None
    verbal = verbal_equivalent(headline.log10_lr)
    words = f"{verbal.words} for {verbal.supports.capitalize()}" if verbal.supports != "neither" else verbal.words
    return Conclusion(
        weights=weighed.weights,
        headline=headline.alternative,
        verbal=words,
        sentence=_sentence(headline, words) + gap,
    )


def conclude_equality(found: Equality) -> Conclusion:
    """Return the conclusion about two endpoints: a verdict on one distribution or two, and no ratio."""
    return Conclusion(weights=(), headline=None, verbal=None, sentence=found.sentence)


def _sentence(weight: Weight, words: str) -> str:
    assert weight.log10_lr is not None
    favoured, other = ("Hp", "Hd") if weight.log10_lr >= 0 else ("Hd", "Hp")
    times = two_digits(10 ** abs(weight.log10_lr))
    at_most = {"lineages": ", the most that the lineages compared with allow", "elub": ", the most that the validation"
               " data support"}.get(weight.bound or "", "")  # fmt: skip
    return (
        f"The findings are {times} times more probable if {favoured} than if {other}, "
        f"with Hd {NAMES[weight.alternative]}{at_most}: {words}."
    )


def two_digits(ratio: float) -> str:
    """Return a ratio with two significant figures, without an exponent.

    >>> two_digits(13.7), two_digits(1.04), two_digits(12345.0)
    ('14', '1.0', '12,000')
    """
    rounded = float(f"{ratio:.1e}")
    return f"{rounded:,.1f}" if rounded < 10 else f"{rounded:,.0f}"

"""What may be said of a pair of endpoints: that they differ, that they differ by less than δ, or that it cannot be told.

The words answer "are these draws from one distribution?" and nothing else: not who is served, not why, not since when.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.equality import formatting, testing
from forensics.equality.draws import Draws
from forensics.equality.testing import EXACT, Tested
from forensics.records.equality import Equality, EqualityTerms, EqualityTest, EqualityVerdict, Trait
from forensics.reporting.wording import fixed

ALPHA = 0.05
DELTA = 0.01
"""Default δ: 1% of the distance between the sides is not explained by their own draws. On draws of small local models and
of the demo models, the same weights, quantised ones included, lay at 0.000 to 0.001, a model tuned for a moment at 0.005 to
0.011, independent models at 0.014 to 0.064, another temperature at 0.002 to 0.046. Whoever knows a pair that differs enough
to matter should take δ from it."""
PERMUTATIONS = 1999


def decide(
    probes: Sequence[Draws],
    terms: EqualityTerms,
    *,
    seed: int,
    chosen: Sequence[str] | None = None,
    unscored: str | None = None,
) -> Equality:
    """Test a pair, look for trivial formatting behind a difference, and say what may be said.

    Two sides that differ are said to differ, however small the difference; `within_delta` tells that it is small.
    `unscored` says why the reference did not score the answers. Raises UsageError for a statistic of another question.
    """
    tested = testing.run(probes, terms, seed=seed, chosen=chosen, unscored=unscored)
    differs, within = _differs(tested, terms), _within(tested, terms)
    traits, plain = formatting.explained(probes, tested, terms, seed=seed, chosen=chosen) if differs else ((), None)
    verdict: EqualityVerdict = "differs" if differs else "equivalent" if within else "cannot tell"
    detail = None if plain is None else _cause(traits, plain)
    return Equality(
        terms=terms,
        verdict=verdict,
        cause=None if detail is None else "formatting",
        detail=detail,
        within_delta=within,
        exact=any(test.statistic == EXACT for test in tested.tests),
        tests=tested.tests,
        probes=tested.probes,
        traits=traits,
        sentence=_sentence(tested, terms, verdict, within=within, detail=detail),
    )


def stated(tests: Sequence[EqualityTest]) -> EqualityTest | None:
    """Return the test whose effect stands beside the verdict: the first that decides on the scale of δ, or the first."""
    deciding = [test for test in tests if test.decides]
    return next((test for test in deciding if testing.in_shares(test)), next(iter(deciding), None))


def _differs(tested: Tested, terms: EqualityTerms) -> bool:
    """Say whether a difference was found: by a test that decides, or in answers that leave nothing to chance."""
    return any(
        bool(test.effect) if test.statistic == EXACT else (test.p_adjusted or 1.0) <= terms.alpha
        for test in tested.deciding
    )


def _within(tested: Tested, terms: EqualityTerms) -> bool:
    """Say whether the upper limit of the effect lies below δ, by the first deciding test that states it as a share."""
    measured = stated(tested.tests)
    return measured is not None and testing.in_shares(measured) and _upper(measured) < terms.delta


def _upper(test: EqualityTest) -> float:
    return 1.0 if test.effect_interval is None else test.effect_interval.high


def _cause(traits: Sequence[Trait], plain: Tested) -> str:
    """Say what occurs on which side, and what is left without it."""
    named = "; ".join(
        f"{trait.name} in {trait.reference:,} answers of the reference and {trait.questioned:,} of the questioned model"
        for trait in traits
    )
    left = plain.deciding[0]
    p = "" if left.p_adjusted is None else f", p = {left.p_adjusted:.3g}"
    return f"{named}. Taken out of both sides' answers, the difference is gone (effect {fixed(left.effect, 3)}{p})"


def _sentence(
    tested: Tested, terms: EqualityTerms, verdict: EqualityVerdict, *, within: bool, detail: str | None
) -> str:
    if not tested.deciding:
        reasons = "; ".join(f"{test.statistic}: {test.reason}" for test in tested.tests)
        return f"Cannot tell: no test that could decide could be made ({reasons})."
    found = _found(tested, terms)
    if verdict == "differs":
        small = f" The difference is smaller than δ = {terms.delta:g}." if within else ""
        cause = f" Trivial formatting accounts for it: {detail}." if detail else ""
        return f"The answers of the two sides are not draws from one distribution{found}.{small}{cause}"
    if verdict == "equivalent":
        return f"No difference was found, and one as large as δ = {terms.delta:g} is ruled out{found}."
    return f"Cannot tell: no difference was found, and one as large as δ = {terms.delta:g} is not ruled out{found}."


def _found(tested: Tested, terms: EqualityTerms) -> str:
    """Put the least p-value and the effect with its interval in brackets."""
    shown = stated(tested.tests)
    assert shown is not None  # there is a test that decides, or there would be no such sentence
    if shown.statistic == EXACT:
        apart = round((shown.effect or 0) * shown.n_probes)
        return f" (every side repeats itself word for word; answers differ on {apart} of {shown.n_probes} probes{_limits(shown)})"
    least = min(tested.deciding, key=lambda test: test.p_adjusted or 1.0)
    tests = f", Holm over {len(tested.deciding)} tests" if len(tested.deciding) > 1 else ""
    by = f"{least.statistic}" if len(tested.deciding) > 1 else shown.statistic
    return f" ({by}: p = {least.p_adjusted:.3g}{tests}, α = {terms.alpha:g}; effect {fixed(shown.effect, 3)}{_limits(shown)})"


def _limits(test: EqualityTest) -> str:
    if test.effect_interval is None:
        return ""
    level = round(100 * test.effect_interval.level)
    return f", {level}% interval {fixed(test.effect_interval.low, 3)} to {fixed(test.effect_interval.high, 3)}"

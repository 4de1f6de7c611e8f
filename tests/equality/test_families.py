"""Several endpoints beside one reference: Holm over them by hand, false alarms and power of the whole family, verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from forensics.equality import deciding, families
from forensics.equality.draws import Draws
from forensics.records.equality import Equality, EqualityTerms, EqualityTest
from tests.equality.conftest import make_draws

ALPHA = 0.05
P_VALUES = st.lists(st.one_of(st.none(), st.floats(0.0005, 1)), min_size=1, max_size=8)


def pair(*p_values: float, within: bool = False, exact: bool | None = None) -> Equality:
    """A pair as its case judges it: adjusted p-values of its tests, or None of them where nothing varies."""
    tests = tuple(EqualityTest.model_construct(statistic=f"t{n}", p_adjusted=p) for n, p in enumerate(p_values))
    differs = exact if exact is not None else any(p <= ALPHA for p in p_values)
    verdict = "differs" if differs else "equivalent" if within else "cannot tell"
    return Equality.model_construct(verdict=verdict, within_delta=within, exact=exact is not None, tests=tests)


def verdicts(*found: Equality | None) -> list[str | None]:
    return [None if one is None else one.verdict for one in families.standings(found, ALPHA)]


# --- by hand ------------------------------------------------------------------------------------------------------


def test_holm_over_endpoints_by_hand() -> None:
    """Least of each: 0.01, 0.03, 0.02. Times 3, 2 and 1 in the order 0.01, 0.02, 0.03: 0.03, 0.04, 0.04."""
    found = families.standings([pair(0.01, 0.8), pair(0.5, 0.03), pair(0.02)], ALPHA)
    assert [(one.p, one.p_holm) for one in found if one] == [(0.01, 0.03), (0.03, 0.04), (0.02, 0.04)]
    assert {one.verdict for one in found if one} == {"differs"}


def test_what_differs_as_a_pair_and_not_among_all_is_what_its_interval_shows() -> None:
    assert verdicts(pair(0.03)) == ["differs"]
    assert verdicts(pair(0.03), pair(0.9)) == ["cannot tell", "cannot tell"]
    assert verdicts(pair(0.03, within=True), pair(0.9, within=True)) == ["equivalent", "equivalent"]
    assert verdicts(pair(0.001, within=True), pair(0.9)) == ["differs", "cannot tell"], "found is found, however small"


def test_what_leaves_nothing_to_chance_is_no_member() -> None:
    found = [pair(exact=True), pair(0.02), pair(exact=False), pair(0.04)]
    assert families.size(found) == 2
    standings = families.standings(found, ALPHA)
    assert [one.verdict for one in standings if one] == ["differs", "differs", "cannot tell", "differs"]
    assert [one.p_holm for one in standings if one] == [None, 0.04, None, 0.04]


def test_an_endpoint_that_was_not_compared_counts_so_that_what_is_said_stays_when_it_is() -> None:
    undecided = pair()
    assert families.size([None, pair(0.02), undecided]) == 3
    assert verdicts(None, pair(0.02), undecided) == [None, "cannot tell", "cannot tell"]
    assert verdicts(None, pair(0.01), undecided) == [None, "differs", "cannot tell"]


def test_the_edge_of_alpha_belongs_to_it() -> None:
    assert verdicts(pair(0.025), pair(0.9)) == ["differs", "cannot tell"]
    assert verdicts(pair(0.0251), pair(0.9)) == ["cannot tell", "cannot tell"]


@pytest.mark.parametrize(("endpoints", "tests", "alpha"), [(1, 1, 0.05), (10, 3, 0.05), (33, 2, 0.01), (7, 1, 0.03)])
def test_with_the_fewest_permutations_the_least_p_reaches_alpha_and_with_one_less_it_does_not(
    endpoints: int, tests: int, alpha: float
) -> None:
    fewest = families.fewest_permutations(endpoints, tests, alpha)
    least = [families.adjust([tests / (1 + b), *[1.0] * (endpoints - 1)], endpoints)[0] for b in (fewest, fewest - 1)]
    assert least[0] is not None
    assert least[1] is not None
    assert least[0] <= alpha < least[1]


def test_the_sentence_names_everyone_once() -> None:
    named = [("b", "differs"), ("a", "equivalent"), ("c", "cannot tell"), ("d", None), ("e", "differs")]
    terms = EqualityTerms(alpha=0.01, delta=0.02, permutations=1999)
    assert families.said("r", terms, 4, named) == (  # type: ignore[arg-type]  # the words of verdicts
        "5 endpoints beside r, Holm over 4, α = 0.01. Differ: b, e. Differ by less than δ = 0.02, if at all: a. "
        "Cannot tell: c. Could not be asked or compared: d."
    )


def test_the_record_keeps_what_the_case_says_beside_what_holds_over_all() -> None:
    """A pair that differs by its formatting alone, at p = 0.03, beside one that was not compared."""
    terms = EqualityTerms(alpha=ALPHA, delta=0.02, permutations=1999)
    formatted = deciding.decide(make_draws(5, form=lambda text: f" {text}"), terms, seed=0)
    assert (formatted.verdict, formatted.cause) == ("differs", "formatting")
    found = families.Compared("a", "a", formatted, "sha256:" + "0" * 64, None)
    lost = families.Compared("b", "b", None, None, "b answered nothing.")
    together = families.record("r", terms, [lost, found], tool="t")
    assert [e.cause for e in together.endpoints] == ["formatting", None]
    assert together.endpoints[1].reason == "b answered nothing."
    many = families.record("r", terms, [found, *[lost._replace(folder=f"b{n}") for n in range(500)]], tool="t")
    assert (many.endpoints[0].pair, many.endpoints[0].cause) == ("differs", None), (
        "no cause where no difference is said to be"
    )
    assert many.endpoints[0].verdict != "differs"


# --- what always holds --------------------------------------------------------------------------------------------


@given(P_VALUES, st.one_of(st.none(), st.floats(0.0005, 1)))
def test_one_more_endpoint_never_lowers_the_p_value_of_another(
    p_values: list[float | None], more: float | None
) -> None:
    before = families.adjust(p_values, len(p_values))
    after = families.adjust([*p_values, more], len(p_values) + 1)
    assert all(b is None or (a is not None and a >= b) for b, a in zip(before, after, strict=False))


@given(P_VALUES, st.floats(0.0005, 1))
def test_an_endpoint_asked_later_never_raises_the_p_value_of_another(p_values: list[float | None], late: float) -> None:
    before = families.adjust([*p_values, None], len(p_values) + 1)
    after = families.adjust([*p_values, late], len(p_values) + 1)
    assert all(b is None or (a is not None and a <= b) for b, a in zip(before[:-1], after[:-1], strict=True))


@given(P_VALUES, st.randoms(use_true_random=False))
def test_the_order_of_endpoints_does_not_matter(p_values: list[float | None], chance: object) -> None:
    places = list(range(len(p_values)))
    chance.shuffle(places)  # type: ignore[attr-defined]  # a random.Random
    adjusted = families.adjust(p_values, len(p_values))
    assert families.adjust([p_values[n] for n in places], len(p_values)) == [adjusted[n] for n in places]


@given(P_VALUES)
def test_over_all_nobody_differs_who_does_not_differ_as_a_pair(p_values: list[float | None]) -> None:
    found = [pair() if p is None else pair(p) for p in p_values]
    for one, standing in zip(found, families.standings(found, ALPHA), strict=True):
        assert standing is not None
        assert standing.verdict != "differs" or one.verdict == "differs"


# --- false alarms and power of the whole family -------------------------------------------------------------------


def families_of(count: int, *, moved: float = 0.0, endpoints: int = 10, permutations: int = 1999) -> np.ndarray:
    """P-values of families that share their reference's draws, as permutations give them: [count, endpoints]."""
    rng = np.random.default_rng(7)
    shift = np.zeros(endpoints)
    shift[: endpoints // 2] = moved
    apart = (rng.normal(shift, 1, (count, endpoints)) - rng.normal(0, 1, (count, 1))) / np.sqrt(2)
    exceeding = rng.binomial(permutations, norm.sf(apart))
    p_values: np.ndarray = (1 + exceeding) / (1 + permutations)
    return p_values


def alarms(p_values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Who is said to differ over all, and who as a pair: [families, endpoints] each."""
    over_all, alone = np.zeros(p_values.shape, bool), p_values <= ALPHA
    for number, family in enumerate(p_values):
        standings = families.standings([pair(float(p)) for p in family], ALPHA)
        over_all[number] = [one is not None and one.verdict == "differs" for one in standings]
    return over_all, alone


def test_false_alarms_of_a_family_stay_within_alpha_and_without_holm_they_do_not() -> None:
    over_all, alone = alarms(families_of(2000))
    wrong, unadjusted = int(over_all.any(axis=1).sum()), int(alone.any(axis=1).sum())
    assert binomtest(wrong, 2000, ALPHA, alternative="greater").pvalue > 0.001, wrong
    assert wrong > 20, "an adjustment that never lets anything through would pass, too"
    assert binomtest(unadjusted, 2000, ALPHA, alternative="greater").pvalue < 1e-9, unadjusted


def test_false_alarms_beside_endpoints_that_do_differ_stay_within_alpha_and_those_are_found() -> None:
    over_all, _ = alarms(families_of(1000, moved=7.0))
    wrong = int(over_all[:, 5:].any(axis=1).sum())
    assert binomtest(wrong, 1000, ALPHA, alternative="greater").pvalue > 0.001, wrong
    assert over_all[:, :5].mean() > 0.9


@pytest.mark.slow
def test_false_alarms_over_ten_endpoints_by_the_tests_themselves() -> None:
    """Draws of one distribution on both sides, one reference for ten endpoints, 60 times."""
    terms = EqualityTerms(alpha=ALPHA, delta=0.05, permutations=199)
    wrong = unadjusted = 0
    for number in range(60):
        reference = make_draws(100 * number, probes=5, draws=(3, 3))
        found = [
            deciding.decide(beside(reference, 100 * number + n), terms, seed=n, chosen=["mmd"]) for n in range(1, 11)
        ]
        wrong += any(one is not None and one.verdict == "differs" for one in families.standings(found, ALPHA))
        unadjusted += any(one.verdict == "differs" for one in found)
    assert binomtest(wrong, 60, ALPHA, alternative="greater").pvalue > 0.001, wrong
    assert binomtest(unadjusted, 60, ALPHA, alternative="greater").pvalue < 0.001, unadjusted


def beside(reference: list[Draws], seed: int) -> list[Draws]:
    """Put new draws of the questioned side beside the reference's."""
    other = make_draws(seed, probes=len(reference), draws=(3, 3))
    return [a._replace(texts=(*a.texts[:3], *b.texts[3:])) for a, b in zip(reference, other, strict=True)]

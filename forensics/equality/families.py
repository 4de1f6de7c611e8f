"""Several endpoints beside one reference: which of them differ, when α is the chance of any false alarm among them.

An endpoint's p is the least Holm-adjusted p-value of its pair's deciding tests, which is valid for "its answers and the
reference's are draws from one distribution". Holm (1979) over the endpoints holds whatever they have in common, the
reference's draws to begin with. Two rules keep what is said of one from turning with what becomes of another:

* An endpoint that could not be asked, or on which no test could decide, counts as one with p = 1: when it is asked
  later, nobody's adjusted p-value rises.
* Where neither side's draws vary, answers are compared one by one. That leaves nothing to chance: such an endpoint
  differs or it does not, and is no member of the family.

"Differs by less than δ, if at all" is tested at α for each endpoint, unadjusted: to say it wrongly of all, it must be said
wrongly of one that does differ by δ (intersection-union, Berger 1982). An endpoint that differs as a pair and not among
all is therefore said to be what its interval shows: within δ, or it cannot be told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from forensics import canonical
from forensics.equality.permuting import holm
from forensics.records.equality import Equality, EqualityTerms, EqualityTest, EqualityVerdict


class Standing(NamedTuple):
    """What is said of one endpoint among all."""

    verdict: EqualityVerdict
    p: float | None
    p_holm: float | None


def standings(found: Sequence[Equality | None], alpha: float) -> list[Standing | None]:
    """Say what holds of each endpoint among all, in the order given; None for one that could not be compared."""
    p_values = [None if pair is None else p_value(pair) for pair in found]
    adjusted = adjust(p_values, size(found))
    return [
        None if pair is None else Standing(_verdict(pair, p_holm, alpha), p, p_holm)
        for pair, p, p_holm in zip(found, p_values, adjusted, strict=True)
    ]


def p_value(pair: Equality) -> float | None:
    """Return the least adjusted p-value of a pair's deciding tests; None where there is none."""
    test = least(pair)
    return None if test is None else test.p_adjusted


def least(pair: Equality) -> EqualityTest | None:
    """Return the deciding test with the least p-value; None where no test that decides has one."""
    tests = [test for test in pair.tests if test.p_adjusted is not None]
    return min(tests, key=lambda test: test.p_adjusted or 0.0, default=None)


def size(found: Sequence[Equality | None]) -> int:
    """Count the endpoints that Holm is over."""
    return sum(pair is None or not pair.exact for pair in found)


def adjust(p_values: Sequence[float | None], members: int) -> list[float | None]:
    """Adjust p-values after Holm over `members` endpoints; members without a p-value count as 1.

    >>> adjust([0.01, None, 0.03], 3)
    [0.03, None, 0.06]
    """
    known = [p for p in p_values if p is not None]
    adjusted = iter(holm([*known, *[1.0] * (members - len(known))]))
    return [None if p is None else canonical.rounded(next(adjusted)) for p in p_values]


def fewest_permutations(endpoints: int, tests: int, alpha: float) -> int:
    """Return the permutations below which no p-value, after Holm over a pair's tests and all endpoints, can reach α.

    >>> fewest_permutations(10, 2, 0.05), fewest_permutations(33, 3, 0.05)
    (399, 1979)
    """
    return math.ceil(canonical.rounded(endpoints * tests / alpha, 12)) - 1


def _verdict(pair: Equality, p_holm: float | None, alpha: float) -> EqualityVerdict:
    if p_holm is None:
        return pair.verdict
    if p_holm <= alpha:
        return "differs"
    return "equivalent" if pair.within_delta else "cannot tell"


def said(
    reference: str, terms: EqualityTerms, members: int, named: Sequence[tuple[str, EqualityVerdict | None]]
) -> str:
    """Put into words what holds of all endpoints; None for a verdict is one that could not be asked or compared."""
    words: dict[EqualityVerdict | None, str] = {
        "differs": "Differ",
        "equivalent": f"Differ by less than δ = {terms.delta:g}, if at all",
        "cannot tell": "Cannot tell",
        None: "Could not be asked or compared",
    }
    told = [
        f"{words[verdict]}: {', '.join(name for name, its in named if its == verdict)}."
        for verdict in words
        if any(its == verdict for _, its in named)
    ]
    return f"{len(named)} endpoints beside {reference}, Holm over {members}, α = {terms.alpha:g}. {' '.join(told)}"

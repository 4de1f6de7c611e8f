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
from typing import Final, NamedTuple

from forensics import canonical
from forensics.equality import deciding
from forensics.equality.permuting import holm
from forensics.records.endpoints import Endpoint, Endpoints
from forensics.records.equality import Equality, EqualityTerms, EqualityTest, EqualityVerdict

SCHEMA: Final = "forensics/endpoints/1"
_ORDER: tuple[EqualityVerdict | None, ...] = ("differs", "cannot tell", "equivalent", None)


class Compared(NamedTuple):
    """One endpoint, and what its case found, or why there is none."""

    model: str
    folder: str
    found: Equality | None
    evidence: str | None
    """Digest of the case's evidence."""
    reason: str | None


class Standing(NamedTuple):
    """What is said of one endpoint among all."""

    verdict: EqualityVerdict
    p: float | None
    p_holm: float | None


def record(reference: str, terms: EqualityTerms, compared: Sequence[Compared], *, tool: str) -> Endpoints:
    """Judge all endpoints together; their order does not matter."""
    found = [one.found for one in compared]
    judged = standings(found, terms.alpha)
    rows = [_row(one, standing) for one, standing in zip(compared, judged, strict=True)]
    rows.sort(key=lambda row: (_ORDER.index(row.verdict), row.p or 0.0, row.model, row.folder))
    return Endpoints(
        schema=SCHEMA,
        tool=tool,
        reference=reference,
        terms=terms,
        family=size(found),
        endpoints=tuple(rows),
        sentence=said(reference, terms, size(found), [(row.model, row.verdict) for row in rows]),
    )


def _row(one: Compared, standing: Standing | None) -> Endpoint:
    named = {"model": one.model, "folder": one.folder, "evidence": one.evidence}
    if one.found is None or standing is None:
        return _bare(**named, reason=one.reason)
    stated, by = deciding.stated(one.found.tests), least(one.found)
    return _bare(
        **named,
        pair=one.found.verdict,
        **standing._asdict(),
        statistic=by.statistic if by else None,
        exact=one.found.exact,
        effect=stated.effect if stated else None,
        effect_interval=stated.effect_interval if stated else None,
        unit=stated.unit if stated else None,
        cause=one.found.cause if standing.verdict == "differs" else None,
        reason=None if by else stated.reason if stated else one.found.sentence,
    )


def _bare(**fields: object) -> Endpoint:
    """Return an endpoint of which nothing is said but what is given."""
    nothing = dict.fromkeys(Endpoint.model_fields) | {"exact": False}
    return Endpoint.model_validate(nothing | fields)


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

"""The same-base triad: whether the questioned model is nearer to the reference than its siblings of the same base are.

A model that merely starts from the same base, or from public answers in everybody's style, comes near to a strong
reference too. So other models made from the questioned model's base are its controls. Two measures, by `opening`:
closeness is the mean agreement with the reference over probes; beyond is closeness less the same model's mean agreement
with unrelated models, which takes off how usual its openings are. If the questioned model is one more sibling like the
others, every place among them is as likely, so that p = (1 + siblings at least as near) / (1 + siblings) by either
measure, and the larger of both never promises more. The bootstrap over probes only says how far the choice of probes
matters. On recorded answers each measure alone is wrong too often in one direction (closeness, where the questioned
model learnt from another teacher and its siblings from none; beyond, where it learnt from none and they did); both
together are not: docs/method.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import canonical, measuring
from forensics.corpus import FEWEST_COHORT, FEWEST_PROBES, Corpus
from forensics.population import QUESTIONED, REFERENCE, Basis
from forensics.records.case import Relative, RelativeRole
from forensics.records.scores import Standing, Triad, TriadMember

STATISTIC = "opening"
FEWEST_SIBLINGS = 3
"""Siblings below which no place among them is worth saying: p could not fall below 1/3."""
ENOUGH = 0.8
"""Share of the questioned model's probes that a sibling must have answered to count."""
MEANING = (
    "The place says how the openings of answers stand, not how the model was made. It rests on the siblings: they must "
    "have been named before anybody looked, be made from the same base by others, and not have learnt from the reference. "
    "On recorded answers of real models 41% of 63 students of the reference's family stood first (22% where any of its "
    "versions was the reference, not the one of that time; 15% would by chance), and 5 to 10% of models with another "
    "teacher or none (11 to 15% by chance): not to stand first clears nobody, and to stand first among few siblings is a "
    "weak sign."
)
"""Measured as docs/method.md says."""

Floats = NDArray[np.float64]
_MEASURES: tuple[Literal["closeness", "beyond"], ...] = ("closeness", "beyond")


class _Seen(NamedTuple):
    """What every model of the triad shows on every probe; NaN where it has no value."""

    closeness: Floats
    """[probes, models], the questioned model first."""
    usual: Floats
    """Mean agreement with unrelated models. [probes, models]"""


def triad(body: Corpus, basis: Basis, relatives: Sequence[Relative], *, seed: int, replicates: int) -> Triad | None:
    """Measure the triad of a case; None where no base or sibling was named, a triad with a reason where it says nothing."""
    place = {member.source.name: m for m, member in enumerate(body.members)}
    named = [r for role in ("sibling", "base") for r in relatives if r.role == role]
    if not named:
        return None
    present = [r for r in named if r.model in place]
    rows = [QUESTIONED, *(place[r.model] for r in present)]
    seen = _seen(body, basis, rows)
    reasons = [None, *_reasons(seen, present)]
    counted = [i for i, r in enumerate(present, start=1) if r.role == "sibling" and reasons[i] is None]
    both = seen.closeness + seen.usual
    shared: NDArray[np.bool_] = np.logical_not(np.isnan(both[:, [0, *counted]]).any(axis=1))
    n_unrelated = int(basis.used.sum())
    why_not = _why_not(len(counted), int(shared.sum()), n_unrelated)
    standings = () if why_not else _standings(seen, shared, counted, seed=seed, replicates=replicates)
    absent = [_absent(r) for r in named if r.model not in place]
    columns = zip(rows, [None, *(r.role for r in present)], reasons, seen.closeness.T, seen.usual.T, strict=True)
    members = [_member(body.names[m], role, (c[shared], u[shared]), reason) for m, role, reason, c, u in columns]
    p = max(standing.p for standing in standings) if standings else None
    return Triad(
        statistic=STATISTIC,
        version=measuring.version(STATISTIC),
        n_probes=int(shared.sum()),
        n_unrelated=n_unrelated,
        members=(members[0], *sorted((*members[1:], *absent), key=lambda m: (m.role != "sibling", m.model))),
        standings=standings,
        p=p,
        sentence=f"No place among siblings: {why_not}." if why_not else _sentence(body, standings, len(counted)),
        meaning=MEANING,
    )


def _seen(body: Corpus, basis: Basis, rows: Sequence[int]) -> _Seen:
    agreement = measuring.measure(body, STATISTIC, rows)
    unrelated = agreement[:, :, basis.used]
    there = ~np.isnan(unrelated)
    counts = there.sum(axis=2)
    total = np.where(there, unrelated, 0.0).sum(axis=2)
    usual = np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)
    return _Seen(agreement[:, :, REFERENCE], usual)


def _reasons(seen: _Seen, present: Sequence[Relative]) -> list[str | None]:
    """Say of each relative why it is no control; None where it is one."""
    there = ~np.isnan(seen.closeness + seen.usual)
    wanted = ENOUGH * int(there[:, 0].sum())
    found: list[str | None] = []
    for i, relative in enumerate(present, start=1):
        answered = int((there[:, i] & there[:, 0]).sum())
        if relative.role == "base":
            found.append("the base itself: shown beside its offspring, not one of them")
        else:
            found.append(None if answered >= wanted else f"it answered only {answered} of the probes")
    return found


def _why_not(siblings: int, probes: int, unrelated: int) -> str | None:
    if siblings < FEWEST_SIBLINGS:
        return f"{siblings} siblings count, and {FEWEST_SIBLINGS} are needed"
    if probes < FEWEST_PROBES:
        return f"only {probes} probes were answered by all of them, and {FEWEST_PROBES} are needed"
    if unrelated < FEWEST_COHORT:
        return f"only {unrelated} unrelated cohort models, and {FEWEST_COHORT} are needed"
    return None


def _standings(
    seen: _Seen, shared: NDArray[np.bool_], counted: Sequence[int], *, seed: int, replicates: int
) -> tuple[Standing, ...]:
    """Rank the questioned model among the siblings by both measures, with intervals over probes."""
    kept = [0, *counted]
    closeness, usual = seen.closeness[shared][:, kept], seen.usual[shared][:, kept]
    n = len(closeness)
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=replicates) / n
    found = []
    for measure, values in zip(_MEASURES, (closeness, closeness - usual), strict=True):
        mean = np.round(values.mean(axis=0), 12)
        drawn = weights @ values
        near = int((mean[1:] >= mean[0]).sum())
        found.append(
            Standing(
                measure=measure,
                excess=canonical.rounded(float(mean[0] - mean[1:].mean())),
                interval=measuring.interval(drawn[:, 0] - drawn[:, 1:].mean(axis=1)),
                rank=1 + int((mean[1:] > mean[0]).sum()),
                of=len(mean),
                p=canonical.rounded((1 + near) / len(mean)),
            )
        )
    return tuple(found)


def _member(name: str, role: RelativeRole | None, values: tuple[Floats, Floats], reason: str | None) -> TriadMember:
    """Return one model's values on the shared probes that it answered; `role` is None for the questioned model."""
    there = ~np.isnan(values[0] + values[1])
    closeness, usual = values[0][there], values[1][there]
    none = not len(closeness)
    return TriadMember(
        model=name,
        role=role or "questioned",  # type: ignore[arg-type]  # `relative` was left out
        n_probes=len(closeness),
        closeness=None if none else canonical.rounded(float(closeness.mean())),
        beyond=None if none else canonical.rounded(float((closeness - usual).mean())),
        reason=reason,
    )


def _absent(relative: Relative) -> TriadMember:
    return TriadMember(
        model=relative.model,
        role=relative.role,  # type: ignore[arg-type]  # `relative` was left out
        n_probes=0,
        closeness=None,
        beyond=None,
        reason="it was set aside, or answered too few of the probes",
    )


def _sentence(body: Corpus, standings: Sequence[Standing], siblings: int) -> str:
    """Say where the questioned model stands, and how often one of such siblings would stand so by chance."""
    questioned, reference = body.names[QUESTIONED], body.names[REFERENCE]
    p = max(standing.p for standing in standings)
    nearer = round(p * (siblings + 1)) - 1
    by_chance = f"one of {siblings + 1} such models would stand so in at most {100 * p:.0f}% of cases by chance"
    if nearer == 0:
        return (
            f"{questioned} is nearer to {reference} than each of {siblings} siblings of the same base, by both measures; "
            f"{by_chance}."
        )
    return (
        f"{questioned} is not nearer to {reference} than all of its {siblings} siblings of the same base: by one measure "
        f"or both, {nearer} of them {'is' if nearer == 1 else 'are'} at least as near; {by_chance}."
    )

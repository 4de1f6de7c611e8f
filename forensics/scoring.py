"""From a corpus to scores: averages over probes, intervals, normalisation against the cohort, ranks.

Alike for every statistic. What a score is worth is not decided here (that is `evidence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import canonical, corpus, measuring, registry
from forensics.corpus import Corpus
from forensics.numerics.normalisation import Normaliser, normaliser
from forensics.records.case import Case, Source
from forensics.records.scores import CohortScore, Contribution, Interval, Rank, Score, Scores, SideCounts

SCHEMA = "forensics/scores/1"
LEVEL = 0.95
REFERENCE, QUESTIONED, FIRST_COHORT = 0, 1, 2
"""Positions of members in a case's corpus."""


class Normalised(NamedTuple):
    """What the normalisation of one statistic rests on."""

    used: NDArray[np.bool_]
    """Members that it compares with. [members]"""
    excluded: tuple[str | None, ...]
    """Why a member is left out. [members]"""
    by: Normaliser


def score_case(case: Case, *, root: Path, tool: str, workers: int = 2) -> Scores:
    """Compute every statistic of a case; paths in the case are relative to `root`.

    Raises TooLittleEvidence, IntegrityBroken or BadFile; a statistic that does not apply is a score with a reason.
    """
    names = list(case.statistics or registry.names("statistics"))
    body = corpus.build(
        [case.reference, case.questioned, *case.cohort],
        root=root,
        kinds=measuring.features_of(names),
        only=case.only,
        workers=workers,
    )
    basis = population(body)
    return Scores(
        schema=SCHEMA,
        tool=tool,
        case=case_digest(case),
        question=case.question,
        seed=case.seed,
        replicates=case.replicates,
        probe_set=case.probe_set,
        probes=body.probes,
        sides=_sides(body),
        set_aside=(*case.set_aside, *_too_few(case, body)),
        scores=tuple(score(body, name, basis, seed=case.seed, replicates=case.replicates) for name in names),
    )


def case_digest(case: Case) -> str:
    """Return the digest of what a case compares; where the files lie does not matter."""
    content = case.model_dump(mode="json", by_alias=True)
    for source in (content["reference"], content["questioned"], *content["cohort"]):
        del source["path"]
    return canonical.digest(canonical.encode(content))


def population(body: Corpus) -> Normalised:
    """Decide which members the pair is compared with: all that are declared relatives of neither side."""
    lineages = [member.source.lineage for member in body.members]
    own = {lineages[REFERENCE]: "reference", lineages[QUESTIONED]: "questioned"}
    own.pop(None, None)
    excluded: list[str | None] = ["is the reference", "is the questioned model"]
    for lineage in lineages[FIRST_COHORT:]:
        side = own.get(lineage)
        both = len(own) == 1 and lineages[REFERENCE] == lineages[QUESTIONED]
        excluded.append(f"same lineage as {'both sides' if both else f'the {side}'}" if side else None)
    used = np.array([reason is None for reason in excluded])
    declared = all(lineage is not None for lineage in lineages)
    return Normalised(used=used, excluded=tuple(excluded), by=normaliser(models=int(used.sum()), declared=declared))


def score(body: Corpus, name: str, basis: Normalised, *, seed: int, replicates: int) -> Score:
    """Compute one statistic of the pair with everything that belongs to it."""
    plugin = registry.load("statistics", name)
    agreement = measuring.measure(body, name, (REFERENCE, QUESTIONED))
    pairs = agreement[:, REFERENCE, QUESTIONED]
    n_probes = int((~np.isnan(pairs)).sum())
    fixed = {"statistic": name, "version": plugin.VERSION, "role": plugin.ROLE, "n_probes": n_probes}
    if n_probes < corpus.FEWEST_PROBES:
        return _without_value(fixed, f"only {n_probes} probes give it a value; {corpus.FEWEST_PROBES} are needed")
    means = measuring.mean_over_probes(agreement)
    resampled = _resampled(agreement, seed=seed, replicates=replicates)
    raw = float(means[REFERENCE, QUESTIONED])
    n_cohort = int((basis.used & ~np.isnan(means).any(axis=0)).sum())
    normalised, reason = _normalise(means[None], basis)
    value = None if reason else float(normalised[0])
    return Score(
        **fixed,
        raw=canonical.rounded(raw),
        interval=_interval(resampled[:, REFERENCE, QUESTIONED]),
        normalised=None if value is None else canonical.rounded(value),
        normalised_interval=None if value is None else _interval(_normalise(resampled, basis)[0]),
        rank=_rank(means),
        n_cohort=n_cohort,
        normalisation=None if value is None else basis.by.name,
        reason=reason,
        cohort=_cohort(body, means, basis),
        contributions=_contributions(body, agreement, basis),
    )


def _without_value(fixed: dict[str, object], reason: str) -> Score:
    return Score.model_validate(
        {
            **fixed,
            "raw": None,
            "interval": None,
            "normalised": None,
            "normalised_interval": None,
            "rank": None,
            "n_cohort": 0,
            "normalisation": None,
            "reason": reason,
            "cohort": (),
            "contributions": (),
        }
    )


def _resampled(agreement: NDArray[np.float64], *, seed: int, replicates: int) -> NDArray[np.float64]:
    """Average over probes drawn with replacement: [replicates, rows, members]."""
    probes = agreement.shape[0]
    weights = np.random.default_rng(seed).multinomial(probes, np.full(probes, 1 / probes), size=replicates)
    present = ~np.isnan(agreement)
    flat = np.where(present, agreement, 0.0).reshape(probes, -1)
    counts = weights @ present.reshape(probes, -1).astype(np.float64)
    total = weights.astype(np.float64) @ flat
    means = np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)
    return means.reshape(replicates, *agreement.shape[1:])


def _normalise(means: NDArray[np.float64], basis: Normalised) -> tuple[NDArray[np.float64], str | None]:
    """Normalise the pair's mean in each replicate: [replicates, 2, members] → [replicates], or why not."""
    used = basis.used & ~np.isnan(means[0]).any(axis=0)
    if int(used.sum()) < corpus.FEWEST_COHORT:
        return np.zeros(0), (
            f"only {int(used.sum())} unrelated cohort models with a value; {corpus.FEWEST_COHORT} are needed"
        )
    values = basis.by(means[:, REFERENCE, QUESTIONED], means[:, REFERENCE, used], means[:, QUESTIONED, used])
    if not np.isfinite(values[0]):
        return np.zeros(0), "the cohort's scores do not vary, so there is nothing to compare with"
    return values, None


def _interval(values: NDArray[np.float64]) -> Interval | None:
    """Return the percentile interval of bootstrap values over probes; None where replicates have no value."""
    finite = values[np.isfinite(values)]
    if len(finite) < 0.9 * len(values) or not len(finite):
        return None
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(
        low=canonical.rounded(float(low)),
        high=canonical.rounded(float(high)),
        level=LEVEL,
        method="percentile bootstrap over probes",
    )


def _rank(means: NDArray[np.float64]) -> Rank:
    """Rank the other side among all models, relatives included, seen from each side; ties share the better rank."""
    # Rounded first: which of two equal scores comes first must not hang on the processor's last bits.
    rounded = np.round(means, 12)

    def place(side: int, other: int) -> int:
        scores = np.delete(rounded[side], side)
        return 1 + int((scores[~np.isnan(scores)] > rounded[side, other]).sum())

    return Rank(
        reference=place(REFERENCE, QUESTIONED), questioned=place(QUESTIONED, REFERENCE), of=means.shape[1] - 1
    )


def _cohort(body: Corpus, means: NDArray[np.float64], basis: Normalised) -> tuple[CohortScore, ...]:
    return tuple(
        CohortScore(
            model=member.source.name,
            lineage=member.source.lineage,
            reference=_value(means[REFERENCE, m]),
            questioned=_value(means[QUESTIONED, m]),
            excluded=basis.excluded[m],
        )
        for m, member in enumerate(body.members)
        if m >= FIRST_COHORT
    )


def _contributions(body: Corpus, agreement: NDArray[np.float64], basis: Normalised) -> tuple[Contribution, ...]:
    """Return each probe's agreement beside what is typical between the sides and unrelated models."""
    found = []
    typical = measuring.mean_over_probes(np.moveaxis(agreement[:, :, basis.used], 0, 2).reshape(-1, len(agreement)))
    for p, probe in enumerate(body.probes):
        raw = agreement[p, REFERENCE, QUESTIONED]
        if np.isnan(raw) or np.isnan(typical[p]):
            continue
        found.append(
            Contribution(
                prompt_digest=probe,
                raw=canonical.rounded(float(raw)),
                typical=canonical.rounded(float(typical[p])),
                excess=canonical.rounded(round(float(raw - typical[p]), 12)),
            )
        )
    return tuple(found)


def _value(number: float) -> float | None:
    return None if np.isnan(number) else canonical.rounded(float(number))


def _sides(body: Corpus) -> tuple[SideCounts, ...]:
    answered = body.answered()
    return tuple(
        SideCounts(
            model=member.source.name,
            role=member.source.role,
            lineage=member.source.lineage,
            digest=member.source.digest,
            format=member.source.format,
            answers=len(member.states),
            **{state: int((member.states == s).sum()) for s, state in enumerate(corpus.STATES)},
            cut_short=int(member.cut_short.sum()),
            common=int(answered[m]),
            draws=int(member.draws.max(initial=0)) + 1,
            faults=dict(member.faults),
        )
        for m, member in enumerate(body.members)
    )


def _too_few(case: Case, body: Corpus) -> Sequence[str]:
    kept = {member.source.digest for member in body.members}
    return [_few(source) for source in case.cohort if source.digest not in kept]


def _few(source: Source) -> str:
    return f"{source.name}: answered fewer than {corpus.FEWEST_PROBES} of the common probes"

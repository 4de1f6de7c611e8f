"""From a corpus to scores: averages over probes, intervals, normalisation against the cohort, ranks.

Alike for every statistic. What a score is worth is not decided here (that is `evidence`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forensics import canonical, circumstances, corpus, deriving, habits, measuring, registry
from forensics.controls import controls
from forensics.corpus import Corpus
from forensics.errors import UsageError
from forensics.numerics.normalisation import NORMALISERS
from forensics.population import FIRST_COHORT, QUESTIONED, REFERENCE, Basis, cohort_scores, normalise, population, rank
from forensics.records.base import Question
from forensics.records.case import Case
from forensics.records.scores import Contribution, Control, Habit, Interval, Score, Scores, SideCounts
from forensics.transcripts import sampling_text
from forensics.triads import triad
from forensics.variants import variants

SCHEMA: Final = "forensics/scores/1"
CONTROL_STATISTIC = "phrases"
"""The statistic that controls are measured by, where it has a value."""
ALL = "all"
"""In place of a statistic's name: every one, those that take long included."""


def score_case(case: Case, *, root: Path, tool: str, workers: int = 2) -> Scores:
    """Compute every statistic of a case; paths in the case are relative to `root`.

    Raises TooLittleEvidence, IntegrityBroken or BadFile; a statistic that does not apply is a score with a reason.
    """
    names = asked_for(case)
    sources = [case.reference, case.questioned, *case.cohort]
    two = corpus.sides(sources, root=root, only=case.only)
    body = corpus.build(
        sources,
        root=root,
        kinds=measuring.features_of([n for n in names if not measuring.inapplicable(two, n, (REFERENCE, QUESTIONED))]),
        only=case.only,
        workers=workers,
    )
    basis = population(body, case.relatives)
    scores = tuple(
        score(body, name, basis, seed=case.seed, replicates=case.replicates)
        if name in names
        else _without_value(_fixed(name), _not_asked(name))
        for name in (names if case.statistics else measuring.names())
    )
    return Scores(
        schema=SCHEMA,
        tool=tool,
        case=case_digest(case),
        question=case.question,
        seed=case.seed,
        replicates=case.replicates,
        probe_set=case.probe_set,
        probes=body.probes,
        sides=side_counts(body),
        set_aside=(*case.set_aside, *body.set_aside),
        circumstances=tuple(circumstances.of(body.members[:FIRST_COHORT], workers=workers)),
        scores=scores,
        habits=_habits(body, basis, scores),
        controls=_controls(body, basis, scores),
        triad=triad(body, basis, case.relatives, seed=case.seed, replicates=case.replicates),
        equality=None,
    )


def _controls(body: Corpus, basis: Basis, scores: Sequence[Score]) -> tuple[Control, ...]:
    """Measure the controls by the statistic that is weighed, or by the first weighed one with a value."""
    valued = [s for s in scores if s.role == "weighed" and s.normalised is not None]
    shown = next((s for s in valued if s.statistic == CONTROL_STATISTIC), valued[0] if valued else None)
    if shown is None or shown.normalised is None:
        return ()
    return controls(body, shown.statistic, used=basis.used, by=basis.by, pair=shown.normalised)


def _habits(body: Corpus, basis: Basis, scores: Sequence[Score]) -> tuple[Habit, ...]:
    """Return the habits behind `style`; none where it has no value."""
    valued = any(s.statistic == "style" and s.raw is not None for s in scores)
    return habits.profile(body, basis) if valued else ()


def asked_for(case: Case) -> list[str]:
    """Return the statistics to compute for a case."""
    return chosen_statistics(case.statistics, case.question)


def chosen_statistics(named: Sequence[str] | None, question: Question) -> list[str]:
    """Return the statistics to compute: those named, all where `all` is, otherwise all that need no asking."""
    every = measuring.names()
    if named is None:
        return [name for name in every if _by_default(name, question)]
    for name in set(named) - {*every, ALL}:
        registry.load("statistics", name)
        raise UsageError(f"The statistic {name} is for the question of equality.", remedy="Ask --question equality.")
    return every if ALL in named else list(dict.fromkeys(named))


def _by_default(name: str, question: Question) -> bool:
    plugin = registry.load("statistics", name)
    return not hasattr(plugin, "OPT_IN") or question in getattr(plugin, "FOR", ())


def _not_asked(name: str) -> str:
    why = registry.load("statistics", name).OPT_IN
    return f"not asked for: {why}; add it with --statistic all, or --statistic {name} for it alone"


def _fixed(name: str) -> dict[str, Any]:
    plugin = registry.load("statistics", name)
    return {"statistic": name, "version": plugin.VERSION, "role": plugin.ROLE, "n_probes": 0}


def case_digest(case: Case) -> str:
    """Return the digest of what a case compares; where the files lie does not matter."""
    content = case.model_dump(mode="json", by_alias=True)
    for source in (content["reference"], content["questioned"], *content["cohort"]):
        del source["path"]
    return canonical.digest(canonical.encode(content))


def score(body: Corpus, name: str, basis: Basis, *, seed: int, replicates: int) -> Score:
    """Compute one statistic of the pair with everything that belongs to it."""
    fixed = _fixed(name)
    why_not = measuring.inapplicable(body, name, (REFERENCE, QUESTIONED))
    if why_not is not None:
        return _without_value(fixed, why_not)
    agreement = measuring.measure(body, name, (REFERENCE, QUESTIONED))
    pairs = agreement[:, REFERENCE, QUESTIONED]
    n_probes = int((~np.isnan(pairs)).sum())
    fixed["n_probes"] = n_probes
    if n_probes < corpus.FEWEST_PROBES:
        return _without_value(fixed, f"only {n_probes} probes give it a value; {corpus.FEWEST_PROBES} are needed")
    means = measuring.mean_over_probes(agreement)
    measured = np.concatenate([means[None], _resampled(agreement, seed=seed, replicates=replicates)])
    raw = float(means[REFERENCE, QUESTIONED])
    n_cohort = int((basis.used & ~np.isnan(means).any(axis=0)).sum())
    values, reason = normalise(measured, basis.used, basis.by)
    return Score(
        **fixed,
        raw=canonical.rounded(raw),
        interval=_interval(measured[1:, REFERENCE, QUESTIONED]),
        normalised=None if reason else canonical.rounded(float(values[0])),
        normalised_interval=None if reason else _interval(values[1:]),
        rank=rank(means),
        n_cohort=n_cohort,
        normalisation=None if reason else basis.by.name,
        reason=reason,
        variants=() if reason else variants(agreement, means, basis),
        resampled={} if reason else _resampled_values(measured, basis),
        cohort=cohort_scores(body, means, basis),
        contributions=_contributions(body, agreement, basis),
    )


def _without_value(fixed: dict[str, Any], reason: str) -> Score:
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
            "variants": (),
            "resampled": {},
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
    means: NDArray[np.float64] = np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)
    return means.reshape(replicates, *agreement.shape[1:])


def _interval(values: NDArray[np.float64]) -> Interval | None:
    """Return the percentile interval of bootstrap values over probes; None where replicates have no value."""
    finite = values[np.isfinite(values)]
    if len(finite) < 0.9 * len(values) or not len(finite):
        return None
    return measuring.interval(finite)


def _resampled_values(measured: NDArray[np.float64], basis: Basis) -> dict[str, tuple[float, ...]]:
    """Return the normalised value of each replicate, by every normaliser: what a ratio's interval is made of."""
    found = {}
    for name, by in NORMALISERS.items():
        values, reason = normalise(measured, basis.used, by)
        if reason is None and np.isfinite(values).all():
            found[name] = tuple(canonical.rounded(value) for value in values[1:].tolist())
    return found


def _contributions(body: Corpus, agreement: NDArray[np.float64], basis: Basis) -> tuple[Contribution, ...]:
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


def side_counts(body: Corpus) -> tuple[SideCounts, ...]:
    """Count what became of every member's answers."""
    answered = body.answered()
    return tuple(
        SideCounts(
            model=member.source.name,
            role=member.source.role,
            lineage=member.source.lineage,
            digest=member.source.digest,
            format=member.source.format,
            sampling=sampling_text(member.source.sampling),
            answers=len(member.states),
            **{state: int((member.states == s).sum()) for s, state in enumerate(deriving.STATES)},
            cut_short=int(member.cut_short.sum()),
            common=int(answered[m]),
            draws=max(Counter(member.prompts).values(), default=0),
            faults=dict(member.faults),
            sent=_sent(member),
            handling=member.handling,
        )
        for m, member in enumerate(body.members)
    )


def _sent(member: corpus.Member) -> str | None:
    """Return the parameters that were sent, as far as it is known."""
    if member.source.sampling is None or member.handling is None:
        return None
    return sampling_text(member.source.sampling, dropped=member.handling.dropped)

"""Which lineages explain a model's behaviour beyond its own base: a non-negative fit, with what it leaves unexplained.

Every model is the vector of its answers' weighted features over all probes; what all lineages have in common is
subtracted. What the suspect's own base explains is taken out by least squares; the rest is fitted by a non-negative sum
of the other lineages' mean vectors. Only inner products are needed, and those are what statistics compute. A share is a
share of behaviour as one statistic sees it: not of training data, and no descent. Lineages that resemble each other
share what either explains. On recorded answers of 45 models with one published teacher, the remainder was 94 to 98% and
the teacher's lineage had the largest share of four vendors' no more often than always naming the commonest teacher
would: a large share, ranked first, is a lead (it finds a Llama trained on one vendor's answers), a small one is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import __version__, canonical, corpus, measuring, naming, registry, sources
from forensics.corpus import Corpus
from forensics.errors import TooLittleEvidence, UnknownName, UsageError
from forensics.features import most_probes, unavailable
from forensics.numerics.mixtures import BASE, OTHERS, SUSPECT, Fit, fit
from forensics.packs import using
from forensics.records.mixture import Mixture, Part
from forensics.statistics import Block, score_probe

SCHEMA: Final = "forensics/mixture/1"
STATISTICS = ("beginnings", "lexical", "semantic")  # their values are inner products of unit vectors
FEWEST_LINEAGES = 3
"""Lineages besides the suspect's own, below which there is nothing to tell apart."""
Floats = NDArray[np.float64]


class Groups(NamedTuple):
    """Who belongs to what: the suspect, its own base (may be empty), and the other lineages."""

    names: tuple[str, ...]
    members: tuple[NDArray[np.int64], ...]
    """Positions in the corpus; [0] the suspect, [1] its base."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a mixture was asked for."""

    suspect: str
    cohort: Sequence[str]
    models: Path | None = None
    """Table of declared lineages, beside those in cohort folders."""
    base: Sequence[str] = ()
    """Cohort models that are the suspect's own base; without any, the models of its declared lineage are."""
    statistic: str = "beginnings"
    replicates: int = 200
    seed: int = 0
    workers: int = 2


def of_suspect(asked: Asked) -> Mixture:
    """Read recorded answers and decompose the suspect's behaviour; raises UsageError or TooLittleEvidence."""
    declared = sources.declared_lineages(asked.cohort, asked.models)
    suspect = naming.parse(asked.suspect)
    models = [suspect, *(m for m in sources.cohort_models(asked.cohort) if str(m) != str(suspect))]
    asked_for = next((model for model in models if model.adapter != naming.RECORDED), None)
    if asked_for is not None:
        remedy = "Record its answers with `forensics probe`, then name them as replay:PATH."
        raise UsageError(f"{asked_for} would have to be asked; a mixture is fitted to recorded answers.", remedy=remedy)
    named = [sources.recorded_source(m, "cohort", folder=Path.cwd(), declared=declared) for m in models]
    first, *others = (source.model_copy(update={"path": str(Path.cwd() / source.path)}) for source in named)
    body = corpus.build_many([first, *others], root=Path("/"), workers=asked.workers)
    _require(body, asked.statistic)
    base = ", ".join(asked.base) or first.lineage
    groups = grouped(body, 0, asked.base, own=first.lineage)
    return mixture(body, groups, asked.statistic, base=base, replicates=asked.replicates, seed=asked.seed)


def mixture(body: Corpus, groups: Groups, statistic: str, *, base: str | None, replicates: int, seed: int) -> Mixture:
    """Decompose the behaviour of the first group's model; raises UsageError or TooLittleEvidence."""
    if statistic not in STATISTICS:
        raise UnknownName("statistic for a mixture", statistic, STATISTICS)
    if len(groups.members) - OTHERS < FEWEST_LINEAGES:
        raise TooLittleEvidence(
            f"Only {len(groups.members) - OTHERS} lineages besides the suspect's own; {FEWEST_LINEAGES} are needed.",
            remedy="Add cohort models of other lineages (--cohort), or declare lineages (--models).",
        )
    found = products(body, groups, statistic)
    if len(found.between) < corpus.FEWEST_PROBES:
        raise TooLittleEvidence(
            f"Only {len(found.between)} probes give {statistic} a value; {corpus.FEWEST_PROBES} are needed.",
            remedy="Record more answers of the suspect to the prompts that the cohort answered.",
        )
    between = found.between
    weights = np.random.default_rng(seed).multinomial(len(between), np.full(len(between), 1 / len(between)), replicates)
    has_base = bool(len(groups.members[BASE]))
    measured = fit(between.mean(axis=0), base=has_base)
    again = [fit(np.tensordot(w / len(between), between, axes=1), base=has_base) for w in weights]
    ranks = _ranks(found.mean, groups)
    shares = np.array([one.shares for one in again])
    parts = [
        Part(
            lineage=groups.names[OTHERS + place],
            models=len(groups.members[OTHERS + place]),
            share=canonical.rounded(float(share)),
            interval=measuring.interval(shares[:, place]),
            rank=ranks[place][0],
            of=ranks[place][1],
        )
        for place, share in enumerate(measured.shares.tolist())
    ]
    suspect = body.members[int(groups.members[SUSPECT][0])].source
    return Mixture(
        schema=SCHEMA,
        tool=__version__,
        suspect=suspect.name,
        suspect_digest=suspect.digest,
        statistic=statistic,
        version=measuring.version(statistic),
        n_probes=len(between),
        replicates=replicates,
        seed=seed,
        base=base,
        base_models=tuple(body.members[m].source.name for m in groups.members[BASE].tolist()),
        base_share=canonical.rounded(measured.base) if has_base else None,
        base_interval=measuring.interval(np.array([one.base for one in again])) if has_base else None,
        parts=tuple(sorted(parts, key=lambda part: (-part.share, part.lineage))),
        remainder=canonical.rounded(measured.remainder),
        remainder_interval=measuring.interval(np.array([one.remainder for one in again])),
    )


def _require(body: Corpus, statistic: str) -> None:
    """Raise UsageError where a statistic cannot be computed here, or not with the cohort packs that were named."""
    plugin = registry.load("statistics", statistic)
    why_not = unavailable(plugin.FEATURE)
    why_not = why_not or using.lacking(body.members, plugin, body.probes, most_probes(plugin.FEATURE))
    if why_not is not None:
        raise UsageError(f"A mixture by {statistic} cannot be fitted: {why_not}.", remedy="Choose another --statistic.")


class Products(NamedTuple):
    """Inner products of the vectors of models, and of groups of them."""

    between: Floats
    """On each probe that the suspect answered: [probes, groups, groups]."""
    mean: Floats
    """Averaged over the probes that both models answered: [members, members]."""


def products(body: Corpus, groups: Groups, statistic: str) -> Products:
    """Compute the products on every probe, in memory one probe at a time.

    A vector has length 1 on a probe that its model answered. A group's is the mean of those members that answered.
    """
    plugin = registry.load("statistics", statistic)
    features = body.features(plugin.FEATURE)
    everyone, suspect = np.arange(len(body.members)), int(groups.members[SUSPECT][0])
    total, counts = np.zeros((2, len(everyone), len(everyone)))
    between = []
    for owners, rows in body.docs:
        scored = score_probe(plugin, Block(owners, rows, features), everyone, None)
        # Not everybody who answered has a value: sentences are embedded on some probes only.
        answered: Floats = np.logical_not(np.isnan(scored).all(axis=1)).astype(np.float64)
        inner = np.nan_to_num(scored, nan=0.0)
        np.fill_diagonal(inner, answered)
        total += inner
        counts += np.outer(answered, answered)
        if answered[suspect]:
            shares = _shares(groups, answered)
            between.append(shares @ inner @ shares.T)
    mean = np.divide(total, counts, out=np.zeros_like(total), where=counts > 0)
    return Products(np.array(between), mean)


def _shares(groups: Groups, answered: Floats) -> Floats:
    """Return each member's share in each group: [groups, members]."""
    shares = np.zeros((len(groups.members), len(answered)))
    for g, members in enumerate(groups.members):
        shares[g, members] = answered[members]
    total = shares.sum(axis=1, keepdims=True)
    averaged: Floats = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    return averaged


def _ranks(mean: Floats, groups: Groups) -> list[tuple[int, int]]:
    """Rank the suspect's share of each lineage among the models of other lineages, each fitted without its own."""
    others = groups.members[OTHERS:]
    own = _fitted(mean, groups).shares
    shares: list[list[float]] = [[] for _ in others]
    for home, members in enumerate(others):
        rest = [group for place, group in enumerate(others) if place != home]
        for model in members.tolist():
            kin = members[members != model]
            found = _fitted(mean, Groups((), (np.array([model]), kin, *rest)))
            for place, share in zip((g for g in range(len(others)) if g != home), found.shares.tolist(), strict=True):
                shares[place].append(share)
    return [
        (1 + sum(round(other, 9) > round(share, 9) for other in shares[place]), 1 + len(shares[place]))
        for place, share in enumerate(own.tolist())
    ]


def _fitted(mean: Floats, groups: Groups) -> Fit:
    shares = _shares(groups, np.ones(len(mean)))
    return fit(shares @ mean @ shares.T, base=bool(len(groups.members[BASE])))


def grouped(body: Corpus, suspect: int, base: Sequence[str], *, own: str | None) -> Groups:
    """Group the members of a corpus by lineage; the suspect's own base are the models named, or else its own lineage.

    Copies of the suspect's answers, or of another model's before, are left out: they would explain everything. Raises UsageError for a base model that is not there.
    """
    names, lineages = body.names, body.lineages
    missing = [name for name in base if name not in names]
    if missing:
        raise UsageError(f"The cohort holds no model {missing[0]!r}.", remedy=f"It holds {', '.join(names[:20])}.")
    files = [(member.source.digest, member.source.format) for member in body.members]
    copied = corpus.copies(body.members)
    rest = [m for m in range(len(names)) if m != suspect and files[m] != files[suspect] and m not in copied]
    kin = [m for m in rest if (names[m] in base if base else own is not None and lineages[m] == own)]
    # Other models of the base's lineage are neither the base nor an alternative to it.
    left_out = {lineages[m] for m in kin} | ({own} if own else set())
    by_lineage: dict[str, list[int]] = {}
    for m in rest:
        if m not in kin and lineages[m] not in left_out:
            by_lineage.setdefault(lineages[m], []).append(m)
    groups = sorted(by_lineage.items())
    return Groups(
        names=(names[suspect], "own base", *(name for name, _ in groups)),
        members=(np.array([suspect]), np.array(kin, np.int64), *(np.array(members) for _, members in groups)),
    )

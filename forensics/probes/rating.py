"""Which probes tell lineages apart: each rated by recorded answers, so that weak ones are replaced by evidence.

Only models of the development lineages are looked at for rating; the other lineages are kept unseen, and say what
choosing the best-rated half is worth. Rates and measures; what to do about a weak probe is for who writes the set.

What separation is, is said in `separation`. Stability of a probe: the correlation, over all pairs of models, between
their agreement from even draws and that from odd draws.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import calibrating, measuring, probes, registry, relations
from forensics.corpus import Corpus
from forensics.probes import separation as separating
from forensics.probes.separation import Half, Labels, Worth, number
from forensics.statistics import Block, score_probe, survey_of
from forensics.transcripts import prompt_digest, prompt_text

Floats = NDArray[np.float64]
RECORDED = "recorded"
"""In place of a set: every prompt in the recorded answers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rating was asked for."""

    probe_set: str
    """A shipped set, a file, or `recorded`."""
    folder: Path
    models: Path | None
    """Table of lineages; `models.csv` in the folder where None."""
    pairs: Path | None
    """Table of labelled pairs; where None, models of one lineage are taken as related."""
    statistic: str
    development: float
    """Share of the lineages that are rated by."""
    seed: int
    workers: int = 2


class Rated(NamedTuple):
    """One probe's rating."""

    probe: str
    """Its id, or its prompt's digest where it is in no set."""
    category: str | None
    separation: float | None
    """Standardised difference; None where too few models answered."""
    stability: float | None
    """−1 … 1; None with a single draw."""
    models: int
    """Development models that answered it."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """All probes of a set, best first, and what the rating rests on."""

    probe_set: str
    digest: str | None
    statistic: str
    version: str
    seed: int
    development: tuple[str, ...]
    """Lineages rated by."""
    unseen: tuple[str, ...]
    repeatability: float | None
    """Rank correlation of the separations from two halves of the development lineages; None with too few."""
    probes: tuple[Rated, ...]
    worth: Worth | None
    """None where the unseen lineages are too few to measure it."""

    def content(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        content = asdict(self)
        content["probes"] = [rated._asdict() for rated in self.probes]
        if self.worth is not None:
            content["worth"] = {
                name: value._asdict() if isinstance(value, Half) else value
                for name, value in self.worth._asdict().items()
            }
        return content

    def lines(self) -> Iterator[str]:
        """Yield the rating for a terminal."""
        yield f"{'separation':>10} {'stability':>9} {'models':>6}  probe"
        for rated in self.probes:
            numbers = (_shown(rated.separation), _shown(rated.stability), str(rated.models))
            category = f"  ({rated.category})" if rated.category else ""
            yield f"{numbers[0]:>10} {numbers[1]:>9} {numbers[2]:>6}  {rated.probe}{category}"
        yield ""
        yield f"Rated by {self.statistic} {self.version} on {len(self.development)} development lineages (seed {self.seed})."
        yield f"Repeatability between halves of these lineages: {_shown(self.repeatability)}."
        if self.worth is None:
            yield "The unseen lineages are too few to say what choosing by this rating is worth."
            return
        worth = self.worth
        yield (
            f"On {len(self.unseen)} unseen lineages ({worth.models} models, {worth.related_pairs} related and "
            f"{worth.unrelated_pairs} unrelated pairs):"
        )
        for name in ("everything", "best_half", "worst_half", "random_halves", "random_low", "random_high"):
            half: Half = getattr(worth, name)
            yield f"  {name.replace('_', ' '):<14} AUC {half.auc:.4f}   TPR at 1% FP {half.tpr:.3f}"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def rate(wanted: Wanted) -> Ratings:
    """Rate the probes of a set by recorded answers; raises UsageError, BadFile, UnknownName or TooLittleEvidence."""
    plugin = registry.load("statistics", wanted.statistic)
    probe_set = None if wanted.probe_set == RECORDED else probes.load(wanted.probe_set)
    named = {} if probe_set is None else {prompt_digest(prompt_text(p)): (p.id, p.category) for p in probe_set.probes}
    table = wanted.models or wanted.folder / "models.csv"
    body = calibrating.gather(
        wanted.folder, table, [wanted.statistic], only=list(named) or None, workers=wanted.workers
    )
    labels = _labels(body, wanted)
    development = separating.split(labels, share=wanted.development, seed=wanted.seed)
    kept = separating.members_of(labels, development)
    mine, own = _part(body, kept), labels.of(kept)
    agreement = measuring.measure(mine, wanted.statistic, range(len(mine.members)))
    separations = separating.separation(agreement, own)
    stabilities = stability(mine, wanted.statistic)
    answered = (~np.isnan(agreement)).any(axis=2).sum(axis=1)
    rated = [
        Rated(*named.get(probe, (probe, None)), number(separations[p]), number(stabilities[p]), int(answered[p]))
        for p, probe in enumerate(mine.probes)
    ]
    unseen = set(labels.lineages) - development
    return Ratings(
        probe_set=wanted.probe_set,
        digest=probe_set.digest if probe_set else None,
        statistic=wanted.statistic,
        version=str(plugin.VERSION),
        seed=wanted.seed,
        development=tuple(sorted(development)),
        unseen=tuple(sorted(unseen)),
        repeatability=separating.repeatability(agreement, own, seed=wanted.seed),
        probes=tuple(sorted(rated, key=_best_first)),
        worth=_worth(body, labels, separating.members_of(labels, unseen), separations, wanted),
    )


def _best_first(rated: Rated) -> tuple[bool, float, str]:
    return rated.separation is None, -(rated.separation or 0.0), rated.probe


def _labels(body: Corpus, wanted: Wanted) -> Labels:
    lineages = body.lineages
    if wanted.pairs is None:
        return separating.by_lineage(lineages)
    names = [member.source.name for member in body.members]
    return separating.by_pairs(names, lineages, relations.read_pairs(wanted.pairs))


def _part(body: Corpus, kept: NDArray[np.intp]) -> Corpus:
    """Return the corpus of some of the members, by position, on the same probes."""
    return Corpus(members=tuple(body.members[k] for k in kept), probes=body.probes, workers=body.workers)


def stability(body: Corpus, statistic: str) -> Floats:
    """Return, per probe, how alike the agreement of even draws and of odd draws is over pairs: NaN with one draw."""
    if most_draws(body) == 1:
        return np.full(len(body.probes), np.nan)
    even, odd = (agreement_of(body, statistic, draws=range(start, most_draws(body), 2)) for start in (0, 1))
    upper = np.triu_indices(len(body.members), 1)
    found = []
    for first, second in zip(even, odd, strict=True):
        a, b = first[upper], second[upper]
        both = ~(np.isnan(a) | np.isnan(b))
        found.append(separating.correlation(a[both], b[both]))
    return np.array(found)


def agreement_of(body: Corpus, statistic: str, *, draws: Collection[int]) -> Floats:
    """Compute the agreement of all members from some draws alone: [probes, m, m]."""
    plugin = registry.load("statistics", statistic)
    features = body.features(plugin.FEATURE)
    number_of = [member.draws for member in body.members]
    blocks = []
    for owners, rows in body.docs:
        kept = np.array([int(number_of[o][r]) in draws for o, r in zip(owners, rows, strict=True)], bool)
        blocks.append(Block(owners[kept], rows[kept], features))
    survey = survey_of(plugin, blocks)
    everyone = np.arange(len(body.members))
    return np.stack([score_probe(plugin, block, everyone, survey) for block in blocks])


def most_draws(body: Corpus) -> int:
    """Return the most draws that any member gave of a probe."""
    return 1 + max(int(member.draws.max(initial=0)) for member in body.members)


def _worth(body: Corpus, labels: Labels, unseen: NDArray[np.intp], separations: Floats, wanted: Wanted) -> Worth | None:
    """Measure what the rating is worth on the models it never saw; None where they are too few."""
    others = labels.of(unseen)
    if len(others.lineages_related()) < separating.FEWEST_LINEAGES or not others.apart.any():
        return None
    part = _part(body, unseen)
    agreement = measuring.measure(part, wanted.statistic, range(len(part.members)))
    return separating.worth(agreement, others, separations, seed=wanted.seed)

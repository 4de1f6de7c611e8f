"""How much has to be asked: probes, draws, calls, tokens and cost for a wanted power, from recorded answers.

Nothing comes from a table. Probes are drawn again and again from those recorded; each time every pair of models is
scored as in a case (S-norm, relatives excluded), the score is found that at most the permitted share of unrelated pairs
reaches, and the share of related pairs that reach it is the power. Each lineage counts once among the related. What is
assumed, and what is not known, is said in `notes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics import calibrating, calibrations, canonical, corpus, deriving, measuring, registry, relations
from forensics import case as case_files
from forensics.corpus import Corpus
from forensics.equality import planning as equality_planning
from forensics.equality.planning import EqualityPlan
from forensics.errors import TooLittleEvidence, UsageError
from forensics.numerics import metrics
from forensics.numerics.normalisation import S_NORM
from forensics.planned import Budget, Limit, Plan, Power
from forensics.probes import rating
from forensics.probes import separation as separating
from forensics.probes.separation import Labels
from forensics.records.base import Question

Floats = NDArray[np.float64]
GRID = (5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, 453, 640, 905, 1280, 1810, 2560)
"""Numbers of probes tried, each √2 times the one before."""
FARTHEST = 4
"""Multiple of the recorded probes up to which numbers are tried: these few cannot speak for many more."""
REPLICATES = 50
CHARACTERS_PER_TOKEN = 4
_READ = 6
"""Models whose answers are read to estimate lengths."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a plan was asked for."""

    folder: Path
    """A scored or prepared case, or a folder of recorded answers."""
    question: Question
    models: Path | None
    pairs: Path | None
    power: float
    false_positives: float
    lr: float | None
    calibration: str | None
    statistic: str
    ask: int
    """Models that have to be asked."""
    price_in: float | None
    """Per million tokens of prompts; None where not known."""
    price_out: float | None
    seed: int
    workers: int = 2


def plan_for(options: Mapping[str, Any]) -> Plan | EqualityPlan:
    """Work out a plan from the options of the command line; raises what `plan` raises."""
    if options["question"] != "equality":
        return plan(Wanted(**options))
    return equality_planning.plan(
        options["folder"],
        alpha=options["false_positives"],
        **{name: options[name] for name in ("power", "ask", "price_in", "price_out", "seed")},
    )


def plan(wanted: Wanted) -> Plan:
    """Work out what has to be asked; raises UsageError, BadFile, IntegrityBroken or TooLittleEvidence."""
    registry.load("statistics", wanted.statistic)
    is_case = (wanted.folder / case_files.CASE).is_file()
    body = _case(wanted) if is_case else _folder(wanted)
    labels, notes = _labels(body, wanted, is_case=is_case)
    draws = rating.most_draws(body)
    if draws == 1:
        notes.append("recorded with one draw: what more draws are worth is not known")
    curve = [point for d in _draws(draws) for point in _curve(body, labels, wanted, draws=d, of=draws)]
    reached = [point for point in curve if point.power >= wanted.power]
    best = min(reached, key=lambda point: (point.probes * point.draws, point.draws), default=None)
    upper = np.triu_indices(len(body.members), 1)
    return Plan(
        question=wanted.question,
        statistic=wanted.statistic,
        target=wanted.power,
        false_positives=wanted.false_positives,
        models=len(body.members),
        related_pairs=int(labels.related[upper].sum()),
        unrelated_pairs=int(labels.apart[upper].sum()),
        recorded_probes=len(body.probes),
        recorded_draws=draws,
        curve=tuple(curve),
        budget=None if best is None else _budget(body, best, wanted),
        limit=_limit(body, wanted, is_case=is_case),
        seed=wanted.seed,
        notes=(*notes, f"tokens estimated at {CHARACTERS_PER_TOKEN} characters each"),
    )


def _folder(wanted: Wanted) -> Corpus:
    table = wanted.models or wanted.folder / "models.csv"
    return calibrating.gather(wanted.folder, table, [wanted.statistic], only=None, workers=wanted.workers)


def _case(wanted: Wanted) -> Corpus:
    """Read the answers of a case, its two sides first."""
    case = case_files.read_case(wanted.folder)
    sources = [case.reference, case.questioned, *case.cohort]
    kinds = measuring.features_of([wanted.statistic])
    return corpus.build_many(sources, root=wanted.folder, kinds=kinds, only=case.only, workers=wanted.workers)


def _labels(body: Corpus, wanted: Wanted, *, is_case: bool) -> tuple[Labels, list[str]]:
    """Say who is related to whom; the pair of a case itself is neither, unless nobody else is related."""
    lineages = body.lineages
    names = [member.source.name for member in body.members]
    notes = []
    if wanted.pairs is None and wanted.question == "distillation":
        raise UsageError(
            "A lineage does not say who was trained on whose answers.", remedy="Name a table with --pairs."
        )
    if wanted.pairs is None:
        labels = separating.by_lineage(lineages)
        notes.append("all models of one declared lineage are taken as related; a table of pairs (--pairs) is sharper")
    else:
        labels = separating.by_pairs(names, lineages, relations.read_pairs(wanted.pairs), question=wanted.question)
    undeclared = sum(member.source.lineage is None for member in body.members)
    if undeclared:
        notes.append(f"{undeclared} models without a declared lineage are taken as unrelated to all others")
    if is_case:
        for mask in (labels.related, labels.apart):
            mask[0, 1] = mask[1, 0] = False
        if not labels.related.any():
            labels.related[0, 1] = labels.related[1, 0] = True
            notes.append("no declared relatives: the power is that for a pair as close as this one was found to be")
    if not labels.related.any() or not labels.apart.any():
        raise TooLittleEvidence(
            "The recorded answers hold no related pair, or no unrelated one, to learn the power from.",
            remedy="Declare lineages (--models), label pairs (--pairs), or plan from a case.",
        )
    return labels, notes


def _draws(most: int) -> list[int]:
    """Return the numbers of draws tried: 1, 2, 4 … and all there are."""
    return sorted({min(1 << k, most) for k in range(most.bit_length() + 1)})


def _curve(body: Corpus, labels: Labels, wanted: Wanted, *, draws: int, of: int) -> list[Power]:
    """Return the power for growing numbers of probes, up to the first that is enough."""
    if draws == of:
        agreement = measuring.measure(body, wanted.statistic, range(len(body.members)))
    else:
        agreement = rating.agreement_of(body, wanted.statistic, draws=range(draws))
    rng = np.random.default_rng([wanted.seed, draws])
    present = (~np.isnan(agreement)).astype(np.float64).reshape(len(agreement), -1)
    filled = np.nan_to_num(agreement).reshape(len(agreement), -1)
    curve = []
    for n in (n for n in GRID if n <= FARTHEST * len(agreement)):
        powers = []
        weights = rng.multinomial(n, np.full(len(agreement), 1 / len(agreement)), size=REPLICATES).astype(np.float64)
        for weight in weights:
            counts = weight @ present
            means = np.divide(weight @ filled, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
            powers.append(_power(means.reshape(agreement.shape[1:]), labels, wanted.false_positives))
        mean, low = float(np.mean(powers)), float(np.quantile(powers, 0.1))
        curve.append(Power(n, draws, canonical.rounded(mean), canonical.rounded(low), n > len(agreement)))
        if mean >= wanted.power:
            break
    return curve


def _power(means: Floats, labels: Labels, false_positives: float) -> float:
    """Return the share of related pairs, each lineage counting once, above the permitted share of unrelated ones."""
    upper = np.triu_indices(len(means), 1)
    scores = S_NORM.all_pairs((means + means.T) / 2, labels.lineages, fewest=2)[upper]
    hp = labels.related[upper] & ~np.isnan(scores)
    hd = labels.apart[upper] & ~np.isnan(scores)
    if not hp.any() or not hd.any():
        return 0.0
    names = np.array(labels.lineages)[upper[0]][hp]
    _, code, counts = np.unique(names, return_inverse=True, return_counts=True)
    return metrics.tpr_at_fpr(scores[hp], scores[hd], fpr=false_positives, hp_weights=1 / counts[code]).tpr


def _budget(body: Corpus, best: Power, wanted: Wanted) -> Budget:
    asked, answered = _lengths(body)
    calls = best.probes * best.draws * wanted.ask
    tokens_in, tokens_out = (round(calls * length / CHARACTERS_PER_TOKEN) for length in (asked, answered))
    cost = None
    if wanted.price_in is not None and wanted.price_out is not None:
        cost = canonical.rounded((tokens_in * wanted.price_in + tokens_out * wanted.price_out) / 1e6)
    return Budget(best.probes, best.draws, best.probes * best.draws, wanted.ask, calls, tokens_in, tokens_out, cost)


def _lengths(body: Corpus) -> tuple[float, float]:
    """Return the mean characters of a prompt and of an answer, over the first few models."""
    wanted = set(body.probes)
    asked, answered = [], []
    for member in body.members[:_READ]:
        for entry in deriving.read_source(member.source).entries:
            if entry.prompt_digest in wanted:
                asked.append(len(entry.prompt))
                answered.append(len(entry.text))
    return float(np.mean(asked)), float(np.mean(answered))


def _limit(body: Corpus, wanted: Wanted, *, is_case: bool) -> Limit:
    """Return what no number of probes can exceed: one more than the lineages available, or what a calibration supports."""
    lineages = body.lineages
    own = set(lineages[:2]) if is_case else {lineages[0]}
    available = len(set(lineages) - own)
    largest, bound = float(available + 1), "lineages available as alternatives, plus one"
    if wanted.calibration is not None:
        data = calibrations.parse(calibrations.read_bytes(wanted.calibration), path=wanted.calibration)
        for line in data.lines:
            if 10**line.validation.cap < largest:
                largest, bound = 10**line.validation.cap, f"the calibration, against {line.alternative}"
    reachable = None if wanted.lr is None else wanted.lr <= largest
    needed = None if wanted.lr is None or reachable else int(np.ceil(wanted.lr)) - 1
    return Limit(available, canonical.rounded(largest), bound, wanted.lr, reachable, needed)

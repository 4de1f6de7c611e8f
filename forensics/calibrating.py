"""Fit how scores become likelihood ratios, from labelled pairs of known lineage, with the whole record of how well.

The unit of evidence is the lineage, not the pair: every ratio that validates is given by a line fitted without both
lineages of its pair. Writes numbers and names only, no text of any answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import (
    __version__,
    canonical,
    circumstances,
    corpus,
    measuring,
    probes,
    registry,
    relations,
    sources,
    validating,
)
from forensics.corpus import Corpus
from forensics.errors import TooLittleEvidence, UsageError
from forensics.lineages import read_lineages
from forensics.numerics.folds import leave_lineages_out
from forensics.numerics.logistic import LogisticFusion, fit_fusion
from forensics.numerics.normalisation import NORMALISERS
from forensics.records.base import Question
from forensics.records.calibration import Calibration, Conditions, Line, Pairs
from forensics.relations import Pair
from forensics.reporting.validation_plots import charts
from forensics.transcripts import prompt_digest, prompt_text, sampling_text
from forensics.validating import Labelled

SCHEMA: Final = "forensics/calibration/1"
FEWEST_PAIRS = 5
"""Pairs of either kind below which no line is fitted."""


class Recipe(NamedTuple):
    """Which statistics are weighed for a question, and how they are normalised."""

    features: tuple[str, ...]
    normalisation: str
    signed: bool
    """True where a statistic may count against the proposition: what it explains is then no sign of the other."""


RECIPES: Mapping[Question, Recipe] = {
    # Fusing more statistics made this one worse on lineages not seen; see docs/validation.md.
    "derivation": Recipe(("phrases",), "near-cohort", signed=False),
    # More rare content in common than the common style explains.
    "shared_ancestry": Recipe(("rare", "style"), "s-norm", signed=True),
    "distillation": Recipe(("beginnings", "opening", "rare"), "s-norm", signed=True),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a calibration was asked for."""

    folder: Path
    """Recorded answers of the models in the pairs."""
    pairs: Path
    models: Path
    question: Question
    features: tuple[str, ...]
    """Statistics to weigh; the question's own where empty."""
    normalisation: str | None
    only: Sequence[str] | None
    """Prompt digests to restrict to."""
    seed: int
    workers: int


def calibrate(wanted: Wanted, *, tool: str, say: Callable[[str], None]) -> Calibration:
    """Score all pairs, fit a line against each alternative, and validate it; raises UsageError or TooLittleEvidence."""
    recipe = _recipe(wanted)
    body = gather(wanted.folder, wanted.models, recipe.features, only=wanted.only, workers=wanted.workers)
    labelled = [pair for pair in relations.read_pairs(wanted.pairs) if pair.clean]
    say(f"{len(body.members)} models, {len(body.probes)} probes, {len(labelled)} labelled pairs")
    scores = np.stack([_normalised(body, name, recipe.normalisation) for name in recipe.features], axis=-1)
    lines = []
    for alternative, hd in relations.HD[wanted.question].items():
        meaning = (relations.HP[wanted.question], hd)
        say(f"fitting {wanted.question} against {alternative}")
        try:
            lines.append(
                _line(body, scores, labelled, meaning, alternative=alternative, signed=recipe.signed, seed=wanted.seed)
            )
        except TooLittleEvidence as error:
            say(f"no line against {alternative}: {error.message}")
    if not lines:
        raise TooLittleEvidence("There are too few labelled pairs to fit anything.", remedy="Label more pairs.")
    return Calibration(
        schema=SCHEMA,
        tool=tool,
        question=wanted.question,
        summary=f"{wanted.question} on {len(body.probes)} prompts, {len(body.members)} models",
        features=recipe.features,
        normalisation=recipe.normalisation,
        signed=recipe.signed,
        conditions=_conditions(body, recipe),
        lines=tuple(lines),
        seed=wanted.seed,
    )


def gather(folder: Path, models: Path, features: Sequence[str], *, only: Sequence[str] | None, workers: int) -> Corpus:
    """Align all recorded answers of a folder or of a cohort pack; models without a declared lineage are refused."""
    declared = read_lineages(models)
    named = [
        sources.recorded_source(model, "cohort", folder=folder, declared=declared)
        for model in sources.cohort_models([str(folder)])
    ]
    undeclared = [source.name for source in named if source.lineage is None]
    if undeclared:
        raise UsageError(
            f"{models} declares no lineage for {', '.join(undeclared[:5])}.", remedy="Add them, or leave them out."
        )
    named.sort(key=lambda source: source.name)
    return corpus.build_many(named, root=folder, kinds=measuring.features_of(features), only=only, workers=workers)


def _recipe(wanted: Wanted) -> Recipe:
    if wanted.question not in RECIPES:
        raise UsageError(f"{wanted.question} needs no calibration.", remedy=f"Questions: {', '.join(RECIPES)}.")
    usual = RECIPES[wanted.question]
    normalisation = wanted.normalisation or usual.normalisation
    if normalisation not in NORMALISERS:
        raise UsageError(f"No normalisation {normalisation!r}.", remedy=f"Known: {', '.join(NORMALISERS)}.")
    for name in wanted.features:
        registry.load("statistics", name)
    return Recipe(wanted.features or usual.features, normalisation, usual.signed)


def _normalised(body: Corpus, name: str, normalisation: str) -> NDArray[np.float64]:
    """Return the normalised score of every pair: [members, members]."""
    return NORMALISERS[normalisation].all_pairs(measuring.all_means(body, name), body.lineages)


def _line(
    body: Corpus,
    scores: NDArray[np.float64],
    labelled: Sequence[Pair],
    meaning: tuple[frozenset[str], frozenset[str]],
    *,
    alternative: str,
    signed: bool,
    seed: int,
) -> Line:
    """Fit and validate one line; `meaning` gives the relations of Hp and of Hd."""
    place = {member.source.name: m for m, member in enumerate(body.members)}
    used = [p for p in labelled if p.relation in meaning[0] | meaning[1] and p.a in place and p.b in place]
    x = np.array([scores[place[p.a], place[p.b]] for p in used]).reshape(len(used), scores.shape[-1])
    whole = np.isfinite(x).all(axis=1)
    used, x = [pair for pair, ok in zip(used, whole, strict=True) if ok], x[whole]
    hp = np.array([pair.relation in meaning[0] for pair in used], bool)
    if min(int(hp.sum()), int((~hp).sum())) < FEWEST_PAIRS:
        raise TooLittleEvidence(
            f"Against {alternative} there are {int(hp.sum())} pairs with Hp and {int((~hp).sum())} with Hd; "
            f"{FEWEST_PAIRS} of each are needed.",
            remedy="Label more pairs.",
        )
    lineage = body.lineages
    sides = [lineage[place[pair.a]] for pair in used], [lineage[place[pair.b]] for pair in used]
    ratios = _left_out(x, hp, sides, signed=signed)
    kept = np.flatnonzero(np.isfinite(ratios)).tolist()
    pairs = Labelled(ratios[kept], hp[kept], *([side[i] for i in kept] for side in sides))
    fitted = fit_fusion(x, hp, non_negative=not signed)
    return Line(
        alternative=alternative,
        coefficients=tuple(canonical.rounded(value) for value in fitted.coefficients),
        intercept=canonical.rounded(fitted.intercept),
        pairs=Pairs(
            models=tuple(place),
            lineages=tuple(lineage),
            a=tuple(place[used[i].a] for i in kept),
            b=tuple(place[used[i].b] for i in kept),
            hp=tuple(pairs.hp.tolist()),
            scores=tuple(tuple(canonical.rounded(v) for v in row) for row in x[kept].tolist()),
            log10_lr=tuple(canonical.rounded(v) for v in pairs.log10_lr.tolist()),
        ),
        validation=validating.validate(
            pairs,
            shuffled=_shuffled(x, hp, sides, signed=signed, seed=seed),
            seed=seed,
            strata=_strata([used[i] for i in kept], pairs.hp),
        ),
    )


def _shuffled(
    x: NDArray[np.float64],
    hp: NDArray[np.bool_],
    sides: tuple[Sequence[str], Sequence[str]],
    *,
    signed: bool,
    seed: int,
) -> Labelled:
    """Return ratios by lines fitted on labels that were shuffled among the pairs."""
    labels = np.random.default_rng(seed).permutation(hp)
    ratios = _left_out(x, labels, sides, signed=signed)
    kept = np.flatnonzero(np.isfinite(ratios)).tolist()
    return Labelled(ratios[kept], labels[kept], *([side[i] for i in kept] for side in sides))


def _left_out(
    x: NDArray[np.float64], hp: NDArray[np.bool_], sides: tuple[Sequence[str], Sequence[str]], *, signed: bool
) -> NDArray[np.float64]:
    """Return each pair's log10 LR by a line fitted without both its lineages; NaN where none can be fitted."""
    ratios = np.full(len(hp), np.nan)
    for fold in leave_lineages_out(*sides):
        truth = hp[fold.train]
        if truth.all() or not truth.any():
            continue
        line: LogisticFusion = fit_fusion(x[fold.train], truth, non_negative=not signed)
        ratios[fold.test] = line.log10_lr(x[fold.test])
    return ratios


def _strata(used: Sequence[Pair], hp: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Name the groups of Hd pairs by relation, where there is more than one."""
    relation = np.array([pair.relation for pair in used])
    groups = sorted({str(name) for name in relation[~hp]})
    return [(name.replace("_", " "), relation == name) for name in groups] if len(groups) > 1 else []


def _conditions(body: Corpus, recipe: Recipe) -> Conditions:
    lineages = np.array(body.lineages)
    unrelated = [int((lineages != lineage).sum()) for lineage in lineages]
    declared = {sampling_text(m.source.sampling) for m in body.members}
    return Conditions(
        statistics={name: measuring.version(name) for name in recipe.features},
        probes=body.probes,
        draws=max(int(member.draws.max(initial=0)) + 1 for member in body.members),
        sampling=declared.pop() if len(declared) == 1 else "several",
        **circumstances.conditions(body.members, workers=body.workers),
        cohort_models=int(np.median(unrelated)),
    )


def wanted(
    *,
    folder: Path,
    pairs: Path,
    models: Path,
    question: str,
    features: Sequence[str],
    normalisation: str | None,
    probe_set: str | None,
    seed: int,
    workers: int,
) -> Wanted:
    """Return what the command line asked for; raises UsageError for files that do not exist."""
    for path in (folder, pairs, models):
        if not path.exists():
            raise UsageError(f"{path} does not exist.", remedy="Name recorded answers and the tables beside them.")
    only = None
    if probe_set is not None:
        only = [prompt_digest(prompt_text(probe)) for probe in probes.load(probe_set).probes]
    asked: Question = question  # type: ignore[assignment]  # `_recipe` refuses what it does not know
    return Wanted(folder, pairs, models, asked, tuple(features), normalisation, only, seed, workers)


def run(asked: Wanted, output: Path, *, say: Callable[[str], None], figures: Path | None = None) -> None:
    """Calibrate and write the file, and its validation's figures into a folder; says what the validation found."""
    made = calibrate(asked, tool=__version__, say=say)
    canonical.write_atomic(output, canonical.line(made.model_dump(mode="json", by_alias=True)))
    for line in made.lines:
        if figures is not None:
            for name, drawing in charts(line.validation, line.alternative).items():
                canonical.write_atomic(figures / name, drawing.encode())
        v = line.validation
        values = {metric.id: metric.value for metric in v.metrics}
        can = "" if v.answerable else "; this tool cannot tell"
        say(
            f"against {line.alternative}: {v.pairs_hp} Hp and {v.pairs_hd} Hd pairs of {v.lineages} lineages, "
            f"Cllr {values['cllr']:.3g}, AUC {values['auc']:.4g}, cap {10**v.cap:.3g} ({v.bound}){can}"
        )

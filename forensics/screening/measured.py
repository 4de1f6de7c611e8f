"""A screen in memory: its models, and every pair's values by statistic. Scores what is not stored, and normalises anew.

What is kept is raw agreement; normalisation, ranks and lineages are made from it each time, for they hang on all models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.corpus import FEWEST_COHORT, FEWEST_PROBES
from forensics.errors import TooLittleEvidence
from forensics.numerics.cohorts import Scales, normalised, s_norm_scales, standardised
from forensics.numerics.normalisation import NEAR_COHORT, ROBUST_S_NORM, S_NORM, Normaliser
from forensics.records.screen import Screen
from forensics.screening import blocks, kin, sketching, totals
from forensics.screening.discovery import ranked
from forensics.screening.executors import Runner
from forensics.screening.gathering import Model
from forensics.screening.kin import Kin
from forensics.screening.totals import Job, Sat, Work

Floats = NDArray[np.float64]
Say = Callable[[str], None]
FEWEST = FEWEST_COHORT + 2
"""Models below which nothing can be normalised: two sides and a cohort."""


class Frame(NamedTuple):
    """Who is scored among whom, on what."""

    probes: tuple[bytes, ...]
    """Raw digests, sorted."""
    models: list[Model]
    """All that are scored, by name."""
    inside: frozenset[str]
    """Digests of the models that rarity is counted among; the others joined later."""
    set_aside: list[str]


class Values(NamedTuple):
    """All pairs by one statistic. Matrices are [m, m] in the order of the models, NaN on the diagonal."""

    statistic: str
    by: Normaliser
    raw: Floats
    counts: Floats
    """Probes with a value."""
    normalised: Floats
    ranks: NDArray[np.int64]
    """By raw agreement, as in a case. 0 is none."""
    resampled: list[Floats]
    """Raw, over probes drawn with replacement."""
    lineages: tuple[str, ...]
    panel: NDArray[np.bool_] | None = None
    """Models that every model was scored with, where not all pairs were."""

    def near(self) -> Floats:
        """Return the near-cohort ratio of every pair, or the normalised value where not all pairs were scored."""
        if self.panel is not None:
            return self.normalised
        return normalised(self.raw, self.lineages, NEAR_COHORT)

    def order(self) -> Floats:
        """Return what the list of a suspect is ordered by: the near-cohort ratio, of each pair against all but near kin.

        Kin as closeness gives it away, whatever is declared: a declared lineage may hold a third of all models, and
        candidates would be measured against different crowds. On recorded answers a relative then comes first for 0.98
        of the models instead of 0.95.
        """
        if self.panel is not None:
            return self.normalised
        own = kin.lineages(self.raw, [None] * len(self.raw))
        return normalised(self.raw, [one.lineage or f"alone {m}" for m, one in enumerate(own)], NEAR_COHORT)

    def redrawn(self) -> list[Floats]:
        """Return the normalised values of the resamplings: their own centres, the scale of the data as measured."""
        if self.by is not S_NORM or not self.resampled:
            return []
        scale = s_norm_scales(self.raw, self.lineages).scale
        return [standardised(one, Scales(s_norm_scales(one, self.lineages).centre, scale)) for one in self.resampled]


def frame_of(models: Sequence[Model], before: Screen | None, *, say: Say) -> Frame:
    """Decide on the frame: that of an earlier screen while few models joined it, otherwise all models.

    Raises TooLittleEvidence for too few models or probes.
    """
    _enough(len(models))
    if before is not None:
        inside = frozenset(model.digest for model in before.models if model.frame)
        if inside <= {model.file.digest for model in models}:
            probes = tuple(bytes.fromhex(probe.removeprefix("sha256:")) for probe in before.probes)
            kept = _kept(models, probes, inside)
            joined = len(kept.models) - len(inside)
            if joined <= totals.MOST_NEWCOMERS:
                return kept
            say(f"{joined} models joined the earlier screen: everything is measured in a new frame")
        else:
            say("a model of the earlier screen is gone or changed: everything is measured in a new frame")
    texted = [_split(model) for model in models]
    counts = Counter(prompt for prompts in texted for prompt in prompts)
    probes = tuple(sorted(prompt for prompt, n in counts.items() if 2 * n >= len(models)))
    if len(probes) < FEWEST_PROBES:
        raise TooLittleEvidence(
            f"Only {len(probes)} probes were answered by half of the {len(models)} models; {FEWEST_PROBES} are needed.",
            remedy="Record answers of all models to the same prompts; prompts are matched by their exact text.",
        )
    return _kept(models, probes, frozenset(model.file.digest for model in models))


class How(NamedTuple):
    """Where features lie, and what runs the tasks."""

    store: str
    kinds: Sequence[str]
    seed: int
    runner: Runner
    work: Work
    candidates: int | None = None
    """Nearest by sketch that are scored for each model; all pairs where None."""


class Raw(NamedTuple):
    """What scoring gives, in the order of the models."""

    means: Floats
    counts: Floats
    """Probes behind the means."""
    resampled: list[Floats]
    """The means over probes drawn with replacement."""
    panel: NDArray[np.bool_] | None
    """Models that every model was scored with, where not all pairs were."""


def measure(frame: Frame, statistic: str, how: How) -> Raw:
    """Return raw means, probes behind them, and the means over resampled probes, in the order of the models."""
    replicates = 0 if how.candidates else totals.replicates_for(len(frame.models))
    job = Job(how.store, statistic, frame.probes, how.seed, replicates)
    sat = [Sat(blocks.model_key(m.file, how.kinds), m.held.block, m.held.position) for m in frame.models]
    # In the order of their keys: a model's place must not hang on its name.
    order = sorted(range(len(sat)), key=lambda i: (frame.models[i].file.digest not in frame.inside, sat[i].key))
    first = sum(model.file.digest in frame.inside for model in frame.models)
    ordered = [sat[i] for i in order]
    back = np.argsort(np.array(order))
    panel = None
    if how.candidates:
        found, panel = sketching.screened(job, ordered, how.candidates, how.runner, how.work)
        panel = panel[back]
    else:
        found = totals.screened(job, ordered[:first], ordered[first:], how.runner, how.work)
    whole = np.ix_(back, back)
    counts = found.counts[whole]
    few = counts < FEWEST_PROBES
    means = np.where(few, np.nan, found.means[whole])
    return Raw(means, counts, [np.where(few, np.nan, one[whole]) for one in found.resampled], panel)


def values(statistic: str, measured: Raw, related: Sequence[Kin], names: Sequence[str]) -> Values:
    """Normalise and rank one statistic."""
    raw, panel = measured.means, measured.panel
    lineages = tuple(one.lineage or f"undeclared: {name}" for one, name in zip(related, names, strict=True))
    by = normaliser(related) if panel is None else S_NORM
    found = normalised(raw, lineages, by) if panel is None else _by_panel(raw, lineages, panel)
    return Values(statistic, by, raw, measured.counts, found, ranked(raw), measured.resampled, lineages, panel)


def _by_panel(raw: Floats, lineages: Sequence[str], panel: NDArray[np.bool_]) -> Floats:
    return standardised(raw, s_norm_scales(raw, lineages, panel))


def normaliser(related: Sequence[Kin]) -> Normaliser:
    """Return how pairs are normalised: robustly only where relatives may hide, because nothing could be inferred."""
    told = all(one.lineage is not None for one in related)
    return S_NORM if told or len(related) >= kin.FEWEST else ROBUST_S_NORM


def why_not(found: Values, a: int, b: int) -> str:
    """Say why a pair has no normalised value."""
    if not np.isfinite(found.raw[a, b]):
        return f"only {int(found.counts[a, b])} probes give both a value; {FEWEST_PROBES} are needed"
    return f"fewer than {FEWEST_COHORT} unrelated models to compare with, or their scores do not vary"


def _kept(models: Sequence[Model], probes: tuple[bytes, ...], inside: frozenset[str]) -> Frame:
    """Leave out the models that share too few probes with the others."""
    wanted = set(probes)
    kept = [model for model in models if len(wanted.intersection(_split(model))) >= FEWEST_PROBES]
    few = [model.name for model in models if model not in kept]
    _enough(len(kept))
    aside = [f"{name}: answered fewer than {FEWEST_PROBES} of the common probes" for name in few]
    return Frame(probes, kept, inside & {model.file.digest for model in kept}, aside)


def _enough(models: int) -> None:
    if models < FEWEST:
        raise TooLittleEvidence(
            f"Only {models} models can be screened; at least {FEWEST} are needed.",
            remedy="Add recorded answers of more models to the same prompts.",
        )


def common(model: Model, probes: Sequence[bytes]) -> int:
    """Return how many of some probes a model answered with text."""
    return len(set(probes).intersection(_split(model)))


def _split(model: Model) -> list[bytes]:
    raw = model.held.prompts.tobytes()
    return [raw[i : i + 32] for i in range(0, len(raw), 32)]

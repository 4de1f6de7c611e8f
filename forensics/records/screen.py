"""Screens: many models, all pairs, and the nearest of one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Question, Record
from forensics.records.evidence import Condition


class ScreenedModel(Record):
    """One model of a screen."""

    name: str
    digest: Digest
    """Digest of the file of its answers."""
    format: str
    developer: str | None
    lineage: str | None
    """Declared or inferred; None where neither, and it is then a lineage of its own."""
    inferred: bool
    """True where the lineage was inferred from closeness."""
    sampling: str
    answers: int
    text: int
    common: int
    """Probes of the screen that it answered with text."""
    draws: int
    faults: dict[str, int]
    frame: bool
    """True where rarity was counted among this model too; False for one that joined later."""


class ScreenedStatistic(Record):
    """One statistic of a screen."""

    statistic: str
    version: str
    normalisation: str
    pairs: int
    """Pairs with a value."""


class Inference(Record):
    """How lineages were inferred for models that declare none."""

    method: str
    threshold: float | None
    """None where nothing was inferred."""
    declared: int
    joined: int
    """Models without a declared lineage that were given one."""


class Weighing(Record):
    """How a screen's pairs were weighed."""

    calibration: Digest
    question: Question
    conditions: tuple[Condition, ...]
    transferred: bool
    reason: str | None
    """Why no pair was weighed; None where some were."""


class Screen(Record):
    """What `screen` writes beside `pairs.csv`: from what, how, and what came of it."""

    schema_: Literal["forensics/screen/1"] = Field(alias="schema")
    tool: str
    statistics: tuple[ScreenedStatistic, ...]
    seed: int
    replicates: int
    """Resamplings of the probes behind the support of the trees."""
    candidates: int | None
    """Nearest models by sketch that were scored for each model; None where all pairs were."""
    probes: tuple[Digest, ...]
    models: tuple[ScreenedModel, ...]
    set_aside: tuple[str, ...]
    table: Digest | None
    """Digest of the table of models; None where there was none."""
    inference: Inference
    weighing: Weighing | None
    pairs: Digest
    """Digest of `pairs.csv`."""


class Candidate(Record):
    """One model near a suspect."""

    place: int
    model: str
    developer: str | None
    lineage: str | None
    inferred: bool
    related: bool
    """Whether it shares the suspect's lineage, declared or inferred."""
    raw: float
    normalised: float
    near: float
    """Near-cohort ratio: 0 is as near as the nearest unrelated models."""
    rank: int
    """Of the candidate among all, seen from the suspect, by the near-cohort ratio against all but near kin."""
    rank_back: int
    """Of the suspect among all, seen from the candidate."""
    p: float
    """Share of unrelated pairs at least as near, (1 + n) / (1 + N)."""
    q: float
    """`p` adjusted for the length of the list (Benjamini and Yekutieli)."""
    list_p: float
    """Share of models whose nearest unrelated model is at least as near, (1 + n) / (1 + N)."""
    log10_lr: float | None
    log10_lr_low: float | None
    log10_lr_high: float | None
    reason: str | None
    """Why there is no ratio."""


class Suspect(Record):
    """The nearest models of one, with what keeps a long list honest."""

    schema_: Literal["forensics/suspect/1"] = Field(alias="schema")
    tool: str
    suspect: str
    digest: Digest
    statistic: str
    unrelated_pairs: int
    """Pairs behind `p`."""
    unrelated_models: int
    """Models behind `list_p`."""
    unrelated_lineages: int
    """Lineages those are of: the units that are really independent."""
    least_q: float
    """The least `q` that a single candidate can reach here."""
    least_list_p: float
    candidates: tuple[Candidate, ...]

"""Scores: how close the two sides are, before anything is concluded from it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Question, Record, Role
from forensics.records.base import Interval as Interval  # noqa: PLC0414  also found where scores are
from forensics.records.equality import Equality
from forensics.records.probes import ProbeSetRef


class Rank(Record):
    """Where the other side stands among all models, seen from each side; 1 is nearest. None where not ranked."""

    reference: int | None
    questioned: int | None
    of: int
    """Number of models ranked: the cohort and the other side."""


class CohortScore(Record):
    """How close one cohort model is to each side, on the raw scale."""

    model: str
    lineage: str | None
    reference: float | None
    questioned: float | None
    excluded: str | None
    """Why it is left out of the normalisation; None when it is part of it."""


class Contribution(Record):
    """How much one probe speaks for or against closeness."""

    prompt_digest: Digest
    raw: float
    typical: float
    """Mean of the same score between the sides and the cohort on this probe."""
    excess: float
    """raw − typical."""


class Variant(Record):
    """The normalised value when one choice is made differently."""

    id: str
    change: str
    values: dict[str, float]
    """Normalised value by normaliser; those that have none are left out."""
    reason: str | None
    """Why there is no value at all."""


class Score(Record):
    """One statistic of one pair. A statistic that cannot be computed is a result with a reason."""

    statistic: str
    version: str
    role: Literal["weighed", "exhibit"]
    raw: float | None
    interval: Interval | None
    normalised: float | None
    normalised_interval: Interval | None
    rank: Rank | None
    n_probes: int
    n_cohort: int
    """Cohort models in the normalisation, relatives excluded."""
    normalisation: str | None
    """`s-norm` or `robust s-norm`; None without a normalised value."""
    reason: str | None
    variants: tuple[Variant, ...]
    """The first one, `as-measured`, changes nothing."""
    resampled: dict[str, tuple[float, ...]]
    """Normalised value of each bootstrap replicate over probes, by normaliser."""
    cohort: tuple[CohortScore, ...]
    contributions: tuple[Contribution, ...]


class Control(Record):
    """A pair whose answer is known, measured with the same suite in the same case."""

    id: str
    name: str
    expected: str
    statistic: str
    normalised: float | None
    log10_lr: float | None
    verdict: Literal["as expected", "not as expected", "not available"]
    reason: str | None


class Habit(Record):
    """One habit of style: how often either side has it, beside the unrelated cohort models.

    Values are in `unit`; places are standard deviations of the unrelated cohort models from their mean.
    """

    id: str
    kind: Literal["lines", "shape", "marks", "words"]
    name: str
    unit: str
    reference: float
    questioned: float
    low: float
    """10% quantile of the unrelated cohort models."""
    middle: float
    """Their median."""
    high: float
    """90% quantile."""
    reference_place: float
    questioned_place: float
    low_place: float
    high_place: float
    shared: float
    """The smaller of both sides' distances from the cohort, negative where they lie on opposite sides of it."""
    n_cohort: int
    n_probes: int


class Circumstances(Record):
    """How one side's answers came about, as far as it can be known."""

    model: str
    languages: dict[str, int]
    """Answers by the language they look written in; `unknown` where that cannot be told."""
    words: float | None
    """Median number of words of an answer with text."""
    first: str | None
    """UTC time of the earliest answer; None where the file gives none."""
    last: str | None
    access: str
    """How the answers were had: asked by this program, or recorded elsewhere in a format."""


class Handling(Record):
    """How a service treated the questions put to one model."""

    dropped: dict[str, str]
    """Parameters asked for and not sent, with the reason."""
    asked_as: dict[str, int]
    """Answers by the model's name in the request."""
    answered_as: dict[str, int]
    """Answers by the model's name as the service returned it."""
    fingerprints: dict[str, int]
    """Answers by the service's `system_fingerprint`."""
    retried: int
    """Questions answered only after a retry."""
    maybe_billed: int
    """Tries without an answer that the service may have charged."""
    cached: int
    """Answers taken from the response cache."""
    first: str | None
    """UTC time of the earliest answer."""
    last: str | None


class SideCounts(Record):
    """What became of one model's answers."""

    model: str
    role: Role
    lineage: str | None
    digest: Digest
    format: str
    sampling: str
    """The parameters asked for, or `not recorded`."""
    answers: int
    text: int
    empty: int
    refused: int
    failed: int
    cut_short: int
    """Answers ended by the token limit (`finish_reason` length)."""
    common: int
    """Common probes answered with text."""
    draws: int
    """Most draws of one probe."""
    faults: dict[str, int]
    sent: str | None
    """The parameters that were sent; None where it is not recorded."""
    handling: Handling | None
    """None where the answers were not asked by this program."""


class TriadMember(Record):
    """How close one model is to the reference."""

    model: str
    role: Literal["questioned", "sibling", "base"]
    n_probes: int
    closeness: float | None
    """Agreement with the reference, on the statistic's own scale."""
    beyond: float | None
    """Closeness less the same model's mean agreement with unrelated models."""
    reason: str | None
    """Why it does not count as a control; None where it does, and for the questioned model."""


class Standing(Record):
    """Where the questioned model stands among its siblings by one measure."""

    measure: Literal["closeness", "beyond"]
    excess: float
    """The questioned model's value less the mean of its siblings'."""
    interval: Interval | None
    rank: int
    """1 where no sibling is nearer to the reference; ties share the better rank."""
    of: int
    """Siblings and the questioned model."""
    p: float
    """(1 + siblings at least as near) / (1 + siblings)."""


class Triad(Record):
    """Whether the questioned model is nearer to the reference than its siblings of the same base are."""

    statistic: str
    version: str
    n_probes: int
    """Probes that the questioned model and every sibling that counts answered."""
    n_unrelated: int
    """Models whose mean agreement is taken off in `beyond`."""
    members: tuple[TriadMember, ...]
    """The questioned model, then siblings, then bases, by name."""
    standings: tuple[Standing, ...]
    """By closeness and by closeness beyond what is usual; empty where too few siblings count."""
    p: float | None
    """The larger of the two: how often one sibling among such would stand as the questioned model does, at most."""
    sentence: str
    meaning: str
    """What was measured on models whose training is published, and what the sentence does not say."""


class Scores(Record):
    """What `score` writes: every statistic of the pair and what it was computed from."""

    schema_: Literal["forensics/scores/1"] = Field(alias="schema")
    tool: str
    case: Digest
    """Digest of the canonical content of the case, paths left out."""
    question: Question
    seed: int
    replicates: int
    probe_set: ProbeSetRef | None
    probes: tuple[Digest, ...]
    """Digests of the prompts scored, in order."""
    sides: tuple[SideCounts, ...]
    set_aside: tuple[str, ...]
    circumstances: tuple[Circumstances, ...]
    """Of the reference and the questioned model."""
    scores: tuple[Score, ...]
    habits: tuple[Habit, ...]
    """The habits behind `style`, those that both sides share most first; none where `style` has no value."""
    controls: tuple[Control, ...]
    triad: Triad | None
    """None where no base or sibling of the questioned model was named."""
    equality: Equality | None
    """None where another question is asked."""

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
    scores: tuple[Score, ...]
    controls: tuple[Control, ...]
    equality: Equality | None
    """None where another question is asked."""

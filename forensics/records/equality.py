"""The record of an equality test: whether the answers of both sides are draws from one distribution.

A p-value answers that question and nothing else; the effect and its interval stand next to every one.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Interval, Record

EqualityVerdict = Literal["differs", "equivalent", "cannot tell"]
"""`equivalent` means: differs by less than δ, if at all."""
Cause = Literal["formatting"]


class EqualityTerms(Record):
    """What is fixed before the answers are tested."""

    alpha: float = Field(gt=0, lt=0.5)
    """Share of false alarms permitted, over all tests of the pair together."""
    delta: float = Field(gt=0, lt=1)
    """Effect below which a difference does not matter to whoever asks; on the scale of `EqualityTest.effect`."""
    permutations: int = Field(ge=99)


class ProbeLikelihoods(Record):
    """How likely the reference finds the answers of both sides to one probe."""

    prompt_digest: Digest
    reference: int = Field(ge=0)
    """How many of the values are of the reference's own answers; they come first."""
    values: tuple[float, ...]
    """Mean log-probability per token, answer by answer, draws in order; 0 for an answer without a token."""


class Likelihoods(Record):
    """The likelihood of both sides' answers under the reference, whose adapter can score text."""

    schema_: Literal["forensics/likelihoods/1"] = Field(alias="schema")
    scorer: str
    """The reference as it was asked."""
    notes: dict[str, str]
    """What its adapter says of it, such as the digest of its weights."""
    reference: Digest
    """Digest of the reference's transcript."""
    questioned: Digest
    probes: tuple[ProbeLikelihoods, ...]


class EqualityCase(Record):
    """What a case holds for the question of equality, besides the answers."""

    terms: EqualityTerms
    likelihoods: Digest | None
    """Digest of the file of likelihoods; None where there is none."""
    unscored: str | None
    """Why there is none."""


class EqualityTest(Record):
    """One two-sample test of the pair. A test that cannot be made is a result with a reason."""

    statistic: str
    version: str
    kernel: str | None
    """What two answers are compared by; None where the statistic has no choice of it."""
    decides: bool
    """True where the verdict rests on it; otherwise it is shown beside."""
    effect: float | None
    """How far apart the sides are, on the scale that `unit` names. Unbiased: about 0, and as often below as above, for
    one distribution."""
    unit: str
    """What the effect counts, in words."""
    effect_interval: Interval | None
    null_mean: float | None
    """Mean effect over the permutations: what labels dealt out at random give."""
    p: float | None
    """(1 + exceeding) / (1 + permutations); None where there is nothing to permute."""
    p_adjusted: float | None
    """After Holm over the tests that decide."""
    permutations: int
    exceeding: int | None
    """Permutations with a statistic at least as large as that of the sides as they are."""
    n_probes: int
    draws: tuple[int, int]
    """Answers compared: of the reference, of the questioned model."""
    reason: str | None
    """Why there is no value, or no p-value."""


class ProbeEffect(Record):
    """How far apart the sides are on one probe, by the statistic that decides."""

    prompt_digest: Digest
    effect: float


class Trait(Record):
    """A trivial difference of form, such as a leading space, and what becomes of the difference without it."""

    id: str
    name: str
    reference: int
    """Answers of the reference that have it."""
    questioned: int
    p: float | None
    """Of the difference in how often it occurs: permutations inside the probes."""
    p_without: float | None
    """Least adjusted p-value of the deciding tests once it is taken out of both sides' answers."""
    effect_without: float | None


class Equality(Record):
    """What is found about one pair."""

    terms: EqualityTerms
    verdict: EqualityVerdict
    cause: Cause | None
    """`formatting`: the difference is gone once trivial formatting is taken out of both sides' answers."""
    detail: str | None
    """The cause in words; None where none was found."""
    within_delta: bool
    """True where the upper limit of the effect lies below δ."""
    exact: bool
    """True where no draw of a side differs from its other draws: then answers are compared one by one, without chance."""
    tests: tuple[EqualityTest, ...]
    """Those that decide first."""
    probes: tuple[ProbeEffect, ...]
    """Probe by probe, the largest effect first."""
    traits: tuple[Trait, ...]
    """Trivial formatting that occurs on one side more than on the other."""
    sentence: str
    """What may be said, in one sentence."""

"""Several endpoints beside one reference: what is said of all of them together, and where each pair's case lies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Interval, Record
from forensics.records.equality import Cause, EqualityTerms, EqualityVerdict


class Endpoint(Record):
    """One endpoint, its pair's case, and what is said of it among all."""

    model: str
    folder: str
    """The pair's case, relative to the folder of all."""
    evidence: Digest | None
    """Digest of the case's `evidence.json`; None where it could not be asked or compared."""
    pair: EqualityVerdict | None
    """What the case says, which speaks of this pair alone."""
    verdict: EqualityVerdict | None
    """Over all endpoints: `differs` only where `p_holm` is at most α, or where nothing was left to chance."""
    p: float | None
    """Least Holm-adjusted p-value of the pair's deciding tests."""
    statistic: str | None
    """Statistic of that test."""
    p_holm: float | None
    """`p` after Holm over the endpoints."""
    exact: bool
    """True where no draw of a side differs from its other draws: such an endpoint is no member of the family."""
    effect: float | None
    """Of the first deciding test on the scale of δ, or else of the first."""
    effect_interval: Interval | None
    unit: str | None
    """What the effect counts, in words."""
    cause: Cause | None
    """Of the difference; None where none is said to be there."""
    reason: str | None
    """Why it could not be asked or compared, or why it has no p-value."""


class Endpoints(Record):
    """What `compare --question equality` says of several endpoints; what `--json` prints."""

    schema_: Literal["forensics/endpoints/1"] = Field(alias="schema")
    tool: str
    reference: str
    terms: EqualityTerms
    """α holds over all endpoints together, δ for each."""
    family: int = Field(ge=0)
    """Endpoints that Holm counts: all that were named but those that leave nothing to chance."""
    endpoints: tuple[Endpoint, ...]
    """Those that differ first, then by p-value and name; last those that could not be asked or compared."""
    sentence: str
    """What may be said of all, in one sentence."""

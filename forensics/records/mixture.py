"""A mixture: which lineages explain a model's behaviour beyond its own base, and how much nothing explains."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Record
from forensics.records.scores import Interval


class Part(Record):
    """What one lineage explains."""

    lineage: str
    models: int
    share: float
    """Of the suspect's behaviour beyond what all lineages have in common."""
    interval: Interval
    rank: int
    """1 where no other model of the cohort, outside this lineage, has a larger share of it."""
    of: int
    """Models ranked, the suspect included."""


class Mixture(Record):
    """What `mixture` finds."""

    schema_: Literal["forensics/mixture/1"] = Field(alias="schema")
    tool: str
    suspect: str
    suspect_digest: Digest
    statistic: str
    version: str
    n_probes: int
    replicates: int
    seed: int
    base: str | None
    """Whose behaviour counts as the suspect's own base: a lineage, or models named; None where nobody said."""
    base_models: tuple[str, ...]
    base_share: float | None
    base_interval: Interval | None
    parts: tuple[Part, ...]
    """The other lineages, the largest share first."""
    remainder: float
    """Share that nothing here explains; never left out."""
    remainder_interval: Interval

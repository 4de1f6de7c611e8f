"""A case: what is compared with what."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Question, Record, Role
from forensics.records.equality import EqualityCase
from forensics.records.probes import ProbeSetRef
from forensics.records.transcript import Sampling

RelativeRole = Literal["base", "sibling", "relative"]
"""`base`: what the questioned model was made from; `sibling`: made from the same base by others; `relative`: any other."""


class Source(Record):
    """Where the answers of one model lie."""

    name: str
    role: Role
    format: str
    path: str
    """Relative to the case's folder where it lies inside, absolute otherwise. Never part of the evidence."""
    digest: Digest
    """Digest of the file's bytes on disk."""
    lineage: str | None
    """Declared lineage; None where nobody declared one."""
    sampling: Sampling | None
    """How the answers were sampled; None where recorded answers do not say."""


class Relative(Record):
    """One cohort model that is related to the questioned one."""

    model: str
    role: RelativeRole


class Case(Record):
    """What is compared with what: everything `score` needs besides the answers themselves."""

    schema_: Literal["forensics/case/1"] = Field(alias="schema")
    question: Question
    reference: Source
    questioned: Source
    cohort: tuple[Source, ...]
    probe_set: ProbeSetRef | None
    """The probe set asked; None where the common prompts of recorded answers are the probes."""
    only: tuple[Digest, ...] | None
    """Prompt digests that scoring is restricted to; None for all in common."""
    statistics: tuple[str, ...] | None
    """Statistics asked for; None for all that apply."""
    seed: int = Field(ge=0, lt=1 << 53)
    replicates: int = Field(ge=100)
    """Bootstrap replicates behind every interval."""
    set_aside: tuple[str, ...]
    """Cohort models not used because they are one of the two sides, with the reason."""
    relatives: tuple[Relative, ...]
    """Relatives of the questioned model that were named, by model; none of them is a cohort model to compare with."""
    calibration: Digest | None
    """Digest of the calibration that the scores are weighed by; None where none was given."""
    transfer: bool
    """True where it was to be used even if it does not fit."""
    protocol: Digest | None
    """Digest of the protocol that was sealed before any answer existed; None where there was none."""
    equality: EqualityCase | None
    """What the question of equality needs; None for other questions."""

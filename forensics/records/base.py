"""What all records have in common: frozen, strict about what comes from outside, no NaN."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Role = Literal["reference", "questioned", "cohort"]
Question = Literal["equality", "derivation", "distillation", "shared_ancestry"]
State = Literal["text", "empty", "refused", "failed"]
"""What an answer is. Only `text` is ever scored; the others are counted and shown."""


class Record(BaseModel):
    """Base of all records."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


class Interval(Record):
    """An interval and how it was made."""

    low: float
    high: float
    level: float = Field(gt=0, lt=1)
    method: str

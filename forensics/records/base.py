"""What all records have in common: frozen, strict about what comes from outside, no NaN."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Role = Literal["reference", "questioned", "cohort"]
Question = Literal["equality", "derivation", "distillation", "shared_ancestry"]
State = Literal["text", "empty", "refused", "failed"]
"""What an answer is. Only `text` is ever scored; the others are counted and shown."""


# pydantic looks through everything installed for plugins that may change what a model does: records are what they are.
_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"
_before = os.environ.get(_PLUGINS)
os.environ[_PLUGINS] = "__all__"


class Record(BaseModel):
    """Base of all records."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


class Interval(Record):
    """An interval and how it was made."""

    low: float
    high: float
    level: float = Field(gt=0, lt=1)
    method: str


# It has looked by now; what this program starts gets its environment as it was.
if _before is None:
    del os.environ[_PLUGINS]
else:
    os.environ[_PLUGINS] = _before

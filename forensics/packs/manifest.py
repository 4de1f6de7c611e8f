"""What a pack says of itself and of each model in it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from forensics.records.base import Record
from forensics.records.transcript import Sampling

SCHEMA: Literal["forensics/cohort-pack/1"] = "forensics/cohort-pack/1"
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]+$")]


Count = Annotated[int, Field(ge=0)]


class Form(Record):
    """How an array lies in the pack."""

    dtype: Literal["<u8", "<u4", "<u2", "|u1", "<i8", "<i4", "<i2", "|i1", "<f4", "|b1", "h48"]
    """numpy's name, or `h48`: hashes of which the upper six bytes are kept."""
    shape: Annotated[tuple[Annotated[int, Field(ge=0, lt=1 << 40)], ...], Field(min_length=1, max_length=2)]


class PackedModel(Record):
    """One model of a pack: counts of its answers, and which arrays there are."""

    name: str
    lineage: str | None
    """Declared lineage; None where nobody declared one."""
    sampling: Sampling | None
    answers: Count
    text: Count
    empty: Count
    refused: Count
    failed: Count
    cut_short: Count
    arrays: dict[str, dict[str, Form]]
    """By kind of feature (`index` for which prompts were answered), then by name."""


class Manifest(Record):
    """The first entry of a pack."""

    schema_: Literal["forensics/cohort-pack/1"] = Field(alias="schema")
    tool: str
    salt: Annotated[Hex, Field(min_length=32, max_length=32)] | None
    """The key under which everything is hashed; None where whoever uses the pack must have it from elsewhere."""
    key_check: Annotated[Hex, Field(min_length=16, max_length=16)]
    """Tells whether a key is the pack's."""
    features: dict[str, str]
    """Version of each kind of feature in the pack."""
    embedded: int = Field(ge=0)
    """How many prompts have embeddings: the first ones in the order of their digests. 0 where there are none."""
    prompts: int = Field(ge=0)
    """Different prompts that any model answered."""
    models: tuple[PackedModel, ...] = Field(min_length=1)

    @field_validator("models")
    @classmethod
    def _one_name_one_model(cls, models: tuple[PackedModel, ...]) -> tuple[PackedModel, ...]:
        names = [model.name for model in models]
        if len(set(names)) != len(names):
            raise ValueError("two models have one name")
        return models

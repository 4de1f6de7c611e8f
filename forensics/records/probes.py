"""Probe sets: the fixed prompts put to every model alike. Which sets are good is decided elsewhere."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from forensics.records.base import Digest, Record


class Message(Record):
    """One turn of a conversation put to a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Probe(Record):
    """One fixed prompt, or one fixed conversation, put to every model alike."""

    id: str = Field(min_length=1, max_length=200)
    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    """A conversation instead of a prompt; exactly one of the two is given."""
    category: str | None = None
    language: str | None = None
    key: str | None = None
    """The right answer, for keyed probes."""
    accept: tuple[str, ...] = ()
    """Other spellings of the key."""
    choices: tuple[str, ...] = ()
    pair: str | None = None
    """Shared by the two orders of one choice."""
    max_tokens: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_of(self) -> Probe:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("a probe has either a prompt or messages")
        return self


class ProbeSetHeader(Record):
    """The first line of a probe set."""

    name: str = Field(min_length=1, max_length=100)
    version: str
    kind: Literal["chat", "completion"] = "chat"
    languages: tuple[str, ...] = ("en",)
    license: str | None = None
    summary: str | None = None


class ProbeSet(Record):
    """A fixed, versioned list of probes; `digest` is over the canonical content, not the file's bytes."""

    header: ProbeSetHeader
    probes: tuple[Probe, ...]
    digest: Digest


class ProbeSetRef(Record):
    """Which probe set was used."""

    name: str
    version: str
    digest: Digest

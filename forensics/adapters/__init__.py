"""Adapters: one file per way to ask a model. An adapter asks once and says what came back; nothing else.

Retries, concurrency, seeds, files and keys in records are the runner's business. A module has `SUMMARY` and
`connect(name, options)`, which returns a `Model`; `known()` may list names it can offer without being asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from forensics.records.base import State
from forensics.records.probes import Message
from forensics.records.transcript import Sampling


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: a conversation (or a raw prefix for completion endpoints), and how to sample the answer."""

    messages: Sequence[Message]
    completion: bool
    """True where the only message is a prefix to continue, not a turn of a conversation."""
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    state: State
    text: str
    finish_reason: str | None = None
    tokens: tuple[int, int] | None = None
    request: Mapping[str, Any] | None = None
    """The request as sent, without secrets."""
    body: str | None = None
    request_id: str | None = None
    error: str | None = None


class Model(Protocol):
    """A model that can be asked."""

    notes: Mapping[str, str]
    """Facts about the model that belong in the transcript's header."""

    def ask(self, ask: Ask) -> Reply:
        """Ask once."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as named on the command line: `adapter:name?key=value&key=value`."""

    adapter: str
    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.adapter}:{self.name}"

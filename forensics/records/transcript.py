"""Transcripts: every answer of one model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from forensics.records.base import Digest, Record, State
from forensics.records.probes import ProbeSetRef


class Sampling(Record):
    """The parameters asked for; `None` means that nothing was asked and the service's default applied."""

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    system: str | None = None


class Provenance(Record):
    """Which tool made a transcript, where and when."""

    tool: str
    python: str
    platform: str
    started: str
    """UTC, ISO 8601."""


class Imported(Record):
    """From which file recorded answers were taken, and what was found wrong with them."""

    format: str
    digest: Digest
    """Digest of the source file's bytes as they lay on disk."""
    faults: dict[str, int]
    """Counts by kind: empty, duplicate, not a string, …; only kinds that occurred."""


class TranscriptHeader(Record):
    """The first line of a transcript. A transcript is either asked (`provenance`) or taken over (`imported`)."""

    schema_: Literal["forensics/transcript/1"] = Field(alias="schema")
    model: str
    adapter: str
    sampling: Sampling | None
    """None where the conditions of recorded answers are not known."""
    probe_set: ProbeSetRef | None
    provenance: Provenance | None
    imported: Imported | None
    notes: dict[str, str]
    """Facts the adapter knows about the model, such as a digest of its weights."""


class Answer(Record):
    """One draw of one model to one probe: a line of a transcript."""

    probe: str
    draw: int = Field(ge=0, lt=1 << 31)
    prompt: str
    """The prompt's text; for a conversation its canonical JSON."""
    prompt_digest: Digest
    state: State
    text: str
    """The answer; empty unless the state is `text`, or `refused` with words."""
    finish_reason: str | None = None
    tokens: tuple[int, int] | None = None
    """Tokens of the prompt and of the answer, as the service counted them."""
    request: dict[str, Any] | None = None
    """The request as sent, without secrets."""
    body: str | None = None
    """The body as received, where it is not the text itself."""
    request_id: str | None = None
    time: str | None = None
    """UTC, ISO 8601; None for answers recorded elsewhere without a time."""
    attempt: int = Field(default=1, ge=1)
    error: str | None = None
    key: str | None = None
    """The right answer, where the source of recorded answers carries one."""
    prev: Digest
    """SHA-256 of the line before this one."""

"""Transcripts: every answer of one model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from forensics.records.base import Digest, Record, State
from forensics.records.probes import ProbeSetRef

SEEDS = 1 << 31
"""How many seeds there are: every service takes 0 … SEEDS − 1."""


class Sampling(Record):
    """The parameters asked for; `None` means that nothing was asked and the service's default applied."""

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    """Of the first draw; every probe moves it to a place of its own, and the request says where."""
    system: str | None = None
    logprobs: int | None = Field(default=None, ge=0, le=20)
    """How many of the likeliest tokens are wanted with their log-probabilities; 0 for the chosen one alone."""


class Attempt(Record):
    """A try that brought no answer."""

    kind: Literal["terminal", "rate_limited", "transient", "bad_request", "interrupted"]
    """`interrupted`: the run was broken off while this request was under way."""
    error: str
    time: str
    """UTC, ISO 8601."""
    maybe_billed: bool
    """True where the service may have carried the request out."""


class TokenLogprob(Record):
    """One token of an answer with its natural log-probability, and the likeliest tokens at its place."""

    token: str
    logprob: float = Field(le=0)
    top: tuple[tuple[str, float], ...]
    """Likeliest tokens there with their log-probabilities, likeliest first; empty where none were asked for."""


class Provenance(Record):
    """Which tool made a transcript, where and when."""

    tool: str
    python: str
    platform: str
    started: str
    """UTC, ISO 8601."""
    order_seed: int | None = None
    """Seed of the random order in which the probes were asked; None for the order of the set."""
    joined: tuple[Digest, ...] | None = None
    """Digests of the transcripts of shards that were joined into this one; None where it was asked as a whole."""


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
    logprobs: tuple[TokenLogprob, ...] | None = None
    """Log-probabilities of the answer's tokens, first to last; None where they were not asked for or not given."""
    request: dict[str, Any] | None = None
    """The request as sent, without secrets."""
    body: str | None = None
    """The body as received, where it is not the text itself."""
    request_id: str | None = None
    time: str | None = None
    """UTC, ISO 8601; None for answers recorded elsewhere without a time."""
    dropped: dict[str, str] | None = None
    """Parameters asked for and not sent, with the reason."""
    answered_as: str | None = None
    """The model's name as the service returned it."""
    fingerprint: str | None = None
    attempts: tuple[Attempt, ...] | None = None
    """Earlier tries of this same question, oldest first; None where the first was answered."""
    cached: bool | None = None
    """True where the answer was taken from the response cache; `time` is when the service gave it."""
    error: str | None = None
    key: str | None = None
    """The right answer, where the source of recorded answers carries one."""
    prev: Digest
    """SHA-256 of the line before this one."""

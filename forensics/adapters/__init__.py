"""Adapters: one file per way to ask a model. An adapter asks once and says what came back; nothing else.

Retries, concurrency, seeds, caches and files are the runner's business. A module has `SUMMARY` and
`connect(name, options)`, which returns a `Model` and sends nothing; `known()` may list names it can offer without being
asked, and `lineage(name)` a declared lineage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from forensics.records.base import State
from forensics.records.probes import Message
from forensics.records.transcript import Sampling, TokenLogprob

FaultKind = Literal["terminal", "rate_limited", "transient", "bad_request"]
"""Why there is no answer. `terminal`: asking this model anything is pointless (key, quota, unknown model).
`rate_limited` and `transient`: the same request may be answered later. `bad_request`: this request will never be."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: a conversation (or a raw prefix for completion endpoints), and how to sample the answer."""

    messages: Sequence[Message]
    completion: bool
    """True where the only message is a prefix to continue, not a turn of a conversation."""
    sampling: Sampling
    draw: int = 0
    """Which answer to this question is wanted; recorded answers have several, services are told apart by the seed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What kind of failure a reply of state `failed` is; what to do about it is for the runner to decide."""

    kind: FaultKind
    after: float | None = None
    """Seconds the service asked to wait before the next request; None where it said nothing."""
    billed: bool = False
    """True where the request may have been carried out, and charged, though no answer arrived."""
    remedy: str = ""
    """What the user can do, one sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `fault` is there exactly where the state is `failed`."""

    state: State
    text: str
    finish_reason: str | None = None
    tokens: tuple[int, int] | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    """Of the answer's tokens; None where they were not asked for or not given."""
    request: Mapping[str, Any] | None = None
    """The request as sent, without secrets."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Parameters that were asked for and not sent, by name, with the reason."""
    body: str | None = None
    request_id: str | None = None
    answered_as: str | None = None
    """The model's name as the service returned it; None where it names none."""
    fingerprint: str | None = None
    """The service's `system_fingerprint` or what stands for it."""
    error: str | None = None
    fault: Fault | None = None
    quota: Mapping[str, float] = field(default_factory=dict)
    """What the service's headers say is left: `requests` or `tokens` (counts), `reset` (seconds); may be empty."""


class Model(Protocol):
    """A model that can be asked, from several threads at once where `parallel` is above 1."""

    notes: Mapping[str, str]
    """Facts about the model that belong in the transcript's header."""
    endpoint: str
    """What shares one limit of concurrency: a service's address, or the program or folder of a local model."""
    parallel: int
    """Requests at once that make sense at most."""
    cacheable: bool
    """Whether answers are worth keeping for the next run: False where asking again costs nothing."""

    def ask(self, ask: Ask) -> Reply:
        """Ask once. Never raises for what a service does; UsageError where the endpoint has no place for what is asked."""


class Batched(Model, Protocol):
    """A model that answers several questions at once, faster than one by one."""

    batch: int
    """Questions per call that make sense at most."""

    def ask_many(self, asks: Sequence[Ask]) -> Sequence[Reply]:
        """Ask several at once; one reply each, in order, the same as `ask` would give."""


class Scorer(Model, Protocol):
    """A model that can say how likely it finds a text, whoever wrote it."""

    def score(self, asks: Sequence[Ask], texts: Sequence[str]) -> Sequence[float]:
        """Return each text's mean log-probability per token (natural, ≤ 0) as the answer to its question.

        The model's own, before temperature and what else narrows the choice; the same for the same question and text.
        0 for a text without a token. Raises ModelDidNotAnswer where it cannot be computed.
        """


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as named on the command line: `adapter:name?key=value&key=value`."""

    adapter: str
    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    alias: str = ""
    """What the user wrote where that was an alias or a service's name, `dashscope:qwen-plus`; it names the model then."""

    def __str__(self) -> str:
        if self.alias:
            return self.alias
        query = urlencode(sorted(self.options.items()), safe=":/,")
        return f"{self.adapter}:{self.name}" + (f"?{query}" if query else "")

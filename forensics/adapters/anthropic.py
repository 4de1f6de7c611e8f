"""Ask a service that speaks Anthropic's protocol: messages. `anthropic:MODEL`, or with `base_url` any compatible service.

Messages have no seed and no log-probabilities, and raw completions are not offered: what is asked for of these is named as
dropped or refused, never replaced. Options: `base_url`, `key_env`, `timeout`, `omit`, as of the adapter `openai`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics.adapters import Ask, Reply
from forensics.adapters import _faults as faults
from forensics.adapters import _parameters as parameters
from forensics.adapters import _service as service
from forensics.adapters._service import Answered
from forensics.errors import UsageError
from forensics.records.base import State

SUMMARY = "Anthropic's messages, and services that speak the same protocol"
BASE_URL = "https://api.anthropic.com/v1"
KEY_ENV = "ANTHROPIC_API_KEY"
VERSION = "2023-06-01"
"""Of the protocol, as its header wants it."""
_OPTIONS = ("base_url", "key_env", "timeout", "omit")
_NO_FIELD = parameters.without(("seed", "logprobs"), "the messages endpoint has no field for it")
_FINISHES = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}
"""Why an answer ended, in the words of OpenAI's protocol; others stay as they are."""
_REFUSALS = frozenset({"refusal", *faults.FILTERED})


def connect(name: str, options: Mapping[str, str]) -> Messages:
    """Return a model of a service; sends nothing yet. Raises UsageError for what cannot be asked."""
    service.check_options("anthropic", options, _OPTIONS)
    service.check_name("anthropic", name)
    return Messages(name, options)


class Messages:
    """One model of one service."""

    parallel = service.PARALLEL
    cacheable = True

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._name = name
        self._refused = {**parameters.omitted(options.get("omit", "")), **_NO_FIELD}
        if "max_tokens" in self._refused:
            raise UsageError("Anthropic's messages need max_tokens.", remedy="Take it out of omit.")
        self._service = service.connection(
            options, url=BASE_URL, key_env=KEY_ENV, authorize=lambda key: {"x-api-key": key},
            headers={"anthropic-version": VERSION},
        )  # fmt: skip
        self.endpoint = self._service.endpoint
        self.notes: Mapping[str, str] = {"base_url": self._service.url, "anthropic-version": VERSION}

    def ask(self, ask: Ask) -> Reply:
        """Ask once; raises UsageError where the endpoint has no place for what is asked."""
        if ask.completion:
            raise UsageError(
                "Anthropic's messages complete no raw text.",
                remedy="Ask a probe set of kind chat, or a service with raw completions.",
            )
        if ask.sampling.max_tokens is None:
            raise UsageError("Anthropic's messages need max_tokens.", remedy="Give --max-tokens.")
        chosen = parameters.choose(ask.sampling, self._refused)
        system, turns = parameters.system_apart(ask)
        content: dict[str, Any] = {
            "model": self._name,
            **({"system": [{"type": "text", "text": text} for text in system]} if system else {}),
            "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
            **chosen.sent,
        }
        return self._service.exchange(
            "/messages", content, _read, kept={"absent": chosen.absent}, dropped=chosen.dropped
        )


def _read(document: dict[str, Any]) -> Answered:
    """Read a message: its parts of type text; thinking is no answer."""
    if document.get("type") == "error" or document.get("error"):
        return service.reported(document.get("error"))
    parts = document.get("content")
    if not isinstance(parts, list):
        return service.unreadable("the answer holds no content")
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    if not all(isinstance(text, str) for text in texts):
        return service.unreadable("the answer's content is neither text nor nothing")
    text = "".join(str(part) for part in texts)
    reason = service.string(document.get("stop_reason"))
    state: State = "refused" if reason in _REFUSALS else "text" if text.strip() else "empty"
    return Answered(
        state,
        text,
        finish_reason=_FINISHES.get(reason or "", reason),
        tokens=service.counts(document.get("usage"), "input_tokens", "output_tokens"),
        request_id=service.string(document.get("id")),
        answered_as=service.string(document.get("model")),
    )

"""Ask a service that speaks OpenAI's protocol: chat completions, responses, and raw completions for sets of that kind.

`openai:MODEL?base_url=https://HOST/v1`, or `SERVICE:MODEL` for a row of services.toml. Sends what was asked for and nothing
else but what the service's row demands: what was not asked for is absent, and what is not sent though asked for is named
with the reason. Neither retries nor judges answers.

Options: `service`, the row; `base_url`; `key_env`, the variable that holds the key (empty for a service without keys);
`timeout` in seconds; `omit`, parameters not to be sent though asked for, separated by commas; `max_tokens_field`, the name
of that parameter; `api=responses` for the newer endpoint; `reasoning=think` where the content begins with reasoning between
<think> and </think>; `n`, answers per call, of which the first is taken: of use to `forensics doctor` alone; `extra`, a JSON
object of further fields to send, such as `{"enable_thinking":false}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from forensics import services
from forensics.adapters import Ask, Reply, _choices, _responses
from forensics.adapters import _parameters as parameters
from forensics.adapters import _service as service
from forensics.errors import UsageError

SUMMARY = "services with OpenAI's protocol: chat, responses and raw completions, any base_url"
_OPTIONS = (
    "service", "base_url", "key_env", "timeout", "omit", "max_tokens_field", "api", "reasoning", "n", "extra",
)  # fmt: skip
_LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")
_APIS = ("chat", "responses")


def connect(name: str, options: Mapping[str, str]) -> OpenAI:
    """Return a model of a service; sends nothing yet. Raises UsageError for what cannot be asked."""
    service.check_options("openai", options, _OPTIONS)
    service.check_name("openai", name)
    return OpenAI(name, options)


class OpenAI:
    """One model of one service."""

    parallel = service.PARALLEL
    cacheable = True

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._name = name
        row = options.get("service", "openai" if "base_url" not in options else None)
        self._row = services.UNKNOWN if row is None else services.find(row)
        self._limit_field = _one_of(options, "max_tokens_field", _LIMIT_FIELDS, self._row.limit)
        self._api = _one_of(options, "api", _APIS, "chat")
        self._thinks = _one_of(options, "reasoning", (services.THINK, "none"), self._row.reasoning) == services.THINK
        self._refused = {**self._row.refuses, **parameters.omitted(options.get("omit", ""))}
        several = {"n": parameters.count("n", options["n"])} if "n" in options else {}
        self._extra = {**self._row.sends, **_extra(options.get("extra")), **several}
        self._service = service.connection(
            options,
            url=self._row.base_url,
            key_env=self._row.key_env,
            authorize=lambda key: {"Authorization": f"Bearer {key}"},
        )
        self.endpoint = self._service.endpoint
        omitted = parameters.omitted(options.get("omit", ""))
        self.notes: Mapping[str, str] = {
            "base_url": self._service.url,
            "model": name,
            **({"service": row} if row else {}),
            **({"api": self._api} if self._api != "chat" else {}),
            **({"omitted": ",".join(sorted(omitted))} if omitted else {}),
            **({"extra": json.dumps(self._extra, sort_keys=True)} if self._extra else {}),
        }

    def ask(self, ask: Ask) -> Reply:
        """Ask once; raises UsageError where the endpoint has no place for what is asked."""
        endpoint = "completions" if ask.completion else self._api
        if endpoint not in self._row.endpoints:
            offered = ", ".join(self._row.endpoints)
            raise UsageError(
                f"{self._row.summary} offers no {'raw completions' if ask.completion else endpoint}, but {offered}.",
                remedy="Ask a probe set of another kind, or another service.",
            )
        if ask.sampling.system is not None and not self._row.system:
            raise UsageError(f"{self._row.summary} has no system prompt.", remedy="Leave the system prompt out.")
        responses = endpoint == "responses"
        chosen = parameters.choose(ask.sampling, {**self._refused, **(_responses.REFUSED if responses else {})})
        if ask.completion:
            path, content, read = "/completions", self._completion(ask, chosen.sent), _choices.read
        elif responses:
            path, content, read = "/responses", _responses.content(self._name, ask, chosen.sent), _responses.read
        else:
            path, content, read = "/chat/completions", self._chat(ask, chosen.sent), _choices.read
        return self._service.exchange(
            path,
            {**content, **self._extra},
            _choices.without_reasoning(read) if self._thinks else read,
            kept={"absent": chosen.absent},
            dropped=chosen.dropped,
        )

    def _completion(self, ask: Ask, sent: Mapping[str, Any]) -> dict[str, Any]:
        if ask.sampling.system is not None or len(ask.messages) != 1:
            raise UsageError(
                "Raw completions take one text: no system prompt and no conversation.",
                remedy="Ask a probe set of kind chat, or leave the system prompt out.",
            )
        # The limit's newer name is known to chats alone; the number of likeliest tokens is one parameter here.
        return {"model": self._name, "prompt": ask.messages[0].content, **self._named(sent)}

    def _chat(self, ask: Ask, sent: Mapping[str, Any]) -> dict[str, Any]:
        system = [{"role": "system", "content": ask.sampling.system}] if ask.sampling.system is not None else []
        messages = system + [{"role": message.role, "content": message.content} for message in ask.messages]
        content: dict[str, Any] = {"model": self._name, "messages": messages, **self._named(sent)}
        if "max_tokens" in sent:
            content[self._limit_field] = content.pop("max_tokens")
        if "logprobs" in sent and self._row.logprobs == "flag":
            content |= {"logprobs": True, **({"top_logprobs": sent["logprobs"]} if sent["logprobs"] else {})}
        return content

    def _named(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Call parameters as the service calls them."""
        return {self._row.fields.get(name, name): value for name, value in sent.items()}


def _one_of(options: Mapping[str, str], name: str, known: tuple[str, ...], usual: str) -> str:
    value = options.get(name, usual)
    if name in options and value not in known:
        raise UsageError(f"{name}={value!r}?", remedy=f"One of: {', '.join(known)}.")
    return value


def _extra(text: str | None) -> dict[str, Any]:
    """Read the option `extra`; raises UsageError for what is no object, or would replace what is sent anyway."""
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"extra={text!r} is no JSON object.", remedy='Write extra={"enable_thinking":false}.')
    taken = ("model", "messages", "prompt", "input", "stream", "n", *_LIMIT_FIELDS, *parameters.NAMES)
    for name in taken:
        if name in found:
            raise UsageError(f"extra cannot set {name!r}.", remedy="It is for fields that nothing else here sets.")
    return found

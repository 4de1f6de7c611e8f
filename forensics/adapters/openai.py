"""Ask a service that speaks OpenAI's protocol: chat completions, responses, and raw completions for sets of that kind.

`openai:MODEL?base_url=https://HOST/v1`. Sends what was asked for and nothing else: what was not asked for is absent, and
what is not sent though asked for is named with the reason. Neither retries nor judges answers.

Options: `base_url`; `key_env`, the variable that holds the key (empty for a service without keys); `timeout` in seconds;
`omit`, parameters not to be sent though asked for, separated by commas; `max_tokens_field`, the name of that parameter;
`api=responses` for the newer endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics.adapters import Ask, Reply, _choices, _responses
from forensics.adapters import _parameters as parameters
from forensics.adapters import _service as service
from forensics.errors import UsageError

SUMMARY = "services with OpenAI's protocol: chat, responses and raw completions, any base_url"
BASE_URL = "https://api.openai.com/v1"
KEY_ENV = "OPENAI_API_KEY"
_OPTIONS = ("base_url", "key_env", "timeout", "omit", "max_tokens_field", "api")
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
        self._limit_field = _one_of(options, "max_tokens_field", _LIMIT_FIELDS)
        self._api = _one_of(options, "api", _APIS)
        self._refused = parameters.omitted(options.get("omit", ""))
        self._service = service.connection(
            options, url=BASE_URL, key_env=KEY_ENV, authorize=lambda key: {"Authorization": f"Bearer {key}"}
        )
        self.endpoint = self._service.endpoint
        self.notes: Mapping[str, str] = {
            "base_url": self._service.url,
            **({"api": self._api} if self._api != "chat" else {}),
            **({"omitted": ",".join(sorted(self._refused))} if self._refused else {}),
        }

    def ask(self, ask: Ask) -> Reply:
        """Ask once; raises UsageError where the endpoint has no place for what is asked."""
        responses = self._api == "responses" and not ask.completion
        chosen = parameters.choose(ask.sampling, {**self._refused, **(_responses.REFUSED if responses else {})})
        if ask.completion:
            path, content, read = "/completions", self._completion(ask, chosen.sent), _choices.read
        elif responses:
            path, content, read = "/responses", _responses.content(self._name, ask, chosen.sent), _responses.read
        else:
            path, content, read = "/chat/completions", self._chat(ask, chosen.sent), _choices.read
        return self._service.exchange(path, content, read, kept={"absent": chosen.absent}, dropped=chosen.dropped)

    def _completion(self, ask: Ask, sent: Mapping[str, Any]) -> dict[str, Any]:
        if ask.sampling.system is not None or len(ask.messages) != 1:
            raise UsageError(
                "Raw completions take one text: no system prompt and no conversation.",
                remedy="Ask a probe set of kind chat, or leave the system prompt out.",
            )
        # The limit's newer name is known to chats alone; the number of likeliest tokens is one parameter here.
        return {"model": self._name, "prompt": ask.messages[0].content, **sent}

    def _chat(self, ask: Ask, sent: Mapping[str, Any]) -> dict[str, Any]:
        system = [{"role": "system", "content": ask.sampling.system}] if ask.sampling.system is not None else []
        messages = system + [{"role": message.role, "content": message.content} for message in ask.messages]
        content: dict[str, Any] = {"model": self._name, "messages": messages}
        for name, value in sent.items():
            content[self._limit_field if name == "max_tokens" else name] = value
        if "logprobs" in sent:
            content |= {"logprobs": True, **({"top_logprobs": sent["logprobs"]} if sent["logprobs"] else {})}
        return content


def _one_of(options: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    value = options.get(name, known[0])
    if value not in known:
        raise UsageError(f"{name}={value!r}?", remedy=f"One of: {', '.join(known)}.")
    return value

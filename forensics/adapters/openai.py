"""Ask a service that speaks OpenAI's protocol: chat completions, and raw completions for sets of that kind.

`openai:MODEL?base_url=https://HOST/v1`. Sends what was asked for and nothing else: what was not asked for is absent, and
a parameter the service refuses is an error, never dropped in silence. Neither retries nor judges answers.

Options: `base_url`; `key_env`, the variable that holds the key (empty for a service without keys); `timeout` in seconds;
`omit`, parameters not to be sent though asked for, separated by commas; `max_tokens_field`, the name of that parameter.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from forensics import http
from forensics.adapters import Ask, Reply
from forensics.errors import ModelDidNotAnswer, UsageError
from forensics.records.base import State

SUMMARY = "services with OpenAI's protocol: chat and raw completions, any base_url, key from the environment"
BASE_URL = "https://api.openai.com/v1"
KEY_ENV = "OPENAI_API_KEY"
TIMEOUT_SECONDS = 120.0
_OPTIONS = ("base_url", "key_env", "timeout", "omit", "max_tokens_field")
_PARAMETERS = ("temperature", "top_p", "max_tokens", "seed")
_LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")
_LONGEST_NAME = 300
_LONGEST_ERROR = 400
_PASSING = (408, 409, 425, 429)
"""Client errors that may pass by themselves."""
_FILTERED = ("content_filter", "content_policy_violation")
"""What services say where they withhold an answer, as reason to finish or as code of an error."""
_SPENT = "insufficient_quota"


class Answered(NamedTuple):
    """What an answer's body holds, whatever the endpoint."""

    state: State
    text: str
    finish_reason: str | None = None
    tokens: tuple[int, int] | None = None
    request_id: str | None = None
    error: str | None = None


def connect(name: str, options: Mapping[str, str]) -> OpenAI:
    """Return a model of a service; sends nothing yet. Raises UsageError for what cannot be asked."""
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise UsageError(f"openai models take no option {unknown[0]!r}.", remedy=f"Options: {', '.join(_OPTIONS)}.")
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or " " in name or ".." in name.split("/"):
        raise UsageError(f"{name[:60]!r} is no model's name.", remedy="Write openai:MODEL as the service names it.")
    return OpenAI(name, options)


class OpenAI:
    """One model of one service."""

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._name = name
        self._url = options.get("base_url", BASE_URL).rstrip("/")
        service = http.base(self._url)
        self._key_env = options.get("key_env", KEY_ENV)
        self._limit_field = options.get("max_tokens_field", "max_tokens")
        if self._limit_field not in _LIMIT_FIELDS:
            raise UsageError(f"max_tokens_field={self._limit_field!r}?", remedy=f"One of: {', '.join(_LIMIT_FIELDS)}.")
        self._omitted = _omitted(options.get("omit", ""))
        key = _key(self._key_env, service, named="key_env" in options)
        self._client = http.Client(
            service,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=_timeout(options.get("timeout")),
            secrets=[key] if key else [],
        )
        self._answered = False
        self.notes: Mapping[str, str] = {"base_url": self._url, **_note("omitted", ",".join(self._omitted))}

    def ask(self, ask: Ask) -> Reply:
        """Ask once.

        Raises ModelDidNotAnswer where asking on is pointless: before the first answer for any error that does not pass
        by itself, later only for a refused key or a spent quota; UsageError where the endpoint has no place for what is asked.
        """
        path = "/completions" if ask.completion else "/chat/completions"
        content = self._content(ask)
        request = {
            "url": self._url + path,
            "body": content,
            "absent": [name for name in _PARAMETERS if getattr(ask.sampling, name) is None],
            **({"omitted": list(self._omitted)} if self._omitted else {}),
        }
        try:
            response = self._client.post(path, content)
        except http.Unreachable as error:
            if not self._answered:
                raise self._stop(f"cannot be reached: {error}", "Start the service, or correct base_url.") from None
            return Reply(state="failed", text="", request=request, error=f"cannot be reached: {error}")
        except http.Broken as error:
            return Reply(state="failed", text="", request=request, error=str(error))
        response = response._replace(body=self._client.redact.document(response.body))
        found = self._read(response)
        return Reply(
            state=found.state,
            text=found.text if found.state in ("text", "refused") else "",
            finish_reason=found.finish_reason,
            tokens=found.tokens,
            request=request,
            body=response.body,
            request_id=response.headers.get("x-request-id") or found.request_id,
            error=found.error,
        )

    def _content(self, ask: Ask) -> dict[str, Any]:
        """Return the body to send: the model, the prompt, and the parameters that were asked for."""
        content: dict[str, Any] = {"model": self._name}
        if ask.completion:
            if ask.sampling.system is not None or len(ask.messages) != 1:
                raise UsageError(
                    "Raw completions take one text: no system prompt and no conversation.",
                    remedy="Ask a probe set of kind chat, or leave the system prompt out.",
                )
            content["prompt"] = ask.messages[0].content
        else:
            system = [{"role": "system", "content": ask.sampling.system}] if ask.sampling.system is not None else []
            content["messages"] = system + [{"role": m.role, "content": m.content} for m in ask.messages]
        for name in _PARAMETERS:
            value = getattr(ask.sampling, name)
            if value is not None and name not in self._omitted:
                content[self._limit_field if name == "max_tokens" else name] = value
        return content

    def _read(self, response: http.Response) -> Answered:
        """Say what an answer is; raises ModelDidNotAnswer as `ask` does."""
        document = _document(response)
        if response.status == 200:
            self._answered = True
            return _answer(document) if isinstance(document, dict) else _failed("the answer is no JSON object")
        code, words = _words(document, response)
        if code in _FILTERED:
            self._answered = True
            return Answered("refused", "", finish_reason=code, error=words)
        final = 300 <= response.status < 500 and response.status not in _PASSING
        if response.status == 401 or code == _SPENT or (final and not self._answered):
            raise self._stop(f"answered HTTP {response.status}: {words}", self._remedy(response.status, code))
        wait = response.headers.get("retry-after")
        return _failed(f"HTTP {response.status}: {words}" + (f" (retry after {wait})" if wait else ""))

    def _stop(self, what: str, remedy: str) -> ModelDidNotAnswer:
        return ModelDidNotAnswer(f"openai:{self._name} at {self._url} {what.rstrip('.')}.", remedy=remedy)

    def _remedy(self, status: int, code: str | None) -> str:
        if code == _SPENT:
            return "Have the quota raised; the same command then goes on where it stopped."
        if status in (401, 403):
            variable = self._key_env or "the variable named with key_env"
            return f"Check the key in {variable}, and that it may use this model."
        if status == 404:
            return "Check the model's name and base_url, which usually ends in /v1."
        if status in (400, 422):
            return "If it refuses a parameter: omit=NAME leaves it out, max_tokens_field=max_completion_tokens renames."
        return "Check base_url."


def _key(variable: str, service: http.Base, *, named: bool) -> str | None:
    """Return the key; raises UsageError where it is missing, malformed, or would travel in the open unasked."""
    key = os.environ.get(variable, "") if variable else ""
    if not key:
        if service.loopback or (named and not variable):
            return None
        raise UsageError(
            f"The environment variable {variable} holds no key for {service.host}.",
            remedy=f"Set {variable}, or name another variable with key_env (key_env= for a service without keys).",
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UsageError(f"The value of {variable} is no key: it holds blanks or line ends.", remedy="Set it again.")
    if not (service.secure or service.loopback or named):
        raise UsageError(
            f"The key in {variable} would travel unencrypted to {service.host}.",
            remedy="Use https, or name the variable with key_env if that is meant (key_env= sends no key).",
        )
    return key


def _timeout(text: str | None) -> float:
    try:
        seconds = TIMEOUT_SECONDS if text is None else float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 86_400:
        raise UsageError(f"timeout={text!r} is no number of seconds.", remedy="Write timeout=120, at most 86400.")
    return seconds


def _omitted(text: str) -> tuple[str, ...]:
    names = tuple(sorted({name for name in text.split(",") if name}))
    for name in names:
        if name not in _PARAMETERS:
            raise UsageError(f"omit={name!r} is no parameter.", remedy=f"Parameters: {', '.join(_PARAMETERS)}.")
    return names


def _note(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _failed(error: str) -> Answered:
    return Answered("failed", "", error=error)


def _document(response: http.Response) -> Any:
    """Return the body's JSON, or None where it is none."""
    try:
        return json.loads(response.body) if response.sound else None
    except (ValueError, RecursionError):
        return None


def _words(document: Any, response: http.Response) -> tuple[str | None, str]:
    """Return an error's code and the service's words for it, on one line."""
    error = document.get("error", document) if isinstance(document, dict) else None
    code = said = None
    if isinstance(error, dict):
        code = next((error[k] for k in ("code", "type") if isinstance(error.get(k), str)), None)
        said = next((error[k] for k in ("message", "detail") if isinstance(error.get(k), str)), None)
    elif isinstance(error, str):
        said = error
    if 300 <= response.status < 400:
        said = f"redirects to {response.headers.get('location', 'nowhere')}, which is not followed"
    words = " ".join((said or response.body).split())
    return code, (words[:_LONGEST_ERROR] + "…" if len(words) > _LONGEST_ERROR else words) or "no words"


def _answer(document: dict[str, Any]) -> Answered:
    """Read a body that came with HTTP 200; some services report errors there too."""
    choices = document.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    trouble = document.get("error") or (choice.get("error") if isinstance(choice, dict) else None)
    if trouble or (isinstance(choice, dict) and choice.get("finish_reason") == "error"):
        return _failed(f"the service reports: {json.dumps(trouble or choice, ensure_ascii=False)[:_LONGEST_ERROR]}")
    if not isinstance(choice, dict):
        return _failed("the answer holds no choices")
    message = choice.get("message")
    refusal = message.get("refusal") if isinstance(message, dict) else None
    text = _text(message.get("content") if isinstance(message, dict) else choice.get("text"))
    if text is None:
        return _failed("the answer's content is neither text nor nothing")
    finish = choice.get("finish_reason")
    state: State = "text" if text.strip() else "empty"
    if finish in _FILTERED or (isinstance(refusal, str) and refusal):
        state, text = "refused", text or str(refusal or "")
    found = document.get("id")
    return Answered(
        state,
        text,
        finish_reason=finish if isinstance(finish, str) else None,
        tokens=_tokens(document.get("usage")),
        request_id=found if isinstance(found, str) else None,
    )


def _text(content: Any) -> str | None:
    """Return the content's text: a string, nothing, or parts of which those of type text count; None for the rest."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        parts = [part.get("text") for part in content if part.get("type") == "text"]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else None
    return None


def _tokens(usage: Any) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
    known = [count for count in counts if isinstance(count, int) and 0 <= count < 1 << 53]
    return (int(known[0]), int(known[1])) if len(known) == len(counts) else None

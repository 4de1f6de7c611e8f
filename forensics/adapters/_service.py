"""What the adapters of services have in common: options, key, one exchange, and what a failure of it is called.

A protocol says where to post what, and how its answers and errors read; everything else about a service is here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from forensics import http
from forensics.adapters import Fault, Reply, _timeout
from forensics.adapters import _faults as faults
from forensics.adapters import _keys as keys
from forensics.errors import UsageError
from forensics.records.base import State
from forensics.records.transcript import TokenLogprob

PARALLEL = 64
"""Requests at once; a service that wants fewer says so, and is heard."""
LONGEST_ERROR = 400
_LONGEST_NAME = 300


class Answered(NamedTuple):
    """What an answer's body holds, whatever the protocol."""

    state: State
    text: str
    finish_reason: str | None = None
    tokens: tuple[int, int] | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    request_id: str | None = None
    answered_as: str | None = None
    fingerprint: str | None = None
    error: str | None = None
    fault: Fault | None = None


Read = Callable[[dict[str, Any]], Answered]
"""Read the body of an answer that came with HTTP 200."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a service is, under which key, and how long to wait for it."""

    url: str
    client: http.Client
    key_env: str
    endpoint: str

    def exchange(
        self, path: str, content: dict[str, Any], read: Read, *, kept: Mapping[str, Any], dropped: Mapping[str, str]
    ) -> Reply:
        """Post once and say what came back; `kept` stands in the request's record beside address and body."""
        request = {"url": self.url + path, "body": content, **kept}
        try:
            response = self.client.post(path, content)
        except http.Unreachable as error:
            fault = Fault(
                "terminal" if error.lasting else "transient", remedy="Start the service, or correct base_url."
            )
            return _nothing(f"cannot be reached: {error}", fault, request, dropped)
        except http.Broken as error:
            fault = Fault("transient", billed=True, remedy="The same command asks again what was not answered.")
            return _nothing(str(error), fault, request, dropped)
        body = self.client.redact.document(response.body)
        response = response._replace(body=body)
        found = self._read(response, read)
        return Reply(
            state=found.state,
            text=found.text if found.state in ("text", "refused") else "",
            finish_reason=found.finish_reason,
            tokens=found.tokens,
            logprobs=found.logprobs,
            request=request,
            dropped=dropped,
            body=body,
            request_id=response.headers.get("x-request-id") or response.headers.get("request-id") or found.request_id,
            answered_as=found.answered_as,
            fingerprint=found.fingerprint,
            error=found.error,
            fault=found.fault,
            quota=faults.quota(response.headers),
        )

    def _read(self, response: http.Response, read: Read) -> Answered:
        document = _document(response)
        if response.status == 200:
            return read(document) if isinstance(document, dict) else unreadable("the answer is no JSON object")
        said = said_of(document, response)
        if withheld(document, said):
            return Answered("refused", "", finish_reason=said.code, error=said.words)
        fault = faults.classify(response.status, response.headers, said, key_env=self.key_env)
        asked = "" if fault.after is None else f" (asks to wait {fault.after:.3g} s)"
        return Answered("failed", "", error=f"HTTP {response.status}: {said.words}{asked}", fault=fault)


def connection(
    options: Mapping[str, str],
    *,
    url: str,
    key_env: str,
    authorize: Callable[[str], Mapping[str, str]],
    headers: Mapping[str, str] | None = None,
) -> Connection:
    """Find a service and its key; sends nothing. Raises UsageError for what cannot be asked."""
    address = options.get("base_url", url).rstrip("/")
    service = http.base(address)
    variable = options.get("key_env", key_env)
    key = keys.find(variable, service, named="key_env" in options)
    client = http.Client(
        service,
        headers={**(headers or {}), **(authorize(key) if key else {})},
        timeout=_timeout.seconds(options.get("timeout")),
        secrets=[key] if key else [],
    )
    scheme = "https" if service.secure else "http"
    host = f"[{service.host}]" if ":" in service.host else service.host
    return Connection(address, client, variable, f"{scheme}://{host}:{service.port}")


def check_options(adapter: str, options: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Refuse options that an adapter does not have; raises UsageError."""
    for name in sorted(set(options) - set(known)):
        raise UsageError(f"{adapter} models take no option {name!r}.", remedy=f"Options: {', '.join(known)}.")


def check_name(adapter: str, name: str) -> None:
    """Refuse what cannot be a model's name at a service; raises UsageError."""
    if not name or len(name) > _LONGEST_NAME or not name.isprintable() or " " in name or ".." in name.split("/"):
        raise UsageError(f"{name[:60]!r} is no model's name.", remedy=f"Write {adapter}:MODEL as the service names it.")


def unreadable(error: str) -> Answered:
    """Return what an answer is that came with HTTP 200 and cannot be used: it was carried out, and may be charged."""
    fault = Fault("transient", billed=True, remedy="Check that base_url is the service's own address.")
    return Answered("failed", "", error=error, fault=fault)


def reported(trouble: Any) -> Answered:
    """Return what an error is that was reported in the body of an answer with HTTP 200."""
    said = said_of({"error": trouble}, None)
    if withheld({"error": trouble}, said):
        return Answered("refused", "", finish_reason=said.code, error=said.words)
    code = trouble.get("code") if isinstance(trouble, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    fault = faults.classify(status, {}, said)
    # It came in place of an answer that was begun.
    fault = replace(fault, billed=fault.billed or fault.kind == "transient")
    told = said.words if said.words != "no words" else json.dumps(trouble, ensure_ascii=False)[:LONGEST_ERROR]
    return Answered("failed", "", error=f"the service reports: {told}", fault=fault)


def said_of(document: Any, response: http.Response | None) -> faults.Said:
    """Return what an error's body says: its code, its words on one line, and how long to wait."""
    error = document.get("error", document) if isinstance(document, dict) else None
    if isinstance(document, list) and document and isinstance(document[0], dict):
        error = document[0].get("error", document[0])
    code = said = param = None
    after = None
    if isinstance(error, dict):
        code = next((error[k] for k in ("code", "status", "type") if isinstance(error.get(k), str)), None)
        said = next((error[k] for k in ("message", "detail") if isinstance(error.get(k), str)), None)
        param = error["param"] if isinstance(error.get("param"), str) else None
        reason, after = _details(error.get("details"))
        code = reason or code
    elif isinstance(error, str):
        said = error
    if response is not None and 300 <= response.status < 400:
        said = f"redirects to {response.headers.get('location', 'nowhere')}, which is not followed"
    words = " ".join((said or (response.body if response is not None else "")).split())
    words = words[:LONGEST_ERROR] + "…" if len(words) > LONGEST_ERROR else words
    return faults.Said(code, words or "no words", after, param)


def _details(details: Any) -> tuple[str | None, float | None]:
    """Read the details of Google's errors: the reason, where it says more than the status, and the time to wait."""
    reason = after = None
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            found = detail.get("reason")
            reason = found if isinstance(found, str) else reason
            delay = detail.get("retryDelay")
            after = faults.seconds_until(delay) if isinstance(delay, str) else after
    return reason, after


def withheld(document: Any, said: faults.Said) -> bool:
    """Say whether an error means that the service withholds the answer: by its code, or as OpenRouter reports it."""
    if (said.code or "").lower() in faults.FILTERED:
        return True
    error = document.get("error") if isinstance(document, dict) else None
    metadata = error.get("metadata") if isinstance(error, dict) else None
    return isinstance(metadata, dict) and "flagged_input" in metadata


def string(value: Any) -> str | None:
    """Return a value if it is a text with anything in it."""
    return value if isinstance(value, str) and value else None


def counts(usage: Any, prompt: str, answer: str) -> tuple[int, int] | None:
    """Return the tokens of prompt and answer by the names a service gives them; None unless both are counts."""
    if not isinstance(usage, dict):
        return None
    found = [usage.get(prompt), usage.get(answer)]
    known = [n for n in found if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 1 << 53]
    return (int(known[0]), int(known[1])) if len(known) == len(found) else None


def _nothing(error: str, fault: Fault, request: Mapping[str, Any], dropped: Mapping[str, str]) -> Reply:
    return Reply(state="failed", text="", request=request, dropped=dropped, error=error, fault=fault)


def _document(response: http.Response) -> Any:
    """Return the body's JSON, or None where it is none."""
    try:
        return json.loads(response.body) if response.sound else None
    except (ValueError, RecursionError):
        return None

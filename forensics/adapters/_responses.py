"""OpenAI's responses: how a question is put there, and how its answers read."""

from __future__ import annotations

from typing import Any

from forensics.adapters import Ask, _choices
from forensics.adapters import _faults as faults
from forensics.adapters import _service as service
from forensics.adapters._service import Answered
from forensics.records.base import State

REFUSED = {"seed": "the responses endpoint has no field for it"}
"""Parameters the endpoint has no place for."""
_FAILED = ("failed", "cancelled")
_FIELDS = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_output_tokens"}


def content(model: str, ask: Ask, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the body to send; nothing is to be kept by the service."""
    body: dict[str, Any] = {
        "model": model,
        "input": [{"role": message.role, "content": message.content} for message in ask.messages],
        "store": False,
    }
    if ask.sampling.system is not None:
        body["instructions"] = ask.sampling.system
    body |= {field: sent[name] for name, field in _FIELDS.items() if name in sent}
    if "logprobs" in sent:
        body["include"] = ["message.output_text.logprobs"]
        body["top_logprobs"] = sent["logprobs"]
    return body


def read(document: dict[str, Any]) -> Answered:
    """Read a response: the text of its messages; reasoning and calls of tools are no answer."""
    if document.get("error"):
        return service.reported(document["error"])
    output = document.get("output")
    if not isinstance(output, list):
        return service.unreadable("the answer holds no output")
    parts = [
        part
        for item in output
        if isinstance(item, dict) and item.get("type") == "message" and isinstance(item.get("content"), list)
        for part in item["content"]
        if isinstance(part, dict)
    ]
    text = _choices.text_of(parts)
    if text is None:
        return service.unreadable("the answer's content is neither text nor nothing")
    refusal = "".join(str(part.get("refusal", "")) for part in parts if part.get("type") == "refusal")
    finish = _finish(document)
    if finish in _FAILED:
        return service.unreadable(f"the service reports: the response is {finish}")
    state: State = "text" if text.strip() else "empty"
    if refusal or (finish or "").lower() in faults.FILTERED:
        state, text = "refused", text or refusal
    places = [place for part in parts if isinstance(part.get("logprobs"), list) for place in part["logprobs"]]
    return Answered(
        state,
        text,
        finish_reason=finish,
        tokens=service.counts(document.get("usage"), "input_tokens", "output_tokens"),
        logprobs=_choices.listed(places) if places else None,
        request_id=service.string(document.get("id")),
        answered_as=service.string(document.get("model")),
        fingerprint=service.string(document.get("system_fingerprint")),
    )


def _finish(document: dict[str, Any]) -> str | None:
    """Return why the answer ended, in the words of chats: `stop`, `length`, or the service's own."""
    details = document.get("incomplete_details")
    reason = service.string(details.get("reason")) if isinstance(details, dict) else None
    if reason is not None:
        return "length" if reason == "max_output_tokens" else reason
    status = service.string(document.get("status"))
    return "stop" if status == "completed" else status

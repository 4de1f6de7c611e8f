"""Read the answers of OpenAI's chat completions and raw completions, as OpenAI and all who speak its protocol give them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from forensics.adapters import _faults as faults
from forensics.adapters import _service as service
from forensics.adapters._service import Answered, Read
from forensics.records.base import State
from forensics.records.transcript import TokenLogprob

_OPENS, _CLOSES = "<think>", "</think>"
_IMPOSSIBLE = -9999.0
"""What services write for the logarithm of nothing, which JSON cannot hold."""


def read(document: dict[str, Any]) -> Answered:
    """Read a body that came with HTTP 200; some services report errors there too."""
    choices = document.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    trouble = document.get("error") or (choice.get("error") if isinstance(choice, dict) else None)
    if trouble or (isinstance(choice, dict) and choice.get("finish_reason") == "error"):
        return service.reported(trouble or choice)
    if not isinstance(choice, dict):
        return service.unreadable("the answer holds no choices")
    message = choice.get("message")
    refusal = message.get("refusal") if isinstance(message, dict) else None
    text = text_of(message.get("content") if isinstance(message, dict) else choice.get("text"))
    if text is None:
        return service.unreadable("the answer's content is neither text nor nothing")
    finish = service.string(choice.get("finish_reason"))
    state: State = "text" if text.strip() else "empty"
    if (finish or "").lower() in faults.FILTERED or (isinstance(refusal, str) and refusal):
        state, text = "refused", text or str(refusal or "")
    return Answered(
        state,
        text,
        finish_reason=finish,
        tokens=service.counts(document.get("usage"), "prompt_tokens", "completion_tokens"),
        logprobs=logprobs(choice.get("logprobs")),
        request_id=service.string(document.get("id")),
        answered_as=service.string(document.get("model")),
        fingerprint=service.string(document.get("system_fingerprint")),
    )


def without_reasoning(read: Read) -> Read:
    """Read an answer whose content begins with reasoning: that is no answer. The body keeps it."""

    def rest(document: dict[str, Any]) -> Answered:
        found = read(document)
        thought, closed, answer = found.text.partition(_CLOSES)
        opened = thought.lstrip().startswith(_OPENS)
        # Some templates open the reasoning themselves, so that only its end is seen.
        if found.state != "text" or not (opened or (closed and _OPENS not in thought)):
            return found
        # Reasoning that was cut short leaves no answer at all.
        text = answer.lstrip("\n") if closed else ""
        # The log-probabilities are of all tokens, and which of them are the answer's is not said.
        return found._replace(state="text" if text.strip() else "empty", text=text, logprobs=None)

    return rest


def text_of(content: Any) -> str | None:
    """Return the content's text: a string, nothing, or parts of which those of type text count; None for the rest."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        parts = [part.get("text") for part in content if part.get("type") in ("text", "output_text")]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else None
    return None


def logprobs(found: Any) -> tuple[TokenLogprob, ...] | None:
    """Read log-probabilities, of chats or in the older form of completions; None where any of them is none."""
    if not isinstance(found, dict):
        return None
    if isinstance(found.get("content"), list):
        return listed(found["content"])
    tokens, values, tops = (found.get(name) for name in ("tokens", "token_logprobs", "top_logprobs"))
    if not (isinstance(tokens, list) and isinstance(values, list) and len(tokens) == len(values)):
        return None
    if not isinstance(tops, list) or len(tops) != len(tokens):
        tops = [None] * len(tokens)
    return _all(
        entry(token, value, top.items() if isinstance(top, dict) else ())
        for token, value, top in zip(tokens, values, tops, strict=True)
    )


def listed(places: Sequence[Any]) -> tuple[TokenLogprob, ...] | None:
    """Read a list of places, each with its token and the likeliest there, as chats and responses give it."""
    found = []
    for place in places:
        if not isinstance(place, dict):
            return None
        tops = place.get("top_logprobs")
        likeliest = [
            (top.get("token"), top.get("logprob"))
            for top in (tops or ())
            if isinstance(tops, list) and isinstance(top, dict)
        ]
        found.append(entry(place.get("token"), place.get("logprob"), likeliest))
    return _all(found)


def entry(token: Any, value: Any, tops: Iterable[tuple[Any, Any]]) -> TokenLogprob | None:
    """Make one place's record; None where token or value is no such thing."""
    logprob = _logprob(value)
    if not isinstance(token, str) or logprob is None:
        return None
    likeliest = [(name, known) for name, top in tops if isinstance(name, str) and (known := _logprob(top)) is not None]
    likeliest.sort(key=lambda pair: -pair[1])
    return TokenLogprob(token=token, logprob=logprob, top=tuple(likeliest))


def _logprob(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        return None
    # Rounding puts certain tokens a hair above 0.
    return max(_IMPOSSIBLE, min(0.0, float(value)))


def _all(found: Iterable[TokenLogprob | None]) -> tuple[TokenLogprob, ...] | None:
    places = list(found)
    whole = [place for place in places if place is not None]
    return tuple(whole) if whole and len(whole) == len(places) else None

"""Ask Google's Gemini: `google:MODEL`, by generateContent of the interface v1beta.

Raw completions are not offered there. Thoughts are no answer, but are counted among its tokens, as they are charged.
Options: `base_url`, `key_env`, `timeout`, `omit`, `n`, as of the adapter `openai`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from forensics.adapters import Ask, Reply, _choices
from forensics.adapters import _parameters as parameters
from forensics.adapters import _service as service
from forensics.adapters._service import Answered
from forensics.errors import UsageError
from forensics.records.base import State
from forensics.records.transcript import TokenLogprob

SUMMARY = "Google's Gemini, by generateContent of the interface v1beta"
BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
KEY_ENV = "GEMINI_API_KEY"
_OPTIONS = ("base_url", "key_env", "timeout", "omit", "n")
_FIELDS = {"temperature": "temperature", "top_p": "topP", "max_tokens": "maxOutputTokens", "seed": "seed"}
_FINISHES = {"STOP": "stop", "MAX_TOKENS": "length"}
"""Why an answer ended, in the words of OpenAI's protocol; others stay as they are."""
_WITHHELD = frozenset({
    "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY",
})  # fmt: skip


def connect(name: str, options: Mapping[str, str]) -> Gemini:
    """Return a model of the service; sends nothing yet. Raises UsageError for what cannot be asked."""
    service.check_options("google", options, _OPTIONS)
    service.check_name("google", name)
    return Gemini(name, options)


class Gemini:
    """One model of the service."""

    parallel = service.PARALLEL
    cacheable = True

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._name = name
        self._path = "/" + quote(name if "/" in name else f"models/{name}") + ":generateContent"
        self._refused = parameters.omitted(options.get("omit", ""))
        self._several = {"candidateCount": parameters.count("n", options["n"])} if "n" in options else {}
        self._service = service.connection(
            options, url=BASE_URL, key_env=KEY_ENV, authorize=lambda key: {"x-goog-api-key": key}
        )
        self.endpoint = self._service.endpoint
        self.notes: Mapping[str, str] = {"base_url": self._service.url}

    def ask(self, ask: Ask) -> Reply:
        """Ask once; raises UsageError where the endpoint has no place for what is asked."""
        if ask.completion:
            raise UsageError(
                "Gemini completes no raw text.",
                remedy="Ask a probe set of kind chat, or a service with raw completions.",
            )
        chosen = parameters.choose(ask.sampling, self._refused)
        system, turns = parameters.system_apart(ask)
        sampling = {field: chosen.sent[name] for name, field in _FIELDS.items() if name in chosen.sent}
        sampling |= self._several
        if "logprobs" in chosen.sent:
            sampling |= {"responseLogprobs": True, "logprobs": chosen.sent["logprobs"]}
        content: dict[str, Any] = {
            **({"systemInstruction": {"parts": [{"text": text} for text in system]}} if system else {}),
            "contents": [
                {"role": "model" if turn.role == "assistant" else "user", "parts": [{"text": turn.content}]}
                for turn in turns
            ],
            **({"generationConfig": sampling} if sampling else {}),
        }
        kept = {"model": self._name, "absent": chosen.absent}
        return self._service.exchange(self._path, content, _read, kept=kept, dropped=chosen.dropped)


def _read(document: dict[str, Any]) -> Answered:
    """Read the first candidate, or why there is none."""
    if document.get("error"):
        return service.reported(document["error"])
    feedback = document.get("promptFeedback")
    blocked = service.string(feedback.get("blockReason")) if isinstance(feedback, dict) else None
    candidates = document.get("candidates")
    candidate = candidates[0] if isinstance(candidates, list) and candidates else None
    if candidate is None and blocked:
        candidate = {"finishReason": blocked}
    if not isinstance(candidate, dict):
        return service.unreadable("the answer holds no candidates")
    reason = service.string(candidate.get("finishReason"))
    text = _text(candidate.get("content"))
    if text is None:
        return service.unreadable("the answer's content is neither text nor nothing")
    withheld = bool(blocked) or reason in _WITHHELD
    state: State = "refused" if withheld else "text" if text.strip() else "empty"
    return Answered(
        state,
        text,
        finish_reason=_FINISHES.get(reason or "", reason),
        tokens=_tokens(document.get("usageMetadata")),
        logprobs=_logprobs(candidate.get("logprobsResult")),
        request_id=service.string(document.get("responseId")),
        answered_as=service.string(document.get("modelVersion")),
    )


def _text(content: Any) -> str | None:
    """Return the text of the parts that are no thoughts; None where there is something else than text or nothing."""
    parts = content.get("parts") if isinstance(content, dict) else content
    if parts is None:
        return ""
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        return None
    texts = [part["text"] for part in parts if "text" in part and not part.get("thought")]
    return "".join(texts) if all(isinstance(text, str) for text in texts) else None


def _tokens(usage: Any) -> tuple[int, int] | None:
    if not isinstance(usage, dict):
        return None
    found = service.counts({"candidatesTokenCount": 0, **usage}, "promptTokenCount", "candidatesTokenCount")
    thoughts = service.counts({"thoughtsTokenCount": 0, **usage}, "promptTokenCount", "thoughtsTokenCount")
    return (found[0], found[1] + thoughts[1]) if found and thoughts else None


def _logprobs(found: Any) -> tuple[TokenLogprob, ...] | None:
    """Read the chosen tokens, and at each place the likeliest."""
    if not isinstance(found, dict) or not isinstance(found.get("chosenCandidates"), list):
        return None
    tops = found.get("topCandidates")
    tops = tops if isinstance(tops, list) and len(tops) == len(found["chosenCandidates"]) else []
    places = []
    for number, chosen in enumerate(found["chosenCandidates"]):
        top = tops[number].get("candidates") if tops and isinstance(tops[number], dict) else None
        places.append(
            {**_renamed(chosen), "top_logprobs": [_renamed(one) for one in top or () if isinstance(top, list)]}
        )
    return _choices.listed(places)


def _renamed(one: Any) -> dict[str, Any]:
    return {"token": one.get("token"), "logprob": one.get("logProbability", 0)} if isinstance(one, dict) else {}

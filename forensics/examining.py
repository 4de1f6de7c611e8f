"""What can be asked of a model: one call for each capability, so that a run of thousands holds no surprise.

Whether a parameter is heeded, not only accepted, is said where one or two short answers can show it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from forensics import naming, registry
from forensics.adapters import Ask, Model, ModelName, Reply
from forensics.errors import ModelDidNotAnswer, UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling

QUESTION = "Write one sentence about the sea."
PREFIX = "The sea is"
_WORD = "lynx"
"""Rare enough that no model says it of the sea unasked."""
_SYSTEM = f"Whatever you are asked, answer with the single word {_WORD}."
_TOKENS = 24
Verdict = Literal["yes", "no", "unknown"]


class Finding(NamedTuple):
    """What was found of one capability."""

    capability: str
    works: Verdict
    """`unknown` where the service could not be asked, or accepted without showing whether it heeds."""
    found: str


class Examination(NamedTuple):
    """All findings on one model."""

    model: str
    findings: tuple[Finding, ...]
    calls: int


def examine(text: str, *, say: Callable[[str], None]) -> Examination:
    """Ask a model, named as on the command line, about ten short questions.

    Raises UsageError where it cannot be asked at all, a missing key included, and ModelDidNotAnswer where the first call
    shows that none will be answered.
    """
    named = _named(text)
    asking = _Asking(_connect(named, {}))
    say(f"asking {named} about ten short questions")
    first = asking.reply()
    if isinstance(first, Reply) and first.fault is not None:
        raise ModelDidNotAnswer(f"{named}: {(first.error or '').rstrip('.')}.", remedy=first.fault.remedy)
    endpoint = _told(first, _endpoint)
    key = Finding("key", "yes", "accepted, or none is needed")
    findings = [
        key,
        Finding("endpoint", *endpoint),
        Finding("raw completions", *_told(asking.reply(completion=True), lambda reply: ("yes", f"{reply.state}"))),
        Finding("max_tokens", *_told(asking.reply(max_tokens=2), _short)),
        Finding("temperature", *_told(asking.reply("temperature", temperature=0.7), _accepted)),
        Finding("top_p", *_told(asking.reply("top_p", top_p=0.9), _accepted)),
        _seed(asking),
        Finding("logprobs", *_told(asking.reply("logprobs", logprobs=2), _logprobs)),
        Finding("system prompt", *_told(asking.reply("system", system=_SYSTEM), _heeded)),
        _several(named, asking),
    ]
    return Examination(str(named), tuple(findings), asking.calls)


def lines(examination: Examination) -> list[str]:
    """Lay the findings out, a line each."""
    signs = {"yes": "ok ", "no": "no ", "unknown": "?  "}
    wide = max(len(finding.capability) for finding in examination.findings)
    told = [f"{signs[f.works]} {f.capability:<{wide}}  {f.found}" for f in examination.findings]
    return [*told, f"{examination.calls} calls to {examination.model}"]


class _Asking:
    """A model, and how often it was asked."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.calls = 0

    def reply(
        self, parameter: str = "", *, completion: bool = False, model: Model | None = None, **sampling: object
    ) -> Reply | tuple[Verdict, str]:
        """Ask once; what the adapter refuses by itself, or drops, is a finding already."""
        content = PREFIX if completion else QUESTION
        wanted = Sampling.model_validate({"max_tokens": _TOKENS, **sampling})
        ask = Ask((Message(role="user", content=content),), completion=completion, sampling=wanted)
        try:
            reply = (model or self.model).ask(ask)
        except UsageError as error:
            return "no", error.message
        self.calls += reply.request is not None or reply.fault is None
        return ("no", f"not sent: {reply.dropped[parameter]}") if parameter in reply.dropped else reply


def _named(text: str) -> ModelName:
    try:
        return naming.parse(text)
    except UsageError as error:
        if ":" in text:
            raise
        raise UsageError(f"{text!r} is no bundle that exists, and no model.", remedy=error.remedy) from error


def _connect(named: ModelName, further: Mapping[str, str]) -> Model:
    model: Model = registry.require("adapters", named.adapter).connect(named.name, {**named.options, **further})
    return model


def _told(reply: Reply | tuple[Verdict, str], read: Callable[[Reply], tuple[Verdict, str]]) -> tuple[Verdict, str]:
    """Read an answer; a failure is what it is, whatever was asked for."""
    if not isinstance(reply, Reply):
        return reply
    if reply.fault is not None:
        refused = reply.fault.kind in ("bad_request", "terminal")
        return ("no" if refused else "unknown"), f"{'refused' if refused else 'not known'}: {reply.error}"
    return read(reply)


def _endpoint(reply: Reply) -> tuple[Verdict, str]:
    said = [f"answers with {reply.state}"]
    said += [f"as {reply.answered_as}"] if reply.answered_as else []
    said += [f"fingerprint {reply.fingerprint}"] if reply.fingerprint else []
    said += [f"{reply.quota['requests']:.0f} requests left"] if "requests" in reply.quota else []
    return "yes", ", ".join(said)


def _accepted(_: Reply) -> tuple[Verdict, str]:
    return "yes", "accepted"


def _short(reply: Reply) -> tuple[Verdict, str]:
    if reply.tokens is not None and reply.tokens[1] > 2:
        return "no", f"2 tokens were asked for and {reply.tokens[1]} counted (reasoning may be among them)"
    if reply.finish_reason == "length":
        return "yes", "heeded: the answer ended for length"
    return "unknown", "accepted; whether it is heeded the answer does not show"


def _seed(asking: _Asking) -> Finding:
    """Draw twice with one seed and once with another: a seed that does nothing must not pass for one that works."""
    drawn = [asking.reply("seed", seed=seed, temperature=1.0) for seed in (1, 1, 2)]
    texts = []
    for reply in drawn:
        verdict, found = _told(reply, lambda reply: ("yes", reply.text))
        if verdict != "yes":
            return Finding("seed", verdict, found)
        texts.append(found)
    if texts[0] != texts[1]:
        return Finding("seed", "no", "accepted, but one seed gave two answers")
    if texts[0] == texts[2]:
        return Finding("seed", "unknown", "accepted; another seed gave the same answer, too")
    return Finding("seed", "yes", "heeded: one seed gave one answer, another seed another")


def _logprobs(reply: Reply) -> tuple[Verdict, str]:
    if not reply.logprobs:
        return "no", "accepted, but none were given"
    return "yes", f"given for {len(reply.logprobs)} tokens, {len(reply.logprobs[0].top)} likeliest each"


def _heeded(reply: Reply) -> tuple[Verdict, str]:
    if re.search(_WORD, reply.text, re.IGNORECASE):
        return "yes", "heeded"
    return "unknown", "accepted; whether it is heeded the answer does not show"


def _several(named: ModelName, asking: _Asking) -> Finding:
    """Ask for two answers in one call, where the adapter has an option for that; draws are separate calls anyway."""
    try:
        model = _connect(named, {"n": "2"})
    except UsageError:
        return Finding("n", "no", "not offered; draws are asked one by one")
    return Finding("n", *_told(asking.reply(model=model, temperature=1.0), _counted))


def _counted(reply: Reply) -> tuple[Verdict, str]:
    try:
        document = json.loads(reply.body or "")
    except ValueError:
        document = None
    found = (document.get("choices") or document.get("candidates")) if isinstance(document, dict) else None
    count = len(found) if isinstance(found, list) else 1
    return ("yes" if count == 2 else "no"), f"2 answers were asked for and {count} came"

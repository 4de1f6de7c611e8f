"""The adapters of services against fakes of their protocols that others made, and against documents as services send them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from forensics import registry
from forensics.adapters import Ask, Model, Reply
from forensics.errors import UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling
from tests.adapters import faults
from tests.adapters.faults import Act, Scripted
from tests.servers.fakes import serve

KEY = "sk-canary-77aa01c2d3e4"


class Protocol(NamedTuple):
    adapter: str
    path: str
    """Of the fakes, before what the adapter adds."""
    header: str
    options: Mapping[str, str] = MappingProxyType({})

    def connect(self, address: str, **options: str) -> Model:
        given = {
            "base_url": address + self.path,
            "key_env": "PROTOCOL_TEST_KEY",
            "timeout": "10",
            **self.options,
            **options,
        }
        return registry.load("adapters", self.adapter).connect("the-model", given)


PROTOCOLS = {
    "chat": Protocol("openai", "/v1", "Authorization"),
    "responses": Protocol("openai", "/v1", "Authorization", {"api": "responses"}),
    "anthropic": Protocol("anthropic", "/v1", "X-Api-Key"),
    "google": Protocol("google", "/v1beta", "X-Goog-Api-Key"),
}


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Protocol:
    monkeypatch.setenv("PROTOCOL_TEST_KEY", KEY)
    return PROTOCOLS[request.param]


def question(text: str, **sampling: object) -> Ask:
    return Ask(
        (Message(role="user", content=text),), completion=False, sampling=Sampling(**{"max_tokens": 9, **sampling})
    )


# --- against the fakes --------------------------------------------------------------------------------------------


def test_an_answer_is_text(protocol: Protocol, fakes: str) -> None:
    reply = protocol.connect(fakes).ask(question("hello"))
    assert (reply.state, reply.text, reply.finish_reason) == ("text", "Hello! How can I help you today? é 😀", "stop")
    assert reply.request_id
    assert reply.request_id.startswith("req-")
    assert reply.fault is None
    assert reply.body is not None
    assert isinstance(json.loads(reply.body), dict)


def test_who_answered_and_how_much_is_kept(protocol: Protocol, fakes: str) -> None:
    reply = protocol.connect(fakes).ask(question("snap"))
    assert reply.tokens == (3, 4)
    if protocol.adapter != "google":  # the fake names no model there
        assert reply.answered_as == "other-2024-11-20"
    if protocol == PROTOCOLS["chat"]:
        assert reply.fingerprint == "fp_abc"


def test_an_answer_cut_short_says_so_in_the_same_word_everywhere(protocol: Protocol, fakes: str) -> None:
    reply = protocol.connect(fakes).ask(question("long"))
    assert (reply.state, reply.text) == ("text", "and so on")
    if protocol != PROTOCOLS["responses"]:  # the fake gives no reason there
        assert reply.finish_reason == "length"


def test_what_is_filtered_is_no_text(protocol: Protocol, fakes: str) -> None:
    reply = protocol.connect(fakes).ask(question("filtered"))
    assert reply.state == ("failed" if protocol == PROTOCOLS["responses"] else "refused")


def test_half_a_character_comes_through(protocol: Protocol, fakes: str) -> None:
    reply = protocol.connect(fakes).ask(question("surrogate"))
    assert (reply.state, reply.text) == ("text", "half \ud83d of it")


def test_a_limit_is_waited_for_as_long_as_the_service_says(protocol: Protocol) -> None:
    with serve() as address:
        model = protocol.connect(address)
        limited, recovered = model.ask(question("limited")), model.ask(question("limited"))
    assert limited.fault is not None
    assert (limited.fault.kind, limited.fault.after, limited.fault.billed) == ("rate_limited", 1.0, False)
    assert limited.quota["requests"] == 0
    assert "Rate limit reached" in (limited.error or "")
    assert recovered.text == "recovered"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("overloaded", "rate_limited"), ("broken", "transient"), ("spent", "terminal"), ("refused key", "terminal")],
)
def test_faults_are_the_same_under_every_protocol(protocol: Protocol, fakes: str, text: str, kind: str) -> None:
    reply = protocol.connect(fakes).ask(question(text))
    assert (reply.state, reply.text) == ("failed", "")
    assert reply.fault is not None
    assert reply.fault.kind == kind


@pytest.mark.parametrize("chaos", ["--chaos-disconnect", "--chaos-malformed"])
def test_a_service_in_chaos_fails_and_may_have_charged(protocol: Protocol, chaos: str) -> None:
    with serve(chaos, "1") as address:
        reply = protocol.connect(address).ask(question("hello"))
    assert (reply.state, reply.text) == ("failed", "")
    assert reply.fault is not None
    assert (reply.fault.kind, reply.fault.billed) == ("transient", True)
    assert KEY not in repr(reply)


# --- what is sent -------------------------------------------------------------------------------------------------

FULL = Sampling(temperature=0.5, top_p=0.9, max_tokens=7, seed=3, system="Be brief.", logprobs=2)
TALK = (
    Message(role="system", content="You are old."),
    Message(role="user", content="Hi."),
    Message(role="assistant", content="Hm."),
    Message(role="user", content="So?"),
)
SENT: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "chat": (
        "/v1/chat/completions",
        {
            "model": "the-model",
            "messages": [{"role": "system", "content": "Be brief."}, *({"role": m.role, "content": m.content} for m in TALK)],
            "temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 3, "logprobs": True, "top_logprobs": 2,
        },
        set(),
    ),
    "responses": (
        "/v1/responses",
        {
            "model": "the-model", "instructions": "Be brief.", "store": False,
            "input": [{"role": m.role, "content": m.content} for m in TALK],
            "temperature": 0.5, "top_p": 0.9, "max_output_tokens": 7,
            "include": ["message.output_text.logprobs"], "top_logprobs": 2,
        },
        {"seed"},
    ),
    "anthropic": (
        "/v1/messages",
        {
            "model": "the-model",
            "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "You are old."}],
            "messages": [{"role": m.role, "content": m.content} for m in TALK[1:]],
            "temperature": 0.5, "top_p": 0.9, "max_tokens": 7,
        },
        {"seed", "logprobs"},
    ),
    "google": (
        "/v1beta/models/the-model:generateContent",
        {
            "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "You are old."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Hi."}]}, {"role": "model", "parts": [{"text": "Hm."}]},
                {"role": "user", "parts": [{"text": "So?"}]},
            ],
            "generationConfig": {
                "temperature": 0.5, "topP": 0.9, "maxOutputTokens": 7, "seed": 3, "responseLogprobs": True, "logprobs": 2,
            },
        },
        set(),
    ),
}  # fmt: skip


def address_of(server: Scripted) -> str:
    return server.url.removesuffix("/v1")


def test_everything_asked_for_is_sent_or_named_as_dropped(
    request: pytest.FixtureRequest, protocol: Protocol, server: Scripted
) -> None:
    path, body, dropped = SENT[next(name for name, known in PROTOCOLS.items() if known == protocol)]
    reply = protocol.connect(address_of(server)).ask(Ask(TALK, completion=False, sampling=FULL))
    [(seen_path, headers, seen)] = server.seen
    assert (seen_path, seen) == (path, body)
    assert KEY in {name.title(): value for name, value in headers.items()}[protocol.header]
    assert set(reply.dropped) == dropped
    assert all(reply.dropped.values())
    assert reply.request is not None
    assert reply.request["body"] == body
    assert (reply.request.get("model") or reply.request["body"]["model"]) == "the-model"
    assert KEY not in repr(reply.request)


def test_nothing_is_sent_that_was_not_asked_for(protocol: Protocol, server: Scripted) -> None:
    reply = protocol.connect(address_of(server)).ask(question("Hi."))
    sent = json.dumps(server.seen[0][2])
    for word in ("stop", "temperature", "top_p", "topP", "seed", "penalty", "logprobs", "system"):
        assert word not in sent
    assert reply.dropped == {}


def test_what_a_protocol_has_no_place_for_is_refused(protocol: Protocol, server: Scripted) -> None:
    model = protocol.connect(address_of(server))
    if protocol.adapter != "openai":
        with pytest.raises(UsageError, match="raw text"):
            model.ask(Ask(TALK[1:2], completion=True, sampling=Sampling(max_tokens=3)))
        with pytest.raises(UsageError, match="before the conversation"):
            model.ask(Ask((*TALK[1:], TALK[0]), completion=False, sampling=Sampling(max_tokens=3)))
    if protocol.adapter == "anthropic":
        with pytest.raises(UsageError, match="max_tokens"):
            model.ask(Ask(TALK, completion=False, sampling=Sampling()))
        with pytest.raises(UsageError, match="max_tokens"):
            protocol.connect(address_of(server), omit="max_tokens")
    assert server.seen == []


# --- what comes back, as services send it -------------------------------------------------------------------------


class Told(NamedTuple):
    protocol: str
    act: Act
    state: str
    text: str = ""
    kind: str | None = None


def gemini(**fields: object) -> Act:
    return faults.document({"candidates": [fields], "usageMetadata": {"promptTokenCount": 3, "thoughtsTokenCount": 5}})


DOCUMENTS = {
    "a thought is no answer": Told(
        "anthropic",
        faults.document({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes."}],
                         "stop_reason": "end_turn"}),
        "text", "Yes.",
    ),
    "refusal of Anthropic": Told(
        "anthropic", faults.document({"content": [{"type": "text", "text": "Ha"}], "stop_reason": "refusal"}), "refused", "Ha"
    ),
    "nothing of Anthropic": Told("anthropic", faults.document({"content": [], "stop_reason": "end_turn"}), "empty"),
    "error in an answer of Anthropic": Told(
        "anthropic", faults.document({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}),
        "failed", kind="transient",
    ),
    "content of no known kind": Told(
        "anthropic", faults.document({"content": [{"type": "text", "text": 5}]}), "failed", kind="transient"
    ),
    "no content": Told("anthropic", faults.document({"type": "message"}), "failed", kind="transient"),
    "a thought of Gemini": Told(
        "google", gemini(content={"parts": [{"text": "hm", "thought": True}, {"text": "Yes."}]}, finishReason="STOP"),
        "text", "Yes.",
    ),
    "prompt blocked": Told("google", faults.document({"promptFeedback": {"blockReason": "SAFETY"}}), "refused"),
    "answer blocked": Told("google", gemini(finishReason="PROHIBITED_CONTENT"), "refused"),
    "nothing but thoughts": Told("google", gemini(content={"role": "model"}, finishReason="MAX_TOKENS"), "empty"),
    "no candidates": Told("google", faults.document({"candidates": []}), "failed", kind="transient"),
    "wrong key of Gemini": Told(
        "google",
        faults.document({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
                                   "details": [{"reason": "API_KEY_INVALID"}]}}, status=400),
        "failed", kind="terminal",
    ),
    "wait of Gemini": Told(
        "google",
        faults.document([{"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED",
                                    "details": [{"retryDelay": "37s"}]}}], status=429),
        "failed", kind="rate_limited",
    ),
    "reasoning of responses": Told(
        "responses",
        faults.document({"status": "completed", "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "Yes."}]}]}),
        "text", "Yes.",
    ),
    "refusal of responses": Told(
        "responses",
        faults.document({"status": "completed", "output": [
            {"type": "message", "content": [{"type": "refusal", "refusal": "I won't."}]}]}),
        "refused", "I won't.",
    ),
    "filtered response": Told(
        "responses",
        faults.document({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": []}), "refused",
    ),
    "failed response": Told(
        "responses", faults.document({"status": "failed", "error": {"code": "server_error", "message": "x"}, "output": []}),
        "failed", kind="transient",
    ),
    "no output": Told("responses", faults.document({"status": "completed"}), "failed", kind="transient"),
    "flagged by OpenRouter": Told(
        "chat",
        faults.document({"error": {"code": 403, "message": "Flagged.", "metadata": {"flagged_input": "x"}}}, status=403),
        "refused",
    ),
    "withheld by DashScope": Told("chat", faults.error(400, "Inappropriate.", "data_inspection_failed"), "refused"),
    "limit in an answer": Told(
        "chat", faults.document({"error": {"code": 429, "message": "Slow down."}}), "failed", kind="rate_limited"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_is_what_it_is(case: str, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROTOCOL_TEST_KEY", KEY)
    told = DOCUMENTS[case]
    server.script = [told.act]
    reply: Reply = PROTOCOLS[told.protocol].connect(address_of(server)).ask(question("x"))
    assert (reply.state, reply.text) == (told.state, told.text)
    assert (reply.fault.kind if reply.fault else None) == told.kind
    if case == "wait of Gemini":
        assert reply.fault is not None
        assert reply.fault.after == 37
    if case == "a thought of Gemini":
        assert reply.tokens == (3, 5), "thoughts are charged"


def test_log_probabilities_are_read(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROTOCOL_TEST_KEY", KEY)
    chat = {"content": [{"token": "Ye", "logprob": -0.5, "top_logprobs": [{"token": "No", "logprob": -1.5},
                                                                          {"token": "Ye", "logprob": -0.5}]}]}  # fmt: skip
    older = {"tokens": ["Ye"], "token_logprobs": [-0.5], "top_logprobs": [{"No": -1.5, "Ye": -0.5}]}
    places = [{"token": "Ye", "logprob": -0.5, "top_logprobs": chat["content"][0]["top_logprobs"]}]
    answers: dict[str, Act] = {
        "chat": faults.choice(message={"content": "Ye"}, logprobs=chat),
        "completion": faults.choice(text="Ye", logprobs=older),
        "responses": faults.document({"status": "completed", "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "Ye", "logprobs": places}]}]}),
        "google": gemini(content={"parts": [{"text": "Ye"}]}, finishReason="STOP", logprobsResult={
            "chosenCandidates": [{"token": "Ye", "logProbability": -0.5}],
            "topCandidates": [{"candidates": [{"token": "Ye", "logProbability": -0.5},
                                              {"token": "No", "logProbability": -1.5}]}]}),
    }  # fmt: skip
    for name, act in answers.items():
        server.script = [act]
        server.seen.clear()
        model = PROTOCOLS["chat" if name == "completion" else name].connect(address_of(server))
        ask = Ask(TALK[1:2], completion=name == "completion", sampling=Sampling(logprobs=2))
        [found] = model.ask(ask).logprobs or ()
        assert (found.token, found.logprob, found.top) == ("Ye", -0.5, (("Ye", -0.5), ("No", -1.5))), name


@pytest.mark.parametrize(
    "found",
    [None, [], {}, {"content": []}, {"content": [5]}, {"content": [{"token": 5, "logprob": -1}]},
     {"content": [{"token": "a", "logprob": None}]}, {"tokens": ["a"], "token_logprobs": [None]},
     {"tokens": ["a"], "token_logprobs": []}],
)  # fmt: skip
def test_odd_log_probabilities_are_left_out(found: object, server: Scripted) -> None:
    server.script = [faults.choice(message={"content": "x"}, logprobs=found)]
    reply = PROTOCOLS["chat"].connect(address_of(server)).ask(question("x"))
    assert (reply.state, reply.logprobs) == ("text", None)


def test_rounding_and_the_logarithm_of_nothing(server: Scripted) -> None:
    server.script = [faults.raw(200, json.dumps({"choices": [{"message": {"content": "x"}, "logprobs": {"content": [
        {"token": "x", "logprob": 1e-9, "top_logprobs": [{"token": "y", "logprob": float("-inf")}]}]}}]}).encode())]  # fmt: skip
    [found] = PROTOCOLS["chat"].connect(address_of(server)).ask(question("x")).logprobs or ()
    assert (found.logprob, found.top) == (0.0, (("y", -9999.0),))


# --- secrets ------------------------------------------------------------------------------------------------------

ECHOES: dict[str, Act] = {
    "answer": faults.document({
        "choices": [{"message": {"content": KEY}, "finish_reason": KEY}], "model": KEY, "system_fingerprint": KEY, "id": KEY,
        "content": [{"type": "text", "text": KEY}], "stop_reason": KEY,
        "output": [{"type": "message", "content": [{"type": "output_text", "text": KEY}]}], "status": KEY,
        "candidates": [{"content": {"parts": [{"text": KEY}]}, "finishReason": KEY}], "modelVersion": KEY, "responseId": KEY,
    }, x_request_id=KEY, request_id=KEY),
    "escaped": faults.raw(500, b'{"error": {"message": "%s"}}' % "".join(f"\\u{ord(c):04x}" for c in KEY).encode()),
    "error": faults.error(401, f"Incorrect API key: {KEY}", KEY),
    "bad request": faults.document({"error": {"message": KEY, "code": KEY, "param": KEY, "status": KEY}}, status=400),
    "limit": faults.error(429, KEY, retry_after=KEY, x_ratelimit_remaining_requests=KEY),
    "page": faults.raw(502, f"<p>{KEY}</p>".encode()),
    "redirect": faults.raw(302, b"", location=f"http://x.test/{KEY}"),
    "cut short": faults.raw(200, KEY.encode(), length=500),
    "hung up": faults.reset,
    "error in an answer": faults.document({"error": {"message": KEY, "code": 400}, "type": "error"}),
}  # fmt: skip


@pytest.mark.parametrize("case", ECHOES)
def test_a_key_leaves_in_nothing_under_any_protocol(protocol: Protocol, case: str, server: Scripted) -> None:
    server.script = [ECHOES[case]]
    model = protocol.connect(address_of(server))
    reply = model.ask(question("Hi."))
    assert KEY in repr(server.seen[0][1]), "it was sent"
    assert "canary" not in repr(reply) + repr(dict(model.notes)) + model.endpoint
    if case == "answer":
        assert reply.state in ("text", "failed")
    else:
        assert (reply.state, reply.text) == ("failed", "")

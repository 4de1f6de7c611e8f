"""What every adapter must keep: it connects by name, says what came back, and knows no more."""

from __future__ import annotations

import json
import math
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from forensics import registry
from forensics.adapters import Ask, Reply
from forensics.errors import ForensicsError, UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling
from tests.servers import llamacpp

RECORDING = Path(__file__).parent / "recordings" / "alpaca_eval.json"
REAL_NAMES = {"command": "cat", "demo": "alder", "replay": str(RECORDING)}
"""Models that can be asked on the spot."""
SERVICES = ("openai", "anthropic", "google")
"""Adapters of services: asked over HTTP, of a server that says the same thing in all protocols at once."""
NAMES = registry.names("adapters")
CANARY = "canary-contract-93be01aa"


class _Everything(BaseHTTPRequestHandler):
    """Answers every question in every protocol: the same text, chosen by the question."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        text = f"An answer to {len(asked)} bytes."
        content = [{"type": "text", "text": text}]
        body = json.dumps({
            "choices": [{"message": {"content": text}, "text": text, "finish_reason": "stop"}],
            "content": content, "stop_reason": "end_turn",
            "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}],
        }).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def everything() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Everything) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


@pytest.fixture(params=[pytest.param(n, marks=[pytest.mark.slow] if n == "huggingface" else []) for n in NAMES])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reachable(name: str, everything: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Mapping[str, str]]:
    """A model of the adapter that answers, with its options."""
    if name in SERVICES:
        monkeypatch.setenv("CONTRACT_TEST_KEY", CANARY)
        return "m", {"base_url": everything, "key_env": "CONTRACT_TEST_KEY"}
    if name == "huggingface":
        return str(llamacpp.folder() / "A"), {}
    assert name in REAL_NAMES, f"the adapter {name} has no model here that it can be tested with"
    return REAL_NAMES[name], {}


def ask(text: str, **sampling: object) -> Ask:
    return Ask((Message(role="user", content=text),), completion=False, sampling=Sampling(**sampling))


def test_it_says_what_it_asks(name: str) -> None:
    plugin = registry.load("adapters", name)
    assert plugin.__doc__
    assert 10 < len(plugin.SUMMARY) < 110
    assert callable(plugin.connect)


def test_names_it_offers_can_be_connected(name: str) -> None:
    plugin = registry.load("adapters", name)
    for offered in getattr(plugin, "known", list)()[:3]:
        assert dict(plugin.connect(offered, {}).notes) is not None


@pytest.mark.parametrize("hostile", ["", "../../etc/passwd", "\x00", "no such model", "\u202e", "x" * 10_000])
def test_unknown_models_are_refused_with_our_own_error(name: str, hostile: str) -> None:
    """Or with the system's, which the command line explains as well; anything else would be called an internal fault."""
    with pytest.raises((ForensicsError, OSError)):
        registry.load("adapters", name).connect(hostile, {}).ask(ask("hello"))


def test_unknown_options_are_refused(name: str, reachable: tuple[str, Mapping[str, str]]) -> None:
    model, options = reachable
    with pytest.raises(UsageError, match="nonsense"):
        registry.load("adapters", name).connect(model, {**options, "nonsense": "1"})


def test_it_connects_without_asking_and_says_how_it_may_be_asked(
    name: str, reachable: tuple[str, Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something was sent"))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("something was started"))
    model = registry.load("adapters", name).connect(*reachable)
    assert model.endpoint
    assert model.parallel >= 1
    assert isinstance(model.cacheable, bool)
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in model.notes.items())
    assert CANARY not in repr(dict(model.notes)) + model.endpoint
    if hasattr(model, "ask_many"):
        assert model.batch >= 1


def test_what_cannot_be_sent_is_named(name: str, reachable: tuple[str, Mapping[str, str]]) -> None:
    """Everything that is asked for is sent, or stands among what was dropped, with a reason."""
    everything = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 5, "seed": 3, "logprobs": 2}
    reply = registry.load("adapters", name).connect(*reachable).ask(ask("Name a bird.", **everything))
    assert set(reply.dropped) <= {*everything, "system"}
    assert all(reply.dropped.values())
    if name not in ("demo", "replay"):  # they keep no request: nothing travels
        assert reply.request is not None
        sent = json.dumps(reply.request).lower()
        for parameter, value in everything.items():
            assert parameter in reply.dropped or str(value) in sent, parameter
    assert CANARY not in repr(reply)


@pytest.mark.parametrize("text", ["Name a } bird.", "", "\x00", "\u202e", "x" * 100_000, "\U0010ffff"])
def test_it_answers_any_prompt_with_a_reply(name: str, text: str, reachable: tuple[str, Mapping[str, str]]) -> None:
    reply = registry.load("adapters", name).connect(*reachable).ask(ask(text, seed=1, max_tokens=5))
    assert isinstance(reply, Reply)
    assert reply.state in ("text", "empty", "refused", "failed")
    assert (reply.state == "text") == bool(reply.text.strip())
    assert (reply.state == "failed") == (reply.fault is not None) == bool(reply.error)


def test_the_same_seed_gives_the_same_answer(name: str, reachable: tuple[str, Mapping[str, str]]) -> None:
    connect = registry.load("adapters", name).connect
    asked = ask("Name a } bird.", seed=3, temperature=0.7, max_tokens=20)
    replies = [connect(*reachable).ask(asked) for _ in range(2)]
    assert replies[0] == replies[1]


def test_replay_gives_the_draw_asked_for_and_says_where_there_is_none() -> None:
    model = registry.load("adapters", "replay").connect(str(RECORDING.parent / "zero_eval.json"), {})
    replies = [model.ask(replace(ask("How much is 2 and 2?"), draw=draw)) for draw in (0, 1, 2)]
    assert [reply.text for reply in replies] == ["The answer is 4.", "5", ""]
    assert [reply.state for reply in replies] == ["text", "text", "failed"]


def test_demo_answers_hang_on_the_seed() -> None:
    model = registry.load("adapters", "demo").connect("alder", {})
    assert len({model.ask(ask("The river", seed=seed)).text for seed in range(5)}) > 2


@pytest.mark.parametrize("text", ["the same", "", " ", "a\u202e\x00\U0010ffff", "word " * 3000])
def test_a_model_that_scores_text_gives_every_text_its_own_number(
    name: str, reachable: tuple[str, Mapping[str, str]], text: str
) -> None:
    connect = registry.load("adapters", name).connect
    if not hasattr(connect(*reachable), "score"):
        pytest.skip(f"{name} cannot score text")
    asked, texts = [ask("Return the")] * 3, [text, "value of the object", text]
    found = list(connect(*reachable).score(asked, texts))
    assert all(math.isfinite(value) and value <= 0 for value in found)
    assert found[0] == found[2]
    assert found == list(reversed(connect(*reachable).score(asked, list(reversed(texts)))))
    assert found[1] < 0
    if not text:
        assert found[0] == 0

"""The adapter for OpenAI's protocol against a server that answers well, badly or not at all.

A check against real models is made by hand, since it needs packages that the project does not: train small models, serve
them with llama.cpp's server on loopback, and run

    forensics probe 'openai:A?base_url=http://127.0.0.1:PORT/v1' --probes standard --max-tokens 32 -o a.jsonl
    forensics probe 'openai:A?base_url=http://127.0.0.1:PORT/v1' --probes continuations --max-tokens 32 --temperature 0 -o a.jsonl

for A, for B trained further from A, and for others trained apart from both; `forensics compare` on the transcripts must
put B nearer to A than any of the others.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result

from forensics import http, registry
from forensics.adapters import Ask, Model, Reply
from forensics.cli import main
from forensics.errors import UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling
from tests.adapters import faults
from tests.adapters.faults import Act, Scripted

KEY = 'sk-canary/41"7f\\b2+9=d0'
"""With characters that JSON and web addresses write in other ways."""
OPTIONS = {"key_env": "ADAPTER_TEST_KEY", "timeout": "5"}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADAPTER_TEST_KEY", KEY)


def connect(server: Scripted, **options: str) -> Model:
    return registry.load("adapters", "openai").connect("org/m:8b", {"base_url": server.url, **OPTIONS, **options})


def question(text: str = "Is it?", *, completion: bool = False, **sampling: object) -> Ask:
    return Ask((Message(role="user", content=text),), completion=completion, sampling=Sampling(**sampling))


def asked(server: Scripted, act: Act, **options: str) -> Reply:
    server.script = [act]
    return connect(server, **options).ask(question())


# --- what is sent -------------------------------------------------------------------------------------------------


def test_what_was_asked_for_is_sent_and_nothing_else(server: Scripted) -> None:
    reply = connect(server).ask(question("Ünï \ud83d?", temperature=0.0, max_tokens=7, seed=3, system="Be brief."))
    [(path, headers, body)] = server.seen
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "org/m:8b",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Ünï \ufffd?"}],
        "temperature": 0.0, "max_tokens": 7, "seed": 3,
    }  # fmt: skip
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert reply.request is not None
    assert reply.request["url"] == f"{server.url}/chat/completions"
    assert reply.request["absent"] == ["top_p"]


def test_nothing_asked_for_nothing_sent(server: Scripted) -> None:
    reply = connect(server).ask(question())
    assert set(server.seen[0][2]) == {"model", "messages"}
    assert reply.request is not None
    assert reply.request["body"] == server.seen[0][2]
    assert reply.request["absent"] == ["temperature", "top_p", "max_tokens", "seed"]


def test_a_prefix_is_completed_raw(server: Scripted) -> None:
    server.script = [faults.choice(text=" and so on", finish_reason="length")]
    reply = connect(server).ask(question("Once", completion=True, max_tokens=4, top_p=0.5))
    assert (server.seen[0][0], server.seen[0][2]) == (
        "/v1/completions", {"model": "org/m:8b", "prompt": "Once", "max_tokens": 4, "top_p": 0.5},
    )  # fmt: skip
    assert (reply.state, reply.text, reply.finish_reason) == ("text", " and so on", "length")
    with pytest.raises(UsageError, match="no system prompt"):
        connect(server).ask(question(completion=True, system="x"))


def test_parameters_are_left_out_or_renamed_only_where_told(server: Scripted) -> None:
    model = connect(server, omit="seed", max_tokens_field="max_completion_tokens")
    reply = model.ask(question(max_tokens=5, seed=1))
    assert set(server.seen[0][2]) == {"model", "messages", "max_completion_tokens"}
    assert reply.dropped == {"seed": "left out by the option omit"}
    assert model.notes["omitted"] == "seed"
    assert model.ask(question(max_tokens=5)).dropped == {}, "what was not asked for is not dropped"


def test_a_local_server_needs_no_key(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADAPTER_TEST_KEY")
    assert connect(server).ask(question()).state == "text"
    assert "Authorization" not in server.seen[0][1]


# --- what comes back ----------------------------------------------------------------------------------------------


def test_what_came_back_is_kept(server: Scripted) -> None:
    reply = connect(server).ask(question())
    assert (reply.state, reply.text, reply.finish_reason, reply.tokens) == ("text", "Yes.", "stop", (3, 2))
    assert reply.body is not None
    assert json.loads(reply.body)["model"] == "m-0613"
    assert json.loads(reply.body)["system_fingerprint"] == "fp_1"
    assert reply.request_id == "chat-1"
    server.script = [faults.document({"choices": [{"message": {"content": "x"}}]}, x_request_id="req-9")]
    assert connect(server).ask(question()).request_id == "req-9"


STATES = {
    "text is kept as it is": (faults.answer(" Yes.\n"), "text", " Yes.\n"),
    "nothing": (faults.answer(None, "length"), "empty", ""),
    "blanks": (faults.answer(" \n"), "empty", ""),
    "filtered": (faults.answer("Half an ans", "content_filter"), "refused", "Half an ans"),
    "refusal": (faults.choice(message={"content": None, "refusal": "I won't."}), "refused", "I won't."),
    "filtered before": (faults.error(400, "The prompt was filtered.", "content_filter"), "refused", ""),
    "parts": (
        faults.choice(message={"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes."}]}),
        "text",
        "Yes.",
    ),
    "reasoning is no answer": (faults.choice(message={"content": "", "reasoning_content": "hm"}), "empty", ""),
}


@pytest.mark.parametrize("case", STATES)
def test_an_answer_is_text_empty_or_refused(server: Scripted, case: str) -> None:
    act, state, text = STATES[case]
    reply = asked(server, act)
    assert (reply.state, reply.text) == (state, text)
    assert reply.body


FAILURES: dict[str, tuple[Act, str]] = {
    "slow down": (faults.error(429, "Slow down.", retry_after="7"), r"HTTP 429: Slow down. \(asks to wait 7 s\)"),
    "their fault": (faults.error(500, "Oops."), "HTTP 500: Oops."),
    "page instead of JSON": (faults.raw(502, b"<html>Bad\n gateway</html>"), "HTTP 502: <html>Bad gateway"),
    "empty error": (faults.raw(503, b""), "HTTP 503: no words"),
    "too long a prompt": (faults.error(400, "Too long."), "HTTP 400: Too long."),
    "cut short": (faults.raw(200, b'{"choices": [', length=500), "cut short"),
    "cut short in chunks": (faults.chunked_and_cut, "cut short"),
    "cut short, but whole to look at": (faults.raw(200, b"{}", length=3), "cut short"),
    "no JSON": (faults.raw(200, b"Service is up"), "no JSON object"),
    "JSON, but no object": (faults.raw(200, b"[1]"), "no JSON object"),
    "too deep": (faults.raw(200, b"[" * 100_000), "no JSON object"),
    "no UTF-8": (faults.raw(200, b'{"choices": [{"text": "\xff"}]}'), "no JSON object"),
    "no choices": (faults.document({"choices": []}), "no choices"),
    "error with status 200": (faults.document({"error": {"message": "Upstream died."}}), "Upstream died"),
    "content of no known kind": (faults.choice(message={"content": 5}), "neither text"),
    "ended by an error": (faults.choice(message={"content": "Ye"}, finish_reason="error"), "service reports"),
    "hung up": (faults.reset, "closed the connection"),
    "silence": (faults.silent, "no answer within"),
    "a byte now and then": (faults.dripping, "no answer within"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_never_text(server: Scripted, case: str) -> None:
    act, error = FAILURES[case]
    reply = asked(server, act, timeout="0.4")
    assert (reply.state, reply.text) == ("failed", "")
    assert reply.error
    assert re.search(error, reply.error), reply.error
    assert reply.request
    assert len(server.seen) == 1, "asked again"
    assert reply.fault is not None
    assert reply.fault.remedy


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": 1}, {"prompt_tokens": 1.5, "completion_tokens": -1}])
def test_odd_counts_of_tokens_are_left_out(server: Scripted, usage: object) -> None:
    server.script = [faults.document({"choices": [{"message": {"content": "x"}}], "usage": usage, "id": 3})]
    reply = connect(server).ask(question())
    assert (reply.state, reply.tokens, reply.request_id) == ("text", None, None)


# --- what kind of fault it is --------------------------------------------------------------------------------------

KINDS: dict[str, tuple[Act, str, bool]] = {
    "redirect": (faults.raw(302, b"", location="http://elsewhere.test"), "terminal", False),
    "wrong key": (faults.error(401, "Incorrect API key."), "terminal", False),
    "unpaid": (faults.error(402, "Pay."), "terminal", False),
    "forbidden": (faults.error(403, "Not yours."), "terminal", False),
    "unknown model": (faults.error(404, "No such model."), "terminal", False),
    "unknown model, called a bad request": (faults.error(400, "No such model.", "model_not_found"), "terminal", False),
    "quota spent": (faults.error(429, "Pay.", "insufficient_quota"), "terminal", False),
    "in debt": (faults.error(400, "Pay.", "Arrearage"), "terminal", False),
    "bad parameter": (faults.error(400, "Unsupported parameter."), "bad_request", False),
    "too large": (faults.error(413, "Too large."), "bad_request", False),
    "unprocessable": (faults.error(422, "Unprocessable."), "bad_request", False),
    "not implemented": (faults.error(501, "Not here."), "bad_request", False),
    "slow down": (faults.error(429, "Slow down.", "rate_limit_exceeded"), "rate_limited", False),
    "overloaded": (faults.error(529, "Overloaded.", "overloaded_error"), "rate_limited", False),
    "busy until": (faults.error(503, "Busy.", retry_after="2"), "rate_limited", False),
    "busy": (faults.error(503, "Busy."), "transient", False),
    "their fault": (faults.error(500, "Oops."), "transient", False),
    "gateway gave up": (faults.error(504, "Too slow."), "transient", True),
    "hung up": (faults.reset, "transient", True),
    "cut short": (faults.raw(200, b'{"choices": [', length=500), "transient", True),
    "silence": (faults.silent, "transient", True),
    "no JSON": (faults.raw(200, b"Service is up"), "transient", True),
    "died in the middle": (faults.document({"error": {"message": "Upstream died."}}), "transient", True),
}


@pytest.mark.parametrize("case", KINDS)
def test_a_fault_is_classified(server: Scripted, case: str) -> None:
    act, kind, billed = KINDS[case]
    reply = asked(server, act, timeout="0.4")
    assert reply.state == "failed"
    assert reply.fault is not None
    assert (reply.fault.kind, reply.fault.billed) == (kind, billed)
    assert len(server.seen) == 1
    if case in ("wrong key", "forbidden"):
        assert "ADAPTER_TEST_KEY" in reply.fault.remedy


def test_a_server_that_is_not_there_may_come_back_but_a_name_nobody_knows_does_not(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kinds = {
        f"127.0.0.1:{port}": "transient",
        f"localhost:{port}": "transient",
        "no..name": "terminal",
        "unknown.test": "terminal",
    }
    for host, kind in kinds.items():
        if host == "unknown.test":
            monkeypatch.setattr(socket, "getaddrinfo", _unknown_name)  # nothing but loopback is asked for names
        reply = connect(server, base_url=f"https://{host}/v1", timeout="3").ask(question())
        assert "cannot be reached" in (reply.error or "")
        assert reply.fault is not None
        assert (reply.fault.kind, reply.fault.billed) == (kind, False)


def _unknown_name(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def probe(server: Scripted, out: Path, *arguments: str, **options: str) -> Result:
    query = "&".join(f"{k}={quote(v, safe='')}" for k, v in {"base_url": server.url, **OPTIONS, **options}.items())
    return CliRunner().invoke(main, ["probe", f"openai:m:8b?{query}", "--probes", "quick", "-o", str(out), *arguments])


def test_a_wrong_key_costs_one_call(server: Scripted, tmp_path: Path) -> None:
    server.script = [faults.error(401, "Incorrect API key.")]
    done = probe(server, tmp_path / "t.jsonl")
    assert done.exit_code == 3
    assert "Incorrect API key." in done.stderr
    assert len(server.seen) == 1


def test_what_failed_is_asked_again_and_nothing_else(server: Scripted, tmp_path: Path) -> None:
    server.script = [faults.answer("One."), faults.error(503, "Busy."), faults.reset, faults.answer("Two.")]
    assert probe(server, tmp_path / "t.jsonl").exit_code == 0
    first = len(server.seen)
    questions = len((tmp_path / "t.jsonl").read_text().splitlines()) - 1
    assert first == questions + 2
    done = probe(server, tmp_path / "t.jsonl")
    assert done.exit_code == 0
    assert len(server.seen) == first
    assert "2 answered after a retry" in done.stderr


# --- connections --------------------------------------------------------------------------------------------------


def test_one_connection_serves_many_calls(server: Scripted) -> None:
    model = connect(server)
    assert {model.ask(question()).state for _ in range(20)} == {"text"}
    assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_loses_no_call(server: Scripted) -> None:
    server.script = [faults.hang_up_after(faults.answer("Yes."))]
    model = connect(server)
    for _ in range(5):
        assert model.ask(question()).state == "text"
        server.wait_until_closed()
    assert (server.connections, len(server.seen)) == (5, 5)


def test_threads_do_not_get_one_anothers_answers(server: Scripted) -> None:
    server.script = [lambda handler: faults.answer(server_echo(handler))(handler)]
    model = connect(server)
    wrong: list[str] = []

    def work(name: str) -> None:
        wrong.extend(t for n in range(20) if (t := f"{name}-{n}") != model.ask(question(t)).text)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert server.connections <= 4


def server_echo(handler: faults.Handler) -> str:
    return str(handler.asked["messages"][0]["content"])


# --- secrets ------------------------------------------------------------------------------------------------------

ECHOES: dict[str, Act] = {
    "text": faults.answer(f"Your key is {KEY}."),
    "hidden by escapes": faults.raw(
        200, b'{"choices": [{"message": {"content": "%s"}}]}' % "".join(f"\\u{ord(c):04x}" for c in KEY).encode()
    ),
    "header": faults.document({"choices": [{"message": {"content": "x"}}]}, x_request_id=KEY),
    "reason": faults.choice(message={"content": "x"}, finish_reason=KEY),
    "address": faults.raw(500, f"https://x.test/?key={quote(KEY, safe='')}".encode()),
    "error": faults.error(500, "x" * 385 + KEY),
    "page": faults.raw(200, f"<p>{KEY}</p>".encode()),
    "no UTF-8": faults.raw(200, f"\xff{KEY}".encode("latin-1")),
    "refused": faults.error(401, f"Incorrect API key: {KEY}"),
    "no such model": faults.error(404, f"Bearer {KEY} may not"),
    "redirect": faults.raw(302, b"", location=f"http://x.test/{quote(KEY)}"),
    "hung up": faults.reset,
    "no HTTP": lambda handler: handler.wfile.write(f"{KEY} 200\r\n\r\n".encode()) and None,
}


def leaks(text: str) -> bool:
    """Whether the key, or more than a prefix that all keys share, stands in a text in any of its spellings."""
    return any(part in text for part in ("canary", quote(KEY, safe="")[:10], "7f\\\\b2", "\\u0063\\u0061"))


@pytest.mark.parametrize("case", ECHOES)
def test_a_key_leaves_in_nothing(
    server: Scripted, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FORENSICS_DEBUG", "1")
    server.script = [ECHOES[case]]
    done = probe(server, tmp_path / "t.jsonl", timeout="2")
    assert server.seen[0][1]["Authorization"].endswith(KEY)
    shown = done.output + caplog.text
    if done.exc_info:
        shown += "".join(traceback.format_exception(*done.exc_info))
    shown += "".join(path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file())
    assert not leaks(shown)
    assert not leaks(repr(connect(server).ask(question())))


def test_the_leak_finder_finds_leaks() -> None:
    assert all(map(leaks, [KEY, json.dumps(KEY), quote(KEY, safe=""), repr(KEY), KEY[:9]]))


def test_a_placeholder_for_a_key_spoils_no_answer(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADAPTER_TEST_KEY", "EMPTY")
    server.script = [faults.answer("EMPTY set")]
    assert connect(server).ask(question()).text == "EMPTY set"


# --- used wrongly -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("m", {"base_url": "https://x.test/v1", "key_env": "NO_SUCH_KEY"}, "NO_SUCH_KEY"),
        ("m", {"base_url": "http://127.0.0.1.x.test/v1", "key_env": "NO_SUCH_KEY"}, "NO_SUCH_KEY"),
        ("m", {"base_url": "http://x.test/v1"}, "unencrypted"),
        ("m", {"base_url": "https://user:hunter22@x.test/v1"}, "user name or password"),
        ("m", {"base_url": "https://x.test/v1?key=1"}, "web address"),
        ("m", {"base_url": "file:///etc/passwd"}, "web address"),
        ("m", {"base_url": "https://x.test:99999"}, "cannot be read"),
        ("m", {"base_url": "https://x .test"}, "web address"),
        ("m", {"base_url": ""}, "web address"),
        ("m", {"timeout": "nan"}, "timeout"),
        ("m", {"timeout": "-1"}, "timeout"),
        ("m", {"omit": "stop"}, "omit"),
        ("m", {"max_tokens_field": "n"}, "max_tokens_field"),
        ("m", {"nonsense": "1"}, "nonsense"),
        ("", {}, "name"),
        ("m\x00", {}, "name"),
        ("../m", {}, "name"),
        ("no such model", {}, "name"),
    ],
)
def test_it_says_what_was_used_wrongly(name: str, options: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        registry.load("adapters", "openai").connect(name, options)
    assert refused.value.remedy
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize("key", ["sk-canary-12345\n", "sk-canary 12345", "sk-cänary-12345"])
def test_a_malformed_key_is_refused_without_being_shown(
    key: str, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADAPTER_TEST_KEY", key)
    with pytest.raises(UsageError, match="ADAPTER_TEST_KEY") as refused:
        connect(server)
    assert "12345" not in str(refused.value)


def test_a_missing_key_ends_before_anything_is_written(server: Scripted, tmp_path: Path) -> None:
    done = probe(server, tmp_path / "t.jsonl", base_url="https://x.test/v1", key_env="NO_SUCH_KEY")
    assert done.exit_code == 2
    assert "NO_SUCH_KEY" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("http://127.0.0.1:1", True), ("http://[::1]:1/v1", True), ("http://localhost", True),
     ("http://127.0.0.1.x.test", False), ("https://x.test", False), ("http://10.0.0.1", False)],
)  # fmt: skip
def test_what_is_on_this_machine(url: str, *, loopback: bool) -> None:
    assert http.base(url).loopback is loopback

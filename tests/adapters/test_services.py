"""Services as rows of a data file: each is asked by its own name, in its own words, and with its own key only."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics import http, naming, registry, services
from forensics.adapters import Ask, Model, _keys
from forensics.cli import main
from forensics.errors import BadFile, UnknownName, UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling
from tests.adapters import faults
from tests.adapters.faults import Scripted

FULL = Sampling(temperature=0.5, top_p=0.9, max_tokens=7, seed=3, logprobs=2)
EXPECTED = {
    "dashscope", "openrouter", "together", "fireworks", "groq", "deepseek", "mistral", "vllm", "ollama", "llamacpp", "lmstudio",
}  # fmt: skip


def connect(name: str, server: Scripted, monkeypatch: pytest.MonkeyPatch, **options: str) -> Model:
    """Connect as the command line does, but to a server on loopback."""
    query = "&".join(f"{key}={value}" for key, value in {"service": name, "base_url": server.url, **options}.items())
    found = naming.parse(f"{name}:some/model:8b?{query}")
    if variable := services.find(name).key_env:
        monkeypatch.setenv(variable, f"sk-canary-{name}-key")
    return registry.load("adapters", found.adapter).connect(found.name, found.options)


def question(*, completion: bool = False, sampling: Sampling = FULL) -> Ask:
    return Ask((Message(role="user", content="Is it?"),), completion=completion, sampling=sampling)


def test_all_that_were_promised_are_there() -> None:
    assert set(services.names()) >= EXPECTED
    assert not set(services.names()) & (set(registry.names("adapters")) - {"openai"})


@pytest.mark.parametrize("name", services.names())
def test_a_service_gets_what_it_takes_in_its_own_words(
    name: str, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = services.find(name)
    server.script = [faults.answer("Yes.")]
    reply = connect(name, server, monkeypatch).ask(question())
    [(path, headers, body)] = server.seen
    assert path == "/v1/chat/completions"
    assert ("Authorization" in headers) == bool(row.key_env)
    if row.key_env:
        assert headers["Authorization"] == f"Bearer sk-canary-{name}-key"
    assert dict(reply.dropped) == row.refuses
    called = {"max_tokens": row.limit, **row.fields}
    for parameter in ("temperature", "top_p", "max_tokens", "seed"):
        assert (body.get(called.get(parameter, parameter)) == getattr(FULL, parameter)) == (
            parameter not in row.refuses
        )
    if "logprobs" in row.refuses:
        assert not {"logprobs", "top_logprobs"} & set(body)
    else:
        assert body["logprobs"] == (2 if row.logprobs == "count" else True)
        assert body.get("top_logprobs") == (None if row.logprobs == "count" else 2)
    known = {"model", "messages", "temperature", "top_p", "seed", "logprobs", "top_logprobs", row.limit}
    assert set(body) <= known | set(row.fields.values()) | set(row.sends)
    assert body["model"] == "some/model:8b"


@pytest.mark.parametrize("name", services.names())
def test_an_endpoint_that_is_not_offered_is_not_asked(
    name: str, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = [faults.choice(text=" and so on")]
    model = connect(name, server, monkeypatch)
    if "completions" in services.find(name).endpoints:
        assert model.ask(question(completion=True)).text == " and so on"
        assert server.seen[0][2]["max_tokens"] == 7
    else:
        with pytest.raises(UsageError, match="no raw completions"):
            model.ask(question(completion=True))
        assert server.seen == []


def test_reasoning_in_the_content_is_no_answer(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "<think>\nhm\n</think>\n\nYes.": ("text", "Yes."),
        "hm\n</think>\n\nYes.": ("text", "Yes."),
        "<think>hm": ("empty", ""),
        "<think>hm</think>\n": ("empty", ""),
        "Yes <think>.</think>": ("text", "Yes <think>.</think>"),
        "Yes.": ("text", "Yes."),
    }
    for content, expected in told.items():
        server.script = [faults.answer(content)]
        reply = connect("vllm", server, monkeypatch).ask(question())
        assert (reply.state, reply.text) == expected
        assert reply.body is not None
        assert "think" not in content or "think" in reply.body, "the body keeps it"
    server.script = [faults.answer("<think>hm</think>Yes.")]
    plain = registry.load("adapters", "openai").connect("m", {"base_url": server.url})
    assert plain.ask(question()).text == "<think>hm</think>Yes."
    told_so = registry.load("adapters", "openai").connect("m", {"base_url": server.url, "reasoning": "think"})
    assert told_so.ask(question()).text == "Yes."


def test_fields_that_nobody_else_sets_can_be_sent_and_are_noted(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = connect("dashscope", server, monkeypatch, extra='{"enable_thinking":false}')
    model.ask(question())
    assert server.seen[0][2]["enable_thinking"] is False
    assert model.notes["extra"] == '{"enable_thinking": false}'
    for extra in ('{"temperature":1}', '{"model":"other"}', "[1]", "x", '{"stream":true}'):
        with pytest.raises(UsageError, match="extra"):
            connect("dashscope", server, monkeypatch, extra=extra)


def test_openai_itself_is_a_row_but_another_address_is_not(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-openai")
    model = registry.load("adapters", "openai").connect("m", {})
    assert model.endpoint == "https://api.openai.com:443"
    assert model.notes["service"] == "openai"
    other = registry.load("adapters", "openai").connect("m", {"base_url": server.url})
    assert other.endpoint == server.url.removesuffix("/v1")
    assert "service" not in other.notes


def test_a_missing_key_names_its_variable_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(http.Client, "post", lambda *_: pytest.fail("something was sent"))
    for name in services.names():
        if variable := services.find(name).key_env:
            monkeypatch.delenv(variable, raising=False)
            done = CliRunner().invoke(
                main, ["probe", f"{name}:m", "--probes", "quick", "-o", str(tmp_path / "t.jsonl")]
            )
            assert done.exit_code == 2
            assert variable in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_keyring_is_asked_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    keyring, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    keyring.errors, errors.KeyringError = errors, type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    keyring.get_password = lambda service, name: asked.append((service, name)) or "sk-kept-0123456"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name == "keyring" else None)
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    service = http.base("https://api.groq.com/openai/v1")
    assert _keys.find("GROQ_API_KEY", service, named=False) == "sk-kept-0123456"
    assert asked == [("forensics", "GROQ_API_KEY")]
    monkeypatch.setenv("GROQ_API_KEY", "sk-environment-1")
    assert _keys.find("GROQ_API_KEY", service, named=False) == "sk-environment-1"

    def locked(*_: str) -> str:
        raise errors.KeyringError

    keyring.get_password = locked  # type: ignore[attr-defined]
    monkeypatch.delenv("GROQ_API_KEY")
    with pytest.raises(UsageError, match="GROQ_API_KEY"):
        _keys.find("GROQ_API_KEY", service, named=False)


def test_a_service_without_system_prompts_is_not_given_one(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "find", lambda _: services.UNKNOWN.model_copy(update={"system": False}))
    model = registry.load("adapters", "openai").connect("m", {"service": "x", "base_url": server.url})
    with pytest.raises(UsageError, match="no system prompt"):
        model.ask(question(sampling=Sampling(system="Be brief.")))


@pytest.mark.parametrize(
    ("content", "says"),
    [("[x]\nsummary = 5", "x.summary"), ("[x", "no TOML"), ('[x]\nrefuses = { stop = "no" }', "x."),
     ('[x]\nnonsense = "1"', "x.")],
)  # fmt: skip
def test_a_broken_row_is_named(content: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "services.toml"
    path.write_text(content)
    with pytest.raises(BadFile, match=says):
        services.read(path)


def test_an_unknown_service() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'ollama'"):
        naming.parse("olama:qwen3:8b")
    with pytest.raises(UnknownName, match="service"):
        services.find("nonsense")


def test_services_are_listed() -> None:
    done = CliRunner().invoke(main, ["list", "services"])
    assert done.exit_code == 0
    for name in EXPECTED:
        assert name in done.stdout
    assert "Groq answers 400 to logprobs" in done.stdout

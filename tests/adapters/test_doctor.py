"""`forensics doctor MODEL`: says what works by asking, and of nothing that it works without having seen it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result

from forensics.cli import main
from tests.adapters import faults
from tests.adapters.faults import Handler, Scripted

KEY = "sk-canary-5512aa90ee31"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCTOR_TEST_KEY", KEY)


def doctor(server: Scripted, *arguments: str, **options: str) -> Result:
    given = {"base_url": server.url, "key_env": "DOCTOR_TEST_KEY", "timeout": "5", **options}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return CliRunner().invoke(main, ["doctor", f"openai:m?{query}", *arguments])


def findings(done: Result) -> dict[str, tuple[str, str]]:
    assert done.exit_code == 0, done.output
    return {f["capability"]: (f["works"], f["found"]) for f in json.loads(done.stdout)["findings"]}


def able(handler: Handler) -> None:
    """Act as a service that heeds everything."""
    asked = handler.asked
    text = f"The sea is wide, says {asked.get('seed')}."
    if any(message["role"] == "system" for message in asked.get("messages", [])):
        text = "Lynx."
    logprobs = {"content": [{"token": "T", "logprob": -1.0, "top_logprobs": [{"token": "T", "logprob": -1.0}]}]}
    choice = {
        "message": {"content": text}, "text": text, "finish_reason": "length" if asked["max_tokens"] == 2 else "stop",
        "logprobs": logprobs if asked.get("logprobs") else None,
    }  # fmt: skip
    usage = {"prompt_tokens": 5, "completion_tokens": min(asked["max_tokens"], 9)}
    faults.document({"model": "m-1", "choices": [choice] * asked.get("n", 1), "usage": usage})(handler)


def test_what_works_is_said_to_work(server: Scripted) -> None:
    server.script = [able]
    found = findings(doctor(server, "--json"))
    assert {name for name, (works, _) in found.items() if works == "yes"} == set(found)
    assert set(found) == {
        "key", "endpoint", "raw completions", "max_tokens", "temperature", "top_p", "seed", "logprobs", "system prompt", "n",
    }  # fmt: skip
    assert "m-1" in found["endpoint"][1]
    assert len(server.seen) == 11, "one call each, three for the seed, none for the key"


def test_what_is_accepted_and_not_heeded_is_not_said_to_work(server: Scripted) -> None:
    server.script = [faults.answer("The sea is wide.")]
    found = findings(doctor(server, "--json"))
    works = {name: verdict for name, (verdict, _) in found.items()}
    assert works["seed"] == works["system prompt"] == works["max_tokens"] == "unknown"
    assert works["logprobs"] == works["n"] == "no"


def test_a_seed_that_does_nothing_is_found_out(server: Scripted) -> None:
    count = iter(range(100))

    def another(handler: Handler) -> None:
        faults.answer(f"Sea number {next(count)}.")(handler)

    server.script = [another]
    works, found = findings(doctor(server, "--json"))["seed"]
    assert (works, found) == ("no", "accepted, but one seed gave two answers")


def test_what_is_refused_is_named_in_the_service_s_words(server: Scripted) -> None:
    def picky(handler: Handler) -> None:
        for name in ("temperature", "logprobs", "n"):
            if name in handler.asked:
                faults.error(400, f"Unsupported parameter: {name}", "unsupported_parameter")(handler)
                return
        able(handler)

    server.script = [picky]
    found = findings(doctor(server, "--json"))
    for name in ("temperature", "logprobs", "n", "seed"):
        assert found[name][0] == "no"
        assert "Unsupported parameter" in found[name][1]
    assert found["top_p"][0] == "yes"
    assert findings(doctor(server, "--json", omit="seed,logprobs"))["seed"] == (
        "no", "not sent: left out by the option omit",
    )  # fmt: skip


def test_a_wrong_key_costs_one_call(server: Scripted) -> None:
    server.script = [faults.error(401, f"Incorrect API key: {KEY}")]
    done = doctor(server)
    assert done.exit_code == 3
    assert "Incorrect API key" in done.stderr
    assert "DOCTOR_TEST_KEY" in done.stderr
    assert KEY not in done.output
    assert len(server.seen) == 1


def test_a_service_that_fails_meanwhile_is_not_called_unable(server: Scripted) -> None:
    server.script = [able, faults.error(503, "Busy.")]
    found = findings(doctor(server, "--json"))
    assert found["endpoint"][0] == "yes"
    assert {works for name, (works, _) in found.items() if name not in ("endpoint", "key")} == {"unknown"}


def test_what_a_service_says_reaches_no_terminal_as_it_is(server: Scripted) -> None:
    def evil(handler: Handler) -> None:
        if "temperature" in handler.asked:
            faults.error(400, "no \x1b[2J\u202eparameter")(handler)
        else:
            able(handler)

    server.script = [evil]
    done = doctor(server)
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output
    assert "no  temperature" in done.stdout


def test_other_adapters_can_be_examined() -> None:
    done = CliRunner().invoke(main, ["doctor", "demo:alder", "--json"])
    found = findings(done)
    assert found["seed"][0] == "yes"
    assert found["logprobs"] == found["system prompt"] == ("no", "not sent: an n-gram model has no place for it")


def test_neither_a_model_nor_a_bundle(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", "nonesuch"])
    assert done.exit_code == 2
    assert "'nonesuch' is no bundle that exists, and no model." in done.stderr

"""What every adapter must keep: it connects by name, says what came back, and knows no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from forensics import registry
from forensics.adapters import Ask, Reply
from forensics.errors import ForensicsError, UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling

RECORDING = Path(__file__).parent / "recordings" / "alpaca_eval.json"
REAL_NAMES = {"command": "cat", "demo": "alder", "replay": str(RECORDING)}
"""Models that can be asked without a network. An adapter that is not here must at least refuse nonsense well."""
NAMES = registry.names("adapters")


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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


def test_unknown_options_are_refused(name: str) -> None:
    if name not in REAL_NAMES:
        pytest.skip(f"no model of {name} can be connected without a network")
    with pytest.raises(UsageError, match="nonsense"):
        registry.load("adapters", name).connect(REAL_NAMES[name], {"nonsense": "1"})


@pytest.mark.parametrize("text", ["Name a } bird.", "", "\x00", "\u202e", "x" * 100_000, "\U0010ffff"])
def test_it_answers_any_prompt_with_a_reply(name: str, text: str) -> None:
    if name not in REAL_NAMES:
        pytest.skip(f"no model of {name} can be asked without a network")
    reply = registry.load("adapters", name).connect(REAL_NAMES[name], {}).ask(ask(text, seed=1, max_tokens=5))
    assert isinstance(reply, Reply)
    assert reply.state in ("text", "empty", "refused", "failed")
    assert (reply.state == "text") == bool(reply.text.strip())
    if reply.state == "failed":
        assert reply.error


def test_the_same_seed_gives_the_same_answer(name: str) -> None:
    if name not in REAL_NAMES:
        pytest.skip(f"no model of {name} can be asked without a network")
    connect = registry.load("adapters", name).connect
    replies = [connect(REAL_NAMES[name], {}).ask(ask("Name a } bird.", seed=3, temperature=0.7)) for _ in range(2)]
    assert replies[0] == replies[1]


def test_replay_gives_the_draw_asked_for_and_says_where_there_is_none() -> None:
    model = registry.load("adapters", "replay").connect(str(RECORDING.parent / "zero_eval.json"), {})
    replies = [model.ask(replace(ask("How much is 2 and 2?"), draw=draw)) for draw in (0, 1, 2)]
    assert [reply.text for reply in replies] == ["The answer is 4.", "5", ""]
    assert [reply.state for reply in replies] == ["text", "text", "failed"]


def test_demo_answers_hang_on_the_seed() -> None:
    model = registry.load("adapters", "demo").connect("alder", {})
    assert len({model.ask(ask("The river", seed=seed)).text for seed in range(5)}) > 2

"""Log-probabilities of first tokens, night after night: they show a change of the weights that no text shows."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from forensics.adapters import demo
from forensics.monitoring import draws, drift, kernels
from forensics.monitoring.drift import Dated
from forensics.records.transcript import TokenLogprob
from tests.monitoring.conftest import PLAN, World

TOLD = PLAN.replace("max_tokens = 20", "max_tokens = 20\nlogprobs = 5")
Moved = Callable[[str], float]


def first_token(prompt: str, moved: float) -> tuple[TokenLogprob, ...]:
    """Five tokens that hang on the prompt alone; `moved` is what other weights make of the first of them."""
    start = zlib.crc32(prompt.encode()) % 100 / 100
    top = [(f"t{k}", -0.5 - k - start + (moved if k == 0 else 0.0)) for k in range(5)]
    return (TokenLogprob(token="t0", logprob=top[0][1], top=tuple(top)),)


@pytest.fixture
def told(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Demo models that give log-probabilities, moved by what the test says."""
    state: dict[str, Any] = {"moved": 0.0, "given": True}
    real = demo.DemoModel.ask

    def ask(self: demo.DemoModel, ask: Any) -> Any:
        reply = real(self, ask)
        given = first_token(ask.messages[-1].content, state["moved"]) if state["given"] else None
        return dataclasses.replace(reply, logprobs=given, dropped={})

    monkeypatch.setattr(demo.DemoModel, "ask", ask)
    world.write(TOLD, probes_=8)
    return state


def alarms(found: dict[str, Any]) -> list[dict[str, Any]]:
    return list(found["pairs"][0]["alarms"])


def test_weights_that_change_no_text_are_found_within_three_nights(world: World, told: dict[str, Any]) -> None:
    for day in range(1, 5):
        assert world.found(day)["exit_status"] == 0
    told["moved"] = 0.02
    raised = [alarms(world.found(day)) for day in (5, 6, 7)]
    [alarm] = raised[-1]
    assert (alarm["cause"], alarm["since"]) == ("behaviour", "2026-11-05")
    assert alarm["detail"] == "The log-probabilities of first tokens changed"
    assert alarm["moved"]
    assert world.found(8)["exit_status"] == 5


def test_the_noise_of_another_runtime_and_steady_nights_raise_no_alarm(world: World, told: dict[str, Any]) -> None:
    for day in range(1, 8):
        told["moved"] = 0.0003 * (day % 3)
        found = world.found(day)
        assert (found["exit_status"], alarms(found)) == (0, [])


def test_a_service_that_gives_none_is_watched_by_its_answers_alone(world: World, told: dict[str, Any]) -> None:
    world.write(TOLD, probes_=25)
    told["given"] = False
    for day in range(1, 5):
        assert world.found(day)["exit_status"] == 0
    world.served["oak"] = "pine"
    for day in (5, 6, 7, 8):
        found = world.found(day)
    assert [alarm["cause"] for alarm in alarms(found)] == ["behaviour"]
    assert alarms(found)[0]["detail"] == "The answers changed"


def nights(rng: np.random.Generator, count: int, *, shift: float = 0.0) -> list[Dated]:
    """Nights of 5 probes × 4 draws of a server whose log-probabilities vary from draw to draw."""
    ids = np.repeat(np.arange(5, dtype=np.uint8), 4)
    probes = np.tile(ids[:, None], (1, 32))
    made = []
    for night in range(count):
        noise = rng.normal(0, 0.05, (20, 3))
        listed = draws.listed([[("a", -1 + shift + n[0]), ("b", -2 + n[1]), ("c", -3 + n[2])] for n in noise])
        made.append(Dated(f"night {night}", probes, listed))
    return made


def test_false_alarms_and_power_where_log_probabilities_vary() -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    p = []
    for pair in range(300):
        before, tonight = nights(rng, 2), nights(rng, 1)
        p.append(drift.p_value(drift.compared(before, tonight, seed=str(pair)), seed=str(pair)))
    low, high = stats.binom.interval(0.999, len(p), 0.05)
    assert low <= sum(one is not None and one <= 0.05 for one in p) <= high
    moved = drift.compared(nights(rng, 3), nights(rng, 1, shift=0.1), seed="s")
    assert (drift.p_value(moved, seed="s") or 1) < 0.01


def test_draws_without_tokens_are_left_out_of_this_stream_alone() -> None:
    made = draws.Draws(
        probes=np.zeros((2, 32), np.uint8),
        received=draws.codes(["a", "b"]),
        content=draws.codes(["a", "b"]),
        tokens=draws.listed([None, [("a", -1.0)]]),
        traits=np.zeros((2, 1), bool),
    )
    assert [len(made.seen(stream)[0]) for stream in draws.streams(logprobs=True)] == [2, 2, 1]
    assert draws.streams(logprobs=False) == (draws.RECEIVED, draws.CONTENT)


def test_a_token_that_only_some_draws_list_has_at_most_the_least_there() -> None:
    (kernel,) = kernels.of_tokens(draws.listed([[("a", -1.0), ("b", -2.0)], [("a", -1.0)]])).kernels
    noise = 0.001
    assert -kernel[0, 1] == pytest.approx((0 + (1.0 - noise)) / 2, abs=1e-6)

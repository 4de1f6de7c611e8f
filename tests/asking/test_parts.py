"""Pace, decisions, order, budget and journal by themselves: pure parts, told the time."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import canonical
from forensics.adapters import Ask, Fault, ModelName
from forensics.asking import budget as budgets
from forensics.asking import deciding
from forensics.asking.deciding import Again, End, GiveUp, So
from forensics.asking.journal import Journal
from forensics.asking.pace import START, Pace
from forensics.asking.questions import Questions
from forensics.asking.terms import Shard, Terms
from forensics.errors import BadFile, UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Attempt, Sampling
from tests.asking.conftest import probe_set

RNG = random.Random(0)


def so(attempts: int = 1, **changes: object) -> So:
    return So(**{"attempts": attempts, "seconds": 0.0, "answered": True, "in_a_row": 0, **changes})


# --- decisions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "state", "kind"),
    [
        (Fault("terminal"), so(), End),
        (Fault("terminal"), so(answered=False), End),
        (Fault("bad_request"), so(), GiveUp),
        (Fault("bad_request"), so(answered=False), End),
        (Fault("bad_request"), so(answered=False, free=True), GiveUp),
        (Fault("bad_request"), so(in_a_row=deciding.MOST_IN_A_ROW), End),
        (Fault("transient"), so(4), Again),
        (Fault("transient"), so(5), GiveUp),
        (Fault("rate_limited"), so(5), GiveUp),
        (Fault("transient"), so(5, answered=False), End),
        (Fault("transient"), so(5, in_a_row=deciding.MOST_IN_A_ROW), End),
        (Fault("transient"), so(2, seconds=deciding.LONGEST_SECONDS), GiveUp),
        (Fault("rate_limited", after=30.0), so(2), Again),
        (Fault("rate_limited", after=30.0), so(2, seconds=deciding.LONGEST_SECONDS - 10), GiveUp),
        (Fault("rate_limited", after=3600.0), so(1), End),
    ],
)
def test_what_follows_from_a_fault(fault: Fault, state: So, kind: type) -> None:
    assert isinstance(deciding.decide(fault, state, RNG), kind)


def test_a_wait_is_drawn_evenly_up_to_a_bound_that_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "FIRST_BOUND", 1.0)
    for attempts, bound in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)):
        rng = random.Random(attempts)
        waits = [deciding.decide(Fault("transient"), so(attempts), rng) for _ in range(400)]
        drawn = [wait.after for wait in waits if isinstance(wait, Again)]
        assert len(drawn) == 400
        assert 0 <= min(drawn) < 0.05 * bound
        assert 0.95 * bound < max(drawn) <= bound


def test_what_a_service_asks_for_is_waited_at_least() -> None:
    waits = {deciding.decide(Fault("rate_limited", after=20.0), so(1), RNG) for _ in range(50)}
    assert waits == {Again(20.0)}


# --- pace ---------------------------------------------------------------------------------------------------------


def test_the_pace_doubles_then_halves_and_then_grows_by_one_a_round() -> None:
    pace = Pace(64)
    assert pace.limit == START
    for _ in range(START):
        pace.answered()
    assert pace.limit == 2 * START
    pace.failed(Fault("rate_limited"), started=1.0, now=2.0)
    assert pace.limit == START
    pace.failed(Fault("rate_limited"), started=1.5, now=2.1)
    assert pace.limit == START, "requests of one round count once"
    for _ in range(START):
        pace.answered()
    assert START + 0.9 < pace.limit <= START + 1
    pace.failed(Fault("rate_limited"), started=2.5, now=3.0)
    assert pace.limit < START


def test_the_pace_never_leaves_its_bounds() -> None:
    pace = Pace(3)
    for _ in range(50):
        pace.answered()
    assert pace.limit == 3
    for number in range(50):
        pace.failed(Fault("rate_limited"), started=number + 0.5, now=number + 1.0)
    assert pace.limit == 1
    assert pace.wait(100.0) == 0


def test_faults_now_and_then_are_no_overload_but_many_are() -> None:
    pace = Pace(64)
    for number in range(100):
        if number % 3:
            pace.answered()
        else:
            pace.failed(Fault("transient"), started=number, now=number + 0.5)
    assert pace.limit == 64
    for number in range(100, 110):
        pace.failed(Fault("transient"), started=number, now=number + 0.5)
    assert pace.limit < 32


def test_a_pause_holds_everybody_and_a_quota_holds_back() -> None:
    pace = Pace(64)
    pace.failed(Fault("rate_limited", after=7.0), started=0.0, now=10.0)
    assert pace.wait(11.0) == 6.0
    assert pace.wait(17.0) == 0.0
    for left, wait in (
        ({"requests": 0.0, "reset": 5.0}, 5.0),
        ({"requests": 50.0, "tokens": 90.0, "reset": 3.0}, 3.0),
        ({"requests": 50.0, "tokens": 110.0, "reset": 3.0}, 0.0),
        ({"requests": 0.0}, 0.0),
        ({}, 0.0),
    ):
        pace = Pace(64)
        pace.quota(left, tokens=100, now=20.0)
        assert pace.wait(20.0) == wait, left
    pace = Pace(64)
    pace.quota({"requests": 3.0, "reset": 60.0}, tokens=100, now=0.0)
    assert pace.limit == 3


# --- order --------------------------------------------------------------------------------------------------------


def ids(draws: int = 2, *, seed: int = 0, count: int = 10, **terms: object) -> list[tuple[str, int]]:
    return [(probe.id, draw) for probe, draw in Questions(probe_set(count), draws, Terms(**terms), seed=seed)]


def test_the_order_is_random_recorded_and_complete() -> None:
    assert sorted(ids()) == sorted((f"p{n}", d) for n in range(10) for d in (0, 1))
    assert ids() == ids()
    assert ids(seed=1) != ids() != sorted(ids())
    assert [draw for _, draw in ids()] != [0] * 10 + [1] * 10, "draws are mixed: an hour is not a draw"
    places = Counter(ids(1, seed=seed).index(("p0", 0)) for seed in range(400))
    assert max(places.values()) < 80
    assert len(places) == 10, "every place is as likely"


@given(st.integers(1, 7), st.integers(1, 3), st.integers(1, 30), st.integers(0, 3))
def test_shards_fit_together(of: int, draws: int, count: int, seed: int) -> None:
    whole = ids(draws, count=count, seed=seed)
    parts = []
    for number in range(1, of + 1):
        try:
            parts.append(ids(draws, count=count, seed=seed, shard=Shard(number, of)))
        except UsageError:
            assert of > len(whole)
    assert sorted(question for part in parts for question in part) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1 or of > len(whole)


def test_a_part_of_the_probes() -> None:
    assert {name for name, _ in ids(only=["even"])} == {"p0", "p2", "p4", "p6", "p8"}
    assert {name for name, _ in ids(only=["p1", "p[23]"])} == {"p1", "p2", "p3"}
    assert len({name for name, _ in ids(limit=4)}) == 4
    assert len(ids(limit=4)) == 8, "all draws of a probe"
    assert set(ids(limit=3)) < set(ids(limit=4))
    with pytest.raises(UsageError, match="None of the 10 probes"):
        ids(only=["nonsense"])


# --- budget -------------------------------------------------------------------------------------------------------

PRICES = 'currency = "USD"\n["made:m"]\ninput = 2.0\noutput = 10\n'


def test_prices_are_read_and_unknown_ones_stay_unknown(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    prices = budgets.read_prices(path)
    price = prices.of(ModelName("made", "m", {"base_url": "x"}))
    assert price is not None
    assert price.of((1_000_000, 500_000)) == 7.0
    assert prices.of(ModelName("made", "other")) is None
    assert budgets.read_prices(None).of(ModelName("made", "m")) is None


@pytest.mark.parametrize(
    "content",
    ["x = [", '["m"]\ninput = 1\n', '["m"]\ninput = -1\noutput = 1\n', '["m"]\ninput = true\noutput = 1\n', "m = 3\n",
     '["m"]\ninput = nan\noutput = 1\n', '["m"]\ninput = 1\noutput = 1\nextra = 1\n', "currency = 1\n", "\xff"],
)  # fmt: skip
def test_a_price_file_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadFile, match=r"prices\.toml"):
        budgets.read_prices(path)


def test_the_worst_case_is_no_less_than_any_tokenizer_makes() -> None:
    ask = Ask(
        (Message(role="user", content="Grüße 🎈"),), completion=False, sampling=Sampling(max_tokens=7, system="Sei")
    )
    assert budgets.worst_case(ask) == (12 + 3 + 2 * budgets.PER_MESSAGE, 7)
    assert budgets.worst_case(Ask(ask.messages, completion=False, sampling=Sampling()))[1] is None


def test_a_budget_is_never_exceeded() -> None:
    models = [ModelName("made", "m")]
    prices = budgets.Prices(models={"made:m": budgets.Price(1, 1)})
    budget = budgets.Budget(Terms(max_cost=1.0), prices, models)
    assert budget.take(1, 0.6)
    assert not budget.take(1, 0.6), "what is under way may cost its worst"
    assert not budget.stopped, "or less"
    budget.settle(0.6, 0.1)
    assert budget.take(1, 0.6)
    budget.settle(0.6, 0.6)
    assert not budget.take(1, 0.6)
    assert "max-cost" in budget.stopped
    assert not budgets.Budget(Terms(max_cost=1.0), prices, models).take(1, None)
    budget = budgets.Budget(Terms(max_cost=1.0), prices, models)
    for _ in range(10):
        assert budget.take(1, 0.5)
        budget.settle(0.5, 0.05)
    assert budget.take(1, 0.5)
    assert not budget.take(1, 0.5)
    assert not budget.stopped
    budget = budgets.Budget(Terms(max_requests=3), prices, [])
    assert [budget.take(2, None), budget.take(2, None), budget.take(1, None)] == [True, False, False]
    with pytest.raises(UsageError, match="not known"):
        budgets.Budget(Terms(max_cost=1.0), budgets.Prices(), models)


# --- journal ------------------------------------------------------------------------------------------------------


def journal(path: Path, transcript: str = "sha256:a", answered=(), settled=None) -> Journal:
    return Journal(path, transcript=transcript, answered=set(answered), settled=settled or {})


def test_the_journal_says_what_was_under_way(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    first = journal(path)
    first.sent([("a", 0), ("b\ud800", 1)], "2026-01-01T00:00:01.000Z")
    first.sent([("c", 0)], "2026-01-01T00:00:02.000Z")
    first.failed(("c", 0), Attempt(kind="transient", error="x", time="2026-01-01T00:00:03.000Z", maybe_billed=False))
    first.close(settled=False)
    found = journal(path, answered=[("a", 0)]).attempts
    assert [attempt.kind for attempt in found["b\ud800", 1]] == ["interrupted"]
    assert found["b\ud800", 1][0].maybe_billed
    assert [attempt.kind for attempt in found["c", 0]] == ["transient"]
    assert ("a", 0) not in found
    again = journal(path)
    assert again.attempts["c", 0] == found["c", 0], "what it took over it hands on"
    again.sent([("c", 0)], "2026-01-01T00:00:05.000Z")
    again.close(settled=False)
    assert [attempt.kind for attempt in journal(path).attempts["c", 0]] == ["transient", "interrupted"]
    assert ("c", 0) not in journal(path, settled={("c", 0): "2026-01-01T00:00:06.000Z"}).attempts
    assert journal(path, transcript="sha256:other").attempts == {}, "the journal of another transcript says nothing"
    last = journal(path)
    last.close(settled=True)
    assert not path.exists()


@given(st.binary(max_size=200))
def test_no_journal_breaks_a_run(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("j") / "t.journal"
    for start in (b"", canonical.line({"transcript": "sha256:a"})):
        path.write_bytes(start + content)
        journal(path).close(settled=True)

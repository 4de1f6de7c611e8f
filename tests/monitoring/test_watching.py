"""What tonight is compared with, read from the history: all earlier nights for a side, both sides for a pair."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.monitoring import deciding, nights, outcome, plans, watching
from forensics.monitoring.history import History, open_history
from forensics.records.nightly import Plan
from tests.monitoring.test_history import alarm, fill


@pytest.fixture
def history(tmp_path: Path):
    with open_history(tmp_path / "history.sqlite", create=True) as made:
        fill(made, ["one"])
        yield made


def plan(**more: object) -> Plan:
    content = {
        "schema": "forensics/pairs/1",
        "baseline": {"nights": 2},
        "pair": [{"name": "one", "reference": "demo:alder", "questioned": "demo:oak", **more}],
    }
    return plans.parse(content, Path("pairs.toml"))


def test_a_side_is_compared_with_all_nights_before_not_with_its_baseline_alone(
    history: History, tmp_path: Path
) -> None:
    wanted = plan()
    found = watching.watched_side(history, wanted, wanted.pair[0], "questioned", root=tmp_path, night="2026-11-08")
    assert found is not None
    assert [r.night for r in found.before] == [f"2026-11-{day:02}" for day in range(1, 8)]
    assert [r.night for r in found.few] == ["2026-11-08"]
    assert found.epoch == "2026-11-01"


def test_a_pair_asked_anew_on_both_sides_is_compared_tonight_alone(history: History, tmp_path: Path) -> None:
    wanted = plan()
    found = watching.watched_pair(history, wanted, wanted.pair[0], root=tmp_path, night="2026-11-08")
    assert found is not None
    assert [r.digest for r in (*found.before, *found.few)] == ["8reference", "8questioned"]


def test_what_chance_depends_on_is_not_the_pairs_name(history: History, tmp_path: Path) -> None:
    wanted = plan()
    seeds = []
    for name in ("one", "two"):
        if name == "two":
            fill(history, ["two"])
        pair = wanted.pair[0].model_copy(update={"name": name})
        found = watching.watched_side(history, wanted, pair, "questioned", root=tmp_path, night="2026-11-08")
        assert found is not None
        seeds.append((found.seed("content"), found.seed("received")))
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]


def test_no_two_nights_and_no_two_sides_share_a_seed() -> None:
    draws, taken = 5, set()
    for night in (None, *(f"2026-11-{day:02}" for day in range(1, 31))):
        for second in (False, True):
            first = nights.sampling_seed(night, first=1, draws=draws, second=second)
            taken |= {first + draw for draw in range(draws)}
    assert len(taken) == 31 * 2 * draws


@pytest.mark.parametrize(
    ("received", "content", "cause"),
    [
        ([0.1, 5.0, 5.0], [0.1, 4.8, 5.0], "behaviour"),
        ([0.1, 5.0, 5.0], [0.1, -0.3, -0.5], "formatting"),
        ([0.1, 5.0, 5.0], [0.1, 0.9, 1.2], "formatting"),
        ([0.1, 30.0, 30.0], [0.1, 9.0, 9.0], "behaviour"),
    ],
)
def test_the_cause_is_form_only_where_the_answers_without_it_say_next_to_nothing(
    received: list[float], content: list[float], cause: str
) -> None:
    from forensics.numerics import evalues

    wealth = {"received": 8.0, "content": float(evalues.log_wealth(content)[-1])}
    assert deciding.cause_of({"received": received, "content": content}, wealth, 3.0) == cause


def test_first_tokens_alone_are_a_change_of_behaviour_and_form_alone_stays_form() -> None:
    quiet = [0.1, -0.3, -0.5]
    log_es = {"received": quiet, "content": quiet, "tokens": [0.1, 7.0, 7.0]}
    assert deciding.cause_of(log_es, {"received": 0.0, "content": 0.0, "tokens": 8.0}, 3.0) == "behaviour"
    formal = {"received": [0.1, 7.0, 7.0], "content": quiet, "tokens": []}
    assert deciding.cause_of(formal, {"received": 8.0, "content": 0.0, "tokens": 0.0}, 3.0) == "formatting"


def test_a_stream_that_was_asked_for_has_its_share_of_the_evidence_even_where_a_service_gives_none(
    history: History, tmp_path: Path
) -> None:
    """Else a stream that begins to be given in the middle of a year would bring a chance of a false alarm of its own."""
    from math import log

    wholes = []
    for more in ({}, {"logprobs": 5}):
        wanted = plan(**more)
        watched = watching.watched_side(
            history, wanted, wanted.pair[0], "questioned", root=tmp_path, night="2026-11-08"
        )
        assert watched is not None
        found = deciding.evidence(history, watched)
        assert found is not None
        wholes.append(found.whole)
    assert wholes[0] - wholes[1] == pytest.approx(log(3 / 2))


def test_gates_say_what_they_saw() -> None:
    wanted = plan(
        cohort=["demo:ash"],
        gates={
            "normalised_at_most": 3,
            "statistic": "lexical",
            "drift": "behaviour",
            "failures_at_most": 0.1,
            "cost_at_most": 1,
        },
    )
    measures = {("pair", "normalised:lexical"): (3.5, None), ("questioned", "failed"): (2.0, None), ("questioned", "answers"): (10.0, None)}  # fmt: skip
    told = [alarm("Trivial form changed", cause="formatting")]
    spend = outcome.PairNight.model_fields["spend"].annotation(calls=1, prompt_tokens=1, answer_tokens=1, cost=0.5)
    looked = deciding.Looked(measures, told, [], spend)
    found = {g.gate: g.verdict for g in deciding.gates(wanted, wanted.pair[0], looked)}
    assert found == {"normalised": "tripped", "drift": "passed", "failures": "tripped", "cost": "passed"}
    worse = looked._replace(alarms=[*told, alarm("The answers changed")])
    assert {g.gate: g.verdict for g in deciding.gates(wanted, wanted.pair[0], worse)}["drift"] == "tripped"

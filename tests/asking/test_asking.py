"""Asking models in memory: retries, ends, budgets, cache, order and what stands in the transcript afterwards."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from forensics import importing, runner
from forensics.adapters import Ask, ModelName, Reply
from forensics.asking import deciding, joining, kept, outcome
from forensics.asking.journal import beside
from forensics.asking.lines import Run, question
from forensics.asking.terms import Shard, Terms
from forensics.errors import Interrupted, ModelDidNotAnswer, TooLittleEvidence, UsageError
from forensics.records.transcript import Sampling
from tests.asking.conftest import Made, fault, probe_set, text

FRESH = Terms(fresh=True)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()[1:]]


def answered(path: Path) -> Counter[tuple[str, int]]:
    return Counter((line["probe"], line["draw"]) for line in lines(path) if line["state"] != "failed")


def ask(model: Made, path: Path, terms: Terms = FRESH, **options: Any) -> outcome.Outcome:
    [found] = runner.ask([model.ready(path, **options)], terms=terms)
    return found


def test_every_question_is_answered_once_and_the_chain_holds(tmp_path: Path) -> None:
    model, path = Made(), tmp_path / "t.jsonl"
    found = ask(model, path, probes=40, draws=3)
    assert (found.total, found.answered, found.tally.states) == (120, 120, Counter(text=120))
    assert set(answered(path).values()) == {1}
    read = importing.read_transcript(path)
    assert {(e.prompt, e.draw): e.text for e in read.entries}["Question 7?", 2] == "m says Question 7? 2"
    assert not beside(path).exists()
    assert len({ask.sampling.seed for ask in model.asked}) == 120, "no two begin the same series of random numbers"
    before = path.read_bytes()
    again = Made()
    assert ask(again, path, probes=40, draws=3).answered == 120
    assert again.asked == []
    assert path.read_bytes() == before


def test_a_seed_is_that_of_the_draw_moved_to_the_probe_s_own_place() -> None:
    """Most servers do not mix the prompt into their seed: with one for all probes, a draw is lucky on all of them or on none."""
    run = Made().ready(Path("t"), probes=30, draws=4).run
    seeds = {
        (probe.id, draw): question(run, probe, draw).sampling.seed
        for probe in run.probe_set.probes
        for draw in range(4)
    }
    assert len(set(seeds.values())) == 120
    for probe in run.probe_set.probes:
        first = seeds[probe.id, 0]
        assert first is not None
        assert [seeds[probe.id, draw] for draw in range(4)] == [(first + draw) % 2**31 for draw in range(4)]
    later = dataclasses.replace(run, sampling=run.sampling.model_copy(update={"seed": 5}))
    assert (
        question(later, run.probe_set.probes[0], 0).sampling.seed
        == ((seeds[run.probe_set.probes[0].id, 0] or 0) + 4) % 2**31
    )
    largest = dataclasses.replace(run, sampling=run.sampling.model_copy(update={"seed": 2**31 - 1}))
    assert all(0 <= (question(largest, probe, 3).sampling.seed or 0) < 2**31 for probe in run.probe_set.probes)
    none = dataclasses.replace(run, sampling=run.sampling.model_copy(update={"seed": None}))
    assert question(none, run.probe_set.probes[0], 3).sampling.seed is None


def test_one_question_comes_first_and_the_rest_when_it_is_answered(tmp_path: Path) -> None:
    def slow_start(model: Made, asked: Ask, number: int) -> Reply:
        if number == 1:
            time.sleep(0.1)
            assert len(model.asked) == 1
        return text(model, asked, number)

    model = Made(behaviour=slow_start, parallel=4)
    ask(model, tmp_path / "t.jsonl", probes=30)
    assert model.most <= 4


@pytest.mark.parametrize(
    ("kind", "calls"), [("terminal", 1), ("bad_request", 1), ("transient", deciding.MOST_ATTEMPTS)]
)
def test_a_model_that_cannot_be_asked_costs_few_calls(tmp_path: Path, kind: str, calls: int) -> None:
    model = Made(behaviour=lambda *_: fault(kind, "wrong key", remedy="Set the key."))
    found = ask(model, tmp_path / "t.jsonl", probes=500)
    assert len(model.asked) == calls
    assert lines(tmp_path / "t.jsonl")[0]["error"] == "wrong key"
    with pytest.raises(ModelDidNotAnswer, match=r"wrong key.*Set the key") as error:
        outcome.judge([found], min_answered=0.9)
    assert error.value.exit_status == 3


def test_a_terminal_fault_in_the_middle_ends_the_model_at_once(tmp_path: Path) -> None:
    def spent(model: Made, asked: Ask, number: int) -> Reply:
        return text(model, asked, number) if number <= 50 else fault("terminal", "quota spent")

    model = Made(behaviour=spent)
    found = ask(model, tmp_path / "t.jsonl", probes=500)
    assert found.answered == 50
    assert len(model.asked) <= 50 + model.parallel
    with pytest.raises(TooLittleEvidence, match=r"50 of 500.*quota spent") as error:
        outcome.judge([found], min_answered=0.9)
    assert error.value.exit_status == 6
    assert len(answered(tmp_path / "t.jsonl")) == 50
    outcome.judge([found], min_answered=0.1)


def test_a_service_that_stops_answering_is_not_asked_for_ever(tmp_path: Path) -> None:
    model = Made(behaviour=lambda m, a, n: text(m, a, n) if n <= 5 else fault("bad_request"))
    ask(model, tmp_path / "t.jsonl", probes=2000)
    assert len(model.asked) < 5 + 2 * deciding.MOST_IN_A_ROW + model.parallel


def test_attempts_are_kept_and_answers_after_a_retry_counted(tmp_path: Path) -> None:
    failed: Counter[str] = Counter()

    def shaky(model: Made, asked: Ask, number: int) -> Reply:
        prompt = asked.messages[-1].content
        failed[prompt] += 1
        wrong = prompt in ("Question 1?", "Question 2?") and failed[prompt] <= 2
        return fault("transient", "reset", billed=True) if wrong else text(model, asked, number)

    path = tmp_path / "t.jsonl"
    found = ask(Made(behaviour=shaky), path, probes=6)
    assert (found.tally.retried, found.tally.maybe_billed) == (2, 4)
    attempts = {line["probe"]: line.get("attempts") for line in lines(path)}
    assert [a["kind"] for a in attempts["p1"]] == ["transient", "transient"]
    assert attempts["p1"][0]["error"] == "reset"
    assert attempts["p3"] is None
    assert failed == {f"Question {n}?": 3 if n in (1, 2) else 1 for n in range(6)}


def test_what_failed_five_times_is_recorded_and_asked_again_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    stubborn = Made(behaviour=lambda m, a, n: fault("transient") if a.messages[-1].content == "Question 3?" and n > 1 else text(m, a, n))  # fmt: skip
    first = next(iter(runner.ask([stubborn.ready(path)], terms=Terms(fresh=True, order_seed=2))))
    if first.answered == 6:
        pytest.skip("the stubborn question came first")
    assert first.tally.states == {"text": 5, "failed": 1}
    [failed] = [line for line in lines(path) if line["state"] == "failed"]
    assert len(failed["attempts"]) == deciding.MOST_ATTEMPTS
    well = Made()
    assert ask(well, path).answered == 6
    assert [a.messages[-1].content for a in well.asked] == ["Question 3?"]
    assert set(answered(path).values()) == {1}


def test_retry_after_is_honoured_by_everybody_on_the_endpoint(tmp_path: Path) -> None:
    times: list[float] = []

    def limited(model: Made, asked: Ask, number: int) -> Reply:
        times.append(time.monotonic())
        return fault("rate_limited", after=0.4) if number == 5 else text(model, asked, number)

    ask(Made(behaviour=limited, parallel=1), tmp_path / "t.jsonl", probes=20)
    assert times[5] - times[4] >= 0.4


def test_a_slow_model_never_throttles_another_service(tmp_path: Path) -> None:
    """While the one has to wait, the other is asked everything."""
    times: dict[str, list[float]] = {"slow": [], "fast": []}

    def slow(model: Made, asked: Ask, number: int) -> Reply:
        times[model.name].append(time.monotonic())
        limited = model.name == "slow" and number == 2
        return fault("rate_limited", after=2.0) if limited else text(model, asked, number)

    sides = [Made(name, slow, endpoint=f"https://{name}.test", parallel=1) for name in times]
    found = runner.ask([side.ready(tmp_path / side.name, probes=30) for side in sides], terms=FRESH)
    assert [one.answered for one in found] == [30, 30]
    assert times["fast"][-1] < times["slow"][2]


@pytest.mark.parametrize("shared", [True, False])
def test_the_sides_are_asked_in_turn_in_the_same_order(tmp_path: Path, *, shared: bool) -> None:
    order: list[str] = []

    def noted(model: Made, asked: Ask, number: int) -> Reply:
        order.append(model.name)
        time.sleep(0.002)
        return text(model, asked, number)

    sides = [
        Made(name, noted, endpoint="https://one.test" if shared else f"https://{name}.test", parallel=4)
        for name in "ab"
    ]
    runner.ask([side.ready(tmp_path / side.name, probes=100) for side in sides], terms=FRESH)
    half = Counter(order[: len(order) // 2])
    assert 30 <= half["a"] <= 70, "neither side is asked in one half of the time"
    prompts = [[one.messages[-1].content for one in side.asked] for side in sides]
    assert sorted(prompts[0]) == sorted(prompts[1])
    places = [{prompt: place for place, prompt in enumerate(given)} for given in prompts]
    assert max(abs(places[0][prompt] - places[1][prompt]) for prompt in places[0]) <= 10
    assert prompts[0] != sorted(prompts[0], key=lambda prompt: int(prompt.split()[1].rstrip("?")))


def test_the_seed_of_the_order_is_on_record_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    ask(Made(), path, Terms(order_seed=7, max_requests=2))
    header = json.loads(path.read_bytes().splitlines()[0])
    assert header["provenance"]["order_seed"] == 7
    assert ask(Made(), path).answered == 6, "without a seed the one on record is taken"
    with pytest.raises(UsageError, match="seed 7"):
        ask(Made(), path, Terms(order_seed=8))


# --- batches ------------------------------------------------------------------------------------------------------


class Batching(Made):
    batch = 8

    def ask_many(self, asks: list[Ask]) -> list[Reply]:
        self.sizes.append(len(asks))
        return [self.ask(one) for one in asks]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sizes: list[int] = []


def test_a_model_that_answers_several_at_once_is_asked_so(tmp_path: Path) -> None:
    model = Batching(parallel=1)
    assert ask(model, tmp_path / "t.jsonl", probes=41).answered == 41
    assert model.sizes == [8] * 5
    assert set(answered(tmp_path / "t.jsonl").values()) == {1}


def test_one_fault_in_a_batch_is_asked_again_alone(tmp_path: Path) -> None:
    tried: Counter[str] = Counter()

    def shaky(model: Made, asked: Ask, number: int) -> Reply:
        tried[asked.messages[-1].content] += 1
        first = asked.messages[-1].content == "Question 4?" and tried["Question 4?"] == 1
        return fault("transient") if first else text(model, asked, number)

    assert ask(Batching(behaviour=shaky, parallel=1), tmp_path / "t.jsonl", probes=20).answered == 20
    assert sum(tried.values()) == 21


# --- budget, dry run, parts ---------------------------------------------------------------------------------------


def test_max_requests_stops_cleanly_and_the_same_command_goes_on(tmp_path: Path) -> None:
    path, model = tmp_path / "t.jsonl", Made()
    found = ask(model, path, Terms(max_requests=17), probes=50)
    assert (len(model.asked), found.answered) == (17, 17)
    assert "max-requests" in found.stopped
    with pytest.raises(TooLittleEvidence, match=r"17 of 50.*max-requests"):
        outcome.judge([found], min_answered=0.9)
    rest = Made()
    assert ask(rest, path, FRESH, probes=50).answered == 50
    assert len(rest.asked) == 33


def test_max_cost_is_kept_at_worst_case(tmp_path: Path) -> None:
    prices = tmp_path / "p.toml"
    prices.write_text('["made:m"]\ninput = 0\noutput = 1000000\n')
    model = Made()  # two tokens of answer each, sixteen at most
    found = ask(model, tmp_path / "t.jsonl", Terms(max_cost=60.0, prices=prices, fresh=True), probes=100)
    assert 22 <= found.answered <= 30, "on until one more might be too much"
    with pytest.raises(UsageError, match="not known"):
        ask(Made("other"), tmp_path / "u.jsonl", Terms(max_cost=1.0, prices=prices))
    assert not (tmp_path / "u.jsonl").exists()


def test_a_deadline_stops_the_sending(tmp_path: Path) -> None:
    def slow(model: Made, asked: Ask, number: int) -> Reply:
        time.sleep(0.02)
        return text(model, asked, number)

    found = ask(Made(behaviour=slow, parallel=1), tmp_path / "t.jsonl", Terms(deadline=0.5, fresh=True), probes=3000)
    assert 0 < found.answered < 200
    assert "deadline" in found.stopped


def test_a_dry_run_asks_nothing_and_says_unknown_rather_than_nothing(tmp_path: Path) -> None:
    path, model = tmp_path / "t.jsonl", Made()
    [found] = runner.estimated([model.ready(path, probes=10, draws=2)], terms=Terms())
    assert (found.calls, found.attempts, found.tokens_out) == (20, 100, 320)
    assert found.tokens_in >= 20 * len("Question 0?")
    assert found.cost is None
    assert "cost unknown" in found.line()
    assert (model.asked, path.exists()) == ([], False)
    prices = tmp_path / "p.toml"
    prices.write_text('currency = "EUR"\n["made:m"]\ninput = 0\noutput = 1000000\n')
    [found] = runner.estimated([model.ready(path, probes=10, draws=2)], terms=Terms(prices=prices))
    assert found.cost == 320
    assert "320.0000 EUR" in found.line()
    [found] = runner.estimated([model.ready(path, max_tokens=None)], terms=Terms(prices=prices))
    assert (found.tokens_out, found.cost) == (None, None)
    ask(model, path, Terms(limit=4), probes=10, draws=2)
    [found] = runner.estimated([model.ready(path, probes=10, draws=2)], terms=Terms())
    assert (found.held, found.calls) == (8, 12)
    [found] = runner.estimated([model.ready(tmp_path / "other", probes=10, draws=2)], terms=Terms())
    assert (found.held, found.cached, found.calls) == (0, 8, 12)


def test_shards_are_joined_to_what_is_asked_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.jsonl" for number in (1, 2, 3)]
    for number, path in enumerate(paths, start=1):
        ask(Made(), path, Terms(shard=Shard(number, 3), fresh=True), probes=11, draws=2)
    out = tmp_path / "joined.jsonl"
    assert joining.join(paths, out) == 22
    ask(Made(), tmp_path / "whole.jsonl", FRESH, probes=11, draws=2)
    entries = [{(e.prompt, e.draw): e.text for e in importing.read_transcript(path).entries} for path in (out, tmp_path / "whole.jsonl")]  # fmt: skip
    assert entries[0] == entries[1]
    assert len(json.loads(out.read_bytes().splitlines()[0])["provenance"]["joined"]) == 3
    quiet = Made()
    assert ask(quiet, out, FRESH, probes=11, draws=2).answered == 22, "a joined transcript can be gone on with"
    assert quiet.asked == []


def test_what_does_not_belong_together_is_not_joined(tmp_path: Path) -> None:
    one, other, twice = (tmp_path / f"{name}.jsonl" for name in ("one", "other", "twice"))
    ask(Made(), one)
    ask(Made(), other, FRESH, seed=2)
    ask(Made(), twice)
    for shards, words in (((one, other), "different conditions"), ((one, twice), "both answer"), ((one, tmp_path / "no"), "does not exist")):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            joining.join(shards, tmp_path / "out.jsonl")
    beside(twice).touch()
    with pytest.raises(UsageError, match="not finished"):
        joining.join([twice], tmp_path / "out.jsonl")
    with pytest.raises(UsageError, match="exists already"):
        joining.join([one], other)
    assert {path.name for path in tmp_path.iterdir()} >= {"one.jsonl"}
    assert not list(tmp_path.glob("*out*"))


# --- the response cache -------------------------------------------------------------------------------------------


def test_what_was_answered_once_is_not_paid_for_again(tmp_path: Path) -> None:
    ask(Made(), tmp_path / "a.jsonl", Terms(), probes=20, draws=2)
    model = Made()
    found = ask(model, tmp_path / "b.jsonl", Terms(), probes=20, draws=2)
    assert (len(model.asked), found.answered, found.tally.cached) == (0, 40, 40)
    first, second = (lines(tmp_path / name) for name in ("a.jsonl", "b.jsonl"))
    assert {(li["probe"], li["draw"], li["text"], li["time"]) for li in first} == {(li["probe"], li["draw"], li["text"], li["time"]) for li in second}  # fmt: skip
    assert all(line["cached"] for line in second)
    fresh = Made()
    ask(fresh, tmp_path / "c.jsonl", FRESH, probes=20, draws=2)
    assert len(fresh.asked) == 40


def test_another_model_never_gets_the_first_ones_answers(tmp_path: Path) -> None:
    ask(Made("a"), tmp_path / "a.jsonl", Terms())
    changes: list[dict[str, Any]] = [
        {"name": "b"}, {"endpoint": "https://other.test"}, {"notes": {"weights": "2"}}, {"adapter": "other"},
        {"seed": 9}, {"temperature": 0.5}, {"max_tokens": 17}, {"top_p": 0.5}, {"system": "x"}, {"logprobs": 1}, {"probes": 7},
    ]  # fmt: skip
    for number, change in enumerate(changes):
        own = {key: change.pop(key) for key in ("name", "endpoint") if key in change}
        model = Made(**{"name": "a", **own})
        model.notes = change.pop("notes", {})
        found = ask(model, tmp_path / f"{number}.jsonl", Terms(), **change)
        assert found.tally.cached == 0, (own, change)
        assert all(line["text"].startswith(model.name) for line in lines(tmp_path / f"{number}.jsonl"))
    assert ask(Made("a"), tmp_path / "again.jsonl", Terms()).tally.cached == 6


def test_draws_never_repeat_one_another(tmp_path: Path) -> None:
    """Also where the service gives every request another answer, and one model stands on both sides of a case."""

    def new(model: Made, asked: Ask, number: int) -> Reply:
        return Reply(state="text", text=os.urandom(8).hex())

    both = [Made("same", new), Made("same", new)]
    for name in ("first", "second"):
        ready = [side.ready(tmp_path / f"{name}-{n}.jsonl", draws=5, seed=None) for n, side in enumerate(both)]
        runner.ask(ready, terms=Terms())
    for name in ("first", "second"):
        texts = [line["text"] for n in (0, 1) for line in lines(tmp_path / f"{name}-{n}.jsonl")]
        assert len(set(texts)) == len(texts) == 60
    assert len(both[0].asked) + len(both[1].asked) == 60, "the second case came from the cache"


def test_failures_and_models_of_this_machine_are_not_kept(tmp_path: Path) -> None:
    ask(
        Made(behaviour=lambda m, a, n: text(m, a, n) if n == 1 else fault("bad_request")), tmp_path / "a.jsonl", Terms()
    )
    assert ask(Made(), tmp_path / "b.jsonl", Terms()).tally.cached == 1
    for endpoint in (
        "http://127.0.0.1:8000/v1",
        "http://localhost/v1",
        "http://[::1]:1",
        "http://192.168.1.5/v1",
        "http://10.0.0.1",
    ):
        assert not kept.worth_keeping(Made(endpoint=endpoint)), endpoint
    assert kept.worth_keeping(Made(endpoint="https://api.openai.com/v1"))
    assert not kept.worth_keeping(Made(cacheable=False))


def test_a_damaged_cache_costs_requests_and_nothing_else(tmp_path: Path, own_home: Path) -> None:
    ask(Made(), tmp_path / "a.jsonl", Terms())
    for path in (own_home / "cache").glob("answers.sqlite*"):
        path.write_bytes(b"no database" * 1000)
    found = ask(Made(), tmp_path / "b.jsonl", Terms())
    assert (found.answered, found.tally.cached) == (6, 0)


# --- going on, and not going on -----------------------------------------------------------------------------------


def test_a_second_run_on_the_same_transcript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    refused: list[UsageError] = []

    def meanwhile(model: Made, asked: Ask, number: int) -> Reply:
        if number == 3:
            try:
                ask(Made(), path)
            except UsageError as error:
                refused.append(error)
        return text(model, asked, number)

    assert ask(Made(behaviour=meanwhile), path).answered == 6
    assert "another run" in refused[0].message
    assert set(answered(path).values()) == {1}


def test_a_torn_last_line_is_dropped_reported_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    ask(Made(), path)
    path.write_bytes(path.read_bytes()[:-10])
    model = Made()
    found = ask(model, path)
    assert len(model.asked) == 1
    assert found.torn > 0
    assert any("torn" in note for note in outcome.notes(found))
    assert set(answered(path).values()) == {1}
    assert importing.read_transcript(path).faults == {}


def test_what_was_under_way_is_counted_when_the_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    inside = threading.Event()

    def stuck(model: Made, asked: Ask, number: int) -> Reply:
        if number == 4:
            inside.set()
            time.sleep(30)
        return text(model, asked, number)

    from forensics.asking import crew

    before, crew.GRACE_SECONDS = crew.GRACE_SECONDS, 0.2
    try:
        threading.Thread(
            target=lambda: (inside.wait(10), time.sleep(0.1), os.kill(os.getpid(), 2)), daemon=True
        ).start()
        with pytest.raises(Interrupted, match=r"3 of 6 answers are kept\. The same command") as stopped:
            ask(Made(behaviour=stuck, parallel=1), path)
    finally:
        crew.GRACE_SECONDS = before
    assert stopped.value.exit_status == 130
    assert beside(path).exists()
    found = ask(Made(), path)
    assert (found.answered, found.resent, found.tally.maybe_billed) == (6, 1, 1)
    assert [a["kind"] for line in lines(path) for a in line.get("attempts", ())] == ["interrupted"]
    assert not beside(path).exists()


class Full(io.FileIO):
    """A file on a disk with little room; what does not fit is written in part, as disks do."""

    room = 4000

    def write(self, data: Any) -> int:
        fits = bytes(data)[: Full.room]
        Full.room -= len(fits)
        if not fits:
            raise OSError(28, "No space left on device")
        return super().write(fits)


def test_a_full_disk_keeps_what_was_counted_and_leaves_nothing_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensics.asking import writer

    path, counted = tmp_path / "t.jsonl", []
    monkeypatch.setattr(writer.os, "fdopen", lambda fd, *_: Full(fd, "r+b"))
    with pytest.raises(UsageError, match=r"No space left.*kept") as error:
        ask(Made(behaviour=lambda m, a, n: (counted.append(n), text(m, a, n))[1]), path, probes=300)
    assert error.value.exit_status == 2
    monkeypatch.undo()
    content = path.read_bytes()
    assert content.endswith(b"\n")
    kept_before = len(lines(path))
    assert 0 < kept_before < 30
    assert len(importing.read_transcript(path).entries) == kept_before
    rest = Made()
    assert ask(rest, path, probes=300).answered == 300
    assert len(rest.asked) == 300 - kept_before
    assert set(answered(path).values()) == {1}


def test_our_own_fault_in_an_adapter_is_raised_and_what_came_before_is_kept(tmp_path: Path) -> None:
    def wrong(model: Made, asked: Ask, number: int) -> Reply:
        if number == 4:
            raise ZeroDivisionError
        return text(model, asked, number)

    path = tmp_path / "t.jsonl"
    with pytest.raises(ZeroDivisionError):
        ask(Made(behaviour=wrong, parallel=1), path)
    assert len(answered(path)) == 3


def test_one_model_of_a_case_fails_and_all_answers_are_kept(tmp_path: Path) -> None:
    sides = [Made("good"), Made("bad", lambda *_: fault("terminal", "no such model"), endpoint="https://bad.test")]
    found = runner.ask([side.ready(tmp_path / side.name) for side in sides], terms=FRESH)
    with pytest.raises(
        ModelDidNotAnswer, match=r"made:bad answered 0 of 6.*no such model.*1 other models' answers are kept"
    ):
        outcome.judge(found, min_answered=0.9)
    assert len(answered(tmp_path / "good")) == 6


# --- what is told -------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_line_per_model_and_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from forensics.asking import progress

    def slow(model: Made, asked: Ask, number: int) -> Reply:
        time.sleep(0.05)
        return fault("transient") if number == 3 else text(model, asked, number)

    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.3)
    monkeypatch.setenv("COLUMNS", "200")
    name = "x\x1b]0;owned\x07\u202ey"
    for stream, live in ((io.StringIO(), False), (Terminal(), True)):
        model = Made(name, slow, parallel=1)
        runner.ask([model.ready(tmp_path / f"{live}", probes=20)], terms=FRESH, stream=stream)
        told = stream.getvalue()
        assert "/20" in told
        assert "transient 1" in told
        assert "/s" in told
        assert "cost unknown" in told
        assert "\u202e" not in told
        assert "\x07" not in told
        assert ("\x1b[" in told) == live
        assert "\x1b]" not in told


def test_nothing_is_told_of_a_short_run_off_a_terminal(tmp_path: Path) -> None:
    stream = io.StringIO()
    runner.ask([Made().ready(tmp_path / "t")], terms=FRESH, stream=stream)
    assert stream.getvalue() == ""


def test_a_resumed_replay_goes_on_with_the_draw_that_is_missing(tmp_path: Path) -> None:
    ask(Made(), tmp_path / "recorded.jsonl", FRESH, probes=4, draws=3)
    run = Run(ModelName("replay", str(tmp_path / "recorded.jsonl")), probe_set(4), Sampling(max_tokens=16, seed=1), 3)
    path = tmp_path / "again.jsonl"
    for most in (5, 3, None):
        runner.ask([runner.connected(run, path)], terms=Terms(max_requests=most))
    assert answered(path) == Counter((f"p{n}", draw) for n in range(4) for draw in range(3))
    for line in lines(path):
        assert line["text"].endswith(f" {line['draw']}"), "each draw is its own"


def test_a_replay_that_lacks_some_answers_gives_the_others(tmp_path: Path) -> None:
    ask(Made(), tmp_path / "recorded.jsonl", Terms(limit=3, fresh=True), probes=60)
    run = Run(ModelName("replay", str(tmp_path / "recorded.jsonl")), probe_set(60), Sampling(max_tokens=16, seed=1), 1)
    [found] = runner.ask([runner.connected(run, tmp_path / "again.jsonl")], terms=Terms(order_seed=9))
    assert found.tally.states == {"text": 3, "failed": 57}


def test_each_model_of_a_service_is_asked_one_question_until_it_has_answered(tmp_path: Path) -> None:
    """Also where threads of another model have nothing else to do."""

    def late(model: Made, asked: Ask, number: int) -> Reply:
        if number == 1:
            time.sleep(0.2)
            assert len(model.asked) == 1
        return text(model, asked, number)

    sides = [Made("late", late), Made("early")]
    found = runner.ask([side.ready(tmp_path / side.name, probes=30) for side in sides], terms=FRESH)
    assert [one.answered for one in found] == [30, 30]

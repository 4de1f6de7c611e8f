"""Whole nights through the command line: gates, alarms, broken pairs, overlaps, kills, resuming, budgets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from forensics import ngram
from forensics.cli import main
from forensics.monitoring.history import only_run, open_history
from tests.conftest import CANARY
from tests.monitoring.conftest import PLAN, World

HEAD = PLAN[: PLAN.index("[[pair]]")]


def dressed(prompt: str, made: ngram.Completion) -> ngram.Completion:
    """Answer as a server does that has begun to add a space and a line end."""
    return made._replace(text=f" {made.text}\n")


def pair(found: dict[str, Any], name: str = "served") -> dict[str, Any]:
    return next(p for p in found["pairs"] if p["pair"] == name)


def gate(found: dict[str, Any], name: str, of: str = "served") -> dict[str, Any]:
    return next(g for g in pair(found, of)["gates"] if g["gate"] == name)


def test_a_swap_in_the_middle_of_a_month_is_caught_within_three_nights_and_stands(world: World) -> None:
    world.write(probes_=25)
    alarms = []
    for day in range(1, 10):
        if day == 6:
            world.served["oak"] = "pine"
        found = world.found(day)
        alarms.append(pair(found)["alarms"])
        assert found["exit_status"] == (5 if alarms[-1] else 0)
        assert found["spend"]["calls"] == (200 if day == 1 else 100)
    assert not any(alarms[:5])
    first = next(day for day, alarm in enumerate(alarms, start=1) if alarm)
    assert first <= 8
    [alarm] = alarms[-1]
    assert (alarm["watch"], alarm["cause"], alarm["raised"]) == ("questioned", "behaviour", f"2026-11-{first:02}")
    assert alarm["since"] in ("2026-11-06", "2026-11-07")
    assert alarm["moved"]
    # The change is accepted by moving the baseline: evidence begins anew.
    world.plan.write_text(world.plan.read_text().replace("nights = 2", "nights = 2\nsince = 2026-11-09"))
    found = world.found(10)
    assert (found["exit_status"], pair(found)["alarms"]) == (0, [])
    assert "baseline is being collected" in gate(found, "drift")["detail"]


def test_a_change_of_form_is_reported_as_form_and_a_swap_after_it_as_a_swap(world: World) -> None:
    world.write(PLAN.replace('drift = "any"', 'drift = "behaviour"'), probes_=25)
    for day in range(1, 7):
        if day == 4:
            world.answers["oak"] = dressed
        found = world.found(day)
    [alarm] = pair(found)["alarms"]
    assert alarm["cause"] == "formatting"
    assert "white space before the answer 0% → 100%" in alarm["detail"]
    assert gate(found, "drift")["verdict"] == "passed"
    assert "formatting" in gate(found, "drift")["detail"]
    world.served["oak"] = "pine"
    for day in (7, 8, 9):
        found = world.found(day)
    assert [a["cause"] for a in pair(found)["alarms"]] == ["formatting", "behaviour"]
    assert found["exit_status"] == 5


def test_the_equality_gate_trips_for_different_models_and_not_for_one_under_two_names(world: World) -> None:
    plan = HEAD + (
        '[[pair]]\nname = "same"\nreference = "demo:alder"\nquestioned = "demo:alder-mirror"\ngates = { equality = true }\n'
        '[[pair]]\nname = "other"\nreference = "demo:alder"\nquestioned = "demo:oak"\ngates = { equality = true }\n'
    )
    world.write(plan, probes_=25)
    for day in (1, 2, 3):
        found = world.found(day)
    assert gate(found, "equality", "same")["verdict"] == "passed"
    assert gate(found, "equality", "other")["verdict"] == "tripped"
    assert pair(found, "other")["tonight"].startswith("differs")
    assert not pair(found, "same")["tonight"].startswith("differs")
    assert found["spend"]["calls"] == 300, "the reference is one model and is asked once for both pairs"


SCORED = (
    HEAD
    + """\
[[pair]]
name = "scored"
reference = "demo:alder"
questioned = "demo:alder-tuned"
cohort = ["demo:ash", "demo:fir", "demo:pine", "demo:holly", "demo:rowan"]
statistics = ["lexical"]
ask = "once"
"""
)


@pytest.mark.parametrize(
    ("gates", "status", "verdict"),
    [
        ("normalised_at_most = 100", 0, "passed"),
        ("normalised_at_most = -100", 5, "tripped"),
        ("normalised_at_least = 100", 5, "tripped"),
        ('normalised_at_most = 3, statistic = "opening"', 6, "cannot tell"),
        ("log10_lr_at_most = 3", 6, "cannot tell"),
        ("calls_at_most = 3", 5, "tripped"),
        ("cost_at_most = 3", 6, "cannot tell"),
    ],
)
def test_every_gate_decides_the_exit_status(world: World, gates: str, status: int, verdict: str) -> None:
    world.write(SCORED + f"gates = {{ {gates} }}\n")
    found = world.found(1)
    assert found["exit_status"] == status
    assert [g["verdict"] for g in pair(found, "scored")["gates"] if g["gate"] != "drift"] == [verdict]


def test_failures_trip_their_gate_or_break_the_pair(world: World) -> None:
    prompts = [json.loads(line)["prompt"] for line in (world.folder / "few.jsonl").read_text().splitlines()[1:]]
    for day, failing in ((1, 3), (2, 9)):
        rows = [{"prompt": p, "answer": None if i < failing else f"words {i}"} for i, p in enumerate(prompts)]
        (world.folder / f"{day}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        plan = PLAN.replace('"demo:oak"', f'"replay:{day}.jsonl"')
        world.plan.write_text(plan.replace('drift = "any"', 'drift = "any"\nfailures_at_most = 0.1'))
        found = world.found(day)
        if day == 1:
            assert (found["exit_status"], gate(found, "failures")["verdict"]) == (5, "tripped")
        else:
            assert (found["exit_status"], pair(found)["status"]) == (3, "broken")
            assert "unanswered" in pair(found)["reason"]


TWO = HEAD + (
    '[[pair]]\nname = "broken"\nreference = "replay:gone.jsonl"\nquestioned = "demo:oak"\n'
    '[[pair]]\nname = "whole"\nreference = "demo:alder"\nquestioned = "demo:oak"\nask = "questioned"\n'
)


def test_a_broken_pair_loses_no_other_and_is_done_when_it_is_mended(world: World) -> None:
    world.write(TWO)
    found = json.loads(world.night(1, "--json").stdout)
    assert [p["status"] for p in found["pairs"]] == ["broken", "done"]
    assert (found["exit_status"], pair(found, "whole")["exit_status"]) == (2, 0)
    asked = next((world.folder / "nights" / "answers").glob("once/demo_alder*"))
    (world.folder / "gone.jsonl").write_bytes(asked.read_bytes())
    found = world.found(1)
    assert [p["status"] for p in found["pairs"]] == ["done", "done"]
    assert found["exit_status"] == 0
    assert world.calls == [], "what was answered tonight is not asked again"


def test_a_fault_of_ours_is_one_pairs_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from forensics.monitoring import working

    world.write(TWO.replace("replay:gone.jsonl", "demo:elm"))
    real = working.manner.of

    def of(path: Path, baseline: Any) -> Any:
        if "elm" in path.name:
            raise ZeroDivisionError("\x1b[31mhostile")
        return real(path, baseline)

    monkeypatch.setattr(working.manner, "of", of)
    done = world.night(1)
    assert done.exit_code == 1
    assert (
        "FAULT        broken: internal fault: ZeroDivisionError: ⟦U+27E6⟧U+001B⟧" in done.stdout
        or "FAULT" in done.stdout
    )
    assert "\x1b" not in done.stdout
    assert "ok           whole" in done.stdout


def test_two_runs_do_not_overlap(world: World) -> None:
    world.write()
    with only_run(world.folder / "history.sqlite"):
        done = world.night(1)
    assert done.exit_code == 2
    assert "Another run" in done.stderr
    assert world.calls == []
    assert world.night(1).exit_code == 0


def test_a_night_that_is_done_is_not_done_again_and_time_does_not_run_backwards(world: World) -> None:
    first = world.found(2)
    again = world.found(2)
    assert world.calls == []
    assert again["pairs"] == first["pairs"]
    assert world.night(1).exit_code == 2
    with open_history(world.folder / "history.sqlite") as history:
        assert len(history.rows("measured")) == 1
        assert len(history.rows("runs")) == 2


def test_an_unchanged_pair_costs_nothing_and_counts_for_nothing(world: World) -> None:
    world.write(SCORED)
    first = world.found(1)
    assert first["spend"]["calls"] == 7 * 48
    second = world.found(2)
    assert (world.calls, second["spend"]["calls"], pair(second, "scored")["status"]) == ([], 0, "unchanged")
    for name in ("normalised", "case", "log10_lr"):
        assert pair(second, "scored")[name] == pair(first, "scored")[name]
    with open_history(world.folder / "history.sqlite") as history:
        assert history.rows("drift") == []


def test_old_answers_are_no_new_evidence_of_equality(world: World) -> None:
    plan = (
        HEAD
        + '[[pair]]\nname = "p"\nreference = "demo:alder"\nquestioned = "demo:oak"\nask = "once"\ngates = { equality = true }\n'
    )
    world.write(plan)
    for day in (1, 2, 3):
        world.found(day)
    with open_history(world.folder / "history.sqlite") as history:
        assert {row["night"] for row in history.rows("drift")} == {"2026-11-01"}


def test_a_budget_stops_before_it_is_passed(world: World) -> None:
    world.write(
        TWO.replace("replay:gone.jsonl", "demo:elm").replace("[defaults]", "[budget]\ncalls = 100\n[defaults]", 1)
    )
    found = world.found(1)
    assert [p["status"] for p in found["pairs"]] == ["done", "broken"] or found["spend"]["calls"] <= 100
    assert found["exit_status"] == 5
    assert len(world.calls) <= 100
    assert any("budget" in (p["reason"] or "") for p in found["pairs"])


def test_the_clock_can_be_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    done = CliRunner().invoke(main, ["nightly", str(world.plan), "--json"])
    assert json.loads(done.stdout)["night"] == "2026-01-01"


def test_the_same_nights_give_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = World(tmp_path / name, monkeypatch)
        made.write()
        for day in (1, 2, 3):
            made.found(day)
        with open_history(made.folder / "history.sqlite") as history:
            rows.append([history.rows(table) for table in ("drift", "measures", "flips")])
        monkeypatch.undo()
    assert rows[0] == rows[1]
    assert len(rows[0][0]) == 2


def test_each_night_is_sealed_with_a_key_and_the_row_points_to_the_seal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensics.custody import seals

    monkeypatch.setenv("FORENSICS_PASSPHRASE", "a long passphrase")
    key = world.folder / "key.pem"
    assert CliRunner().invoke(main, ["keys", "new", str(key)]).exit_code == 0
    found = world.found(1, "--key", str(key))
    assert pair(found)["sealed"]
    bundle = world.folder / "nights" / "sealed" / "served" / "2026-11-01"
    assert seals.read(bundle)[1] == pair(found)["case"]
    assert CliRunner().invoke(main, ["verify", str(bundle)]).exit_code == 0


def test_no_secret_and_no_answer_reaches_the_history(world: World) -> None:
    world.found(1)
    data = (world.folder / "history.sqlite").read_bytes()
    assert CANARY.encode() not in data
    transcript = next((world.folder / "nights" / "answers" / "2026-11-01").glob("*.jsonl")).read_text().splitlines()
    assert all(json.loads(line)["text"][:30].encode() not in data for line in transcript[1:])
    for path in world.folder.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes()


@pytest.mark.slow
def test_a_run_that_is_killed_loses_nothing_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """kill -9 while a program is being asked: answers on disk are kept, and only the others are asked again."""
    made = World(tmp_path, pytest.MonkeyPatch())
    made._patch.undo()
    made.write()
    counter, program = tmp_path / "asked", tmp_path / "answer.py"
    program.write_text(
        "import sys, time\nprompt = sys.stdin.read()\n"
        f"open({str(counter)!r}, 'a').write('x')\ntime.sleep(0.02)\nprint(prompt[::-1])\n"
    )
    plan = HEAD.replace("draws = 4", "draws = 2") + (
        '[[pair]]\nname = "first"\nreference = "demo:alder"\nquestioned = "demo:oak"\nask = "questioned"\n'
        f'[[pair]]\nname = "killed"\nreference = "demo:alder"\nquestioned = "command:{sys.executable}?arg={program}"\n'
    )
    made.plan.write_text(plan)
    command = [sys.executable, "-m", "forensics", "nightly", str(made.plan), "--night", "2026-11-01", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(3000):
            if counter.exists() and counter.stat().st_size >= 5:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    asked = counter.stat().st_size
    assert 5 <= asked < 24
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [p["status"] for p in found["pairs"]] == ["done", "done"]
    assert counter.stat().st_size <= 24 + 8, "at most the few questions that were under way are asked twice"
    assert pair(found, "killed")["spend"]["calls"] >= 24, "what the killed run asked is counted"
    with open_history(tmp_path / "history.sqlite") as history:
        assert len(history.rows("measured", pair="first")) == 1

"""The command as users run it, against a server that goes wrong: faults, kills, signals, and a key that must not leave."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics import importing
from forensics.asking.journal import beside
from forensics.errors import BadFile
from tests.servers.faulty import KINDS, ROOT, answer_to, running

KEY = "sk-canary-8f3a61d0c2e94b57"


def write_probes(path: Path, count: int) -> Path:
    rows = [{"name": "made", "version": "1"}, *({"id": f"p{n}", "prompt": f"Question {n}?"} for n in range(count))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {"PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY, "FORENSICS_HOME": str(tmp_path / "home")}
    return {**os.environ, **own}


def command(url: str, probes: Path, out: Path, *more: object, timeout: float = 5.0) -> list[str]:
    model = f"openai:m?base_url={url}/v1&timeout={timeout}"
    return [sys.executable, "-m", "forensics", "probe", model, "--probes", str(probes), "--max-tokens", "16", "-o", str(out), *map(str, more)]  # fmt: skip


def get(url: str, what: str) -> Any:
    with urllib.request.urlopen(f"{url}/{what}", timeout=20) as answer:
        return json.loads(answer.read())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[1:-1]]


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, timeout=120)


# --- faults -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_thousand_calls_through_every_fault(tmp_path: Path, environment: dict[str, str]) -> None:
    """30% of requests go wrong; what five attempts did not bring, the same command brings: none lost, none twice."""
    probes, out = write_probes(tmp_path / "p.jsonl", 2000), tmp_path / "t.jsonl"
    with running(faults=0.3) as url:
        first = run(command(url, probes, out, timeout=0.4), environment)
        assert first.returncode == 0, first.stderr
        answered = [line for line in lines(out) if line["state"] == "text"]
        assert len(answered) >= 1980, "0.26^5 of the questions fail five times"
        for _ in range(5):
            done = run(command(url, probes, out, timeout=0.4), environment)
            assert done.returncode == 0, done.stderr
            if "failed" not in done.stderr:
                break
        seen, complete = get(url, "seen"), get(url, "answered")
    found = [line for line in lines(out) if line["state"] != "failed"]
    assert Counter(line["probe"] for line in found) == Counter(f"p{n}" for n in range(2000))
    for line in found:
        assert line["text"] == answer_to("m", line["prompt"])
    attempts = sum(len(line.get("attempts", ())) for line in lines(out)) + len(found)
    assert attempts == len(seen), "every request is on record"
    assert set(complete) == {line["prompt"] for line in found}
    assert len(importing.read_transcript(out).entries) == 2000
    assert not beside(out).exists()
    assert not leaking(tmp_path, first.stdout + first.stderr)


def leaking(folder: Path, shown: str) -> list[str]:
    """Return where the key stands: in files of any kind below a folder, or in what was shown."""
    found = [path.name for path in folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    return found + (["shown"] if "canary" in shown else [])


@pytest.mark.parametrize("kind", [*KINDS, "401", "404", "400"])
def test_a_key_leaves_through_no_fault(kind: str, tmp_path: Path, environment: dict[str, str]) -> None:
    probes, out = write_probes(tmp_path / "p.jsonl", 4), tmp_path / "t.jsonl"
    status = {"status": kind} if kind.isdigit() and int(kind) in (400, 401, 404) else {"faults": 0.5, "kinds": kind}
    with running(**status) as url:
        done = run(command(url, probes, out, "--deadline", 1, timeout=0.2), {**environment, "FORENSICS_DEBUG": "1"})
        seen = get(url, "seen")
    assert seen
    assert "Traceback" not in done.stderr
    assert not leaking(tmp_path, done.stdout + done.stderr)
    if "status" in status:
        assert (done.returncode, len(seen)) == (3, 1), done.stderr


def test_a_reset_server_and_nobody_there(tmp_path: Path, environment: dict[str, str]) -> None:
    probes, out = write_probes(tmp_path / "p.jsonl", 50), tmp_path / "t.jsonl"
    with running(status=500) as url:
        done = run(command(url, probes, out, "--deadline", 3), environment)
        assert done.returncode == 3, done.stderr
        assert len(get(url, "seen")) <= 5
    done = run(command(url, probes, tmp_path / "u.jsonl", "--deadline", 3), environment)
    assert done.returncode == 3
    assert "refused" in done.stderr


# --- signals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_keeps_what_arrived_and_says_how_to_go_on(
    number: int, tmp_path: Path, environment: dict[str, str]
) -> None:
    probes, out = write_probes(tmp_path / "p.jsonl", 400), tmp_path / "t.jsonl"
    with running(latency=0.1) as url:
        arguments = command(url, probes, out, "--concurrency", 8)
        with subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True) as process:
            wait_for(out, 20)
            begun = time.monotonic()
            process.send_signal(number)
            said = process.communicate(timeout=20)[1]
            assert process.returncode == 130, said
            assert time.monotonic() - begun < 5
        assert "are kept" in said
        assert "The same command goes on" in said
        assert "Traceback" not in said
        kept = len(lines(out))
        assert not beside(out).exists(), "what was under way arrived"
        done = run(arguments, environment)
        assert done.returncode == 0, done.stderr
        assert len(get(url, "seen")) == 400
    assert kept >= 20
    assert Counter(line["probe"] for line in lines(out)) == Counter(f"p{n}" for n in range(400))


def test_the_second_signal_is_immediate_and_a_silent_server_holds_nobody(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    probes = write_probes(tmp_path / "p.jsonl", 20)
    with running(latency=30) as url:
        for signals, status, most in ((1, 130, 5.0), (2, -signal.SIGINT, 2.0)):
            out = tmp_path / f"{signals}.jsonl"
            with subprocess.Popen(
                command(url, probes, out, timeout=60), env=environment, stderr=subprocess.PIPE
            ) as process:
                wait_until(lambda: beside(out).exists() and b'"ask"' in beside(out).read_bytes())  # noqa: B023
                begun = time.monotonic()
                for _ in range(signals):
                    process.send_signal(signal.SIGINT)
                    time.sleep(0.5)
                process.communicate(timeout=20)
                assert process.returncode == status
                assert time.monotonic() - begun < most + 1
            assert beside(out).exists(), "one question was under way"


def wait_for(path: Path, answers: int) -> None:
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") > answers)


def wait_until(held: Any) -> None:
    end = time.monotonic() + 30
    while not held():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- kills --------------------------------------------------------------------------------------------------------

FORKS = """
import os, sys
from forensics.cli import main
from forensics import runner
import forensics.commands.probe, forensics.adapters.openai, forensics.asking.kept
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        main(sys.argv[1:])
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


@pytest.fixture
def forks(environment: dict[str, str]) -> Iterator[Any]:
    """Start the command again and again, without waiting for Python: each is a process of its own all the same."""
    processes = []

    def start(arguments: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", FORKS, *arguments[3:]], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def killed(parent: subprocess.Popen[str], after: float) -> None:
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write("go\n")
    parent.stdin.flush()
    child = int(parent.stdout.readline())
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    assert parent.stdout.readline() == "gone\n"


@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_random_moments_nothing_is_lost_or_doubled(
    kills: int, tmp_path: Path, environment: dict[str, str], forks: Any
) -> None:
    count, concurrency = 40 * kills, 8
    probes, out = write_probes(tmp_path / "p.jsonl", count), tmp_path / "t.jsonl"
    rng = random.Random(kills)
    unreadable = torn = 0
    with running(latency=0.04) as url:
        parent = forks(command(url, probes, out, "--concurrency", concurrency))
        before = b""
        for _ in range(kills):
            killed(parent, rng.uniform(0, 0.4))
            content = out.read_bytes() if out.exists() else b""
            assert content.startswith(before), "an answer that was on disk is gone"
            before = content[: content.rfind(b"\n") + 1]
            torn += before != content
            if before.count(b"\n") > 1:
                try:
                    importing.read_transcript(out)
                except BadFile as error:
                    unreadable += "not complete" not in str(error)
        assert before.count(b"\n") <= count, "the last run still has something to do"
        done = run(command(url, probes, out), environment)
        assert done.returncode == 0, done.stderr
        seen = Counter(prompt for _, _, prompt in get(url, "seen"))
    assert unreadable == 0
    assert Counter(line["probe"] for line in lines(out)) == Counter(f"p{n}" for n in range(count))
    assert all(line["text"] == answer_to("m", line["prompt"]) for line in lines(out))
    resent = sum(seen.values()) - len(seen)
    interrupted = [a for line in lines(out) for a in line.get("attempts", ())]
    assert {attempt["kind"] for attempt in interrupted} <= {"interrupted"}
    assert all(attempt["maybe_billed"] for attempt in interrupted)
    assert resent <= len(interrupted) <= kills * concurrency, "whatever was sent twice is counted"
    assert not beside(out).exists()
    print(
        f"{kills} kills: {resent} sent again, {len(interrupted)} counted, {torn} torn, {len(before.splitlines()) - 1} before the last"
    )

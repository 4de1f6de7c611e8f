"""What asking costs: CPU per request, the share of the ideal rate, start, memory; other programs beside it, same server."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks import timing
from benchmarks.clients import CONCURRENCY, Command, async_openai, bare, inspect_ai, lm_eval, ours, promptfoo
from benchmarks.reporting import HERE, number, table
from tests.servers.faulty import running

TITLE = "Transport"
RECORDED = False
PEERS = {
    "bare": bare,
    "async_openai": async_openai,
    "inspect_ai": inspect_ai,
    "lm_eval": lm_eval,
    "promptfoo": promptfoo,
}
WORK = HERE / ".work" / "transport"
LATENCY = 0.05
MANY, FEW = 8000, 500
"""Prompts of a run; programs that take long get the few, and so does ours beside them."""
COUNTS = {"bare": MANY, "async_openai": MANY // 4}
RUNS, PEER_RUNS, STARTS = 3, 1, 9
DRAWS, PROBES = 1000, 100
"""Of the run whose memory is watched."""
TARGETS = {"cpu_ms": 0.5, "share": 0.85, "one": 0.3, "start": 0.1}


def run(_: None) -> dict[str, Any]:
    """Measure everything in fresh processes, the server in one of its own."""
    WORK.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"runs": {}, "missing": {}, "starts": _starts()}
    plans: dict[str, tuple[str, Any, int]] = {
        f"forensics probe, {MANY:,} prompts": ("ours", None, MANY),
        f"forensics probe, {FEW:,} prompts": ("ours", None, FEW),
    }
    for name, peer in PEERS.items():
        try:
            peer.prepare(WORK / name)
        except (subprocess.SubprocessError, OSError) as error:
            found["missing"][peer.TITLE] = f"not installed here: {_why(error)}"
            continue
        plans[peer.TITLE] = (name, peer, COUNTS.get(name, FEW))
    # Turn by turn: a busy minute then falls on all alike.
    rows: dict[str, list[dict[str, float]]] = {title: [] for title in plans}
    for turn in range(RUNS):
        for title, (name, peer, count) in plans.items():
            if title in found["missing"] or (peer not in (None, bare) and turn >= PEER_RUNS):
                continue
            try:
                rows[title].append(_timed(name, peer, count))
            except (subprocess.SubprocessError, AssertionError) as error:
                found["missing"][title] = f"did not answer every prompt here: {_why(error)}"
                continue
            print(f"  {title}: {rows[title][-1]}", flush=True)
    found["runs"] = {title: _summary(runs) for title, runs in rows.items() if runs}
    found["one"] = _one()
    found["memory"] = _memory()
    return found


def _timed(name: str, peer: Any, count: int) -> dict[str, float]:
    """Time one whole run, start included; raises AssertionError where the server did not answer every prompt."""
    prompts = [f"Question {number} of this run?" for number in range(count)]
    with tempfile.TemporaryDirectory() as place, running(latency=LATENCY) as url:
        work = Path(place)
        command = (
            ours(work, url, _probes(work, prompts)) if peer is None else peer.command(WORK / name, work, url, prompts)
        )
        took = _run(command)
        with urllib.request.urlopen(f"{url}/answered") as said:
            answered = json.load(said)
    assert len(answered) == count, f"{len(answered)} of {count} prompts answered"
    ideal = count * LATENCY / CONCURRENCY
    return {
        "prompts": count,
        "seconds": took.seconds,
        "cpu_ms": took.cpu / count * 1e3,
        "share": ideal / took.seconds,
        "mib": took.mib,
    }


def _why(error: Exception) -> str:
    """Say what went wrong without a path of this machine."""
    status = getattr(error, "returncode", None)
    return f"exit status {status}" if status is not None else type(error).__name__


def _run(command: Command) -> timing.Timed:
    return timing.run([str(part) for part in command.arguments], environment=command.environment)


def _summary(runs: list[dict[str, float]]) -> dict[str, float]:
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return {
        **middle,
        "best_share": max(run["share"] for run in runs),
        "least_cpu_ms": min(run["cpu_ms"] for run in runs),
        "runs": len(runs),
    }


def _probes(work: Path, prompts: list[str]) -> Path:
    rows = [{"name": "bench", "version": "1"}, *({"id": f"p{n}", "prompt": prompt} for n, prompt in enumerate(prompts))]
    path = work / "probes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _one() -> dict[str, float]:
    """Time runs of one prompt, the server at once."""
    runs = []
    with running() as url:
        for _ in range(STARTS):
            with tempfile.TemporaryDirectory() as place:
                runs.append(_run(ours(Path(place), url, _probes(Path(place), ["One?"]))))
    return timing.median(runs)


def _starts() -> dict[str, dict[str, float]]:
    commands = {
        "forensics --help": timing.python("-m", "forensics", "--help"),
        "forensics --version": timing.python("-m", "forensics", "--version"),
        "python -c pass": timing.python("-c", "pass"),
    }
    runs: dict[str, list[timing.Timed]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            runs[name].append(timing.run(command))
    return {name: timing.median(rows) for name, rows in runs.items()}


def _memory() -> dict[str, float]:
    """Watch the memory of a run of 100,000 answers: when a tenth is on disk, and the most from there on."""
    with tempfile.TemporaryDirectory() as place, running() as url:
        work = Path(place)
        command = ours(work, url, _probes(work, [f"Question {n}?" for n in range(PROBES)]), "--draws", str(DRAWS))
        start = time.perf_counter()
        with subprocess.Popen(
            [str(part) for part in command.arguments], env={**os.environ, **command.environment},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            seen: list[tuple[int, float]] = []
            while process.poll() is None:
                size = (work / "ours.jsonl").stat().st_size if (work / "ours.jsonl").exists() else 0
                seen.append((size, _resident(process.pid)))
                time.sleep(0.2)
        assert process.returncode == 0, process.returncode
        whole = (work / "ours.jsonl").stat().st_size
    tenth = next(mib for size, mib in seen if size >= whole / 10)
    return {
        "answers": PROBES * DRAWS, "seconds": time.perf_counter() - start, "mib_on_disk": whole / 2**20,
        "mib_at_a_tenth": tenth, "mib_most_after": max(mib for size, mib in seen if size >= whole / 10),
    }  # fmt: skip


def _resident(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 2**20
    except (OSError, IndexError):
        return 0.0


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = [
        [title, f"{row['prompts']:,.0f}", number(row["cpu_ms"], 2), number(row["least_cpu_ms"], 2), f"{row['share']:.0%}", f"{row['best_share']:.0%}",
         number(row["seconds"], 1), number(row["mib"], 0)]
        for title, row in found["runs"].items()
    ]  # fmt: skip
    missing = "".join(f"\n\n{title}: {why}." for title, why in found["missing"].items())
    memory, one = found["memory"], found["one"]
    starts = [[name, number(row["cpu"], 3)] for name, row in found["starts"].items()]
    starts.append(["one prompt, whole process", number(one["cpu"], 3)])
    return "\n\n".join([
        (f"Whole runs, start included, against one loopback server in a process of its own that answers after {LATENCY * 1e3:.0f} ms; "
         f"{CONCURRENCY} requests at once; ideal: {CONCURRENCY / LATENCY:,.0f} a second. Medians of {RUNS} runs turn by turn, of other programs {PEER_RUNS}. Ours writes a chained transcript and a "
         f"journal; target: ≤ {TARGETS['cpu_ms']} ms CPU a prompt, ≥ {TARGETS['share']:.0%} of the ideal rate on an idle machine."),
        table(["program", "prompts", "CPU ms a prompt", "least", "share of ideal rate", "best", "seconds", "MiB"], rows) + missing,
        f"**Start**, CPU seconds, medians of {STARTS} (targets: {TARGETS['start']} for help and version, {TARGETS['one']} for one prompt):",
        table(["what", "CPU seconds"], starts),
        (f"**Memory** over {memory['answers']:,} answers ({memory['mib_on_disk']:.0f} MiB of transcript): {memory['mib_at_a_tenth']:.1f} MiB when a tenth was on disk, "
         f"{memory['mib_most_after']:.1f} MiB at most from there to the end."),
    ])  # fmt: skip

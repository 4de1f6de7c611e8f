"""How long the main jobs take, from nothing and again: all pairs of all models, one comparison, and `--help`."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import timing
from benchmarks.data import Bench
from benchmarks.reporting import number, table
from benchmarks.timing import Timed

TITLE = "Speed"
STATISTICS = ("lexical", "opening", "style")
REFERENCE, QUESTIONED = "vicuna-13b-v1.5", "vicuna-13b-v1.5-togetherai"
COLD, WARM, STARTS = 2, 3, 9
"""Runs of each kind."""
TARGETS = {
    "all pairs, cold": (25.0, 3072),
    "all pairs, again": (3.0, 3072),
    "compare, cold": (45.0, 2048),
    "compare, again": (5.0, 2048),
}
"""Seconds on two idle cores, and MiB."""


def run(bench: Bench) -> dict[str, Any]:
    """Time everything in fresh processes; caches are in a folder of their own, empty when it says cold."""
    jobs = {
        "all pairs": timing.python("-m", "benchmarks.all_pairs", str(bench.folder), *STATISTICS),
        "compare": [
            *timing.python("-m", "forensics", "compare"),
            f"replay:{bench.folder / REFERENCE}", f"replay:{bench.folder / QUESTIONED}",
            "--cohort", str(bench.folder), "-o",
        ],
    }  # fmt: skip
    found: dict[str, Any] = {"jobs": {}, "models": len(bench.body.members), "probes": len(bench.body.probes)}
    for name, command in jobs.items():
        cold, warm = _timed(name, command)
        found["jobs"][f"{name}, cold"] = timing.median(cold)
        found["jobs"][f"{name}, again"] = timing.median(warm)
    return found | {"starts": _starts()}


def _timed(name: str, command: list[str]) -> tuple[list[Timed], list[Timed]]:
    cold: list[Timed] = []
    warm: list[Timed] = []
    for number_of_run in range(COLD):
        with tempfile.TemporaryDirectory() as home:
            environment = {"FORENSICS_HOME": home}
            for again in range(1 + (WARM if number_of_run == COLD - 1 else 0)):
                case = [str(Path(home) / f"case{again}")] if command[-1] == "-o" else []
                (warm if again else cold).append(timing.run([*command, *case], environment=environment))
                print(
                    f"  {name}{', again' if again else ', cold'}: {(warm if again else cold)[-1].seconds:.1f} s",
                    flush=True,
                )
    return cold, warm


def _starts() -> dict[str, Any]:
    """Time `forensics --help` and an import of click, turn by turn."""
    commands = {
        "forensics --help": [str(Path(sys.executable).parent / "forensics"), "--help"],
        "python -c 'import click'": timing.python("-c", "import click"),
    }
    runs: dict[str, list[Timed]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            runs[name].append(timing.run(command))
    ours, theirs = runs.values()
    ratios = [a.seconds / b.seconds for a, b in zip(ours, theirs, strict=True)]
    return {name: timing.median(rows) for name, rows in runs.items()} | {"ratio": statistics.median(ratios)}


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = []
    for name, row in found["jobs"].items():
        seconds, mib = TARGETS[name]
        rows.append([
            name, number(row["seconds"], 1), number(row["cpu"], 1), number(row["mib"], 0), str(row["runs"]),
            f"≤ {seconds:g} s, ≤ {mib} MiB",
        ])  # fmt: skip
    starts = [
        [name, number(row["seconds"], 3), number(row["cpu"], 3)]
        for name, row in found["starts"].items()
        if name != "ratio"
    ]
    pairs = found["models"] * (found["models"] - 1) // 2
    return "\n\n".join([
        (f"*All pairs*: {pairs:,} pairs of {found['models']} models on {found['probes']} prompts by `{'`, `'.join(STATISTICS)}`, reading, deriving, scoring and "
        f"S-norms included. *Compare*: `forensics compare` of {REFERENCE} and {QUESTIONED} with all others as the cohort, report included. Fresh processes; "
        "cold: nothing cached. Medians; memory is the highest of all runs, children included. On a busy machine wall clock says little: see CPU and the load average."),
        table(["job", "seconds", "CPU seconds", "MiB", "runs", "target on 2 idle cores"], rows),
        f"**Start**, {STARTS} runs each, turn by turn; median of the ratios {number(found['starts']['ratio'], 2)} (target ≤ 3):",
        table(["command", "seconds", "CPU seconds"], starts),
    ])  # fmt: skip

"""Run a command and say what it took: wall clock, CPU of it and its children, and the peak of their memory together."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.data import ROOT

_EVERY = 0.1
"""Seconds between two looks at memory."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Timed(NamedTuple):
    """What one run took."""

    seconds: float
    cpu: float
    """Seconds of user and system time, children included."""
    mib: float
    """Highest sum of resident memory of the process and its descendants, seen every 0.1 s; shared pages count in each."""
    said: str
    """Standard output."""


def run(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> Timed:
    """Run a command in the repository's root; raises CalledProcessError where it fails."""
    before, start = _cpu(), time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        peak, ended = [0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, ended))
        watcher.start()
        said = process.communicate()[0]
        seconds = time.perf_counter() - start
        ended.set()
        watcher.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said)
    return Timed(seconds, _cpu() - before, peak[0] * _PAGE / 2**20, said)


def python(*arguments: str) -> list[str]:
    """Return a command for this interpreter."""
    return [sys.executable, *arguments]


def median(runs: Sequence[Timed]) -> dict[str, float]:
    """Return the medians of several runs, the highest memory, and how many there were."""
    return {
        "seconds": statistics.median(run.seconds for run in runs),
        "cpu": statistics.median(run.cpu for run in runs),
        "mib": max(run.mib for run in runs),
        "runs": len(runs),
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(session: int, peak: list[int], ended: threading.Event) -> None:
    """Keep the highest sum of resident pages of all processes in a session."""
    while not ended.wait(_EVERY):
        peak[0] = max(
            peak[0], sum(_pages(Path(entry.path), session) for entry in os.scandir("/proc") if entry.name.isdigit())
        )


def _pages(process: Path, session: int) -> int:
    """Return a process' resident pages, or 0 where it is of another session or has gone."""
    try:
        # The name in brackets may hold anything: fields are counted from its end.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        return int((process / "statm").read_text().split()[1]) if int(fields[3]) == session else 0
    except OSError:
        return 0

"""A large screen: 2,000 made-up models on 160 prompts, families planted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import synthetic, timing
from benchmarks.data import Bench
from benchmarks.reporting import number

TITLE = "A large screen"
EXTRA = "large"
RECORDED = False
MODELS, PROBES = 2000, 160


def run(bench: Bench | None) -> dict[str, Any]:
    """Make the answers, then time the command from nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        synthetic.write(folder / "answers", MODELS, PROBES)
        command = timing.python("-m", "forensics", "screen", str(folder / "answers"), "-o", str(folder / "screen"))
        timed = timing.run(command, environment={"FORENSICS_HOME": str(folder / "home")})
        return {
            "models": MODELS,
            "probes": PROBES,
            "seconds": timed.seconds,
            "cpu": timed.cpu,
            "mib": timed.mib,
            "planted_first": synthetic.first_places(folder / "screen" / "pairs.csv", MODELS),
            "store_mib": sum(f.stat().st_size for f in (folder / "home").rglob("*") if f.is_file()) / 2**20,
        }


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    pairs = found["models"] * (found["models"] - 1) // 2
    return (
        f"{found['models']:,} made-up models × {found['probes']} prompts, all {pairs:,} pairs, from nothing: {number(found['seconds'], 0)} s, {number(found['cpu'], 0)} CPU seconds, "
        f"{number(found['mib'], 0)} MiB at most (all processes together), {number(found['store_mib'], 0)} MiB stored. Target: 15 minutes, 8 GiB. "
        f"Of the planted pairs, {number(found['planted_first'], 4)} are among as many first rows of pairs.csv."
    )

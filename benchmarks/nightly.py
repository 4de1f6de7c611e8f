"""Nights of the tool on real draws: how soon a swap is found, what a change of form is called, what an idle night costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import nights
from benchmarks.banks import demo_bank, served_bank
from benchmarks.nights import Texts, Year
from forensics.numerics import evalues

TITLE = "Nightly: swaps, changes of form, and an idle night"
RECORDED = False
MONTHS = 12
PROBES = 10
SWAP = 15
"""The first night, counted from the end of the baseline, on which something else answers."""
YEAR = Year(nights=18, baseline=12, draws=4)


def run(bench: Any) -> dict[str, Any]:
    """Simulate months with a change in the middle, and time a night on which nothing is new."""
    found = {"months": MONTHS, "probes": PROBES, "draws": YEAR.draws, "baseline": YEAR.baseline}
    return {**found, "changes": _changes(), "discoveries": _discoveries(), "idle": _idle()}


def _changes() -> dict[str, Any]:
    draws = YEAR.needed
    own = demo_bank("alder", draws=draws, probes=PROBES)
    again = demo_bank("alder", draws=draws, probes=PROBES, first=draws)
    cases: dict[str, Texts] = {
        "demo: nothing changed": again,
        "demo: another model (oak)": demo_bank("oak", draws=draws, probes=PROBES),
        "demo: trained further (alder-tuned)": demo_bank("alder-tuned", draws=draws, probes=PROBES),
        "demo: temperature 0.2 for 0.7": demo_bank("alder", draws=draws, probes=PROBES, temperature=0.2, first=draws),
        "demo: a leading space and a line end": [[f" {text}\n" for text in texts] for texts in again],
    }
    found = {what: _month(own, bank, seed) for seed, (what, bank) in enumerate(cases.items())}
    served = served_bank("A", draws=draws, probes=PROBES)
    if served is not None:
        for seed, (what, name) in enumerate(
            (("nothing changed", "A"), ("trained further (B)", "B"), ("another model (C)", "C")), 10
        ):
            other = served_bank(name, draws=draws, probes=PROBES, first=draws)
            assert other is not None
            found[f"llama.cpp: {what}"] = _month(served, other, seed)
    return found


def _month(own: Texts, other: Texts, seed: int) -> dict[str, Any]:
    """Return on which night after the change it is found, and what it is called."""
    p = nights.years(own, count=MONTHS, year=YEAR, seed=seed, chunk=MONTHS, instead=(SWAP, other))
    alarmed = nights.wealth(p) >= np.log(20)
    late = np.where(alarmed.any(axis=1), alarmed.argmax(axis=1) - SWAP + 1, np.inf)
    forms = [_is_form(p, month, int(SWAP + n - 1)) for month, n in enumerate(late) if np.isfinite(n) and n > 0]
    return {
        "before the change": float((late <= 0).mean()),
        "within three nights": float(((late > 0) & (late <= 3)).mean()),
        "median night": None if np.isinf(np.median(late)) else float(np.median(late)),
        "called form": float(np.mean(forms)) if forms else None,
    }


def _is_form(p: Any, month: int, night: int) -> bool:
    """Say what the tool calls the change on the night it is found; the rule of `monitoring/deciding.py`."""
    from forensics.monitoring import deciding

    log_es = {stream: evalues.log_e(found[month, : night + 1]).tolist() for stream, found in p.items()}
    wealth = {stream: float(evalues.log_wealth(found)[-1]) for stream, found in log_es.items()}
    return deciding.cause_of(log_es, wealth, float(np.log(20))) == "formatting"


def _discoveries() -> dict[str, float]:
    """Return the false share and the power of e-BH over 20 sides of which 5 changed, from simulated nights."""
    own, other = (demo_bank(name, draws=Year(8, 8, 4).needed, probes=6) for name in ("alder", "oak"))
    year = Year(8, 8, 4)
    quiet = nights.wealth(nights.years(own, count=45, year=year, seed=3))[:, -1]
    changed = nights.wealth(nights.years(own, count=15, year=year, seed=4, instead=(3, other)))[:, -1]
    false, power = [], []
    for k in range(3):
        rejected = evalues.discoveries([*quiet[15 * k : 15 * k + 15], *changed[5 * k : 5 * k + 5]], 0.05)
        false.append(rejected[:15].sum() / max(rejected.sum(), 1))
        power.append(rejected[15:].mean())
    return {"false share": float(np.mean(false)), "power": float(np.mean(power))}


def _idle() -> dict[str, float]:
    """Time a night of one pair with a cohort on which nothing is new, as a user runs it: a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        plan = Path(name) / "pairs.toml"
        plan.write_text(
            'schema = "forensics/pairs/1"\n[[pair]]\nname = "idle"\nreference = "demo:alder"\nquestioned = "demo:oak"\n'
            'cohort = ["demo:ash", "demo:fir", "demo:pine", "demo:holly", "demo:rowan"]\nprobes = "demo"\ndraws = 1\n'
            'max_tokens = 30\nstatistics = ["lexical"]\nask = "once"\n',
            "utf-8",
        )
        first, _ = _night(plan, "2026-11-01")
        idle, seconds = _night(plan, "2026-11-02")
        start, used = time.perf_counter(), _children()
        subprocess.run([sys.executable, "-m", "forensics", "list", "models"], capture_output=True, check=False)
        beside = {"seconds": time.perf_counter() - start, "cpu": _children() - used}
        return {"first calls": first, "calls": idle, **seconds, "listing the models, beside": beside["cpu"]}


def _night(plan: Path, night: str) -> tuple[int, dict[str, float]]:
    start, used = time.perf_counter(), _children()
    command = [sys.executable, "-m", "forensics", "nightly", str(plan), "--night", night, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = {"seconds": time.perf_counter() - start, "cpu": _children() - used}
    return json.loads(done.stdout)["spend"]["calls"], spent


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def show(found: dict[str, Any]) -> list[str]:
    """Lay out when changes are found."""
    lines = [
        f"{found['months']} simulated months each, {found['probes']} probes × {found['draws']} draws a night, a baseline of "
        f"{found['baseline']} draws, the change on the 15th tested night, α = 0.05.",
        "",
        "| what changed | alarm before it | found within three nights | median night | called formatting |",
        "| --- | --: | --: | --: | --: |",
    ]
    for what, row in found["changes"].items():
        median = "not found" if row["median night"] is None else f"{row['median night']:.0f}"
        called = "" if row["called form"] is None else f"{row['called form']:.2f}"
        lines.append(
            f"| {what} | {row['before the change']:.2f} | {row['within three nights']:.2f} | {median} | {called} |"
        )
    idle, found_ = found["idle"], found["discoveries"]
    return [
        *lines,
        "",
        f"e-BH over 20 sides, 5 of them changed: {found_['false share']:.3f} of the alarms false (at most 0.05 permitted), "
        f"{found_['power']:.2f} of the changes found after five nights.",
        "",
        f"A night on which nothing is new: {idle['calls']} calls, {idle['cpu']:.2f} s of the processor, {idle['seconds']:.2f} s "
        f"by the clock (the first night: {idle['first calls']} calls).",
    ]

"""Nights of the tool on real draws: false alarms of a night, how soon a swap is found, what a change of form is called, and
what an idle night costs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import equality_draws, nights
from benchmarks.banks import TEMPERATURE, demo_bank, served_bank
from benchmarks.nightly_years import LEVELS, counted
from benchmarks.nights import Texts, Year
from forensics.monitoring import draws, drift
from forensics.numerics import evalues

TITLE = "Nightly: swaps, changes of form, and an idle night"
RECORDED = False
MONTHS = 20
PROBES = 25
SWAP = 12
"""Tested nights before something else answers: with the baseline of 3 nights that is the 16th night of a month."""
YEAR = Year(nights=SWAP + 3, baseline=30, draws=10)
SIZES = ((10, 4), (25, 4), (10, 10))
"""Probes and draws of smaller nights, measured beside."""
OWN, OTHER = 300, 100
"""Draws of each probe in a bank: of what answers before the change, and after it."""
MOST = 4999
"""Permutations at most: fewer than the tool draws, so what is found here it finds too, or sooner."""
QUIET = 2000
"""Nights of this size on which nothing changed, of each model: a baseline and a night taken from its draws at random."""
SIDES, CHANGED, ROUNDS = 20, 5, 500
"""Sides watched at once, how many of them change, and how often that is put together from the simulated months."""
LEVEL = float(np.log(20))


def run(bench: Any) -> dict[str, Any]:
    """Simulate months with a change in the middle, and time a night on which nothing is new."""
    found = {"months": MONTHS, "probes": PROBES, "draws": YEAR.draws, "baseline": YEAR.baseline, "before": SWAP}
    idle = _idle()
    wealth, changes = _changes()
    more = {"sizes": _sizes(), "discoveries": _discoveries(wealth), "quiet": _quiet(), "tokens": _tokens()}
    return {**found, "changes": changes, **more, "idle": idle}


def banks() -> dict[str, tuple[Texts, Texts]]:
    """Return what answers before the change and what after it, by what the change is called."""
    own = demo_bank("alder", draws=OWN, probes=PROBES)
    again = demo_bank("alder", draws=OTHER, probes=PROBES, first=OWN)
    after: dict[str, Texts] = {
        "nothing changed": again,
        "another model (oak)": demo_bank("oak", draws=OTHER, probes=PROBES, first=2 * OWN),
        "trained further (alder-tuned)": demo_bank("alder-tuned", draws=OTHER, probes=PROBES, first=3 * OWN),
        "temperature 0.4 for 0.7": demo_bank("alder", draws=OTHER, probes=PROBES, temperature=0.4, first=4 * OWN),
        "a leading space and a line end": [[f" {text}\n" for text in texts] for texts in again],
    }
    found = {f"demo: {what}": (own, bank) for what, bank in after.items()}
    served = served_bank("A", draws=OWN, probes=PROBES)
    for what, name, temperature in (
        ("nothing changed", "A", TEMPERATURE),
        ("trained further (B)", "B", TEMPERATURE),
        ("another model (C)", "C", TEMPERATURE),
        ("temperature 0.4 for 0.7", "A", 0.4),
    ):
        if served is not None:
            first = OWN * (2 + len(found))
            other = served_bank(name, draws=OTHER, probes=PROBES, temperature=temperature, first=first)
            assert other is not None
            found[f"llama.cpp: {what}"] = (served, other)
    return found


def _changes() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return each change's wealth in the end, [months], and on which night after it it is found."""
    wealth, changes = {}, {}
    with ProcessPoolExecutor(2) as pool:
        asked = {what: pool.submit(_month, *two, YEAR, seed) for seed, (what, two) in enumerate(banks().items())}
        for what, done in asked.items():
            p = done.result()
            wealth[what], changes[what] = nights.wealth(p)[:, -1], _found(p)
    return wealth, changes


def _sizes() -> dict[str, dict[str, float]]:
    """Return the share of months in which a change is found within three nights, for smaller nights."""
    kept = {what: two for what, two in banks().items() if what.endswith(("(B)", "(C)", "(oak)", "(alder-tuned)"))}
    found: dict[str, dict[str, float]] = {}
    with ProcessPoolExecutor(2) as pool:
        asked = {}
        for probes, draws in SIZES:
            year = Year(nights=YEAR.nights, baseline=3 * draws, draws=draws)
            for what, (own, other) in kept.items():
                one = pool.submit(_month, own[:probes], other[:probes], year, 100)
                asked[f"{probes} × {draws}", what] = one
        for (size, what), done in asked.items():
            found.setdefault(size, {})[what] = _found(done.result())["within three nights"]
    return found


def _month(own: Texts, other: Texts, year: Year, seed: int) -> dict[str, Any]:
    """Return the p-values of some months in both streams, another bank answering from the change on."""
    return nights.years(own, count=MONTHS, year=year, seed=seed, instead=(SWAP, other), most=MOST)


def _quiet() -> dict[str, Any]:
    """Return how often a night on which nothing changed has a small p-value, model by model."""
    own = {"demo model": demo_bank("alder", draws=OWN, probes=PROBES)}
    served = served_bank("A", draws=OWN, probes=PROBES)
    if served is not None:
        own["model behind llama.cpp's server"] = served
    year = Year(nights=1, baseline=YEAR.baseline, draws=YEAR.draws)
    found = {}
    with ProcessPoolExecutor(2) as pool:
        asked = {
            name: pool.submit(nights.years, bank, count=QUIET, year=year, seed=200 + seed, chunk=20)
            for seed, (name, bank) in enumerate(own.items())
        }
        for name, done in asked.items():
            p = done.result()
            found[name] = {
                stream: {str(level): counted(values[:, 0] <= level, level) for level in LEVELS}
                for stream, values in p.items()
            }
    return found


def _tokens() -> dict[str, Any]:
    """Return the p-values of a night's first tokens against nights of the base model: the same in every draw here."""
    pools = equality_draws.pools()
    before = _listed(pools["base"], YEAR.baseline, "before")
    return {
        name: drift.p_value(drift.compared([before], [_listed(pool, YEAR.draws, "tonight")], seed="s"), seed="s")
        for name, pool in pools.items()
        if pool.first and name != "other model"
    }


def _listed(pool: equality_draws.Draws, count: int, night: str) -> drift.Dated:
    probes = np.repeat(np.arange(len(pool.first), dtype=np.uint8), count)
    listed = draws.listed(
        [[(str(token), value) for token, value in first] for first in pool.first for _ in range(count)]
    )
    return drift.Dated(night, np.tile(probes[:, None], (1, 32)), listed)


def _found(p: dict[str, Any]) -> dict[str, Any]:
    """Say on which night after the change it is found, and what it is called."""
    alarmed = nights.wealth(p) >= LEVEL
    late = np.where(alarmed.any(axis=1), alarmed.argmax(axis=1) - SWAP + 1, np.inf)
    forms = [_is_form(p, month, int(SWAP + n - 1)) for month, n in enumerate(late) if np.isfinite(n) and n > 0]
    return {
        "before the change": float((late <= 0).mean()),
        "within three nights": float(((late > 0) & (late <= 3)).mean()),
        "median night": None if np.isinf(np.median(late)) else float(np.median(late)),
        "median p of the first night": float(np.median(p["received"][:, SWAP])),
        "called form": float(np.mean(forms)) if forms else None,
    }


def _is_form(p: Any, month: int, night: int) -> bool:
    """Say what the tool calls the change on the night it is found; the rule of `monitoring/deciding.py`."""
    from forensics.monitoring import deciding

    log_es = {stream: evalues.log_e(found[month, : night + 1]).tolist() for stream, found in p.items()}
    wealth = {stream: float(evalues.log_wealth(found)[-1]) for stream, found in log_es.items()}
    return deciding.cause_of(log_es, wealth, LEVEL) == "formatting"


def _discoveries(wealth: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the false share and the power of e-BH over many sides three nights after some of them changed."""
    rng, found = np.random.default_rng(0), {}
    for what, changed in wealth.items():
        quiet = wealth[f"{what.partition(':')[0]}: nothing changed"]
        if changed is quiet:
            continue
        false, power = [], []
        for _ in range(ROUNDS):
            sides = [*rng.choice(quiet, SIDES - CHANGED), *rng.choice(changed, CHANGED)]
            rejected = evalues.discoveries(sides, 0.05)
            false.append(rejected[: SIDES - CHANGED].sum() / max(rejected.sum(), 1))
            power.append(rejected[SIDES - CHANGED :].mean())
        found[what] = {"false share": float(np.mean(false)), "power": float(np.mean(power))}
    return found


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


def show(found: dict[str, Any]) -> str:
    """Lay out when changes are found."""
    lines = [
        f"{found['months']} simulated months each, {found['probes']} probes × {found['draws']} draws a night, a baseline of "
        f"{found['baseline']} draws, the change after {found['before']} tested nights, α = 0.05, at most {MOST:,} permutations. e-BH: {CHANGED} of {SIDES} "
        "watched sides change so; the share of them found three nights later, and the share of alarms that are false.",
        "",
        "| what changed | median p of one night | alarm before it | found within three nights | median night | "
        "called formatting | found by e-BH | false share |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for what, row in found["changes"].items():
        median = "not found" if row["median night"] is None else f"{row['median night']:.0f}"
        called = "" if row["called form"] is None else f"{row['called form']:.2f}"
        many = found["discoveries"].get(what)
        said = f"{many['power']:.2f} | {many['false share']:.3f}" if many else " | "
        lines.append(
            f"| {what} | {row['median p of the first night']:.4f} | {row['before the change']:.2f} | "
            f"{row['within three nights']:.2f} | {median} | {called} | {said} |"
        )
    idle = found["idle"]
    lines += [
        *_by_size(found["sizes"]),
        *_by_model(found["quiet"]),
        "",
        f"First tokens, whose log-probabilities are the same in every draw here: p of the first night against {found['baseline']} "
        f"draws of the base model: {', '.join(f'{name} {p:.5f}' for name, p in found['tokens'].items())}.",
        "",
        f"A night on which nothing is new: {idle['calls']} calls, {idle['cpu']:.2f} s of the processor, {idle['seconds']:.2f} s "
        f"by the clock (the first night: {idle['first calls']} calls).",
    ]
    return "\n".join(lines)


def _by_size(sizes: dict[str, dict[str, float]]) -> list[str]:
    names = [*next(iter(sizes.values()))]
    lines = ["", "Smaller nights, found within three nights:", "", f"| probes × draws | {' | '.join(names)} |"]
    lines.append(f"| --- |{' --: |' * len(names)}")
    return lines + [f"| {size} | {' | '.join(f'{row[name]:.2f}' for name in names)} |" for size, row in sizes.items()]


def _by_model(quiet: dict[str, Any]) -> list[str]:
    lines = [
        "",
        f"{QUIET:,} nights of this size on which nothing changed, of each model, with what chance gives 99% of the time:",
        "",
        "| draws of | stream | p at most | nights | limits |",
        "| --- | --- | --: | --: | --- |",
    ]
    for name, streams in quiet.items():
        for stream, levels in streams.items():
            for level, row in levels.items():
                lines.append(f"| {name} | {stream} | {level} | {row['alarms']} | {row['low']} to {row['high']} |")
    return lines

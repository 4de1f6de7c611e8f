"""False alarms of a year of nights: 2,000 years simulated from real draws, for one night and for all 365."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from scipy import stats

from benchmarks import nights
from benchmarks.banks import demo_bank, served_bank
from benchmarks.nights import Floats, Texts, Year
from forensics.numerics import evalues

TITLE = "Nightly: false alarms in a year of nights"
RECORDED = False
EXTRA = "years"
YEARS = 2000
PROBES = 2
YEAR = Year()
LEVELS = (0.05, 0.01)
NAIVE = 150
"""Years of the way that is not valid, shown beside."""


def run(bench: Any) -> dict[str, Any]:
    """Simulate years of models that never change, a process for each model."""
    banks: dict[str, Texts | None] = {
        "demo model": demo_bank("alder", draws=YEAR.needed + 4, probes=PROBES),
        "model behind llama.cpp's server": served_bank("A", draws=YEAR.needed + 4, probes=PROBES),
    }
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        asked = {name: workers.submit(of_bank, bank, seed=k) for k, (name, bank) in enumerate(banks.items(), 1) if bank}
        found = {name: done.result() for name, done in asked.items()}
    return {"years": YEARS, "nights": YEAR.nights, "probes": PROBES, "draws": YEAR.draws, "banks": found}


def of_bank(bank: Texts, *, seed: int, count: int = YEARS, naive: int = NAIVE, year: Year = YEAR) -> dict[str, Any]:
    """Return the share of false alarms of one model's draws, for one night and for a year, beside what is permitted."""
    p = nights.years(bank, count=count, year=year, seed=seed)
    wealth = nights.wealth(p)
    rows = {}
    for level in LEVELS:
        rows[f"one night, p at most {level}"] = counted((p["received"][:, 0] <= level), level)
        rows[f"one night without form, p at most {level}"] = counted((p["content"][:, 0] <= level), level)
        rows[f"a year, wealth above 1/{level}"] = counted((wealth >= -np.log(level)).any(axis=1), level)
    every = {str(level): float((p["received"] <= level).mean()) for level in LEVELS}
    rng = np.random.default_rng(seed + 1000)
    seen = nights.seen(bank)["received"]
    order = nights.dealt(rng, naive, len(bank), year, draws_held=len(bank[0]))
    fixed = nights.fixed_baseline(seen, order, year, rng)
    return {
        "rows": rows,
        "every night, share of p": every,
        "not valid: fixed baseline, any alarm in a year": _ever(fixed),
        "not valid: smallest p of a year against alpha": {
            str(level): float((p["received"].min(axis=1) <= level).mean()) for level in LEVELS
        },
        "mean wealth after a year": float(np.exp(wealth[:, -1]).mean()),
    }


def _ever(p: Floats) -> dict[str, float]:
    """Return how often plain products against a fixed baseline alarm within a year, by level."""
    wealth = evalues.log_wealth(evalues.log_e(p))
    return {str(level): float((wealth >= -np.log(level)).any(axis=1).mean()) for level in LEVELS}


def counted(alarmed: Any, level: float) -> dict[str, Any]:
    """Return how many alarms there were beside what chance gives at the permitted rate."""
    count, alarms = len(alarmed), int(alarmed.sum())
    # What chance alone gives at the permitted rate, 99% of the time: more than the upper end would be too many.
    low, high = stats.binom.interval(0.99, count, level)
    return {
        "alarms": alarms,
        "of": count,
        "share": alarms / count,
        "permitted": level,
        "low": int(low),
        "high": int(high),
    }


def show(found: dict[str, Any]) -> str:
    """Lay the shares out beside the binomial limits."""
    lines = [
        f"{found['years']:,} simulated years of {found['nights']} nights, {found['probes']} probes × {found['draws']} draws a "
        "night, a baseline of 6 draws, nothing ever changed. Limits: 99% of what chance gives at the permitted rate; a "
        "year may lie below, never above.",
        "",
        "| draws of | what | false alarms | share | permitted | limits |",
        "| --- | --- | --: | --: | --: | --- |",
    ]
    for bank, results in found["banks"].items():
        for what, row in results["rows"].items():
            lines.append(
                f"| {bank} | {what} | {row['alarms']} of {row['of']:,} | {row['share']:.4f} | {row['permitted']:.2f} | "
                f"{row['low']} to {row['high']} |"
            )
        fixed = results["not valid: fixed baseline, any alarm in a year"]
        smallest = results["not valid: smallest p of a year against alpha"]
        lines += [
            f"| {bank} | *not valid, beside: every night against the same baseline* | | {fixed['0.05']:.3f} | 0.05 | |",
            f"| {bank} | *not valid, beside: any p of the year at most 0.05* | | {smallest['0.05']:.3f} | 0.05 | |",
        ]
    return "\n".join(lines)

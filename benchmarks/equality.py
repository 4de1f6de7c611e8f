"""Equality: how fast two endpoints are compared, beside Model Equality Testing's own package and hyppo on the same data."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reporting import number, table
from forensics import registry
from forensics.equality import permuting
from forensics.equality.draws import Draws

TITLE = "Equality: speed beside other programs"
RECORDED = False
PROBES, DRAWS, PERMUTATIONS = 25, 10, 1000
TIMES = 5
"""Runs of ours, of which the middle one counts."""
CHARACTERS = 60
"""Characters of an answer: Model Equality Testing itself looks at 50, and is slower the more there are."""


def run(_: object) -> dict[str, Any]:
    """Measure on answers of made-up words; one thread."""
    from threadpoolctl import threadpool_limits

    whole, single = _answers(PROBES, DRAWS, shift=0.02), _answers(1, 60, shift=0.05)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: dict[str, Any] = {
            "ours": {kernel: _middle(lambda k=kernel: _ours(whole, k)) for kernel in ("hamming", "spectrum", "pooled")},  # type: ignore[misc]
            "met": _timed(lambda: met_p(whole, PERMUTATIONS)),
            "hyppo_mmd": _timed(lambda: hyppo_p(whole, "MMD")),
            "hyppo_energy": _timed(lambda: hyppo_p(whole, "Energy")),
            "ours_energy": _middle(lambda: _ours(whole, "spectrum", statistic="energy")),
            "one_probe": {
                "ours_hamming": _ours(single, "hamming"),
                "met": met_p(single, PERMUTATIONS),
                "ours_linear": _ours(single, "spectrum"),
                "hyppo": hyppo_p(single, "MMD"),
                "ours_energy": _ours(single, "spectrum", statistic="energy"),
                "hyppo_energy": hyppo_p(single, "Energy"),
            },
        }
    return found


def _answers(probes: int, draws: int, *, shift: float) -> list[Draws]:
    """Return answers of equal length, which Model Equality Testing wants: words drawn with slightly other shares."""
    words = np.array([f"word{i:02d}" for i in range(40)])
    made = []
    for p in range(probes):
        rng = np.random.default_rng(p)
        shares = rng.dirichlet(np.ones(40))
        other = (1 - shift) * shares + shift * rng.dirichlet(np.ones(40))
        texts = [" ".join(rng.choice(words, 10, p=s))[:CHARACTERS] for s in (shares, other) for _ in range(draws)]
        made.append(Draws(f"sha256:{p:064x}", tuple(texts), draws))
    return made


def _ours(probes: list[Draws], kernel: str, *, statistic: str = "mmd") -> float:
    """Return p from texts on, kernel matrices included."""
    measure = registry.load("statistics", statistic).measure(probes, kernel)
    blocks = (permuting.as_they_are(probes), *permuting.deal(probes, PERMUTATIONS, 1))
    values = np.concatenate([measure.under(dealt).statistic for dealt in blocks])
    return permuting.p_value(permuting.exceeding(float(values[0]), values[1:]), PERMUTATIONS)


def met_p(probes: list[Draws], permutations: int) -> float:
    """Return the p-value of Model Equality Testing's own package, as it is: its permutations ignore the probes."""
    from model_equality_testing.algorithm import run_two_sample_test
    from model_equality_testing.distribution import CompletionSample

    longest = max(len(text) for probe in probes for text in probe.texts)

    def sample(first: int, last: int | None) -> CompletionSample:
        rows = [
            (p, [*map(ord, text)] + [-1] * (longest - len(text)))
            for p, probe in enumerate(probes)
            for text in probe.texts[first:last]
        ]
        return CompletionSample(np.array([p for p, _ in rows]), np.array([c for _, c in rows]), m=len(probes))

    n = probes[0].reference
    with contextlib.redirect_stderr(io.StringIO()):
        p, _ = run_two_sample_test(sample(0, n), sample(n, None), stat_type="mmd_hamming", b=permutations)
    return float(p)


def hyppo_p(probes: list[Draws], test: str) -> float:
    """Return hyppo's p-value on the counts of runs of code points; it knows no probes."""
    from hyppo import ksample

    n = probes[0].reference
    counts = _counts([text for probe in probes for text in probe.texts])
    features = np.split(counts, np.cumsum([len(probe.texts) for probe in probes])[:-1])
    x, y = (np.concatenate([f[part] for f in features]) for part in (slice(0, n), slice(n, None)))
    made = ksample.MMD(compute_kernel="linear") if test == "MMD" else ksample.Energy()
    return float(made.test(x, y, reps=PERMUTATIONS, workers=1, auto=False).pvalue)


def _counts(texts: list[str]) -> NDArray[np.float64]:
    """Return counts of runs of 1 to 3 code points at unit length, a text's start and end being code points of longer runs."""
    found = []
    for text in texts:
        edged = f"\x02{text}\x03"
        found.append(Counter([*text, *(edged[i : i + n] for n in (2, 3) for i in range(len(edged) - n + 1))]))
    columns = {run: place for place, run in enumerate(sorted(set().union(*found)))}
    counts = np.zeros((len(texts), len(columns)))
    for row, runs in zip(counts, found, strict=True):
        row[[columns[run] for run in runs]] = list(runs.values())
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def _timed(work: Callable[[], float]) -> dict[str, float]:
    start = time.perf_counter()
    p = work()
    return {"seconds": time.perf_counter() - start, "p": p}


def _middle(work: Callable[[], float]) -> dict[str, float]:
    runs = sorted((_timed(work) for _ in range(TIMES)), key=lambda run: run["seconds"])
    return runs[TIMES // 2]


def show(found: dict[str, Any]) -> str:
    """Lay out the timings and the p-values."""
    rows = [
        ("mmd, Hamming", found["ours"]["hamming"], "Model Equality Testing 's `mmd_hamming`", found["met"]),
        ("mmd, spectrum", found["ours"]["spectrum"], "hyppo's MMD, linear kernel", found["hyppo_mmd"]),
        ("energy, spectrum", found["ours_energy"], "hyppo's Energy", found["hyppo_energy"]),
    ]
    lines = [
        [
            ours,
            number(a["seconds"], 3),
            theirs.replace(" '", "'"),
            number(b["seconds"], 2),
            number(b["seconds"] / a["seconds"], 0),
        ]
        for ours, a, theirs, b in rows
    ]
    one = found["one_probe"]
    same = [
        ["Hamming MMD", number(one["ours_hamming"], 3), number(one["met"], 3), "Model Equality Testing"],
        ["MMD, linear in the counts", number(one["ours_linear"], 3), number(one["hyppo"], 3), "hyppo"],
        ["energy distance", number(one["ours_energy"], 3), number(one["hyppo_energy"], 3), "hyppo"],
    ]
    return "\n\n".join(
        [
            f"{PERMUTATIONS:,} permutations for {PROBES} probes × {DRAWS} × {DRAWS} draws of {CHARACTERS} characters, from texts to p, "
            "one thread, in one run.",
            table(["forensics", "s", "the other program", "s", "times faster"], lines),
            "The same p-value where the three do the same thing, on one probe with 60 × 60 draws (Monte-Carlo error about 0.02):",
            table(["test", "forensics", "other", "program"], same),
        ]
    )

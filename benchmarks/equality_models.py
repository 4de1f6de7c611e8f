"""Equality on real draws: false alarms on one model, power against models that differ a little, effects, likelihoods.

2,000 pairs of one model and hundreds of pairs of two are made by taking 10 + 10 draws a probe from pools of real answers
(`equality_draws`). Model Equality Testing's own package runs on the same draws, on fewer of the pairs: it is slow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import equality, equality_draws
from benchmarks.local_models import Draws as Pool
from benchmarks.reporting import number, table
from forensics import registry
from forensics.equality import permuting, testing
from forensics.equality.draws import Draws, Measure
from forensics.records.equality import EqualityTerms, EqualityTest
from forensics.statistics import _distances, _spectra

TITLE = "Equality: false alarms and power on real draws"
RECORDED = False
EXTRA = "equality"
DRAWS = 10
NULLS, PAIRS, PAIRS_MET = 1000, 100, 10
"""Pairs of one model from each pool; pairs of two models, and how many of them Model Equality Testing is given."""
PERMUTATIONS, PERMUTATIONS_MET = 199, 39
CHARACTERS_MET = 100
"""Characters of an answer that Model Equality Testing is given: a permutation takes it a fifth of a second with all of them."""
SAME = ("llama.cpp", "demo")
"""Pools that null pairs are taken from, two disjoint sets of draws at a time."""
WAYS = ("int8", "tuned", "system prompt", "temperature")
"""How names of changed models begin."""
KERNELS = ("spectrum", "pooled", "edges", "words", "hamming")
TOGETHER = {
    "largest of spectrum, pooled, edges (decides)": ("spectrum", "pooled", "edges"),
    "largest of spectrum, pooled": ("spectrum", "pooled"),
    "largest of all five": KERNELS,
    **{kernel: (kernel,) for kernel in KERNELS},
}
DECIDES = next(iter(TOGETHER))
RANKED = "uniformity"
WITH_REFERENCE, WITH_TOKENS = "answers and likelihoods", "answers, likelihoods and first tokens"
"""What a verdict rests on where the reference can score text, and where both sides give log-probabilities too: Holm over the tests."""


class Measured(NamedTuple):
    """The answers of one or two pools, measured once: what a pair takes is a part of it."""

    texts: list[list[str]]
    first: int
    """Answers of the first pool, in each probe."""
    distances: dict[str, list[NDArray[np.float32]]]
    features: list[NDArray[np.float32]]
    likelihoods: list[list[float]]
    tokens: float | None
    """p of `onetoken`, the same for every choice of draws; None where a pool has no log-probabilities."""


def run(_: object) -> dict[str, Any]:
    """Draw, pair and test in two processes; minutes for the draws, minutes for the tests."""
    pools = equality_draws.pools()
    others = [name for name in pools if name not in ("base", "demo")]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        nulls, powers = workers.map(_nulls, SAME), workers.map(_power, others)
        found: dict[str, Any] = {"null": dict(zip(SAME, nulls, strict=True)), "onetoken": _tokens(pools)}
        found["power"] = dict(zip(others, powers, strict=True))
    found["median"] = _medians(found["power"])
    return found


def _measure(first: Pool, second: Pool | None = None) -> Measured:
    mmd = registry.load("statistics", "mmd")
    texts = [[*a, *b] for a, b in zip(first.texts, second.texts if second else [[]] * len(first.texts), strict=True)]
    half = len(texts[0]) // 2  # any: nothing here hangs on the sides yet
    probes = [Draws(f"sha256:{p:064x}", tuple(t), half) for p, t in enumerate(texts)]
    distances = {k: mmd.measure(probes, k).matrices for k in KERNELS if k != "pooled"}
    features = [_spectra.shared([text[: _distances.LONGEST] for text in probe], mmd.LENGTHS) for probe in texts]
    scored = first.likelihoods and (second is None or second.likelihoods)
    both = zip(first.likelihoods, second.likelihoods if second else [[]] * len(first.texts), strict=True)
    likelihoods = [[*a, *b] for a, b in both] if scored else []
    tokens = _tracked(first, second).p if second and first.first and second.first else None
    return Measured(texts, len(first.texts[0]), distances, features, likelihoods, tokens)


def _taken(measured: Measured, rng: np.random.Generator, *, same: bool) -> list[NDArray[np.int64]]:
    """Choose draws of each probe: of two pools, or two disjoint sets of one."""
    total = len(measured.texts[0])
    if same:
        return [rng.permutation(total)[: 2 * DRAWS] for _ in measured.texts]
    rest = total - measured.first
    return [
        np.concatenate([rng.permutation(measured.first)[:DRAWS], measured.first + rng.permutation(rest)[:DRAWS]])
        for _ in measured.texts
    ]


def _pair(measured: Measured, places: Sequence[NDArray[np.int64]]) -> list[Draws]:
    return [
        Draws(f"sha256:{p:064x}", tuple(texts[i] for i in at), DRAWS)
        for p, (texts, at) in enumerate(zip(measured.texts, places, strict=True))
    ]


def _p_values(measured: Measured, places: Sequence[NDArray[np.int64]], seed: int) -> dict[str, float]:
    """Return what the tool says of a pair, kernel by kernel, from what was measured before."""
    probes = _pair(measured, places)
    within = {
        kernel: _distances.Distances(probes, [m[np.ix_(at, at)] for m, at in zip(matrices, places, strict=True)])
        for kernel, matrices in measured.distances.items()
    }
    features = [f[at] for f, at in zip(measured.features, places, strict=True)]
    measures: dict[str, Measure] = {**within, "pooled": _distances.Pooled(probes, features)}
    if measured.likelihoods:
        pairs = zip(probes, measured.likelihoods, places, strict=True)
        scored = [probe._replace(likelihoods=tuple(values[i] for i in at)) for probe, values, at in pairs]
        measures[RANKED] = registry.load("statistics", RANKED).measure(scored, "")
    blocks = [permuting.as_they_are(probes), *permuting.deal(probes, PERMUTATIONS, seed)]
    values = {k: np.concatenate([m.under(dealt).statistic for dealt in blocks]) for k, m in measures.items()}
    found = {}
    for name, kernels in {**TOGETHER, RANKED: (RANKED,)}.items():
        if kernels[0] not in values:
            continue
        together = (
            values[kernels[0]] if len(kernels) == 1 else permuting.combined(np.stack([values[k] for k in kernels]))
        )
        count = permuting.exceeding(float(together[0]), together[1:])
        found[name] = permuting.p_value(count, PERMUTATIONS)
    if RANKED in found:
        found[WITH_REFERENCE] = min(permuting.holm([found[DECIDES], found[RANKED]]))
        if measured.tokens is not None:
            found[WITH_TOKENS] = min(permuting.holm([found[DECIDES], found[RANKED], measured.tokens]))
    return found


def _each(measured: Measured, times: int, seed: int, *, same: bool) -> Iterator[dict[str, float]]:
    rng = np.random.default_rng(seed)
    for pair in range(times):
        places = _taken(measured, rng, same=same)
        found = _p_values(measured, places, pair)
        if pair < 3:
            _check(_pair(measured, places), found, pair)
        yield found


def _check(probes: list[Draws], found: dict[str, float], seed: int) -> None:
    """Make sure that what is measured here is what the tool says."""
    terms = EqualityTerms(alpha=0.05, delta=0.01, permutations=PERMUTATIONS)
    said = testing.run(probes, terms, seed=seed, chosen=["mmd"]).deciding[0].p
    assert said is not None
    # Sums in another order may move a permutation across a tie.
    assert abs(said - found[DECIDES]) < 0.01, (said, found[DECIDES])


def _nulls(name: str) -> dict[str, Any]:
    """Test pairs of disjoint draws of one pool: false alarms, and whether p is uniform."""
    from scipy.stats import binom, kstest
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        measured = _measure(equality_draws.pools()[name])
        rows = list(_each(measured, NULLS, SAME.index(name), same=True))
    found = {
        test: {
            "alarms": {str(alpha): sum(row[test] <= alpha for row in rows) for alpha in (0.05, 0.01)},
            "limits": {str(alpha): [int(q) for q in binom.ppf([0.005, 0.995], NULLS, alpha)] for alpha in (0.05, 0.01)},
            "uniform": float(kstest([row[test] for row in rows], "uniform").pvalue),
            "middle": float(np.mean([0.25 < row[test] <= 0.75 for row in rows])),
        }
        for test in rows[0]
    }
    print(f"  null {name}: {found[DECIDES]}", flush=True)
    return found


def _power(name: str) -> dict[str, Any]:
    """Test pairs of the base model and another, and give the first of them to Model Equality Testing."""
    from threadpoolctl import threadpool_limits

    pools = equality_draws.pools()
    with threadpool_limits(limits=1):
        measured = _measure(pools["base"], pools[name])
        rows = list(_each(measured, PAIRS, 7, same=False))
        print(f"  power {name}: {[(t, np.mean([row[t] <= 0.05 for row in rows])) for t in rows[0]]}", flush=True)
        rng = np.random.default_rng(7)
        pairs = [_pair(measured, _taken(measured, rng, same=False)) for _ in range(PAIRS_MET)]
        cut = [[p._replace(texts=tuple(text[:CHARACTERS_MET] for text in p.texts)) for p in pair] for pair in pairs]
        met = [equality.met_p(pair, PERMUTATIONS_MET) for pair in cut]
    return {
        "effect": _effect(measured),
        "tests": {test: float(np.mean([row[test] <= 0.05 for row in rows])) for test in rows[0]},
        "met": float(np.mean(np.array(met) <= 0.05)),
        "first": float(np.mean([row[DECIDES] <= 0.05 for row in rows[:PAIRS_MET]])),
    }


def _effect(measured: Measured) -> float:
    """Return the effect by the spectrum on all draws of both pools together."""
    count = measured.first
    probes = [Draws(f"sha256:{p:064x}", tuple(t), count) for p, t in enumerate(measured.texts)]
    apart, scale = _distances.Distances(probes, measured.distances["spectrum"]).by_probe()
    return float(apart.sum() / scale.sum())


def _tracked(first: Pool, second: Pool) -> EqualityTest:
    """Track the first token's log-probabilities: they are the same in every draw, so one pair of models is one result."""
    listed = [(dict(map(tuple, a)), dict(map(tuple, b))) for a, b in zip(first.first, second.first, strict=True)]
    probes = [
        Draws(f"sha256:{p:064x}", ("x", "y") * DRAWS, DRAWS, (a,) * DRAWS + (b,) * DRAWS)
        for p, (a, b) in enumerate(listed)
    ]
    terms = EqualityTerms(alpha=0.05, delta=0.01, permutations=PERMUTATIONS)
    return testing.run(probes, terms, seed=1, chosen=["onetoken"]).tests[0]


def _tokens(pools: dict[str, Pool]) -> dict[str, Any]:
    found = {
        name: _tracked(pools["base"], pool) for name, pool in pools.items() if pool.first and name != "other model"
    }
    return {name: {"effect": test.effect, "p": test.p} for name, test in found.items()}


def _medians(power: dict[str, Any]) -> dict[str, float]:
    """Return the median power over the four ways in which a model was changed, each by the median of its examples."""
    found = {}
    for who, value in (
        ("ours", lambda row: row["tests"][DECIDES]),
        (WITH_REFERENCE, lambda row: row["tests"].get(WITH_REFERENCE)),
        (WITH_TOKENS, lambda row: row["tests"].get(WITH_TOKENS)),
        ("ours, pairs that MET had too", lambda row: row["first"]),
        ("met", lambda row: row["met"]),
    ):
        values = {name: value(row) for name, row in power.items() if name.startswith(WAYS) and value(row) is not None}
        ways = [[v for name, v in values.items() if name.startswith(way)] for way in WAYS]
        if all(ways):
            found[who] = float(np.median([np.median(examples) for examples in ways]))
            found[f"{who}, all examples"] = float(np.median(list(values.values())))
    return found


def show(found: dict[str, Any]) -> str:
    """Lay out false alarms, power and effects."""
    nulls = [
        [f"{name}, {test}", *(f"{row['alarms'][a]} ({row['limits'][a][0]} to {row['limits'][a][1]})" for a in ("0.05", "0.01")),
         number(row["uniform"], 3)]
        for name, by_test in found["null"].items() for test, row in by_test.items()
    ]  # fmt: skip
    tests = [*TOGETHER, RANKED, WITH_REFERENCE, WITH_TOKENS]
    power = [
        [name, number(row["effect"], 4), *(number(row["tests"].get(test), 2) for test in tests), number(row["met"], 2)]
        for name, row in found["power"].items()
    ]
    tracked = [[name, number(row["effect"], 4), number(row["p"], 3)] for name, row in found["onetoken"].items()]
    median = {name: number(value, 2) for name, value in found["median"].items()}
    return "\n\n".join(
        [
            f"25 probes × {DRAWS} × {DRAWS} draws, {PERMUTATIONS} permutations. False alarms in {NULLS:,} pairs of one model from each pool, with the "
            "limits that 99% of binomial counts keep, and the p-value of all p-values being uniform (Kolmogorov-Smirnov; what Holm "
            "adjusts is not, and need not be):",
            table(["pool, test", "at 0.05", "at 0.01", "uniform"], nulls),
            f"Power at α = 0.05 against the base model, {PAIRS} pairs each (Model Equality Testing: {PAIRS_MET} of the same pairs, "
            f"the first {CHARACTERS_MET} characters, {PERMUTATIONS_MET} permutations). `llama.cpp` serves the same weights and should stay at 0.05. "
            f"`{RANKED}`: the base model scores both sides' answers. The last columns but one are verdicts, Holm over the tests they name:",
            table(["changed", "effect", *tests, "Model Equality Testing"], power),
            "Median over the four ways of changing (quantised, tuned, system prompt, temperature), each by the median of its examples: "
            f"{median['ours']} by the answers alone, {median[WITH_REFERENCE]} with likelihoods, {median[WITH_TOKENS]} with first tokens too; "
            f"Model Equality Testing {median['met']}, where on the same pairs the answers alone give {median['ours, pairs that MET had too']}. "
            f"Median over all examples: {median['ours, all examples']}; {median['met, all examples']}.",
            "With log-probabilities of the first token (`onetoken`), which are the same in every draw here:",
            table(["changed", "mean difference, nats", "p"], tracked),
        ]
    )

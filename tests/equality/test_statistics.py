"""mmd, energy, onetoken and uniformity: hand-worked values, other people's values, false alarms, power, seeds."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binomtest, cramervonmises, kstest

from forensics import registry
from forensics.equality import permuting, testing
from forensics.equality.draws import Draws
from forensics.records.equality import EqualityTerms
from tests.equality.conftest import make_draws

SHORT = EqualityTerms(alpha=0.05, delta=0.05, permutations=99)


def measured(name: str, probes: list[Draws], kernel: str = "") -> tuple[float, float]:
    found = registry.load("statistics", name).measure(probes, kernel).under(permuting.as_they_are(probes))
    return float(found.statistic[0]), float(found.effect[0])


def one(reference: list[str], questioned: list[str]) -> list[Draws]:
    return [Draws(f"sha256:{0:064x}", (*reference, *questioned), len(reference))]


def likely(reference: list[float], questioned: list[float]) -> list[Draws]:
    values = (*reference, *questioned)
    return [Draws(f"sha256:{0:064x}", tuple("x" for _ in values), len(reference), (), values)]


# --- values worked by hand ---------------------------------------------------------------------------------------


def test_mmd_with_hamming_by_hand() -> None:
    """d(ab, ab) = 0, d(ab, ac) = d(ab, ad) = d(ac, ad) = ½: 2 · ½ − 0 − ½ = ½, of 2 · ½ between the sides."""
    statistic, effect = measured("mmd", one(["ab", "ab"], ["ac", "ad"]), "hamming")
    assert statistic == pytest.approx(0.5)
    assert effect == pytest.approx(0.5)
    assert measured("mmd", one(["ac", "ad"], ["ab", "ab"]), "hamming")[0] == pytest.approx(0.5)
    assert measured("mmd", one(["ac", "ad", "ab"], ["ab", "ab"]), "hamming")[0] == pytest.approx(2 / 3 - 0.5)


def test_hamming_fills_up_to_the_longest_answer_of_the_probe() -> None:
    """Of abcd and ab two places of four differ; ab and ab none."""
    statistic, _ = measured("mmd", one(["abcd", "abcd"], ["ab", "ab"]), "hamming")
    assert statistic == pytest.approx(2 * 0.5)


def test_mmd_with_the_spectrum_by_hand() -> None:
    """With ^ and $ for the edges `ab` holds a, b, ^a, ab, b$, ^ab, ab$, and shares a and ^a with `ac`: cosine 2/7."""
    statistic, effect = measured("mmd", one(["ab", "ab"], ["ac", "ac"]), "spectrum")
    assert statistic == pytest.approx(2 * 5 / 7, rel=1e-5)
    assert effect == pytest.approx(1.0, rel=1e-5)


def test_mmd_with_edges_by_hand() -> None:
    """`ab` and `ac` begin alike and end otherwise: 2 · ½."""
    assert measured("mmd", one(["ab", "a-b"], ["ac", "a c"]), "edges")[0] == pytest.approx(1.0)


def test_mmd_with_words_by_hand() -> None:
    """`a b` holds a, b, a b; `a c` holds a, c, a c."""
    assert measured("mmd", one(["a b", "a b"], ["a c", "a c"]), "words")[0] == pytest.approx(4 / 3, rel=1e-5)


def test_pooled_mmd_by_hand() -> None:
    """Two probes, on each `ab` twice against `ac` twice.

    Each holds seven runs once, 1/√7 at unit length, and five of them the other lacks: ten columns with Δ = 1/√7 and spread
    1/(2√7), by which a product is divided: ⟨Δ, Δ⟩ = 10 · 1/7 · 2√7 = 20/√7 between the probes.
    """
    probes = [*one(["ab", "ab"], ["ac", "ac"]), *one(["ab", "ab"], ["ac", "ac"])]
    statistic, effect = measured("mmd", probes, "pooled")
    assert statistic == pytest.approx(20 / math.sqrt(7), rel=1e-5)
    assert effect == pytest.approx(1.0, rel=1e-5)
    apart = [*one(["ab", "ab"], ["ac", "ac"]), *one(["ac", "ac"], ["ab", "ab"])]
    assert measured("mmd", apart, "pooled")[0] == pytest.approx(-20 / math.sqrt(7), rel=1e-5), (
        "what cancels out is no habit"
    )


def test_energy_by_hand() -> None:
    """The distance of unit vectors with cosine 2/7 is √(2 − 4/7) = √(10/7)."""
    statistic, effect = measured("energy", one(["ab", "ab"], ["ac", "ac"]), "spectrum")
    assert statistic == pytest.approx(2 * math.sqrt(10 / 7), rel=1e-5)
    assert effect == pytest.approx(1.0, rel=1e-5)


def test_onetoken_by_hand() -> None:
    """Tokens a and b; the sides' means differ by 0.5 and 0.1; a token not listed has the least listed there."""
    first = ({"a": -1.0, "b": -2.0}, {"a": -1.0, "b": -2.0}, {"a": -1.5, "b": -2.1}, {"a": -1.5, "b": -2.1})
    probes = [Draws("sha256:" + "0" * 64, ("x",) * 4, 2, first)]
    assert measured("onetoken", probes)[0] == pytest.approx((0.5 + 0.1) / 2 - 0.001)
    unlisted = [Draws("sha256:" + "0" * 64, ("x",) * 4, 2, (*first[:2], {"a": -1.0}, {"a": -1.0}))]
    assert measured("onetoken", unlisted)[0] == pytest.approx((2.0 - 1.0 - 0.001) / 2)


def test_onetoken_takes_the_noise_of_another_runtime_for_nothing() -> None:
    first = ({"a": -1.0, "b": -2.0},) * 2 + ({"a": -1.0003, "b": -2.0003},) * 2
    assert measured("onetoken", [Draws("sha256:" + "0" * 64, ("x",) * 4, 2, first)])[0] == 0


def test_uniformity_by_hand() -> None:
    """Ranks of 2.5 and 9 among 1, 2, 3, 4 are ½ and 1: W² = (½ − ¼)² + (1 − ¾)² + 1/24."""
    statistic, effect = measured("uniformity", likely([1, 2, 3, 4], [2.5, 9]))
    assert statistic == pytest.approx(0.25**2 + 0.25**2 + 1 / 24)
    assert effect == pytest.approx(2 * 0.75 - 1)
    assert measured("uniformity", likely([1, 1], [1, 1]))[1] == 0, "ties count half"


# --- values of other people's programs ---------------------------------------------------------------------------


def vectors(texts: list[str]) -> np.ndarray:
    """Counts of runs of 1 to 3 code points at unit length, edges included, made in another way."""
    known: dict[str, int] = {}
    rows = []
    for text in texts:
        row: dict[int, int] = {}
        for size in (1, 2, 3):
            edged = text if size == 1 else f"^{text}$"
            for start in range(len(edged) - size + 1):
                column = known.setdefault(edged[start : start + size], len(known))
                row[column] = row.get(column, 0) + 1
        rows.append(row)
    found = np.zeros((len(texts), len(known)))
    for i, row in enumerate(rows):
        found[i, list(row)] = list(row.values())
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def elsewhere(program: str, given: object) -> list[float]:
    """Run another program's statistic in a process of its own: compiled there, it would cost half a minute."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            f"import json, sys, numpy as np\ngiven = json.load(sys.stdin)\n{program}",
        ],
        input=json.dumps(given),
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    found: list[float] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_energy_is_that_of_dcor() -> None:
    """dcor's V-statistic of the same vectors, turned into the U-statistic by what the two differ in."""
    probes = make_draws(1, probes=1, draws=(7, 5), usual=0.3)
    found = vectors(list(probes[0].texts))
    x, y = found[:7], found[7:]
    (v_statistic,) = elsewhere(
        # Without a compiler its universal functions cannot be made; the energy distance needs none of them.
        "import numba\nnumba.guvectorize = lambda *types, **options: lambda function: function\n"
        "import dcor\nprint(json.dumps([float(dcor.energy_distance(np.array(given[0]), np.array(given[1])))]))",
        [x.tolist(), y.tolist()],
    )
    within = [np.linalg.norm(z[:, None] - z[None], axis=2).sum() for z in (x, y)]
    expected = v_statistic + within[0] * (1 / 49 - 1 / 42) + within[1] * (1 / 25 - 1 / 20)
    assert measured("energy", probes, "spectrum")[0] == pytest.approx(expected, rel=1e-4)
    assert within[0] * within[1] != 0, "with equal answers the two would not differ"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "program"), [("mmd", 'MMD(compute_kernel="linear")'), ("energy", "Energy()")])
def test_mmd_and_energy_go_with_those_of_hyppo(name: str, program: str) -> None:
    """hyppo scales both by the spread of all answers and of the labels: what is left is the same, pair by pair."""
    pairs = [make_draws(3, probes=1, draws=(30, 30), usual=usual) for usual in (0.0, 0.2, 0.4, 0.7, 1.0)]
    rows = [vectors(list(pair[0].texts)) for pair in pairs]
    theirs = elsewhere(
        f"from hyppo.ksample import MMD, Energy\nprint(json.dumps([float({program}.statistic(np.array(a), np.array(b)))"
        " for a, b in given]))",
        [[found[:30].tolist(), found[30:].tolist()] for found in rows],
    )
    ours = [measured(name, pair, "spectrum")[0] for pair in pairs]
    assert np.argsort(ours).tolist() == np.argsort(theirs).tolist()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.998


@pytest.mark.slow
def test_hamming_mmd_is_that_of_model_equality_testing() -> None:
    """Theirs is 1 less: their kernel over all pairs of one prompt, averaged over prompts with equal numbers of draws."""
    met = pytest.importorskip("model_equality_testing.tests")
    from model_equality_testing.distribution import CompletionSample

    probes = make_draws(4, probes=6, draws=(5, 5), usual=0.4)
    longest = max(len(text) for probe in probes for text in probe.texts)
    level = [probe._replace(texts=tuple(text.ljust(longest) for text in probe.texts)) for probe in probes]

    def sample(questioned: bool) -> CompletionSample:
        rows = [
            (p, [ord(c) for c in text])
            for p, probe in enumerate(level)
            for text in probe.texts[5 * questioned : 5 * questioned + 5]
        ]
        return CompletionSample(np.array([p for p, _ in rows]), np.array([codes for _, codes in rows]), m=len(level))

    theirs = float(met.mmd_hamming(sample(False), sample(True)))
    assert measured("mmd", level, "hamming")[0] / len(level) == pytest.approx(theirs, rel=1e-4)


def test_uniformity_is_scipys_cramer_von_mises() -> None:
    rng = np.random.default_rng(1)
    reference, questioned = rng.normal(size=40).tolist(), rng.normal(0.5, size=15).tolist()
    ranks = [float(np.mean(np.array(reference) < value)) for value in questioned]
    expected = cramervonmises(ranks, "uniform").statistic
    assert measured("uniformity", likely(reference, questioned))[0] == pytest.approx(expected)


# --- false alarms, power, seeds ----------------------------------------------------------------------------------


def p_values(
    name: str, *, times: int, usual: float, shift: float = 0.0, kernels: tuple[str, ...] = (), form=str
) -> np.ndarray:
    """p-values of the test that decides, or of one kernel, on draws made anew each time."""
    found = []
    for seed in range(times):
        probes = make_draws(
            seed,
            probes=8,
            draws=(5, 5),
            usual=usual,
            form=form,
            extras=lambda rng, p, q: float(rng.normal() + shift * q + p),
        )
        if name == "onetoken":
            probes = [p._replace(first=tuple({"a": v, "b": v / 2} for v in p.likelihoods)) for p in probes]
        tested = testing.run(probes, SHORT, seed=seed, chosen=[":".join((name, *kernels))])
        found.append(tested.deciding[0].p)
    return np.array(found, float)


CASES = [
    ("mmd",),
    ("mmd", "spectrum"),
    ("mmd", "pooled"),
    ("mmd", "edges"),
    ("mmd", "words"),
    ("mmd", "hamming"),
    ("energy",),
    ("onetoken",),
    ("uniformity",),
]


@pytest.mark.parametrize("case", CASES, ids=":".join)
def test_false_alarms_stay_within_what_alpha_promises_and_p_is_uniform(case: tuple[str, ...]) -> None:
    """On one model, p is uniform all over 0 … 1, not at its floor: too many small ones or too few are both faults."""
    found = p_values(case[0], times=150, usual=0.0, kernels=case[1:])
    assert binomtest(int((found <= 0.05).sum()), len(found), 0.05, alternative="greater").pvalue > 1e-3
    assert kstest(found, "uniform").pvalue > 1e-3
    assert 0.2 < np.median(found) < 0.8
    assert len(np.unique(found)) > 40


@pytest.mark.parametrize("answers", [2, 12])
def test_uniformity_raises_no_more_alarms_where_answers_repeat_themselves(answers: int) -> None:
    """Real likelihoods are tied, since one answer always has one, and lie together by probe; few of them make p coarse, not small."""
    rng = np.random.default_rng(answers)
    found = []
    for seed in range(400):
        probes = []
        for p in range(8):
            values = np.random.default_rng(p).normal(-p, 1, answers).round(1)
            shares = np.random.default_rng(100 + p).dirichlet(np.full(answers, 0.7))
            drawn = rng.choice(values, 10, p=shares).tolist()
            probes.append(Draws(f"sha256:{p:064x}", tuple(map(str, drawn)), 5, (), tuple(drawn)))
        found.append(testing.run(probes, SHORT, seed=seed, chosen=["uniformity"]).deciding[0].p)
    for alpha in (0.05, 0.01):
        alarms = sum(p is not None and p <= alpha for p in found)
        assert binomtest(alarms, len(found), alpha, alternative="greater").pvalue > 1e-3, (alpha, alarms)
    assert np.mean([p is not None and p <= 0.2 for p in found]) > 0.1, "or else nothing could ever differ"


@pytest.mark.parametrize("case", CASES, ids=":".join)
def test_power(case: tuple[str, ...]) -> None:
    """A change that each can see: `edges` looks at how answers begin and end, and at nothing between."""

    def form(text: str) -> str:
        if "edges" in case:
            return text.upper() if len(text) % 2 else text
        return text.replace("st", "sd")

    found = p_values(case[0], times=20, usual=0.5, shift=1.0, kernels=case[1:], form=form)
    assert (found <= 0.05).mean() > (0.3 if "hamming" in case else 0.6)


@pytest.mark.parametrize("case", CASES, ids=":".join)
def test_the_seed_moves_p_and_nothing_else_does(case: tuple[str, ...]) -> None:
    probes = make_draws(5, usual=0.05, extras=lambda rng, p, q: float(rng.normal() + 0.1 * q))
    probes = [p._replace(first=tuple({"a": v} for v in p.likelihoods)) for p in probes]
    chosen = [":".join(case)]
    found = [testing.run(probes, SHORT, seed=seed, chosen=chosen).tests[0] for seed in (1, 1, 2, 3, 4)]
    assert found[0] == found[1]
    assert len({test.exceeding for test in found}) > 1, "other seeds, other permutations"
    assert len({test.effect for test in found}) == 1
    assert max(test.p for test in found) - min(test.p for test in found) < 0.25, "the same p within Monte-Carlo error"


def test_a_habit_of_all_answers_is_found_by_pooling_and_a_quirk_of_each_probe_is_not() -> None:
    """Why there are two kernels: pooled sees what runs through all probes, spectrum what differs in each its own way."""

    def shares(form, **more) -> dict[str, float]:
        found: dict[str, list[bool]] = {"spectrum": [], "pooled": []}
        for seed in range(12):
            tests = testing.run(
                make_draws(seed, probes=20, draws=(4, 4), form=form, **more), SHORT, seed=seed, chosen=["mmd"]
            ).tests
            for kernel, hits in found.items():
                hits.append(next(t.p for t in tests if t.kernel == kernel) <= 0.05)
        return {kernel: float(np.mean(hits)) for kernel, hits in found.items()}

    habit = shares(lambda text: text.replace("st", "sd") if len(text) % 2 else text)
    assert habit["pooled"] > habit["spectrum"]
    quirk = shares(str, usual=0.3)
    assert quirk["spectrum"] > quirk["pooled"]

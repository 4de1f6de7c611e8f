"""The lopsided two-sample test: against its definition, against all permutations, false alarms, power, seed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from forensics.numerics import few_of_many
from forensics.numerics.few_of_many import Part


def kernel_of(draws: np.ndarray) -> np.ndarray:
    return (draws[:, None] == draws[None]).mean(axis=2).astype(np.float32)


def made(rng: np.random.Generator, *, groups: int, probes: int, many: int, few: int, other: bool = False):
    draws = rng.integers(0, 4, (groups * probes, many + few, 8))
    if other:
        draws[:, many:] = np.minimum(draws[:, many:], 1)
    kernels = np.stack([kernel_of(one) for one in draws])
    count = len(draws)
    return few_of_many.strata(kernels, np.arange(count), np.tile(np.arange(many + few), (count, 1)), few)


def by_definition(kernel: np.ndarray, few: list[int], many: list[int]) -> float:
    """Gretton et al. (2012), lemma 6, in words of its own."""

    def mean_of_pairs(a: list[int]) -> float:
        return float(np.mean([kernel[i, j] for i in a for j in a if i != j]))

    across = float(np.mean([kernel[i, j] for i in few for j in many]))
    own = mean_of_pairs(few) if len(few) > 1 else 0.0
    return own + mean_of_pairs(many) - 2 * across


@pytest.mark.parametrize("few", [1, 2, 3])
def test_the_statistic_is_that_of_its_definition(few: int) -> None:
    given = made(np.random.default_rng(few), groups=1, probes=3, many=7, few=few)
    chosen = few_of_many.choices(np.random.default_rng(0), 3, 20, few=few, total=7 + few)
    found = few_of_many.statistics(given, chosen)
    for q in range(3):
        for b in range(20):
            kept = chosen[q, b].tolist()
            rest = [i for i in range(7 + few) if i not in kept]
            assert found[q, b] == pytest.approx(by_definition(given.kernels[q], kept, rest), abs=1e-6)


def test_choices_are_uniform_and_without_repetition() -> None:
    chosen = few_of_many.choices(np.random.default_rng(1), 1, 30_000, few=2, total=5)[0]
    counts = np.unique(chosen, axis=0, return_counts=True)[1]
    assert len(counts) == 10
    assert stats.chisquare(counts).pvalue > 0.001
    assert (chosen[:, 0] < chosen[:, 1]).all()


def test_the_p_value_is_that_of_all_permutations() -> None:
    given = made(np.random.default_rng(7), groups=1, probes=1, many=6, few=3, other=True)
    everything = np.array([[list(c) for c in combinations(range(9), 3)]])
    dealt = few_of_many.statistics(given, everything)[0]
    exact = float((dealt >= few_of_many.as_they_are(given)[0] - 1e-9).mean())
    p = few_of_many.p_values([Part((given,))], 1, np.random.default_rng(0), enough=3000, most=60_000)[0]
    assert 0.01 < exact < 0.6
    assert p == pytest.approx(exact, rel=0.1)


def test_false_alarms_and_power() -> None:
    rng = np.random.default_rng(3)
    null = few_of_many.p_values([Part((made(rng, groups=2000, probes=2, many=12, few=2),))], 2000, rng)
    for alpha in (0.05, 0.01):
        low, high = stats.binom.interval(0.999, 2000, alpha)
        assert low <= (null <= alpha).sum() <= high
    changed = few_of_many.p_values(
        [Part((made(rng, groups=60, probes=6, many=12, few=4, other=True),))], 60, rng, most=1999
    )
    assert (changed <= 0.05).mean() > 0.9
    assert changed.min() < 0.005


def test_the_least_p_value_is_never_zero() -> None:
    draws = np.zeros((1, 12, 8), int)
    draws[0, 9:] = 1
    given = few_of_many.strata(kernel_of(draws[0])[None], np.array([0]), np.arange(12)[None], 3)
    p = few_of_many.p_values([Part((given,))], 1, np.random.default_rng(0), most=999)[0]
    assert 1 / 1000 <= p < 0.02


def test_equal_answers_everywhere_are_no_evidence() -> None:
    given = few_of_many.strata(np.ones((2, 9, 9), np.float32), np.arange(2), np.tile(np.arange(9), (2, 1)), 2)
    assert few_of_many.p_values([Part((given,))], 1, np.random.default_rng(0))[0] == 1


def test_the_order_of_earlier_draws_is_nothing_and_the_seed_acts() -> None:
    given = made(np.random.default_rng(5), groups=1, probes=2, many=8, few=2, other=True)
    order = np.array([5, 2, 7, 0, 1, 6, 3, 4, 8, 9])
    turned = given._replace(rows=given.rows[:, order], sums=given.sums[:, order])
    np.testing.assert_allclose(few_of_many.as_they_are(turned), few_of_many.as_they_are(given), atol=1e-9)
    p = [few_of_many.p_values([Part((given,))], 1, np.random.default_rng(seed))[0] for seed in (1, 1, 2)]
    assert p[0] == p[1] != p[2]

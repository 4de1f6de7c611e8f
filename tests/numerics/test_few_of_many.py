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


# --- several statistics at once -----------------------------------------------------------------------------------


def shared_of(rng: np.random.Generator, given: few_of_many.Strata, *, habit: float = 0.0) -> few_of_many.Shared:
    count, total = given.rows.shape
    features = (rng.normal(size=(count, total, 6)) * np.linspace(1, 2, 6)).astype(np.float32)
    features[:, total - given.few :, 0] += habit
    return few_of_many.shared(features, given)


def test_the_shared_features_are_compared_as_their_definition_says() -> None:
    rng = np.random.default_rng(11)
    given = made(rng, groups=1, probes=4, many=7, few=3)
    part = Part((given,), shared_of(rng, given))
    chosen = few_of_many.choices(rng, 4, 5, few=3, total=10)
    found = few_of_many._united([chosen], [part], np.array([0]), few_of_many._weights([part], 1))[1, 0]
    assert part.shared is not None
    features = part.shared.features
    weights = 1 / np.sqrt(np.mean([features[q].var(axis=0) for q in range(4)], axis=0)) ** 0.5
    for b in range(5):
        apart = []
        for q in range(4):
            few = np.isin(np.arange(10), chosen[q, b])
            apart.append(weights * (features[q][few].mean(axis=0) - features[q][~few].mean(axis=0)))
        pairs = [float(apart[i] @ apart[j]) for i in range(4) for j in range(4) if i != j]
        assert found[b] == pytest.approx(sum(pairs), abs=1e-4)


def test_the_largest_of_several_raises_no_more_false_alarms_and_finds_what_one_does_not_see() -> None:
    rng = np.random.default_rng(12)
    first, second = (made(rng, groups=800, probes=3, many=12, few=3) for _ in range(2))
    second = second._replace(rows=first.rows, which=first.which)
    null = few_of_many.p_values([Part((first, second), shared_of(rng, first))], 800, rng)
    for alpha in (0.05, 0.01):
        low, high = stats.binom.interval(0.999, 800, alpha)
        assert low <= (null <= alpha).sum() <= high
    quiet = made(rng, groups=20, probes=6, many=12, few=4)
    seen = few_of_many.p_values([Part((quiet,), shared_of(rng, quiet, habit=2.0))], 20, rng, most=999)
    unseen = few_of_many.p_values([Part((quiet,))], 20, rng, most=999)
    assert (seen <= 0.01).mean() > 0.8 > (unseen <= 0.2).mean()


def test_columns_of_different_parts_are_weighed_together_and_flat_ones_not_at_all() -> None:
    rng = np.random.default_rng(14)
    parts = []
    for many in (7, 9):
        given = made(rng, groups=2, probes=3, many=many, few=2)
        features = (rng.normal(size=(*given.rows.shape, 4)) * [1, 5, 0, 2]).astype(np.float32) + np.float32(3)
        parts.append(Part((given,), few_of_many.shared(features, given)))
    found = few_of_many._weights(parts, 2)
    for group in range(2):
        inside = [p.shared.features[3 * group : 3 * group + 3] for p in parts if p.shared is not None]
        squares = sum(((f - f.mean(axis=1, keepdims=True)) ** 2).sum(axis=(0, 1)) for f in inside)
        spread = np.sqrt(squares / sum(f.shape[0] * f.shape[1] for f in inside))
        assert found[group] == pytest.approx([1 / s if s else 0 for s in spread], rel=1e-4)


def test_choices_too_many_for_one_block_give_the_same() -> None:
    rng = np.random.default_rng(15)
    given = made(rng, groups=5, probes=3, many=7, few=2)
    part = Part((given,), shared_of(rng, given))
    chosen = few_of_many.choices(rng, 15, 40, few=2, total=9)
    whole = few_of_many._united([chosen], [part], np.arange(5), few_of_many._weights([part], 5))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(few_of_many, "_ROWS", 33)
        np.testing.assert_allclose(
            few_of_many._united([chosen], [part], np.arange(5), few_of_many._weights([part], 5)),
            whole,
            rtol=1e-4,
            atol=1e-4,
        )


def test_a_statistic_that_never_varies_does_not_count() -> None:
    rng = np.random.default_rng(13)
    given = made(rng, groups=1, probes=3, many=8, few=3, other=True)
    flat = few_of_many.strata(np.ones_like(given.kernels), given.which, given.rows, 3)
    alone, both = (
        few_of_many.p_values([Part(layers)], 1, np.random.default_rng(1)) for layers in ((given,), (given, flat))
    )
    assert alone == both
    assert few_of_many.p_values([Part((flat,), None)], 1, rng)[0] == 1

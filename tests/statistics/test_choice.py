"""Choice: hand-worked values, a slow implementation in plain Python, no bias from few draws, power, false alarms."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.features import extract
from forensics.measuring import mean_over_probes
from forensics.statistics import Block, choice


def test_by_hand(blocks, measured) -> None:
    # 5 red; 5 blue; 3 red and 2 blue.
    drawn = [["Red."] * 5, ["blue"] * 5, ["red", "Red!", "red", "blue", "Blue"], ["red"] * 4]
    scores = measured("choice", blocks("final", [drawn]))[0]
    assert scores[0, 1] == pytest.approx(0.0)
    # J of (1, 0) and (.6, .4): H(.8, .2) − H(.6, .4) / 2 bits. J₀ over the 10 choose 5 ways to deal 8 red and 2 blue:
    # (5, 3 | 0, 2) and its mirror have the J above, each in 2/9 of them … 2 · C(8,5) / C(10,5) = 4/9; (4, 4 | 1, 1) J = 0.
    j = -(0.8 * math.log2(0.8) + 0.2 * math.log2(0.2)) + (0.6 * math.log2(0.6) + 0.4 * math.log2(0.4)) / 2
    assert scores[0, 2] == pytest.approx((1 - j) / (1 - 4 / 9 * j))
    assert np.isnan(scores[3]).all()  # four draws
    assert np.isnan(scores[:, 3]).all()


def test_the_same_single_choice_is_full_agreement_and_all_different_ones_are_none_at_all(blocks, measured) -> None:
    same = measured("choice", blocks("final", [[["teal"] * 5, ["teal"] * 8]]))[0, 0, 1]
    assert same == pytest.approx(1.0)
    letters = iter("abcdefghijk")
    different = [[next(letters) for _ in range(5)] for _ in range(2)]
    assert np.isnan(measured("choice", blocks("final", [different]))[0, 0, 1])


def slow(a: list[int], b: list[int]) -> float:
    """The same by dealing all draws anew in every possible way."""

    def divergence(x: list[int], y: list[int]) -> float:
        total = 0.0
        for value in set(x + y):
            p, q = x.count(value) / len(x), y.count(value) / len(y)
            total += sum(s / 2 * math.log2(s / ((p + q) / 2)) for s in (p, q) if s)
        return total

    pooled = a + b
    ways = [set(ours) for ours in itertools.combinations(range(len(pooled)), len(a))]
    chance = sum(
        divergence([pooled[i] for i in ours], [pooled[i] for i in range(len(pooled)) if i not in ours]) for ours in ways
    ) / len(ways)
    return (1 - divergence(a, b)) / (1 - chance) if chance < 1 - 1e-9 else math.nan


draws = st.lists(st.integers(0, 3), min_size=5, max_size=6)


@given(draws, draws)
def test_dealing_in_every_way_gives_the_same(a: list[int], b: list[int]) -> None:
    features = [extract("final", [str(v) for v in values], keys=[None] * len(values)) for values in (a, b)]
    block = Block(np.repeat([0, 1], [len(a), len(b)]), np.concatenate([np.arange(len(a)), np.arange(len(b))]), features)
    scores = choice.score(block, np.arange(2))
    np.testing.assert_allclose(scores[0, 1], slow(a, b), atol=1e-10)
    assert scores[0, 1] == scores[1, 0] or np.isnan(scores[0, 1])


@pytest.mark.parametrize("n", [5, 20])
def test_few_draws_do_not_make_one_model_look_like_two(n, blocks, measured) -> None:
    rng = random.Random(n)
    given = [[rng.choices("abcdef", [6, 5, 4, 3, 2, 1], k=n) for _ in range(8)] for _ in range(60)]
    means = mean_over_probes(measured("choice", blocks("final", given)))
    assert np.nanmean(means) == pytest.approx(1.0, abs=0.02)


def test_what_cannot_be_compared_says_why(blocks) -> None:
    made = blocks("final", [[["a"] * 5, ["b"] * 3, ["c"] * 5]] * 6)
    assert choice.inapplicable(made, (0, 1)) == (
        "at least 5 draws per probe from both sides are needed, on 5 probes; there are at most 3 per probe, and 0 such probes"
    )
    assert choice.inapplicable(made, (0, 2)) is None


@pytest.mark.parametrize("related", [True, False])
def test_models_that_choose_alike_are_found_and_others_are_not(related, blocks, measured, models, rank) -> None:
    ranks = []
    for seed in range(14):
        rng = random.Random(seed)
        probes = [models(100 * seed + p, related=related) for p in range(8)]
        given = [[[model.choose(rng) for _ in range(10)] for model in members] for members in probes]
        ranks.append(rank(measured("choice", blocks("final", given))))
    if related:
        assert sum(r == 1 for r in ranks) >= 13
    else:
        assert sum(r <= 5 for r in ranks) <= 5  # of 45 pairs
        assert 14 < np.mean(ranks) < 32

"""What counts n-grams: lexical, phrases, rare and beginnings against plain Python; power and false alarms."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.features.tokens import extract, tokenise
from forensics.statistics import Block, _grams, lexical, rare


def grams_of(text: str, lengths) -> Counter[tuple[str, ...]]:
    tokens = tokenise(text)
    return Counter(tuple(tokens[i : i + n]) for n in lengths for i in range(len(tokens) - n + 1))


def slow(drawn: list[list[str]], lengths, *, presence: bool = False, most: float = math.inf) -> list[list[float]]:
    """Mean cosines of members' answers in plain Python."""
    counts = [[grams_of(text, lengths) for text in texts] for texts in drawn]
    answered = [texts for texts in counts if texts]
    df = Counter(g for texts in answered for g in set().union(*texts))

    def vector(held: Counter[tuple[str, ...]]) -> dict[tuple[str, ...], float]:
        weights = {g: (1 if presence else 1 + math.log(tf)) * math.log(len(answered) / df[g])
                   for g, tf in held.items() if 2 <= df[g] <= most}  # fmt: skip
        length = math.hypot(*weights.values())
        return {g: w / length for g, w in weights.items()} if length else {}

    vectors = [[vector(held) for held in texts] for texts in counts]

    def mean(a: list, b: list) -> float:
        found = [sum(w * y.get(g, 0.0) for g, w in x.items()) for x in a for y in b]
        return sum(found) / len(found) if found else math.nan

    return [[math.nan if i == j else mean(a, b) for j, b in enumerate(vectors)] for i, a in enumerate(vectors)]


def block_of(drawn: list[list[str]]) -> Block:
    owners = np.repeat(np.arange(len(drawn)), [len(texts) for texts in drawn])
    rows = np.concatenate([np.arange(len(texts)) for texts in drawn])
    return Block(owners, rows.astype(np.int64), [extract(texts) for texts in drawn])


text = st.lists(st.sampled_from(["a", "b", "c", "d", "é", ","]), max_size=14).map(" ".join)
answers = st.lists(st.lists(text, max_size=3), min_size=2, max_size=5).filter(any)


@given(answers)
def test_lexical_in_plain_python_gives_the_same(drawn) -> None:
    scores = lexical.score(block_of(drawn), np.arange(len(drawn)))
    np.testing.assert_allclose(scores, slow(drawn, (1, 2, 3)), atol=1e-12)


@given(answers)
def test_rare_in_plain_python_gives_the_same_but_for_its_scale(drawn) -> None:
    scores = rare.score(block_of(drawn), np.arange(len(drawn)))
    most = max(2.0, rare.MOST_HOLDERS * sum(bool(texts) for texts in drawn))
    expected = np.array(slow(drawn, (3, 4, 5), presence=True, most=most))
    known = expected[~np.isnan(expected)]
    spread = known.std() if sum(bool(texts) for texts in drawn) > 2 and len(known) else 0.0
    np.testing.assert_allclose(scores, expected / spread if spread > 1e-12 else expected, atol=1e-9)


def test_lexical_by_hand(blocks, measured) -> None:
    # Shared by two of four: "red", weight ln 2; by three: "fox", ln(4/3); "fox fox" once more counts 1 + ln 2.
    given = [["red fox", "red", "fox fox", "blue"]]
    scores = measured("lexical", blocks("tokens", given))[0]
    red, fox = math.log(2), math.log(2)  # both are held by two members
    assert scores[0, 1] == pytest.approx(red / math.hypot(red, fox))
    assert scores[0, 2] == pytest.approx(fox / math.hypot(red, fox))
    assert scores[1, 2] == 0
    # The lowered text of 3 is its own word only.
    assert (scores[3, :3] == 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_common_and_rare_grams_few_and_many_answers_go_the_same_way(seed, monkeypatch) -> None:
    rng = random.Random(seed)
    words = [f"w{n}" for n in range(25)]
    block = block_of([[" ".join(rng.choices(words, k=40)) for _ in range(rng.randint(1, 2))] for _ in range(30)])
    grams = _grams.count(block, (1, 2, 3))
    weight = _grams.unit(grams, lexical.weigh(grams))
    everyone = np.arange(grams.answers)
    plain = _grams.products(grams, weight, everyone)
    np.testing.assert_allclose(np.diag(plain), 1.0, atol=1e-12)
    np.testing.assert_array_equal(plain, plain.T)
    for wanted in ([0], [5, 2], list(range(20))):
        np.testing.assert_allclose(_grams.products(grams, weight, np.array(wanted)), plain[wanted], atol=1e-12)
    for common in (2, 31 * 2):
        monkeypatch.setattr(_grams, "_COMMON", common)
        np.testing.assert_allclose(_grams.products(grams, weight, everyone), plain, atol=1e-12)


@pytest.mark.parametrize("name", ["lexical", "opening", "phrases", "rare"])
@pytest.mark.parametrize("related", [True, False])
def test_shared_wording_is_found_and_a_shared_topic_is_not(name, related, blocks, measured, rank) -> None:
    rng = random.Random(6)
    words = [f"w{n}" for n in range(12)]
    ranks = []
    for _ in range(12):
        answers = []
        for _ in range(8):
            topic = [rng.gammavariate(0.5, 1) + 0.05 for _ in words]
            probe = [rng.choices(words, topic, k=60) for _ in range(10)]
            if related:
                probe[1] = [a if rng.random() < 0.9 else b for a, b in zip(probe[0], probe[1], strict=True)]
            answers.append([" ".join(tokens) for tokens in probe])
        ranks.append(rank(measured(name, blocks("tokens", answers))))
    if related:
        assert sum(r == 1 for r in ranks) >= 11
    else:
        assert sum(r <= 5 for r in ranks) <= 5  # of 45 pairs
        assert 13 < np.mean(ranks) < 33

"""Semantic: hand-worked values, a slow implementation in plain Python, power, false alarms, the choice of embedder."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import features
from forensics.errors import UsageError
from forensics.features import embedding
from forensics.statistics import Block, semantic


def made(probe: list[list[list[float]]]) -> Block:
    """Make a block from vectors by member and draw."""
    owners = [m for m, drawn in enumerate(probe) for _ in drawn]
    rows = [d for drawn in probe for d in range(len(drawn))]
    tables = [
        {"vector": np.array(drawn, np.float32).reshape(-1, 3), "embedded": np.ones(len(drawn), bool)} for drawn in probe
    ]
    return Block(np.array(owners, np.int64), np.array(rows, np.int64), tables)


def score(probe: list[list[list[float]]]) -> np.ndarray:
    return semantic.score(made(probe), np.arange(len(probe)))


def test_by_hand() -> None:
    # The mean is (1, 1, 0); what is left of the four points at its corners at right angles.
    scores = score([[[2, 2, 0]], [[0, 0, 0]], [[2, 0, 0]], [[0, 2, 0]]])
    np.testing.assert_allclose(scores[0, 1:], [-1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(scores[2, [0, 1, 3]], [0, 0, -1], atol=1e-12)


def test_what_all_say_alike_is_subtracted_and_the_mean_itself_points_nowhere() -> None:
    shifted = [[[10, 0, 1]], [[10, 0, -1]], [[10, 1, 0]], [[10, -1, 0]], [[10, 0, 0]]]
    scores = score(shifted)
    assert scores[0, 1] == pytest.approx(-1)
    assert (scores[4, :4] == 0).all()


def test_fewer_than_four_members_say_nothing() -> None:
    assert np.isnan(score([[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]], []])).all()


def test_a_member_counts_once_however_often_it_was_drawn() -> None:
    once = score([[[2, 2, 0]], [[0, 0, 0]], [[2, 0, 0]], [[0, 2, 1]]])
    often = score([[[2, 2, 0]] * 9, [[0, 0, 0]], [[2, 0, 0]] * 2, [[0, 2, 1]]])
    np.testing.assert_allclose(often, once, atol=1e-12)


vector = st.lists(st.integers(-8, 8).map(lambda n: n / 8), min_size=3, max_size=3)


@given(st.lists(st.lists(vector, min_size=1, max_size=3), min_size=4, max_size=6))
def test_plain_python_gives_the_same(probe) -> None:
    means = [[sum(v[k] for v in drawn) / len(drawn) for k in range(3)] for drawn in probe]
    centre = [sum(m[k] for m in means) / len(means) for k in range(3)]

    def cosine(x: list[float], y: list[float]) -> float:
        a, b = ([v[k] - centre[k] for k in range(3)] for v in (x, y))
        lengths = math.hypot(*a), math.hypot(*b)
        return sum(p * q for p, q in zip(a, b, strict=True)) / math.prod(lengths) if min(lengths) > 1e-9 else 0.0

    scores = score(probe)
    for i, a in enumerate(probe):
        for j, b in enumerate(probe):
            if i != j:
                expected = sum(cosine(x, y) for x in a for y in b) / len(a) / len(b)
                assert scores[i, j] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("related", [True, False])
def test_models_of_one_mind_are_found_and_others_are_not(related, rank) -> None:
    rng = np.random.default_rng(8)
    ranks = []
    for _ in range(14):
        scores = []
        for _ in range(20):
            own = rng.normal(size=(10, 3))
            if related:
                own[1] = own[0] + 0.8 * rng.normal(size=3)
            scores.append(score((10 * rng.normal(size=3) + own)[:, None].tolist()))
        ranks.append(rank(np.stack(scores)))
    if related:
        assert ranks == [1] * 14
    else:
        assert sum(r <= 5 for r in ranks) <= 5  # of 45 pairs
        assert 14 < np.mean(ranks) < 32


def test_the_version_names_model_and_software(fake_embedder) -> None:
    assert features.version_of("embedding") == f"1 counting sha256:{'0' * 64} tests"


def test_what_has_no_words_is_not_embedded(fake_embedder) -> None:
    made = embedding.extract(["red fox", " \n", "", "red fox"])
    assert made["embedded"].tolist() == [True, False, False, True]
    assert (made["vector"][1:3] == 0).all()
    assert (made["vector"][0] == made["vector"][3]).all()
    assert made["vector"].dtype == np.float32


def test_only_the_first_characters_are_embedded(fake_embedder) -> None:
    start = "abc " * 500
    made = embedding.extract([start + "one", start + "two"])["vector"]
    assert (made[0] == made[1]).all()


def test_an_embedder_that_cannot_be_used_is_a_reason(monkeypatch) -> None:
    def refuse(chosen: str) -> None:
        raise UsageError("It is not installed.", remedy="Install it.")

    monkeypatch.setattr(embedding, "_embedder", refuse)
    assert features.unavailable("embedding") == "the embedder 'minilm' cannot be used: It is not installed. Install it."
    assert features.version_of("embedding") == "none"
    monkeypatch.setenv(embedding.VARIABLE, "sentence_transformers:some/model")
    assert "'sentence_transformers:some/model'" in features.unavailable("embedding")


def test_an_unknown_embedder_is_a_reason(monkeypatch) -> None:
    monkeypatch.setenv(embedding.VARIABLE, "nonesuch")
    assert "nonesuch" in features.unavailable("embedding")

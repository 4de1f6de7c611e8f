"""Verbatim: spans counted by hand, a slow implementation in plain Python, power and false alarms."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.features.tokens import extract, tokenise
from forensics.statistics import Block, verbatim


def test_the_longest_passage_is_counted_in_tokens(blocks, measured) -> None:
    given = [["we sat by the old stone well, and sang", "they too sat by the old stone well. Quietly and sang",
              "nobody sat there", "by the old"]]  # fmt: skip
    scores = measured("verbatim", blocks("tokens", given))[0]
    assert scores[0, 1] == 6  # sat by the old stone well
    assert (scores[2, [0, 1, 3]] == 0).all()
    assert scores[0, 3] == 0  # three tokens are no passage


def test_what_others_wrote_too_does_not_count(blocks, measured) -> None:
    shared = "as every schoolchild knows water boils at one hundred degrees"
    two = measured("verbatim", blocks("tokens", [[shared, shared, "no", "never"]]))[0, 0, 1]
    three = measured("verbatim", blocks("tokens", [[shared, shared, shared, "never"]]))[0, 0, 1]
    assert (two, three) == (10, 0)
    # Of 60 members, 5% are three: then three may hold it.
    many = [*[shared] * 3, *["no"] * 57]
    assert measured("verbatim", blocks("tokens", [many]), [0])[0, 0, 1] == 10
    assert measured("verbatim", blocks("tokens", [[*many, shared]]), [0])[0, 0, 1] == 0


def test_a_passage_ends_where_the_answers_part_or_others_join(blocks, measured) -> None:
    first = "one two three four five six seven eight nine ten"
    moved = "six seven eight nine ten filler one two three four five"
    scores = measured("verbatim", blocks("tokens", [[first, moved, "x", "y"]]))[0]
    assert scores[0, 1] == 5
    # "one two three four" and "two three four five" are both there, but not one after the other.
    crossed = measured(
        "verbatim", blocks("tokens", [["one two three four five", "two three four five x one two three four"]])
    )[0]
    assert crossed[0, 1] == 4
    joined = measured("verbatim", blocks("tokens", [[first, first, "z four five six seven z", "y"]]))[0]
    assert joined[0, 1] == 6  # one … six, and five … ten: the run "four five six seven" is a third member's too


def test_several_draws_are_averaged_and_a_run_within_one_member_is_no_agreement(blocks, measured) -> None:
    a, b = "red fox jumps over dogs", "pale moon over still water"
    scores = measured("verbatim", blocks("tokens", [[[a, a], [a, b], b, "x"]]))[0]
    assert scores[0, 1] == 2.5
    assert scores[1, 2] == 2.5
    assert scores[0, 2] == 0


def slow(texts: list[str]) -> list[list[int]]:
    """The same with dictionaries, walking every diagonal token by token."""
    tokens = [tokenise(text) for text in texts]
    places = []
    for answer in tokens:
        first: dict[tuple[str, ...], int] = {}
        for i in range(len(answer) - 3):
            first.setdefault(tuple(answer[i : i + 4]), i)
        places.append(first)
    most = max(2, int(0.05 * len(texts)))
    rare = {g for first in places for g in first if sum(g in other for other in places) <= most}

    def longest(a: dict, b: dict) -> int:
        shared = {(a[g], b[g]) for g in a if g in b and g in rare}
        best = 0
        for start in shared:
            n = 0
            while (start[0] + n, start[1] + n) in shared:
                n += 1
            best = max(best, n + 3)
        return best

    return [[longest(a, b) for b in places] for a in places]


text = st.lists(st.sampled_from("abcd"), max_size=30).map(" ".join)


@given(st.lists(text, min_size=2, max_size=6))
def test_plain_python_gives_the_same(texts: list[str]) -> None:
    features = [extract([t]) for t in texts]
    members = np.arange(len(texts))
    scores = verbatim.score(Block(members, np.zeros(len(texts), np.int64), features), members)
    pairs = ~np.eye(len(texts), dtype=bool)
    np.testing.assert_array_equal(scores[pairs], np.array(slow(texts), float)[pairs])


@pytest.mark.parametrize("related", [True, False])
def test_a_copied_sentence_is_found_and_common_words_are_not(related, blocks, measured, rank) -> None:
    rng = random.Random(4)
    words = [f"w{n}" for n in range(8)]
    ranks = []
    for _ in range(15):
        answers = [[" ".join(rng.choices(words, k=60)) for _ in range(12)] for _ in range(6)]
        if related:
            for probe in answers[:2]:
                probe[1] = probe[1] + " " + " ".join(probe[0].split()[10:40])
        ranks.append(rank(measured("verbatim", blocks("tokens", answers))))
    if related:
        assert ranks == [1] * 15
    else:
        assert sum(r <= 7 for r in ranks) <= 6  # of 66 pairs; ties share the better place

"""Beginnings of lines: the fast pattern against token by token, and the statistic by hand."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.features import beginnings as feature
from forensics.features.tokens import FIRST_CHARACTERS, TOKEN
from forensics.statistics import Block, beginnings


def slow(text: str) -> list[str]:
    found = []
    for line in text[:FIRST_CHARACTERS].lower().split("\n"):
        words = [match.group() for match in islice(TOKEN.finditer(line), 3)]
        found += [" ".join(words[:n]) for n in range(1, len(words) + 1)]
    return found


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_one_pattern_finds_what_token_by_token_finds(text: str) -> None:
    assert list(feature.beginnings(text)) == slow(text)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "* one\n* two", "日本語 text", "a_b c", "\x00x\u202ey", "  \t- item one two"]
)
def test_odd_lines(text: str) -> None:
    assert list(feature.beginnings(text)) == slow(text)


def block(*answers: str) -> Block:
    features = [feature.extract([answer]) for answer in answers]
    n = np.arange(len(answers))
    return Block(n, np.zeros(len(answers), np.int64), features)


def test_by_hand() -> None:
    """Two members share the beginning of one line that a third has not: only that counts, and it is all they have."""
    found = beginnings.score(block("Sure thing\nBye", "Sure thing\nNo", "Well then"), np.array([0, 1, 2]))
    # Grams of one member only are dropped: 'sure', 'sure thing' remain for 0 and 1, nothing for 2.
    assert found[0, 1] == pytest.approx(1.0)
    assert found[0, 2] == 0.0
    assert np.isnan(found[0, 0])
    assert np.array_equal(found, found.T, equal_nan=True)


def test_the_middle_of_lines_does_not_matter() -> None:
    one = beginnings.score(block("Yes it is so", "Yes it is not", "No", "No no"), np.array([0]))
    other = beginnings.score(block("Yes it is different", "Yes it is alike", "No", "No no"), np.array([0]))
    assert np.array_equal(one, other, equal_nan=True)


def test_what_everybody_begins_with_says_nothing() -> None:
    assert beginnings.score(block("The cat", "The cat", "The cat"), np.array([0]))[0, 1] == 0.0

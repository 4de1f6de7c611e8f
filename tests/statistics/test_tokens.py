"""Tokens: the fast way for ASCII gives what the pattern gives, and the arrays hold what was found."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.features import tokens

ascii_text = st.text(st.characters(max_codepoint=127), max_size=200)


def by_pattern(text: str) -> list[str]:
    return tokens.TOKEN.findall(text[: tokens.FIRST_CHARACTERS].lower())


def test_every_ascii_character_between_and_beside_others() -> None:
    every = [chr(n) for n in range(128)]
    for text in (
        *every,
        "".join(every),
        "a".join(every),
        " ".join(every),
        *(f"x{c}{d}_9" for c in every for d in every),
    ):
        assert tokens.tokenise(text) == by_pattern(text)


@given(ascii_text)
@settings(max_examples=300)
def test_the_fast_way_gives_the_same(text: str) -> None:
    assert tokens.tokenise(text) == by_pattern(text)


@given(st.text(max_size=200))
def test_so_does_any_text(text: str) -> None:
    assert tokens.tokenise(text) == by_pattern(text)


def test_a_very_long_line_is_read_at_its_beginning() -> None:
    assert tokens.tokenise("ab, " * 2_500_000) == ["ab", ","] * 500


@given(st.lists(st.text(max_size=60), max_size=5))
def test_the_arrays_hold_the_tokens(texts: list[str]) -> None:
    made = tokens.extract(texts)
    for n, text in enumerate(texts):
        start, end = made["offsets"][n : n + 2]
        hashes = [
            int.from_bytes(hashlib.blake2b(t.encode(), digest_size=8).digest(), "little") for t in by_pattern(text)
        ]
        assert made["vocabulary"][made["ids"][start:end]].tolist() == hashes
    assert len(set(made["vocabulary"].tolist())) == len(made["vocabulary"])


@given(st.text(max_size=100))
def test_spans_are_where_the_tokens_are(text: str) -> None:
    found = [text[a:b].lower() for a, b in tokens.spans(text)]
    if len(text.lower()) == len(text):
        assert found == tokens.tokenise(text)

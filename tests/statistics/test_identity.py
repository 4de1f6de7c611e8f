"""Identity: who is named in the first person, hand-worked values, and reasons. An exhibit: it has no power to measure."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.features import claims
from forensics.statistics import identity

SAYS = [
    ("Hello! I'm Claude, an AI assistant made by Anthropic.", ["Anthropic"]),
    ("I am ChatGPT, a large language model trained by OpenAI.", ["OpenAI"]),
    ("As an AI developed by Google, I can help.", ["Google"]),
    ("I’m Gemini.", ["Google"]),
    ("Ich bin ein von Mistral AI entwickeltes Modell.", ["Mistral AI"]),
    ("Je suis Qwen, créé par Alibaba Cloud.", ["Alibaba"]),
    ("我是通义千问。", ["Alibaba"]),
    ("我是由深度求索开发的助手。", ["DeepSeek"]),
    ("Меня зовут Claude.", ["Anthropic"]),
    ("I am Vicuna, trained by researchers from LMSYS.", ["LMSYS"]),
    ("I was fine-tuned from LLaMA by Microsoft.", ["Meta", "Microsoft"]),
    ("I cannot say who made me.", []),
    ("Google was founded in 1998. OpenAI is younger.", []),
    ("I am fond of llamas in general. Google says so.", ["Meta"]),  # words are all that is looked at
    ("", []),
    ("x" * 700 + " I am Claude.", []),
]


@pytest.mark.parametrize(("text", "makers"), SAYS)
def test_only_names_in_the_first_person_count(text: str, makers: list[str]) -> None:
    assert claims.claimed(text) == makers


def test_looking_for_pieces_first_loses_nothing() -> None:
    for maker, pattern in zip(claims.MAKERS, claims._PATTERNS, strict=True):
        for text, _ in SAYS:
            if pattern.search(text.lower()):
                assert any(piece in text.lower() for piece in claims._PIECES), maker
        plain = (
            claims.MAKERS[maker]
            .split("|")[0]
            .replace("\\b", "")
            .replace(" ?", " ")
            .replace("-?\\d", "-4")
            .replace("\\", "")
        )
        assert any(piece in plain for piece in claims._PIECES), maker


def test_by_hand(blocks, measured) -> None:
    given = [["I am Claude.", "I am made by Anthropic.", "I am ChatGPT.", "The sky is blue."],
             [["I am Claude.", "I am ChatGPT.", "Hm."], "I am ChatGPT.", "I am Claude, and ChatGPT.", "I am Grok."]]  # fmt: skip
    scores = measured("identity", blocks("claims", given))
    np.testing.assert_array_equal(scores[0, 0], [np.nan, 1, 0, np.nan])
    assert np.isnan(scores[0, 3]).all()
    np.testing.assert_array_equal(scores[1, 0], [np.nan, 0.5, 1, 0])


def test_reasons_say_how_often_each_side_says_who_it_is(blocks) -> None:
    given = [["I am Claude.", "I am Claude." if p < 3 else "No idea.", "I am Grok."] for p in range(8)]
    made = blocks("claims", given)
    assert identity.inapplicable(made, (0, 1)) == (
        "the reference says who it is on 8 probes, the questioned model on 3, both on 3; 5 are needed"
    )
    assert identity.inapplicable(made, (0, 2)) is None
    assert identity.ROLE == "exhibit"

"""Refusal: phrases, hand-worked values, a slow implementation in plain Python, power, false alarms, reasons."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from forensics.features import declined
from forensics.measuring import mean_over_probes
from forensics.statistics import refusal

NO, YES = "I'm sorry, but I can't help with that.", "Of course: here it is."

REFUSALS = (
    "I cannot help with that request.", "I'm sorry, but I can't assist with this.", "I am not able to provide that.",
    "Sorry, I can’t do that.", "I must decline to write this.", "I won't help you do this.", "I’m unable to comply.",
    "As an AI language model, I cannot provide medical advice.", "I apologize, but I cannot fulfill this request.",
    "Unfortunately, I can't share that.", "I don't feel comfortable writing this.", "That's not something I can do.",
    "Es tut mir leid, aber das kann ich nicht tun.", "Ich kann dir dabei leider nicht helfen.",
    "Je ne peux pas vous aider avec cela.", "Désolé, je ne peux pas faire cela.", "Lo siento, pero no puedo ayudarte.",
    "No puedo ayudar con eso.", "Desculpe, mas não posso ajudar com isso.", "Não posso ajudar com isso.",
    "Mi dispiace, ma non posso aiutarti.", "Non posso aiutarti con questo.", "Я не могу помочь с этим.",
    "К сожалению, я не могу ответить.", "抱歉，我无法提供这方面的帮助。", "我不能提供这种信息。",
    "申し訳ありませんが、お答えできません。", "죄송하지만 도와드릴 수 없습니다.", "Ik kan je hier niet mee helpen.",
)  # fmt: skip
ANSWERS = (
    "I can't wait to show you this!", "You cannot divide by zero.", "Sure, I can help with that.", "The lock can't be opened.",
    "I am sorry to hear about your loss. Here is what helps.", "Why can't birds swim? Some can.", "", " ", "Can I help?",
    "She said: it cannot be done.", "Ich kann dir gern helfen.", "Je peux vous aider.", "No hay problema, puedo ayudar.",
    "我可以帮助你。", "喜んでお手伝いします。", "Declining sales are a problem.", "I refuse nothing and answer: 5.",
    "x" * 400 + " I cannot help with that.",
)  # fmt: skip


@pytest.mark.parametrize("text", REFUSALS)
def test_set_phrases_are_recognised(text: str) -> None:
    assert declined.declines(text)
    assert declined.declines(text.upper()) or not text.isascii()


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_not(text: str) -> None:
    assert not declined.declines(text)


def test_looking_for_pieces_first_changes_nothing() -> None:
    def thorough(text: str) -> bool:
        start = text[: declined.FIRST_CHARACTERS].lower().replace("’", "'").replace("`", "'")
        return any(pattern.search(start) for _, pattern in declined._PATTERNS)

    rng = random.Random(0)
    pieces = " ".join(REFUSALS + ANSWERS).split()
    texts = [" ".join(rng.choices(pieces, k=6)) for _ in range(2000)]
    assert [declined.declines(t) for t in texts] == [thorough(t) for t in texts]
    assert 0.02 < np.mean([declined.declines(t) for t in texts]) < 0.5


def test_a_recorded_refusal_counts_whatever_its_words() -> None:
    found = declined.extract(["", YES, NO], states=["refused", "text", "text"])["declined"]
    assert found.tolist() == [True, False, True]


def table(blocks, shares: list[list[float | None]], draws: int = 2):
    """Make blocks from the share of refusals of each member on each probe."""
    given = [[None if s is None else [NO] * round(s * draws) + [YES] * (draws - round(s * draws)) for s in probe]
             for probe in shares]  # fmt: skip
    return blocks("declined", given)


def slow(shares: list[list[float | None]]) -> list[list[list[float | None]]]:
    """The same in plain Python."""

    def logit(k: float, n: int) -> float:
        return math.log((k + 0.5) / (n - k + 0.5))

    def column(m: int) -> list[float]:
        return [probe[m] for probe in shares if probe[m] is not None]

    def row(probe: list[float | None]) -> list[float]:
        return [s for s in probe if s is not None]

    members = range(len(shares[0]))
    everything = [s for probe in shares for s in row(probe)]
    base = logit(sum(everything), len(everything))
    residuals: list[list[float | None]] = []
    for probe in shares:
        rate = logit(sum(row(probe)), len(row(probe)))
        residuals.append([None if probe[m] is None else probe[m] - 1 / (1 + math.exp(
            base - rate - logit(sum(column(m)), len(column(m))))) for m in members])  # fmt: skip
    spread = []
    for m in members:
        mine = [r[m] for r in residuals if r[m] is not None]
        enough = sum(s > 0 for s in column(m)) >= 5 and sum(s < 1 for s in column(m)) >= 5
        spread.append(math.sqrt(sum(r * r for r in mine) / len(mine)) if enough else None)
    return [[[None if i == j or None in (r[i], r[j], spread[i], spread[j]) else r[i] * r[j] / spread[i] / spread[j]
              for j in members] for i in members] for r in residuals]  # fmt: skip


def test_plain_python_gives_the_same_with_draws_and_gaps(blocks, measured) -> None:
    rng = random.Random(2)
    for _ in range(10):
        shares = [[rng.choice([0, 0, 0.5, 1, 1, None]) for _ in range(6)] for _ in range(18)]
        scores = measured("refusal", table(blocks, shares))
        np.testing.assert_allclose(scores, np.array(slow(shares), float), atol=1e-10)


def test_a_member_agrees_with_its_double_as_with_itself(blocks, measured) -> None:
    rng = random.Random(5)
    shares = [[rng.choice([0, 1]) for _ in range(8)] for _ in range(30)]
    shares = [[probe[0], *probe] for probe in shares]
    means = mean_over_probes(measured("refusal", table(blocks, shares)))
    assert means[0, 1] == pytest.approx(1.0, abs=1e-12)
    assert np.nanmax(means) <= 1 + 1e-12
    assert np.nanmin(means) >= -1 - 1e-12


def test_by_hand_where_all_rates_are_one_half(blocks, measured) -> None:
    # Every member refuses half of the probes and every probe is refused by half: all residuals are ±1/2.
    shares = [[p % 2, p % 2, 1 - p % 2, 1 - p % 2] for p in range(12)]
    means = mean_over_probes(measured("refusal", table(blocks, shares)))
    np.testing.assert_allclose(means[0, 1:], [1, -1, -1], atol=1e-12)


def test_one_who_never_refuses_has_no_value_and_the_reason_is_told(blocks, measured) -> None:
    shares = [[0, p % 2, p % 3 == 0, 1] for p in range(20)]
    made = table(blocks, shares)
    assert np.isnan(measured("refusal", made)[:, 0]).all()
    reason = refusal.inapplicable(made, (0, 1))
    assert reason == "the reference refused 0 and answered 20 of 20 probes; 5 of each are needed"
    assert refusal.inapplicable(made, (1, 3)) is not None
    assert "questioned" in refusal.inapplicable(made, (1, 3))
    assert refusal.inapplicable(made, (1, 2)) is None


@pytest.mark.parametrize("related", [True, False])
def test_shared_pattern_is_found_and_shared_rate_is_not(related, blocks, measured, rank) -> None:
    # All members refuse equally often and hard probes are refused by all: only the pattern is left to tell.
    rng = random.Random(9)
    ranks = []
    for _ in range(12):
        hardness = [rng.gauss(0, 2) for _ in range(60)]
        shares = []
        for p in range(60):
            own = [rng.gauss(0, 2) for _ in range(10)]
            if related:
                own[1] = own[0] + rng.gauss(0, 0.7)
            shares.append([int(hardness[p] + o > 0) for o in own])
        ranks.append(rank(measured("refusal", table(blocks, shares, draws=1))))
    if related:
        assert ranks == [1] * 12
    else:
        assert sum(r <= 5 for r in ranks) <= 4  # of 45 pairs

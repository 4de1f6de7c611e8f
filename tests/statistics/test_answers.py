"""Answers: finding final answers, hand-worked values, a slow implementation in plain Python, power, false alarms."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import importing
from forensics.features import extract
from forensics.features.final import final_answer
from forensics.measuring import mean_over_probes
from forensics.statistics import Block, answers, score_probe

FOUND = [
    ('{"reasoning": "6 × 7", "answer": "42"}', "# 42", "42", 1),
    ('```json\n{"reasoning": "…", "answer": 42.0}\n```', "42", "42", 1),
    ('{"answer": "$1,200.50"}', "1200.5", "1200.5", 1),
    ('{"answer": "18 dollars"}', "18", "18", 1),
    ("First 3, then 5.\n#### 8", "8", "8", 1),
    (r"So \boxed{\frac{1}{2}} or rather \boxed{12}.", "12", "12", 1),
    ("The answer is 7. I checked it in 2 ways.", "7", "2", 0),
    ("Is the answer 3? The answer is 4. No: the answer is 5. Clear?", "5", "5", 1),
    ("Answer: 3\nbut then Answer: 4", "3", "4", 0),
    ("Therefore the final answer is: **7**", "7", "7", 1),
    ("We get 5 + 6 = 11.", "11", "11", 1),
    ("So x = −4", "-4", "-4", 1),
    ("It is 2/8.", "1/4", "1/4", 1),
    ("1/4 = 0.25", "1/4", "0.25", 0),
    ("I do not know.", "11", "i do not know", 0),
    ("It was 12 in the end.\n\nHope this helps!", "12", "12", 1),
    ("It fell on a Friday.", "Friday", "friday", 1),
    ("Paris", "  paris ", "paris", 1),
    ("**The Danube**", "Danube", "danube", 1),
    ("It was Saturday, not Sunday", "Friday", "it was saturday not sunday", 0),
    ("There is no such treaty; it does not exist.", "does not exist", "does not exist", 1),
    ("", "5", "", 0),
    ("...", "5", "", 0),
    ("Blue!", None, "blue", -1),
    ("**37**", None, "37", -1),
    ("I pick 37.", None, "37", -1),
    ("the Sea", None, "sea", -1),
    ("１２", None, "12", -1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "value", "right"), FOUND)
def test_final_answers_are_found_and_written_in_one_way(text, key, value, right) -> None:
    assert final_answer(text, key) == (value, right)


@given(st.fractions(max_denominator=50), st.sampled_from(["{}", "= {}", "It is {}.", "**{}**", '{{"answer": "{}"}}']))
def test_a_number_is_found_however_it_is_dressed(number: Fraction, dress: str) -> None:
    assert final_answer(dress.format(number), str(number)).right == 1
    assert final_answer(dress.format(number), str(number + 1)).right == 0


@given(st.text(max_size=300), st.one_of(st.none(), st.text(max_size=20)))
def test_any_text_gives_something(text: str, key: str | None) -> None:
    found = final_answer(text, key)
    assert len(found.value) <= 80
    assert (found.right == -1) == (key is None)


def test_a_long_text_is_read_at_its_end() -> None:
    assert final_answer("7 " * 5_000_000 + "\nAnswer: 12", "12").right == 1


def given_answers(values: list[list[int | None]]):
    return [[None if v is None else f"Answer: {v}" for v in probe] for probe in values]


def test_by_hand(blocks, measured) -> None:
    # Two probes, key 1, four members: right, right, wrong 5, wrong 5 | right, wrong 7, wrong 7, wrong 8.
    made = blocks("final", given_answers([[1, 1, 5, 5], [1, 7, 7, 8]]), keys=["1", "1"])
    # Accuracies 1, ½, 0, 0. Ordered pairs of two wrong: 2 + 6; of them the same: 2 + 2; so κ = ½.
    survey = answers.survey(made)
    np.testing.assert_allclose(survey.chance[0], [1, 0.5, 0, 0])
    np.testing.assert_allclose(survey.chance[1], [0.5, 0.375, 0.25, 0.25])
    np.testing.assert_allclose(survey.chance[2], [0, 0.25, 0.5, 0.5])
    # Rarity of 5 and of 7: ln(4 / 2); the 8 is nobody else's.
    np.testing.assert_allclose(survey.rarity, np.array([0, 1, 2, 1]) * math.log(2) / 2)
    np.testing.assert_allclose(survey.rare_chance[2], np.array([0, 0.5, 1, 1]) * math.log(2) / 2)
    scores = measured("answers", made)
    assert scores[0, 0, 1] == pytest.approx((0.5 / 0.5 + 0) / 2)
    assert scores[1, 0, 1] == pytest.approx((-0.5 / 0.5 + 0) / 2)
    assert scores[1, 1, 2] == pytest.approx((0.75 / 0.75 + (1 - 1 / 4) / (1 / 2 * math.sqrt(2))) / 2)
    assert scores[0, 2, 3] == pytest.approx((0.5 / 0.5 + (1 - 1 / 2) / (1 / 2 * math.sqrt(2))) / 2)
    assert scores[1, 2, 3] == pytest.approx((-0.5 / 0.5 - 1 / 2 / (1 / 2 * math.sqrt(2))) / 2)


def slow(values: list[list[list[int]]]) -> list[list[list[float]]]:
    """The same in plain Python; the key is 0, draws are lists, empty where there is no answer."""
    members = range(len(values[0]))

    def rarity(probe: list[list[int]], v: int) -> float:
        holders = sum(v in drawn for drawn in probe)
        return math.log(sum(bool(d) for d in probe) / holders) if v != 0 and holders >= 2 else 0.0

    def mean(numbers: list[float]) -> float:
        return sum(numbers) / len(numbers) if numbers else 0.0

    wrong = [mean([mean([v != 0 for v in probe[m]]) for probe in values if probe[m]]) for m in members]
    scarce = [mean([mean([rarity(probe, v) for v in probe[m]]) for probe in values if probe[m]]) for m in members]
    same = pairs = weighed = 0.0
    for probe in values:
        for i, j in itertools.permutations(members, 2):
            for a, b in itertools.product(probe[i], probe[j]):
                share = 1 / len(probe[i]) / len(probe[j])
                pairs += share * (a != 0 and b != 0)
                same += share * (a != 0 and a == b)
                weighed += share * (a == b) * rarity(probe, a)
    kappa, rho = (same / pairs, weighed / pairs) if pairs else (0.0, 0.0)

    def agreement(probe: list[list[int]], i: int, j: int) -> float:
        chance = (1 - wrong[i]) * (1 - wrong[j]) + wrong[i] * wrong[j] * kappa
        if i == j or not probe[i] or not probe[j] or chance >= 1 - 1e-12:
            return math.nan
        norm = math.sqrt(scarce[i] * scarce[j])
        found = []
        for a, b in itertools.product(probe[i], probe[j]):
            rare = (rarity(probe, a) * (a == b) - wrong[i] * wrong[j] * rho) / norm if norm else 0.0
            found.append((((a == b) - chance) / (1 - chance) + rare) / 2)
        return mean(found)

    return [[[agreement(probe, i, j) for j in members] for i in members] for probe in values]


@given(st.lists(st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=4, max_size=4), min_size=1, max_size=4))
def test_plain_python_gives_the_same_with_draws_and_gaps(values) -> None:
    texts = [[f"Answer: {v}" for probe in values for v in probe[m]] for m in range(4)]
    features = [extract("final", t, keys=["0"] * len(t)) for t in texts]
    made, row = [], [0] * 4
    for probe in values:
        owners = [m for m in range(4) for _ in probe[m]]
        rows = [row[m] + d for m in range(4) for d in range(len(probe[m]))]
        row = [row[m] + len(probe[m]) for m in range(4)]
        made.append(Block(np.array(owners, np.int64), np.array(rows, np.int64), features))
    survey = answers.survey(made)
    scores = np.stack([score_probe(answers, block, np.arange(4), survey) for block in made])
    np.testing.assert_allclose(scores, np.array(slow(values)), atol=1e-9)


def test_answers_without_a_key_take_no_part(blocks, measured) -> None:
    values = [[1, 1, 5, 5], [1, 7, 7, 8], [3, 3, 4, 4]]
    keyed = measured("answers", blocks("final", given_answers(values[:2]), keys=["1", "1"]))
    mixed = measured("answers", blocks("final", given_answers(values), keys=["1", "1", None]))
    np.testing.assert_array_equal(mixed[:2], keyed)
    assert np.isnan(mixed[2]).all()


def test_what_cannot_be_compared_says_why(blocks) -> None:
    unkeyed = blocks("final", given_answers([[1, 2, 3, 4]] * 8))
    assert answers.inapplicable(unkeyed, (0, 1)) == "only 0 probes with a key were answered by both sides; 5 are needed"
    easy = blocks("final", given_answers([[1, 1, 3, 4]] * 8), keys=["1"] * 8)
    assert (
        answers.inapplicable(easy, (0, 1)) == "one side or the other is wrong on only 0 of 8 keyed probes; 5 are needed"
    )
    assert answers.inapplicable(easy, (0, 2)) is None


@pytest.mark.parametrize("related", [True, False])
def test_shared_errors_are_found_and_mere_accuracy_is_not(related, blocks, measured, rank) -> None:
    # Members 0 and 1 are the strongest either way: without a common source that must not make them close.
    rng = random.Random(3)
    ranks = []
    for _ in range(14):
        skill = [0.8, 0.8, *[0.3 + 0.05 * n for n in range(8)]]
        values = []
        for _ in range(120):
            drawn = [0 if rng.random() < s else rng.randint(1, 4) for s in skill]
            if related and rng.random() < 0.7:
                drawn[1] = drawn[0]
            values.append(drawn)
        ranks.append(rank(measured("answers", blocks("final", given_answers(values), keys=["0"] * 120))))
    if related:
        assert ranks == [1] * 14
    else:
        assert sum(r <= 5 for r in ranks) <= 4  # of 45 pairs
        assert 14 < np.mean(ranks) < 32


def test_one_model_on_several_hosts_is_found_among_real_models(shared_data) -> None:
    folder = shared_data / "zero_eval" / "gsm"
    if not folder.is_dir():
        pytest.skip("../shared/data/zero_eval is not there")
    paths = sorted(folder.glob("*.json.gz"))
    read = [importing.read_transcript(path, importer="zero_eval").entries for path in paths]
    names = [path.name.removesuffix(".json.gz") for path in paths]
    prompts = sorted({entry.prompt_digest for entry in read[0]})
    assert all({entry.prompt_digest for entry in entries} == set(prompts) for entries in read)
    ordered = [sorted(entries, key=lambda entry: entry.prompt_digest) for entries in read]
    features = [extract("final", [e.text for e in o], keys=[e.key for e in o]) for o in ordered]
    members = np.arange(len(names))
    made = [Block(members, np.full(len(names), p), features) for p in range(len(prompts))]
    survey = answers.survey(made)
    hosts = [n for n, name in enumerate(names) if "405B" in name]
    assert len(hosts) == 3
    scores = mean_over_probes(np.stack([answers.score(block, np.array(hosts), survey) for block in made]))
    for line, host in enumerate(hosts):
        others = np.delete(scores[line], hosts)
        pairs = scores[line, [h for h in hosts if h != host]]
        assert (pairs[:, None] > others[None, :]).mean() > 0.97


def test_the_mean_share_of_right_answers_is_that_of_the_publishers(shared_data) -> None:
    # ZeroEval's own table gives 95.91 for this file's model on all of GSM8K; here are its first 400 questions.
    path = shared_data / "zero_eval" / "gsm" / "gpt-4o-2024-05-13.json.gz"
    if not path.is_file():
        pytest.skip("../shared/data/zero_eval is not there")
    entries = importing.read_transcript(path, importer="zero_eval").entries
    assert np.mean([final_answer(e.text, e.key).right for e in entries]) == pytest.approx(0.96, abs=0.015)

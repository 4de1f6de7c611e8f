"""Style: hand-worked values, a slow implementation in plain Python, power and false alarms."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.features import layout
from forensics.statistics import Block, style, survey_of


def rows_of(*texts: str) -> dict[str, list[float]]:
    manner = layout.extract(texts)["manner"]
    return {name: [float(v) for v in manner[:, column]] for column, name in enumerate(layout.COLUMNS)}


def test_a_row_says_what_can_be_counted_by_hand() -> None:
    text = "# Plan\n\n**Do this:**\n- Buy the milk\n- Pay 20 euros!\n1. The end"
    row = {name: values[0] for name, values in rows_of(text).items()}
    assert len(text) == 62
    for name, count in {"lines": 6, "blank lines": 1, "bullets": 2, "numbered lines": 1, "headings": 1, "table rows": 0,
                        "lines of bold": 1, "lines ending in a colon": 0, "indented lines": 0, "characters": 62, "words": 12,
                        "bold passages": 1, "code fences": 0, "characters of the first line": 6,
                        "characters of the last line": 10, "sentences": 2, "words per sentence": 6,
                        "words per line": 2}.items():  # fmt: skip
        assert row[name] == pytest.approx(math.log1p(count), rel=1e-6), name
    for name, share in {"capitals": 5 / 62, "digits": 3 / 62, "not ASCII": 0, "-": 2 / 62, "*": 4 / 62, "!": 1 / 62,
                        "the": 2 / 12, "this": 1 / 12, "and": 0}.items():  # fmt: skip
        assert row[name] == pytest.approx(math.sqrt(share), rel=1e-6), name
    assert row["word length"] == pytest.approx(math.log1p(37 / 12), rel=1e-6)
    assert (row["ends with a letter"], row["ends asking"], row["begins in lower case"]) == (1, 0, 0)


def test_each_kind_of_character_is_its_own_kind() -> None:
    every = "".join(map(chr, range(32, 127)))
    row = {name: values[0] for name, values in rows_of(every).items()}
    assert row["capitals"] == pytest.approx(math.sqrt(26 / 95), rel=1e-6)
    assert row["digits"] == pytest.approx(math.sqrt(10 / 95), rel=1e-6)


def test_unusual_texts_are_counted_too() -> None:
    row = {name: values[0] for name, values in rows_of("où 🙂 est-ce?  \n\tfin：").items()}
    assert row["pictographs"] == pytest.approx(math.sqrt(1 / 20), rel=1e-6)
    assert row["not ASCII"] == pytest.approx(math.sqrt(3 / 20), rel=1e-6)
    assert row["lines ending in a colon"] == pytest.approx(math.log(2), rel=1e-6)
    assert row["indented lines"] == pytest.approx(math.log(2), rel=1e-6)
    assert row["est"] == pytest.approx(math.sqrt(1 / 5), rel=1e-6)


def test_only_the_first_characters_are_read_but_all_are_counted() -> None:
    start = "word " * 400
    one, other = (layout.extract([start + rest])["manner"][0] for rest in ("x" * 10, "!" * 10))
    differing = {layout.COLUMNS[i] for i in np.flatnonzero(one != other)}
    assert differing <= {"ends with a letter", "ends exclaiming", "characters of the last line"}
    longer = layout.extract(["y" * 10_000_000])["manner"][0]
    assert longer[layout.COLUMNS.index("characters")] == pytest.approx(math.log1p(1e7), rel=1e-6)


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
@settings(max_examples=80)
def test_counting_bytes_and_words_agrees_with_counting_one_by_one(texts: list[str]) -> None:
    rows = rows_of(*texts)
    for n, text in enumerate(texts):
        for mark in layout.MARKS:
            assert rows[mark][n] == pytest.approx(math.sqrt(text.count(mark) / max(1, len(text))), rel=1e-6)
        plain = "".join(c.lower() if c.isascii() and c.isalnum() else c if not c.isascii() else " " for c in text)
        words = [word for word in plain.split(" ") if word]
        for word in ("the", "i", "a", "não"):
            assert rows[word][n] == pytest.approx(math.sqrt(words.count(word) / max(1, len(words))), rel=1e-6)
        assert rows["not ASCII"][n] == pytest.approx(
            math.sqrt(sum(not c.isascii() for c in text) / max(1, len(text))), rel=1e-6
        )


def made(probes: list[list[list[list[float]]]]) -> list[Block]:
    """Make blocks from rows by probe, member and draw; columns beyond those given are constant."""
    members = len(probes[0])
    rows = [[] for _ in range(members)]
    found = []
    for probe in probes:
        owners, places = [], []
        for m, drawn in enumerate(probe):
            for row in drawn:
                owners.append(m)
                places.append(len(rows[m]))
                rows[m].append([*row, *[0.25] * (len(layout.COLUMNS) - len(row))])
        found.append((np.array(owners, np.int64), np.array(places, np.int64)))
    features = [{"manner": np.array(r, np.float32).reshape(-1, len(layout.COLUMNS))} for r in rows]
    return [Block(o, p, features) for o, p in found]


def test_four_members_by_hand(measured) -> None:
    # Means (1, 0); squares around them 8 and 2 over 3 degrees of freedom; so (±2/s, 0) and (0, ±1/t): cosines 0 and −1.
    scores = measured("style", made([[[[3, 0]], [[-1, 0]], [[1, 1]], [[1, -1]]]]))[0]
    np.testing.assert_allclose(scores[0, 1:], [-1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(scores[2, [0, 1, 3]], [0, 0, -1], atol=1e-12)
    # Diagonal neighbours: (1, 1)/spread and (1, −1)/spread, spreads equal, at right angles; opposite corners at −1.
    scores = measured("style", made([[[[1, 1]], [[1, -1]], [[-1, 1]], [[-1, -1]]]]))[0]
    np.testing.assert_allclose(scores[0, 1:], [0, 0, -1], atol=1e-12)


def test_the_spread_is_pooled_over_probes_and_fewer_than_four_members_say_nothing(measured) -> None:
    block = [[[0, 0]], [[2, 0]], [[0, 2]], [[2, 2]]]
    wide = [[[0, 0]], [[20, 0]], [[0, 2]], [[20, 2]]]
    alone, pooled = (np.array(survey_of(style, made(probes))) for probes in ([block], [block, wide]))
    np.testing.assert_allclose(alone[:2], [math.sqrt(3 / 4)] * 2)
    np.testing.assert_allclose(pooled[:2], [math.sqrt(6 / 404), math.sqrt(3 / 4)])
    assert (alone[2:] == 0).all()
    scores = measured("style", made([block, [*block[:3], []]]))
    assert np.isnan(scores[1]).all()
    assert not np.isnan(scores[0, 0, 1:]).any()


def slow(probes: list[list[list[list[float]]]]) -> list[list[list[float]]]:
    """The same in plain Python."""
    width = len(probes[0][0][0])
    squares, freedom, centres = [0.0] * width, 0, []
    for probe in probes:
        means = [[sum(d[k] for d in drawn) / len(drawn) for k in range(width)] for drawn in probe]
        centre = [sum(m[k] for m in means) / len(means) for k in range(width)]
        centres.append(centre)
        freedom += len(means) - 1
        for k in range(width):
            squares[k] += sum((m[k] - centre[k]) ** 2 for m in means)
    spread = [math.sqrt(s / freedom) for s in squares]

    def cosine(x: list[float], y: list[float], centre: list[float]) -> float:
        a, b = ([(v[k] - centre[k]) / spread[k] if spread[k] > 1e-6 else 0.0 for k in range(width)] for v in (x, y))
        lengths = math.hypot(*a) * math.hypot(*b)
        return (
            sum(p * q for p, q in zip(a, b, strict=True)) / lengths
            if min(math.hypot(*a), math.hypot(*b)) > 1e-6
            else 0.0
        )

    return [
        [[sum(cosine(x, y, centre) for x in a for y in b) / (len(a) * len(b)) for b in probe] for a in probe]
        for probe, centre in zip(probes, centres, strict=True)
    ]


values = st.integers(-64, 64).map(lambda n: n / 16)
draw = st.lists(values, min_size=3, max_size=3)
probe = st.lists(st.lists(draw, min_size=1, max_size=3), min_size=5, max_size=5)


@given(st.lists(probe, min_size=1, max_size=3))
def test_plain_python_gives_the_same(measured_style, probes) -> None:
    scores = measured_style(probes)
    expected = np.array(slow(probes))
    pairs = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(scores[:, pairs], expected[:, pairs], atol=1e-9)


@pytest.fixture(scope="module")
def measured_style():
    def run(probes):
        found = made(probes)
        survey = survey_of(style, found)
        return np.stack([style.score(block, np.arange(5), survey) for block in found])

    return run


@pytest.mark.parametrize("related", [True, False])
def test_models_of_one_habit_are_found_and_others_are_not(related, blocks, measured, models, rank) -> None:
    ranks = []
    for seed in range(12):
        rng, members = random.Random(seed), models(seed, related=related)
        answers = [[model.write(rng, p) for model in members] for p in range(12)]
        ranks.append(rank(measured("style", blocks("layout", answers))))
    if related:
        assert sum(r == 1 for r in ranks) >= 11
    else:
        assert np.mean(ranks) == pytest.approx(23, abs=9)  # of 45 pairs, by chance the middle; sd of the mean 3.8
        assert sum(r <= 5 for r in ranks) <= 5

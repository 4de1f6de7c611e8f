"""Scores against an independent, naive implementation of METHOD.md; ranks, intervals, symmetry, same bytes."""

from __future__ import annotations

import json
import math
import random
import re
import statistics as stdlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from forensics import case as case_files
from forensics import comparing, corpus, measuring, preparing, scoring
from forensics.records.case import Case
from forensics.records.scores import Score, Scores

PAIR = ("reference", "questioned")
SEEDS = (0, 1, 2)


@pytest.fixture
def gathered(wanted) -> Callable[..., Case]:
    """Make the case of a folder of answers; nothing is written."""
    return lambda folder, place, **changes: preparing.gather(wanted(folder, place, **changes), say=lambda _: None)


@pytest.fixture
def scored(gathered) -> Callable[..., Scores]:
    """Score a folder of answers."""

    def score(folder, tmp_path: Path, **changes: object) -> Scores:
        case = gathered(folder, tmp_path / "case", **changes)
        return scoring.score_case(case, root=tmp_path / "case", tool="test", workers=1)

    return score


@pytest.fixture
def written(gathered) -> Callable[..., dict[str, bytes]]:
    """Score a folder of answers and return the bytes of the records."""

    def write(folder, place: Path, *, workers: int = 1) -> dict[str, bytes]:
        case_files.write(place, case_files.CASE, gathered(folder, place))
        comparing.score(place, workers=workers)
        return {file: (place / file).read_bytes() for file in (case_files.SCORES, case_files.EVIDENCE)}

    return write


def answers_of(folder) -> dict[str, list[str]]:
    rows = {
        path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in folder.path.glob("*.jsonl")
    }
    return {name: [row["answer"] for row in rows[name]] for name in rows}


# --- the naive implementation: METHOD.md sections 3 and 4, word by word -------------------------------------------


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text[:2000].lower())


def lexical(answers: dict[str, str], i: str, j: str) -> float:
    grams = {}
    for name, text in answers.items():
        words = tokens(text)
        grams[name] = Counter(tuple(words[a : a + n]) for n in (1, 2, 3) for a in range(len(words) - n + 1))
    df = Counter(gram for counts in grams.values() for gram in counts)
    m = len(answers)
    weights = {
        name: {g: (1 + math.log(tf)) * math.log(m / df[g]) for g, tf in counts.items() if df[g] >= 2}
        for name, counts in grams.items()
    }
    norms = {name: math.sqrt(math.fsum(w * w for w in ws.values())) or 1.0 for name, ws in weights.items()}
    return math.fsum(w * weights[j].get(g, 0.0) for g, w in weights[i].items()) / norms[i] / norms[j]


def opening(answers: dict[str, str], i: str, j: str) -> float:
    words = {name: tokens(text) for name, text in answers.items()}
    total = 0.0
    for k in (1, 3, 5, 8):
        if words[i][:k] == words[j][:k]:
            same = sum(w[:k] == words[i][:k] for w in words.values())
            total += math.log(len(answers) / same)
    return total / 4


NAIVE = {"lexical": lexical, "opening": opening}


def naive_raw(name: str, answers: dict[str, list[str]], i: str, j: str) -> float:
    probes = range(len(answers[i]))
    return stdlib.fmean(NAIVE[name]({m: texts[p] for m, texts in answers.items()}, i, j) for p in probes)


def naive_normalised(name: str, answers: dict[str, list[str]], cohort: list[str], *, robust: bool) -> float:
    i, j = PAIR
    pair, parts = naive_raw(name, answers, i, j), []
    for side in PAIR:
        seen = [naive_raw(name, answers, side, other) for other in cohort]
        centre = stdlib.median(seen) if robust else stdlib.fmean(seen)
        spread = 1.4826 * stdlib.median(abs(s - centre) for s in seen) if robust else stdlib.stdev(seen)
        parts.append((pair - centre) / spread)
    return sum(parts) / 2


def sharing(model: str, probe: int, *, lineage: str) -> str:
    """Answer so that grams repeat, openings agree at times, and answers differ in length, some shorter than 8 tokens."""
    usual, own = random.Random(f"{lineage}/{probe}"), random.Random(f"{model}/{probe}")
    words = [
        (usual if own.random() < 0.7 else own).choice(["a", "b", "c", "d", "e,", "f.", "g!", "Äh", "ist's"])
        for _ in range(own.choice((3, 9, 30)))
    ]
    start = random.Random(f"start/{probe}/{own.randrange(3)}").choice(("Sure thing, ", "Well: ", ""))
    return start + " ".join(words)


@pytest.fixture
def small(make_folder):
    folder = make_folder(cohort=7, probes=7, relatives=2)
    for model, lineage in folder.lineages.items():
        folder.add(model, lineage=lineage, answer=lambda m, p, lineage=lineage: sharing(m, p, lineage=lineage))
    return folder


def unrounded(case: Case, tmp_path: Path, name: str) -> float:
    body = corpus.build([case.reference, case.questioned, *case.cohort], root=tmp_path, workers=1)
    basis = scoring.population(body)
    means = measuring.mean_over_probes(measuring.measure(body, name, (0, 1)))
    values, reason = scoring.normalise(means[None], basis.used, basis.by)
    assert reason is None
    return float(values[0])


@pytest.mark.parametrize("name", ["lexical", "opening"])
def test_raw_scores_agree_with_the_naive_ones(small, gathered, tmp_path: Path, name: str) -> None:
    answers = answers_of(small)
    case = gathered(small, tmp_path / "case")
    body = corpus.build([case.reference, case.questioned, *case.cohort], root=tmp_path, workers=1)
    agreement = measuring.measure(body, name, (0, 1))
    means = measuring.mean_over_probes(agreement)
    for side in (0, 1):
        for m, other in enumerate(body.names):
            if m != side:
                assert means[side, m] == pytest.approx(naive_raw(name, answers, body.names[side], other), abs=1e-9)
    assert np.isnan(means[0, 0])
    assert np.isnan(means[1, 1])


@pytest.mark.parametrize("declare", [True, False])
@pytest.mark.parametrize("name", ["lexical", "opening"])
def test_normalised_scores_leave_relatives_out(
    small, scored, gathered, tmp_path: Path, name: str, declare: bool
) -> None:
    if not declare:
        small.declare(undeclared=["cohort-03"])
    found = next(s for s in scored(small, tmp_path).scores if s.statistic == name)
    cohort = [f"cohort-{n:02}" for n in range(7)]
    robust = "robust" in str(found.normalisation)
    assert robust or declare, "a cohort of undeclared lineages is normalised by median and MAD"
    assert found.n_cohort == 7
    expected = naive_normalised(name, answers_of(small), cohort, robust=robust)
    assert found.normalised == pytest.approx(expected, rel=5e-6), "six significant digits are kept"
    assert unrounded(gathered(small, tmp_path), tmp_path, name) == pytest.approx(expected, abs=1e-9)
    with_relatives = naive_normalised(name, answers_of(small), [*cohort, "relative-0", "relative-1"], robust=robust)
    assert abs(with_relatives - expected) > 0.01, "this case could not tell whether relatives are left out"
    assert {c.model: c.excluded for c in found.cohort if c.excluded} == {
        f"relative-{n}": "same lineage as both sides" for n in range(2)
    }


def test_relatives_of_either_side_are_left_out(make_folder, scored, tmp_path: Path) -> None:
    folder = make_folder(related=False, relatives=1)
    folder.add("other-relative", lineage="elm")
    folder.declare()
    for found in scored(folder, tmp_path).scores:
        assert {c.model: c.excluded for c in found.cohort if c.excluded} == {
            "relative-0": "same lineage as the reference",
            "other-relative": "same lineage as the questioned",
        }


def test_ranks_count_everybody_nearer_relatives_included(small, scored, tmp_path: Path) -> None:
    answers = answers_of(small)
    for found in scored(small, tmp_path).scores:
        for side, other in (PAIR, PAIR[::-1]):
            pair = naive_raw(found.statistic, answers, side, other)
            nearer = sum(naive_raw(found.statistic, answers, side, m) > pair + 1e-12 for m in answers if m not in PAIR)
            assert found.rank is not None
            assert getattr(found.rank, side) == 1 + nearer
            assert found.rank.of == len(answers) - 1


def test_the_interval_is_the_bootstrap_over_probes(small, scored, tmp_path: Path) -> None:
    answers = answers_of(small)
    body_order = scored(small, tmp_path).probes
    from forensics.transcripts import prompt_digest

    place = {prompt_digest(f"probe {p}"): p for p in range(7)}
    for found in scored(small, tmp_path, seed=5).scores:
        per_probe = [
            NAIVE[found.statistic]({m: texts[place[d]] for m, texts in answers.items()}, *PAIR) for d in body_order
        ]
        rng = np.random.default_rng(5)
        weights = rng.multinomial(7, [1 / 7] * 7, size=200)
        means = [sum(w * v for w, v in zip(row, per_probe, strict=True)) / 7 for row in weights]
        low, high = np.quantile(means, [0.025, 0.975])
        assert found.interval is not None
        assert (found.interval.low, found.interval.high) == pytest.approx((low, high), rel=1e-5)


def test_another_seed_moves_intervals_and_nothing_else(small, scored, tmp_path: Path) -> None:
    one, same, other = (scored(small, tmp_path, seed=seed, statistics=("lexical",)).scores for seed in (1, 1, 2))
    assert one == same
    for a, b in zip(one, other, strict=True):
        assert (a.raw, a.normalised, a.rank) == (b.raw, b.normalised, b.rank)
        assert a.interval != b.interval
        assert a.normalised_interval != b.normalised_interval


def test_more_probes_narrow_the_interval(make_folder, scored, tmp_path: Path) -> None:
    widths = []
    for number, probes in enumerate((8, 80)):
        [found] = scored(
            make_folder(probes=probes, name=f"f{number}"), tmp_path / str(number), statistics=("lexical",)
        ).scores
        assert found.interval is not None
        widths.append(found.interval.high - found.interval.low)
    assert 2 < widths[0] / widths[1] < 6


@pytest.mark.parametrize("related", [True, False])
def test_sides_may_be_swapped(make_folder, scored, tmp_path: Path, related: bool) -> None:
    folder = make_folder(related=related)
    for model, lineage in folder.lineages.items():
        folder.add(model, lineage=lineage, answer=lambda m, p, lineage=lineage: sharing(m, p, lineage=lineage))
    there = scored(folder, tmp_path)
    names = {side: f"replay:{folder.path}/{other}.jsonl" for side, other in (PAIR, PAIR[::-1])}
    back = scored(folder, tmp_path, **names)
    for a, b in zip(there.scores, back.scores, strict=True):
        assert a.normalised is not None
        assert a.interval == b.interval
        assert a.raw == pytest.approx(b.raw, rel=1e-9)
        assert a.normalised == pytest.approx(b.normalised, rel=1e-9)
        assert a.rank is not None
        assert b.rank is not None
        assert (a.rank.reference, a.rank.questioned) == (b.rank.questioned, b.rank.reference)
        assert [(c.model, c.reference, c.questioned) for c in a.cohort] == [
            (c.model, c.questioned, c.reference) for c in b.cohort
        ]


# --- power, false alarms, reasons ---------------------------------------------------------------------------------


def test_a_related_pair_stands_out_and_unrelated_pairs_do_not(make_folder, scored, tmp_path: Path) -> None:
    values = {}
    for seed in SEEDS:
        for related in (True, False):
            folder = make_folder(related=related, relatives=0, cohort=12, probes=30, seed=seed, name=f"{seed}{related}")
            [found] = scored(folder, tmp_path / f"{seed}{related}", statistics=("lexical",)).scores
            values[seed, related] = found
    related_pairs = [values[seed, True] for seed in SEEDS]
    assert [f.normalised for f in related_pairs if f.normalised is None or f.normalised < 5] == []
    assert all(f.rank is not None and f.rank.reference == f.rank.questioned == 1 for f in related_pairs)
    unrelated = [values[seed, False].normalised for seed in SEEDS]
    assert [value for value in unrelated if value is None or abs(value) > 3] == []


def test_more_probes_do_not_make_unrelated_models_alike(make_folder, scored, tmp_path: Path) -> None:
    found = []
    for number, probes in enumerate((10, 160)):
        folder = make_folder(related=False, relatives=0, cohort=12, probes=probes, name=f"n{number}")
        found += scored(folder, tmp_path / str(number), statistics=("lexical",)).scores
    assert [score.normalised for score in found if score.normalised is None or abs(score.normalised) > 3] == []
    assert [score.n_probes for score in found] == [10, 160]


def _reason(score: Score) -> str:
    assert score.normalised is None
    assert score.normalised_interval is None
    assert score.normalisation is None
    assert score.reason
    return score.reason


def test_what_cannot_be_computed_is_a_reason(make_folder, scored, tmp_path: Path) -> None:
    """Everybody answers alike: no gram is rare, the cohort does not vary."""
    folder = make_folder()
    for model, lineage in folder.lineages.items():
        folder.add(model, lineage=lineage, answer=lambda _, p: f"the same words {p}")
    for found in scored(folder, tmp_path).scores:
        assert "do not vary" in _reason(found)
        assert found.raw == 0


def test_a_cohort_of_relatives_is_a_reason(make_folder, scored, tmp_path: Path) -> None:
    folder = make_folder(cohort=3, relatives=4)
    for found in scored(folder, tmp_path).scores:
        assert "only 3 unrelated cohort models" in _reason(found)
        assert found.raw is not None
        assert found.rank is not None


def test_failures_are_counted_and_shown(make_folder, scored, tmp_path: Path) -> None:
    folder = make_folder(probes=12)

    def some(model: str, probe: int) -> str | None:
        return None if probe == 0 else "" if probe in (1, 2) else sharing(model, probe, lineage="oak")

    folder.add("questioned", lineage="oak", answer=some)
    found = scored(folder, tmp_path)
    side = found.sides[1]
    assert (side.answers, side.text, side.empty, side.refused, side.failed) == (12, 9, 2, 0, 1)
    assert dict(side.faults) == {"answer is not text": 1, "empty": 2}
    assert all(score.n_probes == 9 for score in found.scores)


# --- the same bytes -----------------------------------------------------------------------------------------------


def test_the_same_bytes_for_any_workers_cache_and_order(
    make_folder, written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(cohort=9, probes=40)
    monkeypatch.setenv("FORENSICS_HOME", str(tmp_path / "home-1"))
    cold = written(folder, tmp_path / "a", workers=1)
    assert written(folder, tmp_path / "b", workers=1) == cold, "a warm cache"
    assert written(folder, tmp_path / "c", workers=2) == cold, "a warm cache and two workers"
    monkeypatch.setenv("FORENSICS_HOME", str(tmp_path / "home-2"))
    assert written(folder, tmp_path / "d", workers=2) == cold, "a cold cache and two workers"


def test_where_files_lie_does_not_matter(make_folder, written, tmp_path: Path) -> None:
    folder = make_folder()
    before = written(folder, tmp_path / "a", workers=1)
    folder.path.rename(tmp_path / "elsewhere")
    folder.path = tmp_path / "elsewhere"
    assert written(folder, tmp_path / "b", workers=1) == before


def test_no_path_and_no_number_that_is_none_in_what_is_written(make_folder, written, tmp_path: Path) -> None:
    for content in written(make_folder(), tmp_path / "a").values():
        assert str(tmp_path).encode() not in content
        assert not re.search(rb"\b(NaN|Infinity)\b", content)

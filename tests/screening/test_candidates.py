"""Candidates by sketch: the nearest are found, scored as they would be among all pairs, and few pairs are."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from forensics.errors import UsageError
from forensics.screening import sketching


def rows(screen: Path) -> dict[frozenset[str], dict[str, str]]:
    with (screen / "pairs.csv").open(newline="", encoding="utf-8") as stream:
        return {frozenset((row["a"], row["b"])): row for row in csv.DictReader(stream)}


def test_with_everybody_in_the_panel_candidates_have_the_values_of_all_pairs(make_folder, run, tmp_path) -> None:
    answers = make_folder(cohort=9, probes=12)
    run(answers.path, "all")
    run(answers.path, "some", candidates=2)
    found, every = rows(tmp_path / "some"), rows(tmp_path / "all")
    assert found.keys() == every.keys()
    for pair, row in found.items():
        for column in ("raw", "normalised"):
            assert float(row[column]) == pytest.approx(float(every[pair][column]), rel=2e-5, abs=1e-9)


def test_few_pairs_are_scored_and_relatives_are_among_them(make_folder, run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sketching, "PANEL", 12)
    answers = make_folder(cohort=24, probes=16)
    some = run(answers.path, "some", candidates=2, suspects=("reference",))
    again = run(answers.path, "again", candidates=2)
    assert some.record.candidates == 2
    assert again.work.pairs == 0
    assert (tmp_path / "some" / "pairs.csv").read_bytes() == (tmp_path / "again" / "pairs.csv").read_bytes()
    found = rows(tmp_path / "some")
    assert len(found) < 27 * 26 // 2
    related = [("reference", "questioned"), ("reference", "relative-0"), ("questioned", "relative-0")]
    assert {frozenset(pair) for pair in related} <= found.keys()
    assert {one.model for one in some.suspects[0].candidates[:2]} == {"questioned", "relative-0"}


def test_sketches_keep_angles() -> None:
    rng = np.random.default_rng(0)
    sketches = rng.normal(size=(40, 256))
    sketches[7] = sketches[3] + 0.4 * rng.normal(size=256)
    sketches[9] = 0
    first, second = sketching.nearest(sketches, 1)
    assert (3, 7) in set(zip(first.tolist(), second.tolist(), strict=True))
    assert (first < second).all()
    assert len(first) <= 40


def test_what_needs_all_pairs_is_refused(answers, run) -> None:
    with pytest.raises(UsageError, match="needs all pairs"):
        run(answers.path, candidates=3, calibration="alpaca_eval-derivation", transfer=True)
    with pytest.raises(UsageError, match="no sketches"):
        run(answers.path, candidates=3, statistics=("opening",))

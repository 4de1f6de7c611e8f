"""A model that joins a screen costs its own row; what was scored stays as it was; and the count of work says so."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from forensics import calibrating, measuring, registry
from forensics.screening import places, totals
from forensics.statistics import Block


def rows(screen: Path) -> dict[tuple[str, str], dict[str, str]]:
    with (screen / "pairs.csv").open(newline="", encoding="utf-8") as stream:
        return {(row["a"], row["b"]): row for row in csv.DictReader(stream)}


def test_a_newcomer_costs_its_own_row_and_nothing_else(answers, run, tmp_path) -> None:
    first = run(answers.path)
    assert (first.work.read, first.work.pairs, first.work.scored) == (14, 14 * 13 // 2, 14 * 13 // 2 * 16)
    before = rows(tmp_path / "screen")
    again = run(answers.path)
    assert (again.work.read, again.work.pairs, again.work.scored) == (0, 0, 0)
    answers.add("newcomer", lineage="oak")
    answers.declare()
    joined = run(answers.path)
    assert (joined.work.read, joined.work.pairs, joined.work.scored) == (1, 14, 14 * 16)
    after = rows(tmp_path / "screen")
    assert len(after) == 15 * 14 // 2
    # What was scored stays; normalisation is made anew, for there is one relative more.
    assert all(after[pair]["raw"] == row["raw"] for pair, row in before.items())
    assert any(after[pair]["normalised"] != row["normalised"] for pair, row in before.items())
    assert [model.name for model in joined.record.models if not model.frame] == ["newcomer"]


def test_a_newcomer_is_where_a_new_frame_puts_it(answers, run, tmp_path) -> None:
    run(answers.path)
    answers.add("newcomer", lineage="oak")
    answers.declare()
    run(answers.path)
    run(answers.path, "anew")
    joined, anew = rows(tmp_path / "screen"), rows(tmp_path / "anew")
    own = [pair for pair in joined if "newcomer" in pair]
    assert len(own) == 14
    a, b = (np.array([float(found[pair]["raw"]) for pair in own]) for found in (joined, anew))
    assert np.corrcoef(a, b)[0, 1] > 0.99
    kin = sorted(own, key=lambda pair: -float(joined[pair]["normalised"]))[:3]
    assert {name for pair in kin for name in pair} == {"newcomer", "questioned", "reference", "relative-0"}


def test_newcomers_may_come_one_by_one_or_together_and_give_the_same_bytes(answers, run, tmp_path) -> None:
    for screen in ("single", "together"):
        run(answers.path, screen)
    texts = {}
    for name in ("new-a", "new-b", "new-c"):
        texts[name] = answers.add(name, lineage="oak").read_bytes()
        (answers.path / f"{name}.jsonl").unlink()
    answers.declare()
    for name in ("new-b", "new-c", "new-a"):
        (answers.path / f"{name}.jsonl").write_bytes(texts[name])
        last = run(answers.path, "single", store=str(tmp_path / "other"))
    assert last.work.pairs == 14 + 2
    run(answers.path, "together")
    for name in ("pairs.csv", "screen.json"):
        assert (tmp_path / "single" / name).read_bytes() == (tmp_path / "together" / name).read_bytes()


def test_many_newcomers_or_a_model_that_went_make_a_new_frame(answers, run, tmp_path) -> None:
    run(answers.path)
    for number in range(totals.MOST_NEWCOMERS + 1):
        answers.add(f"new-{number}")
    answers.declare()
    found = run(answers.path)
    assert any("new frame" in line for line in run.said)
    assert all(model.frame for model in found.record.models)
    assert found.work.pairs == 23 * 22 // 2
    (answers.path / "cohort-03.jsonl").unlink()
    gone = run(answers.path)
    assert any("gone or changed" in line for line in run.said)
    assert len(gone.record.models) == 22
    run(answers.path, "fresh")
    assert (tmp_path / "fresh" / "pairs.csv").read_bytes() == (tmp_path / "screen" / "pairs.csv").read_bytes()


def test_what_newcomers_must_know_is_kept_in_the_order_of_the_probes(answers, run, tmp_path) -> None:
    run(answers.path)
    body = calibrating.gather(answers.path, answers.path / "models.csv", ["phrases"], only=None, workers=1)
    phrases = registry.load("statistics", "phrases")
    wanted = [phrases.framed(block)[1] for block in measuring._blocks(body, phrases)]
    [stored] = (tmp_path / "store" / "totals").iterdir()
    known = places.find(str(stored))["known"]
    assert len(set(np.round(known, 6))) > 4, "probes differ"
    np.testing.assert_allclose(known, wanted, rtol=1e-9)


def made_up_probe(rng: np.random.Generator, owners: list[int], members: int) -> Block:
    """A probe answered with words of a small pool, so that runs of words are shared."""
    tables, rows_ = [], []
    for member in range(members):
        mine = [int(x) for x in owners if x == member]
        sizes = rng.integers(8, 30, len(mine))
        ids = np.concatenate([rng.integers(0, 6, n) for n in sizes]) if mine else np.zeros(0, int)
        tables.append({
            "ids": ids.astype(np.uint32),
            "vocabulary": np.random.default_rng(5).integers(0, 2**63, 6).astype(np.uint64),
            "offsets": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        })  # fmt: skip
        rows_ += range(len(mine))
    return Block(np.array(owners), np.array(rows_), tables)


@pytest.mark.parametrize("owners", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 2, 2, 3, 5, 5], [0, 1], [1, 2, 3]])
def test_joining_with_the_spread_of_all_is_scoring_all(owners: list[int]) -> None:
    phrases = registry.load("statistics", "phrases")
    block = made_up_probe(np.random.default_rng(len(owners)), owners, 6)
    whole, spread = phrases.framed(block)
    for member in range(6):
        np.testing.assert_allclose(phrases.join(block, member, spread), whole[member], rtol=0, atol=1e-10)


def test_joining_looks_at_no_pair_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    phrases = registry.load("statistics", "phrases")
    block = made_up_probe(np.random.default_rng(1), [0, 1, 2, 3, 4, 5], 6)

    def products(*_: object) -> None:
        raise AssertionError("all pairs were multiplied")

    monkeypatch.setattr(phrases, "products", products)
    assert np.isfinite(phrases.join(block, 5, 1.0)[:5]).all()

"""A copy of a side in the cohort, under another name, format or compression: recognised by its answers, set aside, said."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import scoring
from forensics.preparing import gather


@pytest.fixture
def aside(wanted: Callable[..., Any], tmp_path: Path) -> Callable[[Any], list[str]]:
    def run(folder: Any) -> list[str]:
        case = gather(wanted(folder, tmp_path / "case", statistics=("lexical",)), say=lambda _: None)
        return list(scoring.score_case(case, root=tmp_path / "case", tool="x", workers=1).set_aside)

    return run


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_copy_is_recognised_whatever_its_file_is(answers: Any, aside: Callable[[Any], list[str]]) -> None:
    rows = rows_of(answers.path / "reference.jsonl")
    with gzip.open(answers.path / "stranger.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in reversed(rows))
    with (answers.path / "foreign.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["prompt", "answer"])
        table.writerows([row["prompt"], row["answer"]] for row in rows)
    said = aside(answers)
    assert "stranger: holds the answers of reference (the reference)" in said
    assert "foreign: holds the answers of reference (the reference)" in said


def test_one_answer_changed_is_no_copy(answers: Any, aside: Callable[[Any], list[str]]) -> None:
    rows = rows_of(answers.path / "reference.jsonl")
    rows[3]["answer"] += " Or not."
    (answers.path / "stranger.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert not [text for text in aside(answers) if text.startswith("stranger")]


def test_two_copies_in_the_cohort_count_once(answers: Any, aside: Callable[[Any], list[str]]) -> None:
    rows = rows_of(answers.path / "cohort-03.jsonl")
    (answers.path / "twin.jsonl").write_text("".join(json.dumps(row) + "\n" for row in reversed(rows)), "utf-8")
    assert "twin: holds the answers of cohort-03" in aside(answers)


def test_models_that_all_answer_with_numbers_are_no_copies(answers: Any, aside: Callable[[Any], list[str]]) -> None:
    """Right answers to keyed questions are the same everywhere: leaving those models out would invent a likeness."""
    for path in answers.path.glob("*.jsonl"):
        rows = [
            {"prompt": row["prompt"], "answer": f"{n * n}", "note": path.stem} for n, row in enumerate(rows_of(path))
        ]
        if path.stem in ("cohort-08", "cohort-09"):
            rows[0]["answer"] = path.stem
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert not [text for text in aside(answers) if "holds the answers" in text]

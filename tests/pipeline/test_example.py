"""The worked example scores and renders to the same bytes from its transcripts: here, in CI, and for anybody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from forensics import comparing

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"
MADE = ("scores.json", "evidence.json")
NOT_COMPARED = {"custody.log", "custody.jsonl"}
"""Logs of who did what when: they differ by nature."""


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NOT_COMPARED
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_the_example_is_what_its_transcripts_give(tmp_path: Path, workers: int) -> None:
    again = tmp_path / "example"
    shutil.copytree(EXAMPLE, again)
    for name in MADE:
        (again / name).unlink()
    for path in [*again.glob("report.*"), *again.glob("tables/*"), *again.glob("figures/*")]:
        path.unlink()
    formats = ["html", "markdown", "csv"]
    comparing.rescore(again, formats=formats, workers=workers)
    comparing.report(again, formats, style="court")
    before, after = files(EXAMPLE), files(again)
    assert before.keys() == after.keys()
    differing = [name for name in before if before[name] != after[name]]
    assert not differing, f"these differ from what is committed: {differing}; run `make example`"


def test_the_example_shows_what_a_case_can_show() -> None:
    """It is the page a newcomer opens: a ratio, a validation, controls and exhibits are all in it."""
    from forensics import case as case_files

    evidence = case_files.read_evidence(EXAMPLE)
    assert evidence.conclusion.headline == "independent"
    assert evidence.validation
    assert evidence.exhibits
    assert {control.verdict for control in evidence.controls} & {"as expected"}

"""Files as released versions wrote them: they must read back to the same bytes, and score to the same numbers, for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics import case as case_files
from forensics import importing, probes, scoring, transcripts

HERE = Path(__file__).parent
CASES = sorted(path for path in HERE.iterdir() if path.is_dir() and path.name.startswith("case-"))


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
@pytest.mark.parametrize("name", ["case", "scores", "evidence"])
def test_records_read_back_to_the_same_bytes(folder: Path, name: str) -> None:
    record = getattr(case_files, f"read_{name}")(folder)
    assert case_files.as_written(record) == (folder / f"{name}.json").read_bytes()


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.jsonl")), ids=lambda path: path.stem)
def test_transcripts_read_back_to_the_same_bytes(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    header = transcripts.parse_header(lines[0], path)
    answers = list(transcripts.parse_answers(lines[1:], path, before=lines[0]))
    assert transcripts.header_line(header) == lines[0]
    assert [transcripts.answer_line(answer) for answer in answers] == lines[1:]
    assert transcripts.chained(header, answers) == path.read_bytes()
    assert len(importing.read_transcript(path).entries) == 6


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_the_numbers_are_what_they_were(folder: Path) -> None:
    """Where this fails, a statistic, a feature or a normalisation changed: raise its version and say so."""
    recorded = case_files.read_scores(folder)
    again = scoring.score_case(case_files.read_case(folder), root=folder, tool=recorded.tool, workers=1)
    assert again == recorded


def test_the_digest_of_a_probe_set_is_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(
        '{"name": "mine", "version": "1", "license": "CC0-1.0"}\n{"id": "a", "prompt": "Name a bird."}\n'
        '{"id": "b", "messages": [{"role": "user", "content": "2 + 2?"}], "key": "4", "max_tokens": 8}\n'
    )
    assert probes.read(path).digest == DIGEST


DIGEST = "sha256:a992c5b51dc5a764c8bab2cc7ef91d54edd9c946cca185785e1fe9f225fdbc40"

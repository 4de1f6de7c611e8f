"""Declared lineages, and the records of a case as they lie on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from forensics import case
from forensics.errors import BadFile, UsageError
from forensics.lineages import read_lineages
from forensics.records.case import Source
from forensics.records.scores import Interval


def _table(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "models.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_lineages_are_read_by_the_usual_columns(tmp_path: Path) -> None:
    assert read_lineages(_table(tmp_path, "\ufeffname,base_family,x\na, oak ,1\nb,,2\n")) == {"a": "oak"}
    assert read_lineages(_table(tmp_path, 'model,lineage\r\n"a,b","o ""k"""\r\n')) == {"a,b": 'o "k"'}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no models"),
        ("model,lineage\n", "no models"),
        ("who,lineage\na,b\n", "no column model or name"),
        ("model,who\na,b\n", "no column lineage or base_family"),
        ("model,lineage\na,b\na,c\n", "line 3: 'a' is declared twice"),
        ("model,lineage\na\n", "line 2: not as many cells"),
        ("model,lineage\na,b,c\n", "line 2: not as many cells"),
        ('model,lineage\n"a,b\n', "not a CSV table"),
        (b"model,lineage\n\xff,b\n", "not a CSV table"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadFile, match=said):
        read_lineages(_table(tmp_path, text))


def test_a_folder_without_a_case_says_how_to_make_one(tmp_path: Path) -> None:
    for read in (case.read_case, case.read_scores, case.read_evidence):
        with pytest.raises(UsageError, match="forensics"):
            read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"schema": "forensics/case/2"}', b"[" * 100000]
)
def test_a_broken_record_is_a_bad_file(tmp_path: Path, content: bytes) -> None:
    for name, read in (
        (case.CASE, case.read_case),
        (case.SCORES, case.read_scores),
        (case.EVIDENCE, case.read_evidence),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadFile, match=name):
            read(tmp_path)


def test_records_refuse_unknown_fields_and_numbers_that_are_none() -> None:
    whole = {"low": 0.0, "high": 1.0, "level": 0.95, "method": "m"}
    Interval.model_validate(whole)
    for change in ({"more": 1}, {"low": float("nan")}, {"high": float("inf")}, {"level": 1.0}):
        with pytest.raises(ValidationError):
            Interval.model_validate({**whole, **change})
    with pytest.raises(ValidationError):
        Source(name="a", role="cohort", format="table", path="x", digest="md5:0", lineage=None, sampling=None)

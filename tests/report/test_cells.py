"""Every cell can be cited and checked: id, unit, n and source, in every style, with and without a ratio."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest

from forensics import registry
from forensics.records.evidence import Evidence
from forensics.reporting import layout

Make = Callable[..., Evidence]


@pytest.mark.parametrize("style", ["analyst", "court"])
@pytest.mark.parametrize("ratio", [None, 1.2])
def test_every_cell_has_an_id_a_unit_an_n_and_the_digest_of_its_source(
    make_evidence: Make, style: str, ratio: float | None
) -> None:
    made = layout.make(make_evidence(ratio=ratio), style=style, us=style == "court")  # type: ignore[arg-type]
    files = registry.load("formats", "csv").render(made)
    cells = list(csv.DictReader(io.StringIO(files[made.cells].decode(), newline="")))
    assert len(cells) > 500
    for cell in cells:
        assert re.fullmatch(r"[\w+~-]+\.[\w.+~-]+\.\w+", cell["id"]), cell
        assert cell["unit"], cell
        assert cell["n"].isdecimal(), cell
        fixed = cell["id"].startswith(("glossary.", "fre702."))
        assert cell["source"] == "forensics 0.0.0" if fixed else re.fullmatch(r"sha256:[0-9a-f]{64}", cell["source"]), (
            cell
        )


def test_each_table_and_the_data_behind_each_figure_is_a_file(make_evidence: Make) -> None:
    for style in ("analyst", "court"):
        made = layout.make(make_evidence(ratio=1.2), style=style)
        files = registry.load("formats", "csv").render(made)
        printed = {table.id for section in made.walk() for table in section.tables}
        behind = {figure.data.id for figure in made.figures()}
        assert {f"tables/{name}.csv" for name in printed | behind} <= set(files)
        assert all(files[f"tables/{name}.csv"].count(b"\n") > 1 for name in behind)


def test_sources_are_the_files_that_values_come_from(make_evidence: Make) -> None:
    evidence = make_evidence(ratio=1.2)
    made = layout.make(evidence)
    source = {table.id: table.source for table in made.tables()}
    assert source["findings"] == evidence.scores
    assert source["validation"] == source["turing"] == source["conditions"] == evidence.calibration
    assert source["conclusion"] == source["propositions"] == source["scale"] == made.evidence


def test_a_value_is_given_in_the_unit_it_is_counted_in(make_evidence: Make) -> None:
    made = layout.make(make_evidence(ratio=1.2))
    units = {cell.id: cell.unit for table in made.tables() for row in table.rows for cell in row.cells}
    assert units["weighed.lexical.value"] == "leads of the nearest twelfth"
    assert units["findings.lexical.normalised"] == "standard deviations"
    assert units["validation.independent-cllr.value"] == "bits"
    assert units["conclusion.independent.log10_lr"] == "log10"

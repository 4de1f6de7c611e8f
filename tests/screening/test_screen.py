"""A screen from a folder to its files: the same values as a comparison, for every pair, and the same bytes again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from forensics import calibrating, case, comparing, measuring, scoring
from forensics.errors import TooLittleEvidence, UnknownName, UsageError
from forensics.numerics.normalisation import S_NORM
from forensics.records.screen import Screen
from forensics.screening import running, tables


def rows(screen: Path) -> list[dict[str, str]]:
    with (screen / "pairs.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def record(screen: Path) -> Screen:
    return Screen.model_validate_json((screen / "screen.json").read_bytes())


def test_every_pair_has_the_values_that_scoring_all_members_gives(answers, run, tmp_path) -> None:
    run(answers.path, statistics=("phrases", "lexical"))
    body = calibrating.gather(answers.path, answers.path / "models.csv", ["phrases", "lexical"], only=None, workers=1)
    found = rows(tmp_path / "screen")
    place = {name: m for m, name in enumerate(body.names)}
    for statistic in ("phrases", "lexical"):
        means = measuring.all_means(body, statistic)
        normalised = S_NORM.all_pairs(means, body.lineages)
        own = [row for row in found if row["statistic"] == statistic]
        assert len(own) == len(place) * (len(place) - 1) // 2
        for row in own:
            a, b = place[row["a"]], place[row["b"]]
            assert float(row["raw"]) == pytest.approx(means[a, b], rel=2e-5, abs=1e-9)
            assert float(row["normalised"]) == pytest.approx(normalised[a, b], rel=2e-5, abs=1e-9)
            seen = np.delete(means[a], a)
            assert int(row["rank_a"]) == 1 + int((np.round(seen, 9) > round(means[a, b], 9)).sum())


def test_the_columns_are_those_of_the_design_and_the_nearest_come_first(answers, run, tmp_path) -> None:
    run(answers.path)
    text = (tmp_path / "screen" / "pairs.csv").read_text("utf-8")
    assert (
        text.splitlines()[0] == "a,b,statistic,raw,normalised,log10_lr,log10_lr_low,log10_lr_high,rank_a,rank_b,reason"
    )
    values = [float(row["normalised"]) for row in rows(tmp_path / "screen")]
    assert values == sorted(values, reverse=True)
    nearest = {frozenset((row["a"], row["b"])) for row in rows(tmp_path / "screen")[:3]}
    kin = ["questioned", "reference", "relative-0"]
    assert nearest == {frozenset((a, b)) for a in kin for b in kin if a != b}


def test_a_screen_agrees_with_a_comparison_of_the_pair(answers, run, wanted, tmp_path) -> None:
    run(answers.path)
    asked = wanted(answers, tmp_path / "case", statistics=("phrases",))
    compared = comparing.compare(asked, formats=["json"], workers=1, say=lambda _: None)
    score = case.read_scores(compared.folder).scores[
        [s.statistic for s in case.read_scores(compared.folder).scores].index("phrases")
    ]
    row = next(r for r in rows(tmp_path / "screen") if {r["a"], r["b"]} == {"reference", "questioned"})
    assert float(row["raw"]) == pytest.approx(score.raw, rel=1e-5)
    assert float(row["normalised"]) == pytest.approx(score.normalised, rel=1e-5)
    assert {int(row["rank_a"]), int(row["rank_b"])} == {score.rank.reference, score.rank.questioned}


def test_the_same_bytes_again_from_any_number_of_workers_and_from_nothing(answers, run, tmp_path) -> None:
    run(answers.path, "one")
    run(answers.path, "again")
    run(answers.path, "two", workers=2, store=str(tmp_path / "other"))
    for name in ("pairs.csv", "screen.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_where_the_folder_lies_is_in_no_record(answers, run, tmp_path) -> None:
    run(answers.path)
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "else"
    shutil.copytree(answers.path, moved)
    (moved / "notes.json").write_text("[1, 2")
    (answers.path / "notes.json").write_text("[1, 2")
    run(moved, "b")
    run(answers.path, "a")
    assert (tmp_path / "a" / "screen.json").read_bytes() == (tmp_path / "b" / "screen.json").read_bytes()
    assert str(tmp_path) not in (tmp_path / "a" / "screen.json").read_text()


def test_what_is_no_recording_is_named_and_the_others_go_on(answers, run, tmp_path) -> None:
    run(answers.path, "before")
    (answers.path / "empty.jsonl").write_text("")
    (answers.path / "prose.json").write_text("Dear all,")
    (answers.path / "other.csv").write_text("colour,taste\nred,sweet\n")
    (answers.path / "cut.json.gz").write_bytes(b"\x1f\x8b\x08\x00")
    shutil.copy(answers.path / "cohort-00.jsonl", answers.path / "twin.jsonl")
    answers.add("silent", answer=lambda name, probe: "" if probe > 1 else "a word")
    (tmp_path / "before" / "screen.json").unlink()
    run(answers.path, "after")
    aside = record(tmp_path / "after").set_aside
    for name in ("empty.jsonl", "prose.json", "other.csv", "cut.json.gz", "twin.jsonl", "silent"):
        assert sum(line.startswith(name) for line in aside) == 1, (name, aside)
    assert next(line for line in aside if line.startswith("twin")) == "twin.jsonl: the same answers as cohort-00"
    assert all(any(line in said for said in run.said) for line in aside)
    assert (tmp_path / "after" / "pairs.csv").read_bytes() == (tmp_path / "before" / "pairs.csv").read_bytes()


def test_models_of_one_name_are_told_apart_by_their_digest(answers, run, tmp_path) -> None:
    inside = answers.path / "inside"
    inside.mkdir()
    text = (answers.path / "cohort-01.jsonl").read_text("utf-8")
    (inside / "cohort-00.jsonl").write_text(text.replace("cohort-01", "x") + "\n", encoding="utf-8")
    run(answers.path)
    names = [model.name for model in record(tmp_path / "screen").models]
    assert len(names) == len(set(names)) == 15
    assert sum(name.startswith("cohort-00 (") for name in names) == 1


@pytest.mark.parametrize("models", [0, 2, 5])
def test_too_few_models_are_too_little_evidence(make_folder, run, models) -> None:
    folder = make_folder(cohort=max(models - 3, 0), probes=6, relatives=1 if models else 0)
    if not models:
        for file in folder.path.glob("*.jsonl"):
            file.unlink()
    with pytest.raises(TooLittleEvidence, match=r"at least 6 are needed"):
        run(folder.path)


def test_one_prompt_in_common_is_too_little_evidence(make_folder, run) -> None:
    folder = make_folder(cohort=8, probes=1)
    with pytest.raises(TooLittleEvidence, match="Only 1 probes were answered by half of the 11 models"):
        run(folder.path)


def test_pairs_that_share_too_few_probes_have_a_reason_and_no_value(answers, run, tmp_path) -> None:
    for name, kept in (("early", slice(0, 8)), ("late", slice(8, 16))):
        lines = answers.add(name).read_text("utf-8").splitlines(keepends=True)
        (answers.path / f"{name}.jsonl").write_text("".join(lines[kept]), encoding="utf-8")
    answers.declare()
    run(answers.path)
    last = rows(tmp_path / "screen")[-1]
    assert {last["a"], last["b"]} == {"early", "late"}
    assert last["raw"] == last["normalised"] == last["rank_a"] == ""
    assert last["reason"] == "only 0 probes give both a value; 5 are needed"


def test_hostile_names_reach_no_spreadsheet_and_no_other_folder(answers, run, tmp_path) -> None:
    answers.add("=cmd()|'x'!A1")
    run(answers.path, suspects=("=cmd()|'x'!A1",))
    text = (tmp_path / "screen" / "pairs.csv").read_text("utf-8")
    cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+@" and cell]
    [suspect] = (tmp_path / "screen" / "suspects").iterdir()
    assert suspect.parent == tmp_path / "screen" / "suspects"
    assert json.loads(suspect.read_text())["suspect"] == "=cmd()|'x'!A1"


def test_what_a_screen_cannot_do_is_refused_before_any_work(answers, run, tmp_path) -> None:
    for asked, error, words in (
        ({"statistics": ("style",)}, UnknownName, "one probe at a time"),
        ({"statistics": ("verbatim",)}, UnknownName, "one probe at a time"),
        ({"statistics": ("nonsense",)}, UsageError, "Known"),
        ({"models": str(tmp_path / "none.csv")}, UsageError, "does not exist"),
        ({"calibration": "nonsense"}, UsageError, "calibration"),
        ({"cluster": "tcp://127.0.0.1:1", "store": None}, UsageError, "--store"),
    ):
        with pytest.raises(error, match=words):
            run(answers.path, **asked)
    with pytest.raises(UsageError, match="no folder"):
        run(tmp_path / "nowhere")
    with pytest.raises(UnknownName, match="Did you mean 'reference'"):
        run(answers.path, suspects=("referense",))
    assert not (tmp_path / "screen").exists()


def test_a_damaged_record_and_a_damaged_store_are_no_tracebacks(answers, run, tmp_path) -> None:
    run(answers.path)
    whole = (tmp_path / "screen" / "pairs.csv").read_bytes()
    (tmp_path / "screen" / "screen.json").write_text('{"schema": 1}')
    with pytest.raises(UsageError, match="--anew"):
        run(answers.path)
    for file in (tmp_path / "store").rglob("*.arrays"):
        file.write_bytes(file.read_bytes()[:-7])
    run(answers.path, anew=True)
    assert (tmp_path / "screen" / "pairs.csv").read_bytes() == whole
    for file in (tmp_path / "store" / "parts").rglob("*.arrays"):
        file.unlink()
    for file in (tmp_path / "store" / "totals").rglob("*.arrays"):
        file.unlink()
    run(answers.path, anew=True)
    assert (tmp_path / "screen" / "pairs.csv").read_bytes() == whole


def test_wholly_declared_lineages_are_those_of_the_table(answers, run, tmp_path) -> None:
    run(answers.path)
    found = record(tmp_path / "screen")
    assert found.inference.threshold is None
    assert {model.name: model.lineage for model in found.models} == answers.lineages
    assert not any(model.inferred for model in found.models)


def test_the_summary_holds_what_the_terminal_shows(answers, run) -> None:
    result = run(answers.path, suspects=("reference",))
    summary = result.summary()
    assert summary["n_models"] == 14
    assert summary["nearest"][0]["a"] in ("questioned", "reference", "relative-0")
    assert summary["suspects"][0]["candidates"][0]["related"] is True
    assert len(summary["nearest"]) == tables.SHOWN


def test_statistics_other_than_the_default_are_screened_too(answers, run, tmp_path) -> None:
    run(answers.path, statistics=("opening", "rare", "beginnings"))
    assert [s.statistic for s in record(tmp_path / "screen").statistics] == ["opening", "rare", "beginnings"]
    assert scoring.CONTROL_STATISTIC == running.DEFAULT

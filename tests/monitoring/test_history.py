"""The history: rows are only ever added, also by those who try otherwise; tables come out as they went in."""

from __future__ import annotations

import csv
import re
import sqlite3
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest
from click.testing import CliRunner

from forensics.cli import main
from forensics.errors import BadFile, UsageError
from forensics.monitoring import outcome, trends
from forensics.monitoring.history import TABLES, History, Row, only_run, open_history
from forensics.records.nightly import Alarm, GateResult, Moved, Night, PairNight, Spend

FREE = Spend(calls=3, prompt_tokens=None, answer_tokens=None, cost=None)
DIGEST = "sha256:" + "ab" * 32


def pair_night(name: str, text: str = "", *, status: int = 0, alarms: tuple[Alarm, ...] = ()) -> PairNight:
    verdict = {0: "passed", 5: "tripped", 6: "cannot tell"}.get(status, "passed")
    gates = () if status in (1, 2, 3) else (GateResult(gate="drift", verdict=verdict, detail=text or "x"),)
    return PairNight(
        pair=name, reference=text or "demo:a", questioned=text or "demo:b", status="broken" if status in (1, 2, 3) else "done",
        reason=(text or "why") if status in (1, 2, 3) else None, exit_status=status, question="derivation", log10_lr=0.7,
        statistic="lexical", normalised=1.5, tonight=None, gates=gates, alarms=alarms, spend=FREE, case=DIGEST, sealed=False,
    )  # fmt: skip


def alarm(text: str, *, since: str = "2026-11-04", cause: str = "behaviour") -> Alarm:
    moved = (Moved(probe=DIGEST, p=0.001),)
    return Alarm(
        watch="questioned", cause=cause, detail=text, since=since, raised="2026-11-05", log10_e=2.1, moved=moved
    )


def night(*pairs: PairNight) -> Night:
    return Night(schema="forensics/night/1", tool="0.1.0", night="2026-11-05", exit_status=5, pairs=pairs, spend=FREE)


def fill(history: History, names: list[str], *, nights: int = 8, text: str = "") -> None:
    """Record nights as a run does, with a change on the fourth."""
    for day in range(1, nights + 1):
        name = f"2026-11-{day:02}"
        tool = "0.1.0" if day < 6 else "0.2.0"
        run = history.new_run(name, started=f"{name}T03:00:00Z", tool=tool, plan=DIGEST)
        for pair in names:
            told = (alarm(text or "The answers changed"),) if day >= 5 else ()
            history.add(_rows(run, name, day, pair, text, told))


def _rows(run: int, name: str, day: int, pair: str, text: str, told: tuple[Alarm, ...]) -> list[Row]:
    key = {"night": name, "pair": pair}
    record = pair_night(pair, text, status=5 if told else 0, alarms=told).model_dump_json()
    rows = [
        Row("results", {"run": run, **key, "exit_status": 5 if told else 0, "record": record}),
        Row("measured", {**key, "key": "k", "status": "done", "question": "derivation", "case_digest": DIGEST, "sealed": 0, "calls": 3}),
        Row("measures", {**key, "side": "pair", "name": "normalised:lexical", "value": day / 3, "version": "1" if day < 7 else "2"}),
        Row("measures", {**key, "side": "pair", "name": "log10_lr", "value": None if day == 3 else 0.4, "reason": text or "none"}),
    ]  # fmt: skip
    for side in ("reference", "questioned"):
        rows.append(Row("answers", {**key, "side": side, "model": text or "demo:a", "path": "p", "digest": f"{day}{side}", "fresh": 1, "conditions": "c", "failed": 0}))  # fmt: skip
        for measure, value in (("refusals", 0.1), ("length", 200.0 + day), ("style", 0.1), ("flips", float(day > 3))):
            rows.append(Row("measures", {**key, "side": side, "name": measure, "value": value}))
    if day > 2:
        for stream in ("received", "content"):
            values = {"watch": "questioned", "stream": stream, "epoch": "2026-11-01", "conditions": "c"}
            rows.append(
                Row("drift", {**key, **values, "p": 0.5, "log_e": 0.1, "log_wealth": max(0.0, 3.0 * (day - 3))})
            )
    if day > 3:
        rows.append(Row("flips", {**key, "side": "questioned", "probe": DIGEST, "kind": "opening"}))
    if day == 5:
        rows.append(Row("alarms", {**key, "watch": "questioned", "epoch": "2026-11-01", "conditions": "c", "cause": "behaviour", "record": told[0].model_dump_json()}))  # fmt: skip
    return rows


@pytest.fixture
def history(tmp_path: Path):
    with open_history(tmp_path / "history.sqlite", create=True) as made:
        fill(made, ["one"])
        yield made


@pytest.mark.parametrize("table", TABLES)
def test_no_row_can_be_changed_taken_out_or_replaced(history: History, table: str) -> None:
    history.add([Row("ledger", {"night": "n", "pair": "p", "path": "x", "asked": 1})])
    before = history.rows(table)
    assert before
    connection = sqlite3.connect(history.path)
    column = next(iter(before[0]))
    marks = ", ".join("?" for _ in before[0])
    tries = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if "PRIMARY KEY" in TABLES[table]:
        tries.append(f"INSERT OR REPLACE INTO {table} VALUES ({marks})")
    for statement in tries:
        values = tuple(before[0].values()) if "?" in statement else ()
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement, values)
    connection.close()
    assert history.rows(table) == before


def test_rows_are_added_all_or_none(history: History) -> None:
    before = len(history.rows("ledger"))
    rows = [Row("ledger", {"night": "n", "pair": "p", "path": "x", "asked": 1}), Row("ledger", {"night": None})]
    with pytest.raises(sqlite3.IntegrityError):
        history.add(rows)
    assert len(history.rows("ledger")) == before


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(UsageError, match="no history"):
        open_history(path)
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(BadFile, match="not a history"):
        open_history(path)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(BadFile, match="not a history"):
        open_history(path, create=True)


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with only_run(path), pytest.raises(UsageError, match="Another run"), only_run(path):
        pass
    with only_run(path):
        pass


@pytest.mark.parametrize("form", ["csv", "parquet", "duckdb"])
def test_exported_tables_hold_every_row(history: History, tmp_path: Path, form: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="forensics[history] is not installed")
    folder = tmp_path / "tables"
    done = CliRunner().invoke(main, ["history", str(history.path), "--export", form, "-o", str(folder)])
    assert done.exit_code == 0, done.stderr
    for table in ("drift", "measures", "results"):
        rows = history.rows(table)
        if form == "csv":
            with (folder / f"{table}.csv").open(newline="") as stream:
                found = list(csv.DictReader(stream))
            assert [row["night"] for row in found] == [row["night"] for row in rows]
            continue
        connection = duckdb.connect(str(folder / "history.duckdb")) if form == "duckdb" else duckdb.connect()
        source = table if form == "duckdb" else f"'{folder / f'{table}.parquet'}'"
        got = connection.execute(f"SELECT * FROM {source}").fetchall()
        connection.close()
        assert sorted(map(repr, got)) == sorted(repr(tuple(row.values())) for row in rows)


def test_trends_and_versions_of_the_tool_are_read_back(history: History) -> None:
    [trend] = trends.trends(history)
    assert (len(trend.nights), trend.statistic, trend.windows) == (8, "lexical", (("2026-11-01", "2026-11-02"),))
    assert trend.measures["pair", "log10_lr"]["2026-11-03"] is None
    assert trend.wealth["questioned"]["2026-11-08"] == pytest.approx((15 - 0.6931) / 2.302585, rel=1e-4)
    happened = trends.events(history)
    assert [(e.night, e.label, e.method) for e in happened] == [
        ("2026-11-01", "0.1.0", False),
        ("2026-11-06", "0.2.0", False),
        ("2026-11-07", "lexical 2", True),
    ]
    assert "version 1 to 2" in happened[-1].words


def test_the_running_version_has_release_notes() -> None:
    assert trends.known_version(), "add it to forensics/monitoring/releases.json, changes of method named"


# --- how a night is told ------------------------------------------------------------------------------------------

HOSTILE = "\x1b[31m]]></failure><script>alert(1)</script>&\x00\ud800 \u202e | `a` [x](http://y)\n\ufffe"


@pytest.mark.parametrize("status", [0, 1, 2, 3, 5, 6])
def test_junit_is_well_formed_and_counts(status: int) -> None:
    told = (alarm(HOSTILE.replace("\ud800", "")),)
    found = night(pair_night("one", HOSTILE.replace("\ud800", ""), status=status, alarms=told), pair_night("two"))
    root = Tree.fromstring(outcome.junit(found))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["one", "two"]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "")) == len(suite.findall("testcase/error"))
    bad = suites[0].findall("testcase/failure") + suites[0].findall("testcase/error")
    assert bool(bad) == (status != 0)
    text = "".join(root.itertext()) + "".join(v for e in root.iter() for v in e.attrib.values())
    assert not re.search("[\x00-\x08\x0b\x1b\u202e\ufffe]", text)


def test_lines_and_markdown_let_nothing_act() -> None:
    text = HOSTILE.replace("\ud800", "")
    found = night(pair_night("one", text, status=5, alarms=(alarm(text),)), pair_night("two", text, status=3))
    for line in outcome.lines(found):
        assert "\x1b" not in line
        assert "\n" not in line
    shown = outcome.markdown(found)
    assert "<script" not in shown
    assert not re.search(r"(?<!\\)\]\(", shown)
    table = [line for line in shown.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in table} == {5}
    assert len(outcome.lines(found)) == 3


def test_markdown_is_added_to_a_summary_and_junit_replaces_its_file(tmp_path: Path) -> None:
    junit_to, markdown_to = tmp_path / "n.xml", tmp_path / "n.md"
    markdown_to.write_text("before\n")
    for _ in range(2):
        outcome.write(night(pair_night("one")), junit_to=junit_to, markdown_to=markdown_to)
    assert markdown_to.read_text().startswith("before\n")
    assert markdown_to.read_text().count("## Night") == 2
    assert len(Tree.fromstring(junit_to.read_bytes()).findall("testsuite")) == 1

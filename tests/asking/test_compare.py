"""A whole case over HTTP: what a service did with the questions stands in the evidence and in every report."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from forensics.cli import main
from tests.servers.faulty import running


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    path = tmp_path / "probes.jsonl"
    rows = [{"name": "mine", "version": "1"}, *({"id": f"p{n}", "prompt": f"Say {n}", "category": "even" if n % 2 == 0 else "odd"} for n in range(12))]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def model(url: str, number: int, more: str = "") -> str:
    return f"openai:m{number}?base_url={url}/v1{more}"


def compare(url: str, probes: Path, case: Path, *more: object, questioned: str = "") -> Result:
    """Compare m0 with m1, or what is named instead, against m2 to m5."""
    cohort = [argument for number in range(2, 6) for argument in ("--cohort", model(url, number))]
    return run("compare", model(url, 0), questioned or model(url, 1), *cohort, "--probes", probes, "--statistic", "lexical",
               "--replicates", 100, "--max-tokens", 16, "--temperature", 0, "-o", case, *more)  # fmt: skip


def reports(case: Path) -> dict[str, str]:
    return {name: (case / name).read_text("utf-8") for name in ("report.html", "report.md")}


def test_a_case_is_asked_over_http_its_sides_interleaved(tmp_path: Path, probes: Path) -> None:
    with running(latency=0.02) as url:
        done = compare(url, probes, tmp_path / "case", "--json")
        assert done.exit_code == 0, done.stderr
        with urllib.request.urlopen(f"{url}/seen") as said:
            seen = [model for _, model, _ in json.load(said)]
    assert len(seen) == 6 * 12
    halves = (seen[:36], seen[36:])
    assert all(2 <= half.count(side) <= 10 for half in halves for side in ("m0", "m1"))
    evidence = json.loads((tmp_path / "case" / "evidence.json").read_text())
    assert not [w for w in evidence["warnings"] if "answered as" in w or "different parameters" in w]


def test_sides_that_were_sent_different_parameters_are_flagged_in_every_report(tmp_path: Path, probes: Path) -> None:
    with running() as url:
        done = compare(url, probes, tmp_path / "case", questioned=model(url, 1, "&omit=temperature"))
    assert done.exit_code == 0, done.stderr
    warnings = json.loads((tmp_path / "case" / "evidence.json").read_text())["warnings"]
    assert any("sent different parameters" in warning for warning in warnings)
    assert any("temperature was asked for and not sent" in warning for warning in warnings)
    for name, content in reports(tmp_path / "case").items():
        assert "sent different parameters" in content, name


def test_a_service_that_answers_as_another_model_is_a_warning_in_every_report(tmp_path: Path, probes: Path) -> None:
    with running() as url, running(named="impostor") as other:
        done = compare(url, probes, tmp_path / "case", questioned=model(other, 1))
    assert done.exit_code == 0, done.stderr
    warnings = json.loads((tmp_path / "case" / "evidence.json").read_text())["warnings"]
    assert any("asked for m1 and answered as impostor (12 answers)" in warning for warning in warnings), warnings
    for name, content in reports(tmp_path / "case").items():
        assert "impostor" in content, name


def test_one_model_that_cannot_be_asked_is_named_and_the_rest_is_kept(tmp_path: Path, probes: Path) -> None:
    with running() as url, running(status=401) as other:
        done = compare(url, probes, tmp_path / "case", questioned=model(other, 1))
        assert done.exit_code == 3, done.stderr
        assert "openai:m1" in done.stderr
        assert "5 other models' answers are kept" in " ".join(done.stderr.split())
        assert not (tmp_path / "case" / "case.json").exists()
        kept = tmp_path / "case" / "transcripts" / "reference.jsonl"
        before = kept.read_bytes()
        assert before.count(b"\n") == 13
        assert compare(url, probes, tmp_path / "case", questioned=model(other, 1)).exit_code == 3
        assert kept.read_bytes() == before


def test_options_of_the_command(tmp_path: Path, probes: Path) -> None:
    def probe(*more: object, name: str = "t") -> tuple[Result, list[Any]]:
        out = tmp_path / f"{name}.jsonl"
        done = run("probe", f"openai:m?base_url={url}/v1", "--probes", probes, "-o", out, *more)
        return done, [json.loads(line) for line in out.read_bytes().splitlines()] if out.exists() else []

    with running() as url:
        done, rows = probe("--only", "even", "--limit", 3)
        assert (done.exit_code, len(rows)) == (0, 4)
        done, rows = probe("--max-requests", 4, name="u")
        assert (done.exit_code, len(rows)) == (6, 5), done.stderr
        assert "4 of 12" in done.stderr
        assert probe("--max-requests", 2, "--min-answered", 0.5, name="u")[0].exit_code == 0
        done, rows = probe("--shard", "2/3", "--order-seed", 5, name="v")
        assert (done.exit_code, len(rows), rows[0]["provenance"]["order_seed"]) == (0, 5, 5)
        done, rows = probe("--dry-run", name="w")
        assert (done.exit_code, rows) == (0, [])
        assert "12 calls" in done.stdout
        assert "cost unknown" in done.stdout
        for wrong in (
            ("--shard", "4/3"),
            ("--shard", "x"),
            ("--concurrency", 0),
            ("--min-answered", 2),
            ("--max-cost", 1),
        ):
            assert probe(*wrong, name="x")[0].exit_code == 2, wrong
        done = compare(url, probes, tmp_path / "case", "--dry-run")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.count("12 calls") == 6
        assert not (tmp_path / "case").exists()


def test_the_cache_holds_no_key_and_serves_a_second_case(
    tmp_path: Path, probes: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the loopback server were a service on the internet, whose answers are kept."""
    from forensics.asking import inquiry, kept

    monkeypatch.setattr(kept, "worth_keeping", lambda _: True)
    monkeypatch.setattr(inquiry, "worth_keeping", lambda _: True)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-kept-0123456789")
    with running(faults=0.4, kinds="500,no json,drip,cut", seed=3) as url:
        for name in ("one", "two"):
            done = run(
                "probe", model(url, 0), "--probes", probes, "--min-answered", 0.5, "-o", tmp_path / f"{name}.jsonl"
            )
            assert done.exit_code == 0, done.stderr
        with urllib.request.urlopen(f"{url}/answered") as said:
            assert max(json.load(said).values()) <= 2
    rows = [json.loads(line) for line in (tmp_path / "two.jsonl").read_bytes().splitlines()[1:]]
    assert sum(row.get("cached", False) for row in rows) >= 6
    database = list((own_home / "cache").glob("answers.sqlite*"))
    assert database
    for path in [*database, *tmp_path.glob("*.jsonl")]:
        assert b"canary" not in path.read_bytes(), path.name

"""`compare` and `plan` on the question of equality: from transcripts to a verdict, a sealed chain of records and reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forensics import canonical, case, transcripts
from forensics.cli import main
from forensics.equality import planning
from forensics.records.transcript import Answer, TokenLogprob, TranscriptHeader
from tests.equality.conftest import make_draws


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def write(path: Path, texts: list[tuple[str, ...]], *, logprob: float | None = None) -> Path:
    """Write a transcript with several draws of each probe; `logprob` is that of every first token."""
    tokens = None if logprob is None else (TokenLogprob(token="a", logprob=logprob, top=(("a", logprob), ("b", -3.0))),)
    answers = [
        Answer(probe=f"p{p}", draw=d, prompt=f"Prompt {p}?", prompt_digest=transcripts.prompt_digest(f"Prompt {p}?"),
               state="text" if text else "empty", text=text, logprobs=tokens, prev=canonical.digest(b""))
        for p, said in enumerate(texts) for d, text in enumerate(said)
    ]  # fmt: skip
    header = TranscriptHeader(schema=transcripts.SCHEMA, model=path.stem, adapter="replay", sampling=None, probe_set=None,
                              provenance=None, imported=None, notes={})  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(transcripts.chained(header, answers))
    return path


def pair(folder: Path, **more: object) -> tuple[str, str]:
    probes = make_draws(11, **more)  # type: ignore[arg-type]
    a = write(folder / "a.jsonl", [p.texts[: p.reference] for p in probes])
    b = write(folder / "b.jsonl", [p.texts[p.reference :] for p in probes])
    return f"replay:{a}", f"replay:{b}"


def compare(folder: Path, sides: tuple[str, str], *more: object) -> Result:
    return run("compare", *sides, "--question", "equality", "--permutations", 199, "-o", folder / "case", *more)


def test_one_call_gives_a_verdict_and_everything_behind_it(tmp_path: Path) -> None:
    done = compare(tmp_path, pair(tmp_path, usual=0.6), "--json", "--format", "html,markdown,csv,json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["equality"]["verdict"] == "differs"
    assert said["conclusion"]["sentence"] == said["equality"]["sentence"]
    assert said["conclusion"]["weights"] == []
    evidence = case.read_evidence(tmp_path / "case")
    assert evidence.equality is not None
    assert evidence.equality.terms.alpha == 0.05
    assert {t.statistic for t in evidence.equality.tests} == {"mmd", "energy", "onetoken", "uniformity"}
    assert {v.part for v in evidence.versions} >= {"statistic mmd", "statistic energy"}
    page = (tmp_path / "case" / "report.html").read_text("utf-8")
    assert evidence.equality.sentence.split("(")[0].strip() in page
    assert "Scale of ratios" not in page
    tables = {path.name for path in (tmp_path / "case" / "tables").iterdir()}
    assert {"equality.csv", "equality-tests.csv", "equality-probes.csv", "equality-formatting.csv"} <= tables


def test_scoring_again_gives_the_same_bytes(tmp_path: Path) -> None:
    assert compare(tmp_path, pair(tmp_path)).exit_code == 0
    before = {n: (tmp_path / "case" / n).read_bytes() for n in ("scores.json", "evidence.json", "report.md")}
    assert run("score", tmp_path / "case").exit_code == 0
    assert {n: (tmp_path / "case" / n).read_bytes() for n in before} == before


@pytest.mark.parametrize("style", ["analyst", "court"])
def test_every_style_has_the_chapter_and_none_of_the_ratios(tmp_path: Path, style: str) -> None:
    assert (
        compare(
            tmp_path, pair(tmp_path, form=lambda text: f" {text}"), "--style", style, "--format", "markdown"
        ).exit_code
        == 0
    )
    name = "report.md" if style == "analyst" else "report.court.md"
    text = (tmp_path / "case" / name).read_text("utf-8")
    assert "Trivial formatting" in text
    assert "white space before the answer" in text
    assert "## " in text
    assert "Verbal scale" not in text
    done = run("lint", tmp_path / "case" / name)
    assert done.exit_code == 0, done.stdout


def test_the_terminal_shows_the_verdict(tmp_path: Path) -> None:
    done = compare(tmp_path, pair(tmp_path, form=lambda text: f" {text}"))
    assert "differs (formatting)" in done.stdout
    assert "mmd, largest" in done.stdout


def test_terms_are_kept_and_a_cohort_is_not_used(tmp_path: Path) -> None:
    sides = pair(tmp_path)
    done = compare(tmp_path, sides, "--alpha", 0.01, "--delta", 0.3, "--cohort", tmp_path, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)["equality"]
    assert found["terms"] == {"alpha": 0.01, "delta": 0.3, "permutations": 199}
    assert found["tests"][0]["effect_interval"]["level"] == 0.98
    assert case.read_evidence(tmp_path / "case").set_aside[0].startswith("the cohort")


def test_log_probabilities_in_a_transcript_are_tracked(tmp_path: Path) -> None:
    probes = make_draws(11)
    sides = tuple(
        f"replay:{write(tmp_path / f'{name}.jsonl', [p.texts[part] for p in probes], logprob=value)}"
        for name, part, value in (("a", slice(0, 6), -1.0), ("b", slice(6, None), -1.2))
    )
    done = compare(tmp_path, sides, "--json")
    found = json.loads(done.stdout)["equality"]
    tracked = next(t for t in found["tests"] if t["statistic"] == "onetoken")
    assert tracked["effect"] == pytest.approx((0.2 - 0.001 + 0) / 2, abs=1e-6)
    assert tracked["decides"]
    assert found["verdict"] == "differs"


def test_empty_answers_are_answers(tmp_path: Path) -> None:
    a = write(tmp_path / "a.jsonl", [("yes", "no", "yes", "no")] * 8)
    b = write(tmp_path / "b.jsonl", [("yes", "", "", "")] * 8)
    found = json.loads(compare(tmp_path, (f"replay:{a}", f"replay:{b}"), "--json").stdout)["equality"]
    assert found["verdict"] == "differs"
    assert found["tests"][0]["draws"] == [32, 32]


@pytest.mark.parametrize(
    ("more", "said", "status"),
    [
        (("--statistic", "lexical"), "does not answer", 2),
        (("--statistic", "mmd:nonsense"), "kernels are", 2),
        (("--calibration", "demo-derivation"), "answers the question derivation", 2),
    ],
)
def test_what_does_not_go_with_equality_is_refused(
    tmp_path: Path, more: tuple[str, ...], said: str, status: int
) -> None:
    done = compare(tmp_path, pair(tmp_path), *more)
    assert done.exit_code == status
    assert said in done.stderr
    assert not (tmp_path / "case" / "evidence.json").exists()


def test_what_goes_with_equality_alone_is_refused_elsewhere(tmp_path: Path) -> None:
    sides = pair(tmp_path)
    for more, said in ((("--delta", 0.1), "--question equality"), (("--statistic", "mmd"), "question of equality")):
        done = run("compare", *sides, *more, "-o", tmp_path / "case")
        assert done.exit_code == 2
        assert said in done.stderr


def test_one_draw_is_too_little(tmp_path: Path) -> None:
    done = compare(tmp_path, pair(tmp_path, draws=(1, 6)))
    assert done.exit_code == 6
    assert "at least 2 times" in done.stderr
    asked = run("compare", "demo:alder", "demo:ash", "--question", "equality", "--probes", "demo", "-o", tmp_path / "x")
    assert asked.exit_code == 2
    assert "--draws 10" in asked.stderr


def test_the_questioned_model_is_asked_with_seeds_of_its_own(tmp_path: Path) -> None:
    """With the reference's seeds one model would give the same answers twice, and nothing could ever differ."""
    probes = tmp_path / "few.jsonl"
    lines = [
        {"name": "few", "version": "1"},
        *({"id": f"p{i}", "prompt": f"Return the {w}"} for i, w in enumerate("abcdef")),
    ]
    probes.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    done = run("compare", "demo:alder", "demo:alder", "--question", "equality", "--draws", 4, "--probes", probes, "--max-tokens", 12,
               "--permutations", 199, "-o", tmp_path / "case", "--json")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    sides = [
        (tmp_path / "case" / "transcripts" / f"{side}.jsonl").read_text("utf-8").splitlines()[1:]
        for side in ("reference", "questioned")
    ]
    texts = [[json.loads(line)["text"] for line in side] for side in sides]
    assert texts[0] != texts[1]
    assert json.loads(done.stdout)["equality"]["verdict"] != "differs"


def test_a_plan_from_a_pilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "REPLICATES", 10)
    monkeypatch.setattr(planning, "PROBES", (5, 25))
    monkeypatch.setattr(planning, "DRAWS", (2, 5, 10))
    pair(tmp_path / "pilot", usual=0.5, probes=10, draws=(5, 5))
    asked = ("plan", tmp_path / "pilot", "--question", "equality", "--power", 0.8, "--false-positives", 0.05, "--price-in", 1,
             "--price-out", 2)  # fmt: skip
    done = run(*asked, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    power = {(p["probes"], p["draws"]): p["power"] for p in found["curve"]}
    assert power[5, 2] < 0.5 < power[25, 5], "more probes and draws, more power"
    assert {p["how"] for p in found["curve"] if p["draws"] > 5} == {"approximated"}
    budget = found["budget"]
    assert all(p["at_least"] <= p["power"] for p in found["curve"])
    assert any(0.05 < p["at_least"] < p["power"] for p in found["curve"])
    assert budget["calls"] == 2 * budget["probes"] * budget["draws"]
    assert budget["cost"] == pytest.approx((budget["tokens_in"] + 2 * budget["tokens_out"]) / 1e6)


def test_a_plan_needs_a_pilot_of_two(tmp_path: Path) -> None:
    pair(tmp_path)
    write(tmp_path / "c.jsonl", [("a", "b")] * 6)
    done = run("plan", tmp_path, "--question", "equality")
    assert done.exit_code == 2
    assert "a pilot for equality is two" in done.stderr

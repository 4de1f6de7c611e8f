"""The whole way through the command line: real files in, evidence out; bad input, one line and the right exit status."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forensics.cli import main

CANARY = "canary-8f3a61d0c2e94b57"
RECORDS = ("case.json", "scores.json", "evidence.json")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def compare(make_folder, tmp_path: Path) -> Callable[..., Result]:
    """Compare the made-up reference and questioned model; options come last and win."""

    def command(folder=None, *more: object, out: str = "case") -> Result:
        folder = folder or make_folder()
        return run("compare", f"replay:{folder.path}/reference.jsonl", f"replay:{folder.path}/questioned.jsonl", "--cohort",
                   folder.path, "--replicates", "100", "--statistic", "lexical", "--statistic", "opening", "-o", tmp_path / out, *more)  # fmt: skip

    return command


# --- what is promised ---------------------------------------------------------------------------------------------


def test_compare_writes_records_and_reports_and_prints_a_verdict(compare, tmp_path: Path) -> None:
    done = compare()
    assert done.exit_code == 0, done.stderr
    written = files(tmp_path / "case")
    assert set(RECORDS) < set(written)
    assert {"report.html", "report.md"} < set(written)
    assert any(name.startswith("tables/") for name in written)
    for word in ("lexical", "reference", "questioned"):
        assert word in done.stdout
    assert "no likelihood ratio" in re.sub(r"\s+", " ", done.stdout).lower()
    for temporary in written:
        assert not Path(temporary).name.startswith("."), "a temporary file was left"


def test_scoring_again_gives_the_same_bytes(compare, tmp_path: Path) -> None:
    assert compare().exit_code == 0
    before = files(tmp_path / "case")
    for workers in (1, 2):
        done = run("score", tmp_path / "case", "--workers", workers)
        assert done.exit_code == 0, done.stderr
        assert files(tmp_path / "case") == before
    assert run("report", tmp_path / "case").exit_code == 0
    assert files(tmp_path / "case") == before


def test_comparing_again_gives_the_same_bytes(compare, make_folder, tmp_path: Path) -> None:
    folder = make_folder()
    assert compare(folder).exit_code == 0
    before = files(tmp_path / "case")
    assert compare(folder).exit_code == 0
    assert files(tmp_path / "case") == before
    assert compare(folder, out="other").exit_code == 0
    other = files(tmp_path / "other")
    own = ("case.json", "custody.log")  # paths of the case, and when it was made
    assert {n: b for n, b in other.items() if n not in own} == {n: b for n, b in before.items() if n not in own}


@pytest.mark.parametrize("command", ["compare", "score"])
def test_json_is_one_document_and_nothing_else(compare, tmp_path: Path, command: str) -> None:
    done = compare(None, "--json")
    if command == "score":
        done = run("score", tmp_path / "case", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["reference"] == "reference"
    assert {finding["statistic"] for finding in document["findings"]} == {"lexical", "opening"}
    for finding in document["findings"]:
        assert {"statistic", "version", "raw", "interval", "normalised", "rank", "n_probes", "reason"} <= set(finding)


@pytest.mark.parametrize("kind", ["adapters", "importers", "statistics", "embedders", "formats", "probes", "models"])
def test_lists(kind: str) -> None:
    plain, document = run("list", kind), run("list", kind, "--json")
    assert plain.exit_code == document.exit_code == 0
    rows = json.loads(document.stdout)
    assert rows
    assert "broken" not in plain.stdout
    for row in rows:
        assert row["name"] in plain.stdout


def test_import_writes_transcripts_that_compare_alike(make_folder, tmp_path: Path) -> None:
    folder = make_folder()
    (folder.path / "reference.jsonl").rename(tmp_path / "reference.jsonl")
    packed = folder.path / "reference.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "reference.jsonl").read_bytes()))
    sources = [packed, *sorted(folder.path.glob("*.jsonl"))]
    done = run("import", *sources, "-o", tmp_path / "native")
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(sources)
    assert "table, 8 answers of reference" in done.stderr
    (tmp_path / "native" / "models.csv").write_bytes((folder.path / "models.csv").read_bytes())
    findings = []
    for place, suffix in ((folder.path, ".jsonl.gz"), (tmp_path / "native", ".jsonl")):
        done = run("compare", f"replay:{place}/reference{suffix}", f"replay:{place}/questioned.jsonl", "--cohort", place, "--replicates",
                   100, "--statistic", "lexical", "--json", "-o", tmp_path / f"case{suffix}")  # fmt: skip
        assert done.exit_code == 0, done.stderr
        findings.append(json.loads(done.stdout)["findings"])
    assert findings[0] == findings[1]


def test_a_folder_holding_one_answers_file_stands_for_it_in_the_cohort_too(make_folder, tmp_path: Path) -> None:
    folder = make_folder()
    place = tmp_path / "benchmark"
    for path in folder.path.glob("*.jsonl"):
        (place / path.stem).mkdir(parents=True)
        path.rename(place / path.stem / "model_outputs.jsonl")
    (folder.path / "models.csv").rename(place / "models.csv")
    done = run("compare", f"replay:{place}/reference", f"replay:{place}/questioned", "--cohort", place, "--replicates", 100,
               "--statistic", "lexical", "--json", "-o", tmp_path / "case")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    [finding] = json.loads(done.stdout)["findings"]
    assert finding["n_cohort"] == 8


def test_a_case_inside_the_cohort_folder_is_not_taken_for_answers(compare, make_folder) -> None:
    folder = make_folder()
    for _ in range(2):
        assert compare(folder, "-o", folder.path / "case").exit_code == 0


def test_one_file_on_both_sides_is_said_to_be_one(make_folder, tmp_path: Path) -> None:
    folder = make_folder()
    side = f"replay:{folder.path}/reference.jsonl"
    done = run(
        "compare",
        side,
        side,
        "--cohort",
        folder.path,
        "--replicates",
        100,
        "--statistic",
        "lexical",
        "--json",
        "-o",
        tmp_path / "case",
    )
    assert done.exit_code == 0, done.stderr
    assert any("the same file" in warning for warning in json.loads(done.stdout)["warnings"])


def test_probe_asks_and_goes_on(tmp_path: Path) -> None:
    probes = tmp_path / "mine.jsonl"
    rows = [{"name": "mine", "version": "1"}, *({"id": f"p{n}", "prompt": f"The river {n}"} for n in range(5))]
    probes.write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / "alder.jsonl"
    arguments = ("probe", "demo:alder", "--probes", probes, "--max-tokens", 8, "-o", path)
    done = run(*arguments)
    assert done.exit_code == 0, done.stderr
    assert "5 text" in done.stderr
    assert done.stdout.strip() == str(path)
    before = path.read_bytes()
    path.write_bytes(before[:-30])
    assert run(*arguments).exit_code == 0
    assert [json.loads(line).get("text") for line in path.read_bytes().splitlines()] == [
        json.loads(line).get("text") for line in before.splitlines()
    ]
    assert run("probe", "demo:alder", "--probes", probes, "--max-tokens", 9, "-o", path).exit_code == 2


@pytest.mark.slow
def test_demo_models_tell_what_is_known_of_them(tmp_path: Path) -> None:
    """The command of `make demo`; then, of the transcripts it leaves, a pair known to be unrelated."""
    options = ("--statistic", "lexical", "--replicates", 100, "--json")
    done = run("compare", "demo:alder", "demo:alder-tuned", "--cohort", "demo:", "--probes", "demo", "--max-tokens", 60, *options, "-o", tmp_path / "a")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    [tuned] = json.loads(done.stdout)["findings"]
    assert tuned["normalised"] > 2
    assert tuned["n_cohort"] >= 16
    asked = tmp_path / "a" / "transcripts"
    done = run("compare", f"replay:{asked}/reference.jsonl", f"replay:{asked}/cohort/demo_oak.jsonl", "--cohort", asked / "cohort", *options, "-o", tmp_path / "b")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    [oak] = json.loads(done.stdout)["findings"]
    assert abs(oak["normalised"]) < 2


# --- what bad input gets ------------------------------------------------------------------------------------------


def refused(done: Result, status: int, *said: str) -> None:
    assert done.exit_code == status, (done.exit_code, done.stderr, done.exception)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    errors = [line for line in lines if line.lower().startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for words in said:
        assert words in " ".join(done.stderr.split()), (words, done.stderr)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("oak", ("names no adapter", "demo", "replay")),
        ("nonsense:oak", ("'nonsense'", "demo", "replay")),
        ("demo:aldr", ("'aldr'", "alder")),
        ("replay:absent.jsonl", ("absent.jsonl", "does not exist")),
        ("replay:{tmp}", ("holds 0 answers files",)),
        ("replay:{folder}/reference.jsonl?as=nonsense", ("'nonsense'", "table")),
        ("replay:{folder}/reference.jsonl?as=native", ("reference.jsonl", "line 1")),
        ("replay:{folder}/reference.jsonl?anwser=note", ("'anwser'", "answer")),
        ("replay:{folder}/reference.jsonl?answer=nonsense", ("no column 'nonsense'", "note")),
        ("replay:{folder}/notes.txt", ("notes.txt", "not recognised", "table")),
        ("replay:{folder}/truncated.jsonl.gz", ("truncated.jsonl.gz, line ",)),
        ("replay:{folder}/broken.jsonl", ("broken.jsonl, line 8",)),
    ],
)
@pytest.mark.parametrize("side", ["reference", "questioned"])
def test_a_bad_model_is_refused_and_nothing_is_written(
    make_folder, tmp_path: Path, side: str, model: str, said
) -> None:
    folder = make_folder()
    whole = (folder.path / "reference.jsonl").read_bytes()
    (tmp_path / "other").mkdir()
    for path, data in (
        ("notes.txt", b"hello\n"),
        ("truncated.jsonl.gz", gzip.compress(whole)[:-20]),
        ("broken.jsonl", whole[:-9]),
    ):
        (tmp_path / "other" / path).write_bytes(data)
    others = ("notes.txt", "truncated.jsonl.gz", "broken.jsonl")
    where = tmp_path / "other" if any(name in model for name in others) else folder.path
    bad = model.format(folder=where, tmp=tmp_path)
    good = f"replay:{folder.path}/{'questioned' if side == 'reference' else 'reference'}.jsonl"
    sides = (bad, good) if side == "reference" else (good, bad)
    refused(run("compare", *sides, "--cohort", folder.path, "--probes", "demo", "-o", tmp_path / "case"), 2, *said)
    assert not (tmp_path / "case").exists()


def test_a_bad_cohort_file_is_refused_and_nothing_is_written(compare, make_folder, tmp_path: Path) -> None:
    folder = make_folder()
    path = folder.path / "cohort-03.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    refused(compare(folder), 2, "cohort-03.jsonl, line 8")
    assert not (tmp_path / "case").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--statistic", "lexicla"), ("'lexicla'", "Did you mean 'lexical'", "opening")),
        (("--format", "htlm"), ("'htlm'", "html")),
        (("--format", ""), ("format",)),
        (("--probes", "nonsense"), ("'nonsense'", "demo")),
        (("--cohort", "absent"), ("'absent'",)),
        (("--cohort", ""), ("cohort",)),
        (("--models", "absent.csv"), ("absent.csv",)),
        (("--cohort", "replay:"), ("cannot list its models",)),
    ],
)
def test_a_bad_option_is_refused_and_nothing_is_written(compare, tmp_path: Path, options, said) -> None:
    refused(compare(None, *options), 2, *said)
    assert not (tmp_path / "case").exists()


@pytest.mark.parametrize(
    "options",
    [("--seed", "-1"), ("--seed", 10**30), ("--replicates", 5), ("--draws", 0), ("--temperature", "nan"), ("--temperature", "inf"),
     ("--temperature", -1), ("--top-p", 0), ("--top-p", "nan"), ("--max-cost", "nan"), ("--min-answered", "nan"), ("--alpha", "nan"), ("--workers", 0), ("--sampling-seed", 10**30), ("--max-tokens", 0), ("--question", "guilt"), ("--nonsense",)],
)  # fmt: skip
def test_a_value_out_of_range_is_refused(compare, tmp_path: Path, options) -> None:
    done = compare(None, *options)
    assert done.exit_code == 2, done.stderr
    assert "internal" not in done.stderr
    assert not (tmp_path / "case").exists()


def test_models_are_asked_the_standard_set_where_none_is_named(tmp_path: Path) -> None:
    assert run("probe", "demo:alder", "-o", tmp_path / "x.jsonl").exit_code == 0
    assert '"name":"standard"' in (tmp_path / "x.jsonl").read_text().partition("\n")[0]


def test_an_unknown_model_is_refused_before_any_is_asked(tmp_path: Path) -> None:
    refused(
        run("compare", "demo:alder", "demo:nonsense", "--cohort", "demo:", "--probes", "demo", "-o", tmp_path / "case"),
        2,
        "nonsense",
    )
    assert list(tmp_path.iterdir()) == []


def test_too_few_probes_in_common_is_status_six_with_the_counts(compare, make_folder, tmp_path: Path) -> None:
    folder = make_folder()
    folder.add("questioned", answer=lambda _, p: "words" if p < 4 else "")
    refused(compare(folder), 6, "Only 4 probes", "reference: 8", "questioned: 4", "at least 5")
    assert not (tmp_path / "case").exists()


def test_too_small_a_cohort_is_status_six_with_the_counts(compare, make_folder, tmp_path: Path) -> None:
    refused(compare(make_folder(cohort=3, relatives=0)), 6, "Only 3 of 3 cohort models", "at least 4")
    assert not (tmp_path / "case").exists()
    folder = make_folder(name="none")
    done = run(
        "compare",
        f"replay:{folder.path}/reference.jsonl",
        f"replay:{folder.path}/questioned.jsonl",
        "-o",
        tmp_path / "case",
    )
    refused(done, 6, "Only 0 of 0 cohort models")


def test_a_changed_file_is_status_four(compare, make_folder, tmp_path: Path) -> None:
    folder = make_folder()
    assert compare(folder).exit_code == 0
    before = files(tmp_path / "case")
    path = folder.path / "cohort-02.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    refused(run("score", tmp_path / "case"), 4, "cohort-02.jsonl", "sha256:")
    path.unlink()
    refused(run("score", tmp_path / "case"), 4, "cohort-02.jsonl", "gone")
    assert files(tmp_path / "case") == before


@pytest.mark.parametrize("name", RECORDS)
def test_a_damaged_case_is_refused(compare, tmp_path: Path, name: str) -> None:
    assert compare().exit_code == 0
    path = tmp_path / "case" / name
    path.write_bytes(path.read_bytes()[:-40])
    command = "report" if name == "evidence.json" else "score"
    done = run(command, tmp_path / "case")
    if name == "scores.json":
        assert done.exit_code == 0, "scores are made again"
    else:
        refused(done, 2, name)
    path.unlink()
    if name != "scores.json":
        refused(run(command, tmp_path / "case"), 2, f"holds no {name}", "forensics")


def test_commands_on_nothing(tmp_path: Path) -> None:
    refused(run("score", tmp_path), 2, "holds no case.json")
    refused(run("report", tmp_path), 2, "holds no evidence.json")
    refused(run("import", tmp_path / "absent.csv", "-o", tmp_path / "out"), 2, "does not exist")
    refused(run("list", "nonsense"), 2, "'nonsense'", "statistics")
    refused(run("comapre"), 2, "'comapre'", "Did you mean 'compare'")


def test_an_output_folder_that_is_a_file_is_refused(compare, tmp_path: Path) -> None:
    (tmp_path / "case").write_text("mine")
    done = compare()
    assert done.exit_code == 2
    assert (tmp_path / "case").read_text() == "mine"


# --- what must never leave, and what must never act ---------------------------------------------------------------


def test_no_key_of_the_environment_leaves(compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORENSICS_DEBUG", "")
    for done in (
        compare(),
        compare(None, "--json", out="json"),
        run("list", "adapters"),
        run("compare", "x:y", "z", "-o", tmp_path / "q"),
    ):
        assert CANARY not in done.output
    for name, content in files(tmp_path).items():
        assert CANARY.encode() not in content, name


def test_hostile_names_and_answers_reach_no_terminal(compare, make_folder, tmp_path: Path) -> None:
    nasty = "\x1b]0;owned\x07\u202e\x00<script>alert(1)</script>=1+1|[x](javascript:y)"
    folder = make_folder()
    for model, lineage in list(folder.lineages.items()):
        folder.add(
            model,
            lineage=lineage,
            answer=lambda m, p, lineage=lineage: f"{nasty} {lineage} {p} {m if p % 2 else lineage}",
        )
    bad = folder.path / "cohort-\x1b[31m\u202e<script>.jsonl"
    (folder.path / "cohort-00.jsonl").rename(bad)
    done = compare(folder)
    assert done.exit_code == 0, done.stderr
    for text in (done.stdout, done.stderr):
        assert "\x1b]" not in text
        assert "\u202e" not in text
        assert "\x00" not in text
    html = (tmp_path / "case" / "report.html").read_text("utf-8")
    assert "<script>alert" not in html
    assert "\u202e" not in html
    bad.write_bytes(bad.read_bytes()[:-9])
    done = compare(folder, out="again")
    refused(done, 2, "line 8")
    assert "\x1b" not in done.stderr


def test_a_calibration_is_written_with_its_figures_and_gives_the_same_bytes_again(tmp_path: Path) -> None:
    from forensics import demo_population

    answers = tmp_path / "demo"
    demo_population.write(answers)
    made = []
    for place in ("one", "two"):
        arguments = ["--pairs", answers / "pairs.csv", "--models", answers / "models.csv", "--statistic", "lexical"]
        output, figures = tmp_path / f"{place}.json", tmp_path / place
        result = run("calibrate", answers, *arguments, "--normalisation", "s-norm", "-o", output, "--figures", figures)
        assert result.exit_code == 0, result.stderr
        made.append([output.read_bytes(), *(path.read_bytes() for path in sorted(figures.iterdir()))])
        assert [path.name for path in sorted(figures.iterdir())] == [
            f"{k}-independent.svg" for k in ("ece", "pav", "tippett")
        ]
    assert made[0] == made[1]
    assert all(b"<svg" in drawing for drawing in made[0][1:])

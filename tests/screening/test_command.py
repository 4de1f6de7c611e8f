"""The command as it is typed: its page and its files, JSON alone on standard output, and its exit statuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics.cli import main


def call(*arguments: str):
    return CliRunner().invoke(main, ["screen", *arguments, "--workers", "1"])


def test_a_screen_leaves_tables_pictures_and_a_page_with_every_pairs_command(answers, tmp_path, own_home) -> None:
    screen = tmp_path / "screen"
    case = screen / "cases" / "questioned--reference"
    case.mkdir(parents=True)
    (case / "report.html").write_text("the evidence")
    done = call(str(answers.path), "-o", str(screen), "--suspect", "reference")
    assert done.exit_code == 0, done.output
    for name in (
        "pairs.csv", "screen.json", "screen.html", "heatmap.svg", "map.svg", "tree-neighbour-joining.svg",
        "tree-neighbour-joining.nwk", "tree-average-linkage.svg", "tree-average-linkage.nwk", "suspects/reference.json",
    ):  # fmt: skip
        assert (screen / name).is_file(), name
        assert name in done.output.replace("\n", "")
    page = (screen / "screen.html").read_text("utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])
    names = [model[0] for model in data["models"]]
    assert data["compare"]["models"][names.index("reference")] == f"replay:{answers.path / 'reference.jsonl'}"
    assert data["compare"]["options"] == f"--cohort {answers.path}"
    pair = "-".join(map(str, sorted((names.index("questioned"), names.index("reference")))))
    assert data["compare"]["cases"] == {pair: "./cases/questioned--reference/report.html"}
    assert "not a family history" in page
    forks = re.findall(r"\)(\d+)", (screen / "tree-neighbour-joining.nwk").read_text())
    assert forks, "forks carry their support"
    assert max(map(int, forks)) == 100


def test_the_command_of_a_pair_makes_its_evidence(answers, tmp_path, own_home) -> None:
    screen = tmp_path / "screen"
    call(str(answers.path), "-o", str(screen))
    page = (screen / "screen.html").read_text("utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])
    [a, b] = [data["compare"]["models"][i] for i in (0, 1)]
    import shlex

    words = shlex.split(f"{a} {b} {data['compare']['options']} -o {data['compare']['folder']}/pair")
    done = CliRunner().invoke(
        main, ["compare", *words, "--statistic", "phrases", "--replicates", "100", "--workers", "1"]
    )
    assert done.exit_code == 0, done.output
    assert (screen / "cases" / "pair" / "report.html").is_file()


def test_json_is_one_document_and_nothing_else(answers, tmp_path) -> None:
    done = call(str(answers.path), "-o", str(tmp_path / "s"), "--no-pictures", "--json", "--suspect", "questioned")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["n_models"] == 14
    assert found["suspects"][0]["candidates"][0]["model"] in ("reference", "relative-0")
    assert "14 models, 16 probes" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("nowhere",), 2, "is no folder"),
        (("{answers}", "--suspect", "nobody"), 2, "Unknown model of the screen"),
        (("{answers}", "--statistic", "style"), 2, "one probe at a time"),
        (("{answers}", "--calibration", "alpaca_eval-derivation"), 2, "does not fit"),
        (("{answers}", "--cluster", "tcp://127.0.0.1:1"), 2, "--store"),
        (("{few}",), 6, "at least 6 are needed"),
    ],
)
def test_what_goes_wrong_is_one_line_and_its_status(answers, tmp_path, arguments, status, words) -> None:
    few = tmp_path / "few"
    few.mkdir()
    (few / "one.jsonl").write_bytes((answers.path / "reference.jsonl").read_bytes())
    asked = [word.format(answers=answers.path, few=few) for word in arguments]
    done = call(*asked, "-o", str(tmp_path / "s"), "--no-pictures")
    assert done.exit_code == status, done.output
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert not (Path(tmp_path) / "s" / "pairs.csv").exists()

"""A pack in the place of a cohort, all the way: compare, calibrate, mixture, protocol, seal, verify --recompute."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from forensics.cli import main
from forensics.packs import file


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORENSICS_PASSPHRASE", "opens the key of these tests")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def right(*arguments: object) -> Result:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def pack(cohort_alone: Path, tmp_path: Path) -> Path:
    path = tmp_path / "market.cohort"
    right("cohort", "build", cohort_alone, "-o", path, "--embeddings", "none")
    return path


def compare(answers: Any, cohort: Path, out: Path, *more: object) -> dict[str, Any]:
    right("compare", f"replay:{answers.path}/reference.jsonl", f"replay:{answers.path}/questioned.jsonl", "--cohort", cohort,
          "--models", answers.path / "models.csv", "--replicates", "100", "--format", "json", "-o", out, *more)  # fmt: skip
    return dict(json.loads((out / "scores.json").read_text("utf-8")))


SAME = ("probes", "set_aside", "circumstances", "habits", "controls", "triad")


def test_compare_gives_the_scores_of_the_texts(answers: Any, cohort_alone: Path, pack: Path, tmp_path: Path) -> None:
    relatives = tmp_path / "relatives.csv"
    siblings = "".join(f"cohort-0{n},sibling\n" for n in range(3))
    relatives.write_text(f"model,role\nrelative-0,relative\n{siblings}", "utf-8")
    texts, packed = (
        compare(answers, cohort, tmp_path / name, "--relatives", relatives)
        for cohort, name in ((cohort_alone, "texts"), (pack, "packed"))
    )
    assert [packed[name] for name in SAME] == [texts[name] for name in SAME]
    assert texts["triad"]["p"] is not None
    different = [a["statistic"] for a, b in zip(texts["scores"], packed["scores"], strict=True) if a != b]
    assert different == ["verbatim"]
    assert sum(score["raw"] is not None for score in packed["scores"]) >= 4
    exhibits = json.loads((tmp_path / "packed" / "evidence.json").read_text("utf-8"))["exhibits"]
    assert [e["text"] for e in exhibits[0]["excerpts"][2:]] == ["", ""], "the two sides alone are shown"


@pytest.mark.slow
def test_a_semantic_comparison_gives_the_scores_of_the_texts(answers: Any, cohort_alone: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pack = tmp_path / "embedded.cohort"
    right("cohort", "build", cohort_alone, "-o", pack)
    found = [
        next(s for s in compare(answers, cohort, tmp_path / name, "--statistic", "semantic")["scores"] if s["raw"])
        for cohort, name in ((cohort_alone, "texts"), (pack, "packed"))
    ]
    assert found[0] == found[1]
    assert found[0]["statistic"] == "semantic"


@pytest.mark.slow
def test_calibrate_gives_the_same_line_and_compare_uses_it(make_folder: Callable[..., Any], tmp_path: Path) -> None:
    folder = make_folder(cohort=0, relatives=0, probes=10, name="labelled")
    rows = []
    for lineage in range(12):
        for member in range(2):
            folder.add(f"m{lineage:02}{member}", lineage=f"family-{lineage:02}")
        rows.append(f"m{lineage:02}0,m{lineage:02}1,direct,1")
        rows += [f"m{lineage:02}0,m{other:02}1,unrelated,1" for other in range(lineage)]
    folder.declare()
    pairs = tmp_path / "labelled-pairs.csv"
    pairs.write_text("\n".join(["a,b,relation,clean", *rows]) + "\n", "utf-8")
    pack = tmp_path / "labelled.cohort"
    right("cohort", "build", folder.path, "-o", pack, "--embeddings", "none")
    lines = {}
    for source, name in ((folder.path, "texts"), (pack, "packed")):
        right(
            "calibrate",
            source,
            "--pairs",
            pairs,
            "--models",
            folder.path / "models.csv",
            "-o",
            tmp_path / f"{name}.json",
        )
        lines[name] = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
    access = {name: line["conditions"].pop("access") for name, line in lines.items()}
    assert "cohort-pack" in access["packed"]
    assert lines["packed"] == lines["texts"]
    sides = [f"replay:{folder.path}/{name}.jsonl" for name in ("reference", "questioned")]
    weights = []
    for cohort, name in ((folder.path, "texts"), (pack, "packed")):
        done = right("compare", *sides, "--cohort", cohort, "--calibration", tmp_path / f"{name}.json", "--replicates", "100",
                     "--models", folder.path / "models.csv", "--format", "json", "-o", tmp_path / f"case-{name}", "--json")  # fmt: skip
        weights.append(json.loads(done.stdout)["conclusion"]["weights"])
    assert weights[0] == weights[1]
    assert weights[0][0]["log10_lr"] is not None


@pytest.mark.parametrize("withheld", [False, True])
def test_a_sealed_case_with_a_pack_is_computed_again(
    answers: Any, cohort_alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, withheld: bool
) -> None:
    if withheld:
        monkeypatch.setenv(file.VARIABLE, "a secret for a few")
    pack, key, case, bundle = (tmp_path / name for name in ("market.cohort", "seal.pem", "case", "bundle"))
    right("cohort", "build", cohort_alone, "-o", pack, "--embeddings", "none")
    right("keys", "new", key)
    compare(answers, pack, case, "--statistic", "lexical", "--statistic", "opening")
    right("seal", case, "-o", bundle, "--key", key)
    pack.unlink()
    assert "come out byte for byte" in right("verify", bundle, "--recompute").output
    taken = list(bundle.rglob("*.cohort"))
    assert len(taken) == 1, "one file for all its models"
    assert b"a secret for a few" not in b"".join(p.read_bytes() for p in bundle.rglob("*") if p.is_file())
    if withheld:
        monkeypatch.delenv(file.VARIABLE)
        refused = run("verify", bundle, "--recompute")
        assert refused.exit_code == 2, "no fault of the bundle"
        assert "Ask its maker for the secret" in " ".join(refused.output.split())


def test_a_protocol_names_every_model_of_a_pack(answers: Any, pack: Path, tmp_path: Path) -> None:
    key, case, siblings = tmp_path / "seal.pem", tmp_path / "case", tmp_path / "siblings.csv"
    siblings.write_text("model,role\ncohort-00,sibling\ncohort-01,sibling\ncohort-02,sibling\n", "utf-8")
    right("keys", "new", key)
    sides = [f"replay:{answers.path}/{name}.jsonl" for name in ("reference", "questioned")]
    right("protocol", case, "--reference", sides[0], "--questioned", sides[1], "--cohort", pack, "--models", answers.path / "models.csv", "--analyst", "A. Nalyst",
          "--key", key, "--statistic", "lexical", "--replicates", "100", "--relatives", siblings)  # fmt: skip
    fixed = case / "seals" / "protocol" / "protocol.json"
    named = {model["model"] for model in json.loads(fixed.read_text("utf-8"))["cohort"]}
    assert {"cohort-00", "relative-0"} <= named
    right("compare", "--protocol", fixed, "-o", case, "--format", "json")
    departures = json.loads((case / "evidence.json").read_text("utf-8"))["deviations"]
    assert [text for text in departures if "recorded before the protocol" not in text] == []
    assert json.loads((case / "evidence.json").read_text("utf-8"))["triad"]["p"] is not None
    siblings.write_text("model,role\ncohort-00,sibling\n", "utf-8")
    again = tmp_path / "again"
    right("compare", "--protocol", fixed, "--relatives", siblings, "-o", again, "--format", "json")
    departures = json.loads((again / "evidence.json").read_text("utf-8"))["deviations"]
    assert any(text.startswith("relatives named: cohort-00 (sibling); the protocol says") for text in departures)


def test_a_side_cannot_come_from_a_pack(answers: Any, pack: Path, tmp_path: Path) -> None:
    done = run("compare", f"replay:{pack}?model=cohort-00", f"replay:{answers.path}/questioned.jsonl", "--cohort", pack,
               "-o", tmp_path / "case")  # fmt: skip
    assert (done.exit_code, "holds no texts" in done.stderr) == (2, True)
    none = run("compare", f"replay:{answers.path}/reference.jsonl", f"replay:{answers.path}/questioned.jsonl",
               "--cohort", f"replay:{pack}?model=nobody", "-o", tmp_path / "case")  # fmt: skip
    assert (none.exit_code, "holds no model 'nobody'" in none.stderr) == (2, True)


def test_one_of_a_packs_models_can_be_named(answers: Any, pack: Path, tmp_path: Path) -> None:
    sides = [f"replay:{answers.path}/{name}.jsonl" for name in ("reference", "questioned")]
    named = [word for n in range(5) for word in ("--cohort", f"replay:{pack}?model=cohort-0{n}")]
    right(
        "compare",
        *sides,
        *named,
        "--statistic",
        "lexical",
        "--replicates",
        "100",
        "--format",
        "json",
        "-o",
        tmp_path / "c",
    )
    scores = json.loads((tmp_path / "c" / "scores.json").read_text("utf-8"))
    assert len(scores["sides"]) == 7


def test_a_copy_of_a_side_in_a_pack_is_set_aside(answers: Any, cohort_alone: Path, tmp_path: Path) -> None:
    (cohort_alone / "renamed.jsonl").write_bytes((answers.path / "questioned.jsonl").read_bytes())
    pack = tmp_path / "market.cohort"
    right("cohort", "build", cohort_alone, "-o", pack, "--embeddings", "none")
    aside = compare(answers, pack, tmp_path / "case", "--statistic", "lexical")["set_aside"]
    assert aside == ["renamed: holds the answers of questioned (the questioned)"]

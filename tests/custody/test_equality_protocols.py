"""A protocol of an equality question: no cohort, terms fixed beforehand, followed, and every departure named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parent))

from conftest import PASSPHRASE

from forensics import case as case_files
from forensics.cli import main
from forensics.custody import drafting, protocols
from forensics.equality import testing


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORENSICS_PASSPHRASE", PASSPHRASE)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def fix(case: Path, key, probe_file: Path, *more: object, questioned: str = "demo:ash", draws: int = 4) -> Result:
    return run("protocol", case, "--question", "equality", "--reference", "demo:alder", "--questioned", questioned, "--probes", probe_file,
               "--draws", draws, "--max-tokens", 12, "--alpha", 0.02, "--permutations", 199, "--analyst", "A. Analyst", "--key", key.path,
               *more)  # fmt: skip


def follow(case: Path, *more: object) -> Result:
    return run("compare", "--protocol", case, "-o", case, "--format", "csv", *more)


def test_terms_are_fixed_and_followed_without_being_named_again(key, probe_file: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    done = fix(case, key, probe_file)
    assert done.exit_code == 0, done.output
    fixed = protocols.read_sealed(case).protocol
    assert fixed.equality is not None
    assert fixed.equality.model_dump() == {"alpha": 0.02, "delta": 0.01, "permutations": 199}
    assert (fixed.question, fixed.cohort, fixed.cohort_named, fixed.draws) == ("equality", (), (), 4)
    assert {s.name for s in fixed.statistics} == set(testing.names())
    assert fixed.decision_rules == drafting.EQUALITY_RULES
    done = follow(case, "--key", key.path)
    assert done.exit_code == 0, done.output
    evidence = case_files.read_evidence(case)
    assert evidence.deviations == ()
    assert evidence.equality is not None
    assert evidence.equality.terms == fixed.equality
    assert {t.draws for t in evidence.equality.tests if t.decides} == {(32, 32)}
    done = run("seal", case, "-o", tmp_path / "bundle", "--key", key.path)
    assert done.exit_code == 0, done.output
    done = run("verify", tmp_path / "bundle", "--recompute")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--alpha", 0.05), {"alpha: 0.05; the protocol says 0.02"}),
        (("--delta", 0.3), {"delta: 0.3; the protocol says 0.01"}),
        (("--permutations", 299), {"permutations: 299; the protocol says 199"}),
        (("--seed", 4), {"seed: 4; the protocol says 0"}),
        (
            ("--draws", 3),
            {
                "draws of demo:alder: 3; the protocol says 4",
                "draws of demo:ash: 3; the protocol says 4",
                "sampling of demo:ash: max_tokens 12, seed 4; the protocol says max_tokens 12, seed 5",
            },
        ),
        (
            ("--statistic", "mmd"),
            {
                "statistics asked for: mmd; the protocol says all that apply",
                *(
                    f"statistic {name}: not computed, though the protocol names it"
                    for name in ("energy", "onetoken", "uniformity")
                ),
            },
        ),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_every_departure_is_named(given: tuple[object, ...], said: set[str], key, probe_file: Path, tmp_path: Path) -> None:  # fmt: skip
    case = tmp_path / "case"
    assert fix(case, key, probe_file).exit_code == 0
    done = follow(case, *given)
    assert done.exit_code == 0, done.output
    assert set(case_files.read_evidence(case).deviations) == said
    assert all(text in (case / "tables" / "deviations.csv").read_text("utf-8").replace('"', "") for text in said)


def test_a_statistic_the_protocol_does_not_name_is_named(key, probe_file: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert fix(case, key, probe_file, "--statistic", "mmd:hamming").exit_code == 0
    assert [s.name for s in protocols.read_sealed(case).protocol.statistics] == ["mmd"]
    assert follow(case, "--statistic", "mmd:hamming", "--statistic", "energy").exit_code == 0
    assert set(case_files.read_evidence(case).deviations) == {
        "statistics asked for: mmd:hamming, energy; the protocol says mmd:hamming",
        "statistic energy: computed, though the protocol does not name it",
    }


def test_sides_that_repeat_themselves_are_no_departure(key, probe_file: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert fix(case, key, probe_file, "--temperature", 0).exit_code == 0
    done = follow(case)
    assert done.exit_code == 0, done.output
    evidence = case_files.read_evidence(case)
    assert evidence.equality is not None
    assert evidence.equality.exact
    assert evidence.deviations == ()


def test_the_question_can_be_departed_from_but_not_half(key, probe_file: Path, tmp_path: Path) -> None:
    case, other = tmp_path / "case", tmp_path / "other"
    assert fix(case, key, probe_file).exit_code == 0
    done = follow(case, "--question", "derivation", "--alpha", 0.1)
    assert done.exit_code == 2
    assert "--alpha is for --question equality" in done.stderr
    cohort = [part for name in ("oak", "pine", "elm", "fir") for part in ("--cohort", f"demo:{name}")]
    done = run("protocol", other, "--reference", "demo:alder", "--questioned", "demo:ash", *cohort, "--probes", probe_file, "--max-tokens", 12,
               "--draws", 4, "--replicates", 100, "--analyst", "A", "--key", key.path)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert protocols.read_sealed(other).protocol.equality is None
    assert follow(other, "--delta", 0.2).exit_code == 2, "what is fixed is no question of equality"
    done = follow(other, "--question", "equality", "--permutations", 199)
    assert done.exit_code == 0, done.output
    found = case_files.read_evidence(other)
    assert found.equality is not None
    assert found.equality.terms.permutations == 199
    assert "question: equality; the protocol says derivation" in found.deviations


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--draws", 1), "several draws"),
        (("--statistic", "lexical"), "does not answer"),
        (("--statistic", "mmd:nonsense"), "kernels are"),
        (("--calibration", "demo-derivation"), "answers the question derivation"),
        (("--alpha", 0.9), "0.9"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_what_the_comparison_would_refuse_is_refused_beforehand(
    more: tuple[object, ...], said: str, key, probe_file: Path, tmp_path: Path
) -> None:
    done = fix(tmp_path / "case", key, probe_file, *more)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (tmp_path / "case" / "seals").exists()


def test_other_questions_need_a_cohort_and_no_terms(key, probe_file: Path, tmp_path: Path) -> None:
    common = ("--reference", "demo:alder", "--questioned", "demo:ash", "--probes", probe_file, "--analyst", "A", "--key", key.path)  # fmt: skip
    done = run("protocol", tmp_path / "case", *common)
    assert done.exit_code == 2
    assert "needs a cohort" in done.stderr
    done = run("protocol", tmp_path / "case", *common, "--cohort", "demo:oak", "--alpha", 0.1)
    assert done.exit_code == 2
    assert "--alpha is for --question equality" in done.stderr


def test_recorded_answers_are_said_to_be_earlier(key, probe_file: Path, tmp_path: Path) -> None:
    one, case = tmp_path / "one", tmp_path / "case"
    assert fix(one, key, probe_file).exit_code == 0
    assert follow(one).exit_code == 0
    recorded = f"replay:{one / 'transcripts' / 'questioned.jsonl'}"
    assert fix(case, key, probe_file, questioned=recorded).exit_code == 0
    done = follow(case, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["question"] == "equality"
    [said] = case_files.read_evidence(case).deviations
    assert said.startswith("recorded before the protocol was sealed")

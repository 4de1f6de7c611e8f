"""A protocol before any answer: sealed, followed, and every departure from it in the evidence."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from forensics import case as case_files
from forensics import comparing
from forensics.cli import main
from forensics.custody import checking, delivering, drafting, payload, protocols, seals
from forensics.custody.deviations import NO_PROTOCOL
from forensics.custody.stamping import Trust
from forensics.errors import IntegrityBroken, UsageError
from forensics.records.transcript import Sampling


@pytest.fixture(scope="module")
def followed(asked, key, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case that follows its protocol to the letter, its answers sealed before they were scored."""
    case = tmp_path_factory.mktemp("followed") / "case"
    fix(case, asked(case), key)
    plan = comparing.Plan(case, (), key.wanted())
    blank = replace(
        asked(case), reference="", questioned="", cohort=(), probe_set=None, statistics=None, replicates=1000
    )
    comparing.compare(blank, formats=("markdown",), workers=1, say=lambda _: None, plan=plan)
    return case


def fix(case: Path, wanted, key, *, secret: bool = False) -> Path:
    drafted, opening = drafting.draft(wanted, analyst="A. Analyst", rules=(), secret_probes=secret)
    by = key.wanted()
    return protocols.write(case, drafted, opening, by.signer, authorities=by.authorities, say=by.say)


def compared(case: Path, wanted, given: tuple[str, ...]) -> tuple[str, ...]:
    plan = comparing.Plan(case, given, None)
    return comparing.compare(wanted, formats=(), workers=1, say=lambda _: None, plan=plan).evidence.deviations


def test_what_is_fixed_is_followed_without_being_named_again(followed: Path) -> None:
    evidence = case_files.read_evidence(followed)
    assert evidence.deviations == ()
    assert (evidence.reference, evidence.questioned, evidence.n_probes, evidence.replicates) == (
        "demo:alder", "demo:alder-tuned", 8, 100,
    )  # fmt: skip
    case = case_files.read_case(followed)
    assert case.protocol is not None
    assert ("protocol", case.protocol) in [(v.part, v.version) for v in evidence.versions]
    assert case.protocol in (followed / "report.md").read_text()
    assert "exploratory" not in (followed / "report.md").read_text()


def test_a_protocol_holds_what_the_issue_asks(followed: Path) -> None:
    fixed = protocols.read_sealed(followed).protocol
    assert fixed.analyst == "A. Analyst"
    assert fixed.propositions == case_files.read_evidence(followed).propositions
    assert fixed.probe_set == case_files.read_case(followed).probe_set
    assert {s.name for s in fixed.statistics} == {"lexical", "opening"}
    assert fixed.decision_rules == drafting.DECISION_RULES
    assert (fixed.draws, fixed.seed, fixed.calibration, fixed.question) == (1, 0, None, "derivation")


def test_without_a_protocol_every_report_says_so(small_case: Path) -> None:
    evidence = case_files.read_evidence(small_case)
    assert evidence.deviations == (NO_PROTOCOL,) == ("exploratory: no protocol was sealed",)
    for name in ("html", "markdown", "csv", "json"):
        for path in comparing.report(small_case, [name])[:1]:
            found = [path, *sorted((small_case / "tables").glob("deviations.csv"))]
            assert any("exploratory: no protocol was sealed" in p.read_text() for p in found), name
    for name in ("tables", "figures"):
        shutil.rmtree(small_case / name, ignore_errors=True)
    for path in small_case.glob("report.*"):
        path.unlink()


def test_three_seals_each_name_the_one_before(followed: Path, key, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    delivering.seal(followed, bundle, key.wanted(), zipped=False)
    data = bundle / "bag" / "data"
    protocol, observations, report = (
        seals.read(place) for place in (data / payload.PROTOCOL_SEAL, data / payload.OBSERVATIONS_SEAL, bundle)
    )
    assert (protocol[0].previous, observations[0].previous, report[0].previous) == (None, protocol[1], observations[1])
    found = checking.verify(bundle, Trust((key.fingerprint,)), recompute=True, workers=1)
    assert found.faults == []
    assert {s.stage for s in found.seals} == {"protocol", "observations", "report"}


def test_a_protocol_taken_out_of_a_bundle_is_missed(followed: Path, key, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    delivering.seal(followed, bundle, key.wanted(), zipped=False)
    shutil.rmtree(bundle / "bag/data" / payload.PROTOCOL_SEAL)
    kinds = {(f.kind, f.path) for f in checking.verify(bundle, Trust(), recompute=False, workers=1).faults}
    assert ("out of order", "bag/data/seals/observations/seal.json") in kinds
    assert ("out of order", "bag/data/case.json") in kinds


@pytest.mark.parametrize(
    ("given", "changes", "said"),
    [
        ("seed", {"seed": 3}, "seed: 3; the protocol says 0"),
        ("replicates", {"replicates": 200}, "bootstrap replicates: 200; the protocol says 100"),
        ("question", {"question": "distillation"}, "question: distillation; the protocol says derivation"),
        ("draws", {"draws": 2}, "draws of demo:alder: 2; the protocol says 1"),
        ("max_tokens", {"sampling": Sampling(max_tokens=30, seed=1)}, "sampling of demo:alder: max_tokens 30, seed 1"),
        ("sampling_seed", {"sampling": Sampling(max_tokens=20, seed=2)}, "sampling of demo:oak: max_tokens 20, seed 2"),
        ("questioned", {"questioned": "demo:ash"}, "questioned: demo:ash; the protocol says demo:alder-tuned"),
        ("statistics", {"statistics": ("lexical",)}, "statistic opening: not computed"),
        (
            "statistics",
            {"statistics": ("lexical", "opening", "style")},
            "statistics asked for: lexical, opening, style",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_departure_is_a_deviation(given: str, changes: dict, said: str, asked, key, tmp_path: Path) -> None:
    case = tmp_path / "case"
    fix(case, asked(case), key)
    found = compared(case, asked(case, **changes), (given,))
    assert any(text.startswith(said) for text in found), found


def test_a_cohort_of_other_models_is_a_deviation(asked, key, tmp_path: Path) -> None:
    case = tmp_path / "case"
    fix(case, asked(case), key)
    cohort = ("demo:oak", "demo:pine", "demo:elm", "demo:fir", "demo:rowan")
    assert set(compared(case, asked(case, cohort=cohort), ("cohort",))) == {
        "cohort: without demo:willow, which the protocol names",
        "cohort: with demo:rowan, which the protocol does not name",
    }


def test_other_probes_are_a_deviation(asked, key, probe_file: Path, tmp_path: Path) -> None:
    case, other = tmp_path / "case", tmp_path / "other.jsonl"
    other.write_text(probe_file.read_text().replace("number 7", "number 77"))
    fix(case, asked(case), key)
    [found] = compared(case, asked(case, probe_set=str(other)), ("probe_set",))
    assert found.startswith("probe set: sha256:")


def test_another_version_is_a_deviation(asked, key, tmp_path: Path) -> None:
    case = tmp_path / "case"
    drafted, _ = drafting.draft(asked(case), analyst="A", rules=("One rule.",), secret_probes=False)
    older = tuple(s.model_copy(update={"version": "0"}) for s in drafted.statistics)
    changed = drafted.model_copy(update={"statistics": older, "tool": "0.0.1"})
    by = key.wanted()
    protocols.write(case, changed, None, by.signer, authorities=by.authorities, say=by.say)
    found = compared(case, asked(case), ())
    assert any(text.startswith("version of forensics: ") for text in found)
    assert any("statistic lexical: version" in text and "the protocol says 0" in text for text in found)


def test_answers_recorded_earlier_are_said_to_be(key, make_folder, wanted, tmp_path: Path) -> None:
    """A protocol over answers that exist already was not fixed blindly, and says so; other files show."""
    folder = make_folder()
    case = tmp_path / "case"
    fix(case, wanted(folder, case), key)
    found = compared(case, wanted(folder, case), ())
    assert len(found) == 1
    assert found[0].startswith("recorded before the protocol was sealed")
    other = tmp_path / "second"
    fix(other, wanted(folder, other), key)
    folder.add("questioned", lineage="oak", answer=lambda model, probe: "something else altogether " * 3)
    again = compared(other, wanted(folder, other), ())
    assert any("questioned: the answers of questioned are not the file" in text for text in again)


def test_another_lineage_is_a_deviation(key, make_folder, wanted, tmp_path: Path) -> None:
    folder = make_folder()
    case = tmp_path / "case"
    fix(case, wanted(folder, case), key)
    folder.lineages["cohort-00"] = "oak"
    folder.declare()
    found = compared(case, wanted(folder, case), ())
    assert any("the lineage of cohort-00 is oak; the protocol says cohort-00" in text for text in found)


def test_a_secret_probe_set_is_fixed_without_being_told(asked, key, probe_file: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    path = fix(case, asked(case), key, secret=True)
    from forensics import probes

    digest = probes.load(str(probe_file)).digest
    assert digest not in path.read_text()
    assert str(probe_file) not in path.read_text()
    assert '"own"' not in path.read_text()
    assert compared(case, asked(case), ("probe_set",)) == ()
    closed = tmp_path / "closed"
    fix(closed, asked(closed), key, secret=True)
    (closed / payload.OPENING).unlink()
    [found] = compared(closed, asked(closed), ("probe_set",))
    assert "was not opened" in found


def test_a_protocol_comes_before_answers_and_once(asked, key, small_case: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds case\.json"):
        fix(Path(shutil.copytree(small_case, tmp_path / "late")), asked(tmp_path), key)
    case = tmp_path / "case"
    fix(case, asked(case), key)
    with pytest.raises(UsageError, match="holds seals"):
        fix(case, asked(case), key)


def test_an_edited_protocol_is_refused(asked, key, tmp_path: Path) -> None:
    case = tmp_path / "case"
    path = fix(case, asked(case), key)
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(IntegrityBroken, match="not what was sealed"):
        comparing.compare(asked(case), formats=(), workers=1, say=lambda _: None, plan=comparing.Plan(case))


def test_a_protocol_swapped_after_comparing_is_refused(followed: Path, tmp_path: Path) -> None:
    case = Path(shutil.copytree(followed, tmp_path / "case"))
    path = case / payload.PROTOCOL_SEAL / payload.PROTOCOL
    path.write_text(path.read_text().replace("A. Analyst", "B. Analyst"))
    with pytest.raises(IntegrityBroken, match="not the protocol this case follows"):
        comparing.rescore(case, formats=(), workers=1)


def test_protocol_and_compare_on_the_command_line(
    key, probe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conftest import PASSPHRASE

    monkeypatch.setenv("FORENSICS_PASSPHRASE", PASSPHRASE)
    run, case = CliRunner(), tmp_path / "case"
    cohort = [part for name in ("oak", "pine", "elm", "fir") for part in ("--cohort", f"demo:{name}")]
    done = run.invoke(main, [
        "protocol", str(case), "--reference", "demo:alder", "--questioned", "demo:ash", *cohort, "--probes", str(probe_file),
        "--max-tokens", "20", "--statistic", "lexical", "--replicates", "100", "--analyst", "A. Analyst", "--key", str(key.path),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    path = done.stdout.strip()
    compared = run.invoke(
        main, ["compare", "--protocol", path, "-o", str(case), "--seed", "5", "--key", str(key.path), "--format", "csv"]
    )
    assert compared.exit_code == 0, compared.output
    assert case_files.read_evidence(case).deviations == ("seed: 5; the protocol says 0",)
    assert (case / payload.OBSERVATIONS_SEAL / seals.SEAL).is_file()
    assert "seed: 5; the protocol says 0" in (case / "tables" / "deviations.csv").read_text()
    log = run.invoke(main, ["custody", str(case)]).stdout
    assert log.index("protocol  (") < log.index("compare  (")
    assert run.invoke(main, ["compare", "-o", str(tmp_path / "x")]).exit_code == 2

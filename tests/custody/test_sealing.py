"""Sealing and checking: what is in a bundle, who can check it, what is never in it, time stamps, numbers again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import bagit
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

import attacks

from forensics import case as case_files
from forensics import comparing, importing
from forensics.cli import main
from forensics.custody import checking, delivering, instructions, recomputing, stamping, timestamps
from forensics.custody.stamping import Trust
from forensics.errors import IntegrityBroken, UsageError

FROM_CONFTEST = "canary-8f3a61d0c2e94b57"


def check(bundle: Path, *pins: str, recompute: bool = False):
    return checking.verify(bundle, Trust(pins=pins), recompute=recompute, workers=1)


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_bagit_agrees_that_it_is_a_bag(small_bundle: Path) -> None:
    read = bagit.Bag(str(small_bundle / "bag"))
    assert read.validate()
    assert sorted(read.algorithms) == ["sha256", "sha512"]
    assert (
        read.info["Payload-Oxum"]
        == f"{sum(p.stat().st_size for p in (small_bundle / 'bag/data').rglob('*') if p.is_file())}.{len(everything(small_bundle / 'bag/data'))}"
    )


def test_the_crate_names_every_file(small_bundle: Path) -> None:
    data = small_bundle / "bag" / "data"
    graph = {entry["@id"]: entry for entry in json.loads((data / "ro-crate-metadata.json").read_bytes())["@graph"]}
    files = set(everything(data)) - {"ro-crate-metadata.json"}
    assert {part["@id"] for part in graph["./"]["hasPart"]} == files
    assert graph["ro-crate-metadata.json"]["conformsTo"]["@id"] == "https://w3id.org/ro/crate/1.1"
    assert {graph[name]["@type"] for name in files} == {"File"}
    assert graph["./"]["license"]["@id"] in graph


@pytest.mark.parametrize("stamped", [False, True])
def test_the_commands_of_the_instructions_check_a_bundle(
    stamped: bool, small_case, key, authority, tmp_path: Path
) -> None:
    """Word for word, with sha256sum and openssl alone; and each attack fails one of them."""
    bundle = tmp_path / "bundle"
    urls = (authority.url,) if stamped else ()
    delivering.seal(small_case, bundle, key.wanted(*urls, ca=authority.certificates.read_bytes()), zipped=False)
    said = _run_instructions(bundle)
    assert said is not None
    assert said.count("Signature Verified Successfully") == 3
    assert said.count("Verification: OK") == stamped
    assert key.fingerprint.removeprefix("sha256:") in said
    for number, attack in enumerate(attacks.ATTACKS):
        attacked = Path(shutil.copytree(bundle, tmp_path / f"attacked-{number}"))
        attack(attacked)
        assert _run_instructions(attacked) is None, attack.__name__


def _run_instructions(bundle: Path) -> str | None:
    """Run VERIFY.txt's commands as it lies in the bundle; None where one fails."""
    said = ""
    for command in instructions.commands((bundle / instructions.NAME).read_text()):
        done = subprocess.run(["sh", "-c", command], cwd=bundle, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        said += done.stdout + done.stderr
    return said


def test_the_same_case_and_key_give_the_same_bytes(
    small_case: Path, key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    made = []
    for name in ("one", "two"):
        case = Path(shutil.copytree(small_case, tmp_path / name / "case"))
        shutil.rmtree(case / "seals", ignore_errors=True)
        (case / "custody.log").unlink(missing_ok=True)
        delivering.seal(case, tmp_path / name / "bundle", key.wanted(), zipped=True)
        made.append((everything(tmp_path / name / "bundle"), (tmp_path / name / "bundle.zip").read_bytes()))
    assert made[0] == made[1]


def test_no_secret_is_in_any_bundle(small_bundle: Path, key) -> None:
    from conftest import PASSPHRASE

    private = b"".join(key.path.read_bytes().splitlines()[1:-1])[:40]
    content = everything(small_bundle)
    assert content
    for name, data in content.items():
        for secret in (FROM_CONFTEST.encode(), PASSPHRASE.encode(), private, b"PRIVATE KEY"):
            assert secret not in data, name
        assert os.environ["OPENAI_API_KEY"].encode() not in data, name


def test_a_secret_in_a_case_stops_the_sealing(small_case: Path, key, tmp_path: Path) -> None:
    case = Path(shutil.copytree(small_case, tmp_path / "case"))
    (case / "report.md").write_text("x" * (1 << 20) + os.environ["OPENAI_API_KEY"])
    with pytest.raises(UsageError, match="holds a secret"):
        delivering.seal(case, tmp_path / "bundle", key.wanted(), zipped=False)
    assert not (tmp_path / "bundle").exists()
    (case / "report.md").write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(UsageError, match="a private key"):
        delivering.seal(case, tmp_path / "bundle", key.wanted(), zipped=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["case"], "nothing half-made is left"


def test_what_is_no_part_of_a_case_stays_out(small_case: Path, key, tmp_path: Path) -> None:
    case = Path(shutil.copytree(small_case, tmp_path / "case"))
    (case / "notes.txt").write_text("private thoughts")
    (case / ".env").write_text("KEY=1")
    said: list[str] = []
    wanted = key.wanted()
    delivering.seal(
        case, tmp_path / "bundle", type(wanted)(wanted.signer, wanted.authorities, said.append), zipped=False
    )
    assert [text for text in said if text.startswith("left out: ")] == [
        "left out: .env (no part of a case)",
        "left out: notes.txt (no part of a case)",
    ]
    assert not [name for name in everything(tmp_path / "bundle") if "notes" in name or ".env" in name]


def test_a_bundle_is_never_written_over_nor_into_its_case(small_case: Path, small_bundle: Path, key) -> None:
    with pytest.raises(UsageError, match="exists already"):
        delivering.seal(small_case, small_bundle, key.wanted(), zipped=False)
    with pytest.raises(UsageError, match="lies inside"):
        delivering.seal(small_case, small_case / "bundle", key.wanted(), zipped=False)


def test_a_case_whose_records_do_not_belong_together_is_refused(small_case: Path, key, tmp_path: Path) -> None:
    case = Path(shutil.copytree(small_case, tmp_path / "case"))
    path = case / "scores.json"
    path.write_text(path.read_text().replace('"seed": 7', '"seed": 8'))
    with pytest.raises(UsageError, match="do not belong together"):
        delivering.seal(case, tmp_path / "bundle", key.wanted(), zipped=False)


def test_answers_that_changed_after_they_were_sealed_are_refused(small_case: Path, key, tmp_path: Path) -> None:
    case = Path(shutil.copytree(small_case, tmp_path / "case"))
    delivering.seal(case, tmp_path / "bundle", key.wanted(), zipped=False)
    attacks.rechain(
        case / "transcripts/questioned.jsonl",
        (case / "transcripts/questioned.jsonl").read_bytes().splitlines(keepends=True)[:-1],
    )
    with pytest.raises(IntegrityBroken):
        delivering.seal(case, tmp_path / "again", key.wanted(), zipped=False)


# --- files of answers that lie elsewhere --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory, key) -> Path:
    """A bundle of a case whose answers lie outside of it, some of them native, one compressed."""
    import gzip

    from conftest import GOLDEN

    place = tmp_path_factory.mktemp("foreign")
    rows = {}
    for path in sorted((GOLDEN / "transcripts").rglob("*.jsonl")):
        entries = importing.read_transcript(path).entries
        rows[path.stem] = "".join(json.dumps({"prompt": e.prompt, "answer": e.text}) + "\n" for e in entries)
    answers = place / "answers with spaces"
    answers.mkdir()
    for name, text in rows.items():
        (answers / f"{name} ü.jsonl").write_text(text)
    packed = answers / "birch ü.jsonl"
    (answers / "birch.jsonl.gz").write_bytes(gzip.compress(packed.read_bytes(), mtime=0))
    packed.unlink()
    shutil.copyfile(GOLDEN / "transcripts/cohort/elm.jsonl", answers / "elm-native.jsonl")
    import forensics.preparing as preparing
    from forensics.records.transcript import Sampling

    wanted = preparing.Wanted(
        reference=f"replay:{answers / 'reference ü.jsonl'}", questioned=f"replay:{answers / 'questioned ü.jsonl'}",
        cohort=(str(answers),), folder=place / "case", probe_set=None, sampling=Sampling(), draws=1, question="derivation",
        models=None, statistics=("lexical", "opening"), seed=0, replicates=100, calibration=None, transfer=False,
    )  # fmt: skip
    comparing.compare(wanted, formats=("csv",), workers=1, say=lambda _: None)
    delivering.seal(place / "case", place / "bundle", key.wanted(), zipped=False)
    shutil.rmtree(answers)
    return place / "bundle"


def test_answers_from_elsewhere_are_in_the_bundle_and_score_alike(foreign: Path, key) -> None:
    found = check(foreign, key.fingerprint, recompute=True)
    assert found.faults == []
    assert any("byte for byte" in note for note in found.notes)
    data = foreign / "bag" / "data"
    case = case_files.read_case(data)
    sources = (case.reference, case.questioned, *case.cohort)
    assert {s.path.partition("/")[0] for s in sources} == {"recorded", "transcripts"}
    assert not any(str(foreign.parent) in text for text in map(str, [s.path for s in sources]))
    assert all((data / s.path).is_file() for s in sources)


def test_no_path_of_the_maker_is_in_the_bundle(foreign: Path) -> None:
    for name, content in everything(foreign).items():
        assert str(foreign.parent).encode() not in content, name


# --- time stamps --------------------------------------------------------------------------------------------------


def test_a_dead_authority_is_a_warning_or_an_error(small_case: Path, key, tmp_path: Path) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/"
    said: list[str] = []
    wanted = key.wanted(dead)
    warned = type(wanted)(wanted.signer, wanted.authorities, said.append)
    delivering.seal(small_case, tmp_path / "warned", warned, zipped=False)
    assert any(text.startswith("warning:") and dead in text for text in said)
    assert check(tmp_path / "warned", key.fingerprint).faults == []
    with pytest.raises(timestamps.NoStamp):
        delivering.seal(small_case, tmp_path / "refused", key.wanted(dead, required=True), zipped=False)
    assert not (tmp_path / "refused").exists()
    with pytest.raises(UsageError, match="no web address"):
        delivering.seal(small_case, tmp_path / "refused", key.wanted("file:///etc/passwd"), zipped=False)


def test_a_token_is_checked_by_whom_the_reader_trusts(small_case, key, authority, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    delivering.seal(small_case, bundle, key.wanted(authority.url, authority.url), zipped=False)
    unknown = check(bundle, key.fingerprint)
    assert unknown.faults == []
    assert any("not its signature" in note for note in unknown.notes), "what was not checked must be said"
    trusted = checking.verify(
        bundle, checking.trust([key.fingerprint], [authority.certificates]), recompute=False, workers=1
    )
    assert trusted.faults == []
    assert not any("signature" in note for note in trusted.notes)
    assert len(next(s for s in trusted.seals if s.stage == "report").stamps) == 2
    other = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", str(tmp_path / "k"), "-out", str(other), "-days", "9", "-subj", "/CN=Other"],
        check=True, capture_output=True,
    )  # fmt: skip
    stranger = checking.verify(bundle, checking.trust([], [other]), recompute=False, workers=1)
    assert {fault.kind for fault in stranger.faults} == {"token invalid"}


@pytest.mark.parametrize("what", ["token", "stamps", "all of them"])
def test_tokens_cannot_be_taken_away_unseen(what: str, small_case, key, authority, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    delivering.seal(small_case, bundle, key.wanted(authority.url), zipped=False)
    if what != "stamps":
        shutil.rmtree(bundle / stamping.TOKENS)
    if what != "token":
        (bundle / stamping.STAMPS).unlink()
        (bundle / stamping.STAMPS_SIGNATURE).unlink()
    assert any(fault.kind == "missing" for fault in check(bundle).faults)


# --- numbers again ------------------------------------------------------------------------------------------------


def test_numbers_come_out_byte_for_byte(small_bundle: Path, key) -> None:
    found = check(small_bundle, key.fingerprint, recompute=True)
    assert found.faults == []
    assert "recomputed: scores and evidence come out byte for byte" in found.notes


def test_recomputing_takes_nothing_from_a_cache(small_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from forensics import cache

    seen = []
    real = cache.find
    monkeypatch.setattr(cache, "find", lambda kind, name: seen.append(cache.home()) or real(kind, name))
    home = os.environ["FORENSICS_HOME"]
    check(small_bundle, recompute=True)
    assert seen
    assert not any(str(place).startswith(home) for place in seen)
    assert os.environ["FORENSICS_HOME"] == home


def doctored(bundle: Path, signer, name: str, old: str, new: str) -> None:
    """What an insider can do: change a result and seal again with the right key."""
    path = bundle / "bag/data" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    attacks.reseal(bundle, signer, stamps=False)


def test_the_first_number_that_differs_is_named_and_why(bundle: Path, key) -> None:
    evidence = case_files.read_evidence(bundle / "bag/data")
    finding = evidence.findings[0]
    doctored(bundle, key.signer, "evidence.json", f'"raw": {finding.raw}', '"raw": 0.987654')
    assert check(bundle, key.fingerprint).faults == [], "an insider's seal holds; only the numbers tell"
    [fault] = check(bundle, key.fingerprint, recompute=True).faults
    assert fault.kind == "not reproduced"
    assert f"findings[{finding.statistic}].raw: recorded 0.987654, computed {finding.raw}" in fault.problem
    assert "a record was altered" in fault.problem


def test_other_versions_are_named_as_the_reason(bundle: Path, key) -> None:
    version = case_files.read_scores(bundle / "bag/data").scores[0].version
    doctored(bundle, key.signer, "scores.json", f'"version": "{version}"', '"version": "0.0"')
    problems = " ".join(fault.problem for fault in check(bundle, recompute=True).faults)
    assert "versions differ" in problems


def test_other_hardware_is_compared_within_a_stated_tolerance(bundle: Path, key) -> None:
    data = bundle / "bag/data"
    raw = case_files.read_evidence(data).findings[0].raw
    assert raw is not None
    environment = data / "environment.json"
    environment.write_text(environment.read_text().replace('"machine": "', '"machine": "other-'))
    doctored(bundle, key.signer, "evidence.json", f'"raw": {raw}', f'"raw": {raw * (1 + 5e-5)}')
    found = check(bundle, recompute=True)
    assert found.faults == []
    assert any(f"no more than {recomputing.TOLERANCE:g}" in note and "other-" in note for note in found.notes)


def test_an_absent_embedder_is_named(bundle: Path, key) -> None:
    difference = recomputing.Difference("scores[semantic].reason", None, "the embedding model is not installed")
    assert "no value here: the embedding model is not installed" in recomputing._why(bundle / "bag/data", [difference])


def test_numbers_are_computed_again_under_another_python(small_bundle: Path, key) -> None:
    """Where another interpreter with the packages is named: the bytes are the same."""
    other = os.environ.get("FORENSICS_TEST_OTHER_PYTHON")
    if not other:
        pytest.skip("FORENSICS_TEST_OTHER_PYTHON names no other interpreter with the packages installed")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [other, "-m", "forensics", "verify", str(small_bundle), "--recompute", "--json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["ok"], found
    assert any("byte for byte" in note for note in found["notes"])


# --- the command line ---------------------------------------------------------------------------------------------


def test_seal_and_verify_on_the_command_line(
    small_case: Path, key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conftest import PASSPHRASE

    monkeypatch.setenv("FORENSICS_PASSPHRASE", PASSPHRASE)
    run = CliRunner()
    done = run.invoke(main, ["seal", str(small_case), "-o", str(tmp_path / "b"), "--zip", "--key", str(key.path)])
    assert done.exit_code == 0, done.output
    assert done.stdout.split() == [str(tmp_path / "b"), str(tmp_path / "b.zip")]
    assert PASSPHRASE not in done.output
    for bundle in (tmp_path / "b", tmp_path / "b.zip"):
        good = run.invoke(main, ["verify", str(bundle), "--pin", key.fingerprint, "--json"])
        assert good.exit_code == 0, good.output
        assert json.loads(good.stdout)["ok"] is True
    attacks.file_deleted(tmp_path / "b")
    attacks.stray_tag_file(tmp_path / "b")
    bad = run.invoke(main, ["verify", str(tmp_path / "b")])
    assert bad.exit_code == 4
    assert "FAULT  missing: bag/data/scores.json" in bad.stdout
    assert "FAULT  extra: bag/readme.txt" in bad.stdout
    assert run.invoke(main, ["verify", str(tmp_path / "b"), "--pin", "abc"]).exit_code == 2
    assert run.invoke(main, ["verify", str(tmp_path)]).exit_code == 2

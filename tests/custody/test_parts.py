"""Trees, keys, manifests, logs, the register of faults: each part by itself, against its standard."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from forensics.cli import main
from forensics.custody import bag, clock, faults, keys, log, merkle
from forensics.custody.hashing import of_bytes
from forensics.errors import BadFile, IntegrityBroken, UsageError
from forensics.records.custody import FaultRegister, KnownFault

# The leaves and roots of the reference implementation's tests (google/certificate-transparency, merkle_tree_test).
CT_LEAVES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_tree_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES[:size]]
    assert merkle.root(leaves).hex() == CT_ROOTS[size - 1]


def recursive(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(recursive(leaves[:split]), recursive(leaves[split:]))


@given(st.integers(1, 200))
def test_a_tree_that_grows_is_the_tree_by_definition(size: int) -> None:
    leaves = [merkle.leaf_hash(str(n).encode()) for n in range(size)]
    assert merkle.root(leaves) == recursive(leaves)
    assert merkle.root([*leaves[1:], leaves[0]]) != merkle.root(leaves) or size == 1


# --- keys ---------------------------------------------------------------------------------------------------------


def test_a_key_is_private_encrypted_and_never_overwritten(key, tmp_path: Path) -> None:
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in key.path.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        keys.new(key.path, ask=lambda: "long enough")
    with pytest.raises(UsageError, match="does not open"):
        keys.load(key.path, ask=lambda: "not the passphrase")
    with pytest.raises(UsageError, match="passphrase has 3"):
        keys.new(tmp_path / "short.pem", ask=lambda: "abc")
    assert not (tmp_path / "short.pem").exists()


def test_a_key_others_may_read_is_refused(make_key) -> None:
    made = make_key()
    made.path.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        keys.load(made.path, ask=lambda: "")


def test_a_key_never_lies_in_a_case_or_bundle(small_case: Path, small_bundle: Path) -> None:
    for place in (
        small_case / "key.pem",
        small_case / "deep" / "er" / "key.pem",
        small_bundle / "bag" / "data" / "key.pem",
    ):
        with pytest.raises(UsageError, match="inside a case or bundle"):
            keys.new(place, ask=lambda: "long enough")
        assert not place.exists()


def test_the_fingerprint_is_what_openssl_says(key, tmp_path: Path) -> None:
    public = tmp_path / "public.pem"
    public.write_bytes(keys.public_pem(key.signer.public))
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", str(public), "-outform", "DER"], capture_output=True, check=True
    ).stdout
    assert of_bytes(der).digest == key.fingerprint
    assert keys.parse_public_pem(public.read_bytes()) == key.signer.public


def test_a_fingerprint_from_paper_is_read_however_it_is_typed(key) -> None:
    paper = keys.grouped(key.fingerprint)
    for typed in (paper, paper.upper(), key.fingerprint, paper.replace(" ", ":"), f" {paper}\n"):
        assert keys.read_fingerprint(typed) == key.fingerprint
    for wrong in ("", "abcd", paper[:-1], paper + "0", paper[:-1] + "g"):
        with pytest.raises(UsageError):
            keys.read_fingerprint(wrong)


def test_weak_public_keys_are_no_keys() -> None:
    """Under a point of small order one signature fits many messages: RFC 8032 permits it, a seal must not."""
    for weak in keys._WEAK:
        assert keys.parse_public_pem(keys.public_pem(weak)) is None
    message, forged = b"anything", bytes.fromhex("01" + "00" * 63)
    assert not keys.is_signed(bytes.fromhex("01" + "00" * 30), forged, message)


def test_keys_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORENSICS_HOME", str(tmp_path))
    run = CliRunner()
    asked = run.invoke(main, ["keys", "new"], input="long enough\nlong enough\n")
    assert asked.exit_code == 0, asked.output
    assert "long enough" not in asked.output
    shown = run.invoke(main, ["keys", "show"], input="long enough\n")
    assert shown.stdout.splitlines()[0] == asked.stdout.strip()
    monkeypatch.setenv("FORENSICS_PASSPHRASE", "long enough")
    found = json.loads(run.invoke(main, ["keys", "show", "--json"]).stdout)
    assert keys.grouped(found["fingerprint"]) == asked.stdout.strip()
    assert "PUBLIC KEY" in found["public_key"]


# --- manifests ----------------------------------------------------------------------------------------------------


def test_a_manifest_reads_back() -> None:
    files = {f"data/{name}": of_bytes(name.encode()) for name in ("b.json", "a/x.csv", "c")}
    for algorithm in bag.ALGORITHMS:
        read = bag.parse_manifest(bag.manifest(files, algorithm), algorithm, folder="data/")
        assert read.problems == ()
        assert read.digests == {path: getattr(found, algorithm) for path, found in files.items()}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{d}  data/../x\n", "no bag of ours"),
        ("{d}  /etc/passwd\n", "no bag of ours"),
        ("{d}  data/con.txt\n", "no bag of ours"),
        ("{d}  tags.txt\n", "no bag of ours"),
        ("{d} data/x\n", "no digest and path"),
        ("{D}  data/x\n", "no digest and path"),
        ("{d}  data/x", "not complete"),
        ("{d}  data/x\n{d}  data/x\n", "again"),
        ("{d}  data/x\n{d}  data/a\n", "not in order"),
        ("{d}  data/X\n{d}  data/x\n", "one file on some systems"),
        ("{d}  data/x\n{d}  data/x/y\n", "one file on some systems"),
        ("\xff\n", "no digest and path"),
    ],
    ids=repr,
)
def test_what_is_wrong_with_a_manifest_is_said(line: str, said: str) -> None:
    content = line.format(d="ab" * 32, D="AB" * 32).encode("latin-1")
    assert any(said in problem for problem in bag.parse_manifest(content, "sha256", folder="data/").problems)


@given(st.text(max_size=20))
def test_a_safe_path_stays_where_it_is(text: str) -> None:
    if bag.is_safe(text):
        place = Path("/base") / text
        assert place.parts[:2] == ("/", "base")
        assert ".." not in place.parts
        assert text.isascii()
        assert text == place.relative_to("/base").as_posix()


# --- the log ------------------------------------------------------------------------------------------------------


def test_the_log_says_who_did_what_and_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(log.ACTOR, "A. Analyst")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("gone soon")
    with log.watched(tmp_path, "edit"):
        (tmp_path / "a").write_text("two")
        (tmp_path / "b").unlink()
        (tmp_path / "c").write_text("new")
    with log.watched(tmp_path, "nothing"):
        pass
    with pytest.raises(ValueError, match="failed"), log.watched(tmp_path, "fail"):
        (tmp_path / "c").write_text("half")
        raise ValueError("failed")
    acts = log.read(tmp_path).acts
    assert [(a.action, a.actor, a.time, a.tool) for a in acts] == [
        ("edit", "A. Analyst", "2026-01-01T00:00:00Z", "0.1.0"),
        ("fail", "A. Analyst", "2026-01-01T00:00:00Z", "0.1.0"),
    ]
    changed = {c.path: (c.before, c.after) for c in acts[0].changes}
    digest = {text: of_bytes(text.encode()).digest for text in ("one", "two", "gone soon", "new")}
    assert changed == {
        "a": (digest["one"], digest["two"]),
        "b": (digest["gone soon"], None),
        "c": (None, digest["new"]),
    }
    shown = CliRunner().invoke(main, ["custody", str(tmp_path)])
    assert shown.exit_code == 0
    assert "A. Analyst  edit" in shown.stdout


def test_an_edited_log_is_broken(tmp_path: Path) -> None:
    for number in range(3):
        log.note(tmp_path, f"act {number}", {"x": (None, None)})
    path = tmp_path / log.NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    shown = CliRunner().invoke(main, ["custody", str(tmp_path)])
    assert shown.exit_code == 4
    assert "BROKEN" in shown.stdout
    path.write_bytes(b"no log\n")
    with pytest.raises(BadFile):
        log.read(tmp_path)
    with pytest.raises(IntegrityBroken):
        log.raise_if_broken(log.Log((), (2,)), tmp_path)


def test_times_are_read_whatever_their_zone() -> None:
    assert (
        clock.parsed("2026-01-02T03:04:05Z")
        == clock.parsed("2026-01-02T04:04:05+01:00")
        == clock.parsed("2026-01-02T03:04:05")
    )
    assert clock.parsed("yesterday") is None


# --- the register of faults ---------------------------------------------------------------------------------------

MADE_UP = KnownFault(
    id="2026-01",
    found="2026-01-02",
    part="statistic lexical",
    first="1",
    last="99",
    summary="A made-up fault",
    direction="Scores were too high",
    reissue="Score the case again",
)


def test_the_document_is_the_register() -> None:
    document = Path(__file__).parents[2] / "docs" / "faults.md"
    assert document.read_text("utf-8") == faults.document(faults.register())


def test_a_bundle_made_by_an_affected_version_is_warned_about(small_bundle: Path, small_case: Path) -> None:
    known = FaultRegister(
        schema="forensics/faults/1",
        faults=(
            MADE_UP,
            MADE_UP.model_copy(update={"id": "2", "first": "100", "last": "101"}),
            MADE_UP.model_copy(update={"id": "3", "part": "statistic none"}),
        ),
    )
    for place in (small_bundle, small_case, small_bundle.with_name("bundle.zip")):
        assert [fault.id for fault in faults.affecting(place, known)] == ["2026-01"]
    [line] = faults.lines(faults.affecting(small_bundle, known))
    assert "Scores were too high" in line
    assert "Score the case again" in line
    assert "2026-01: A made-up fault" in faults.document(known)


@pytest.mark.parametrize(
    ("version", "within"), [("0.1.0", False), ("0.2", True), ("0.10.1", True), ("0.11", False), ("1.0", False)]
)
def test_versions_are_compared_as_numbers(version: str, within: bool) -> None:
    assert faults._within(version, MADE_UP.model_copy(update={"first": "0.2", "last": "0.10.9"})) is within


def test_doctor_reads_a_bundle(small_bundle: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", str(small_bundle)])
    assert done.exit_code == 0, done.output
    assert "no known fault affects" in done.stdout

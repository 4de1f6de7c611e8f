"""A redacted edition: what was removed is gone, not even guessable; everything else provably as it was."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from hashlib import sha256, sha512
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

import attacks

from forensics import canonical, comparing
from forensics import case as case_files
from forensics.cli import main
from forensics.custody import checking, delivering, instructions, redaction, rules, stamping
from forensics.custody.stamping import Trust
from forensics.errors import IntegrityBroken, UsageError
from forensics.records.custody import Register

SECRET = "Jane Doe"


def check(bundle: Path, *pins: str):
    return checking.verify(bundle, Trust(pins=pins), recompute=False, workers=1)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def whole(key, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with reports, one answer of which says a person's name."""
    from conftest import GOLDEN

    place = tmp_path_factory.mktemp("redaction")
    case = Path(shutil.copytree(GOLDEN, place / "case"))
    path = case / "transcripts/questioned.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    answer = json.loads(lines[3])
    answer["text"] = f"{SECRET} said: {answer['text']}"
    attacks.rechain(path, [*lines[:3], canonical.line(answer), *lines[4:]])
    record = json.loads((case / "case.json").read_text())
    record["questioned"]["digest"] = canonical.file_digest(path)
    (case / "case.json").write_bytes(canonical.pretty(record))
    comparing.rescore(case, formats=("html", "markdown", "csv", "json"), workers=1)
    delivering.seal(case, place / "bundle", key.wanted(), zipped=True)
    return place / "bundle"


@pytest.fixture(scope="module")
def edition(whole: Path, key, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("edition") / "edition"
    delivering.redact(
        whole, output, [f"contains:{SECRET}|personal data"], key.wanted(), zipped=False, say=lambda _: None
    )
    return output


def register(edition: Path) -> Register:
    return Register.model_validate_json((edition / "bag/data" / redaction.REGISTER).read_bytes())


def test_what_was_removed_is_nowhere(whole: Path, edition: Path) -> None:
    assert sum(SECRET.encode() in content for content in files(whole).values()) >= 2, "it was there, in reports too"
    assert [name for name, content in files(edition).items() if b"Jane" in content] == []


def test_the_edition_is_intact_and_says_what_was_removed(edition: Path, key) -> None:
    found = check(edition, key.fingerprint)
    assert found.faults == []
    assert "removed: 1 answers, reason: personal data" in found.notes
    [row] = [row for row in register(edition).removed if row.line]
    assert (row.path, row.line, row.reason) == ("transcripts/questioned.jsonl", 4, "personal data")
    assert register(edition).rules == ("contains: (not told)",)


def test_the_commitment_is_to_the_very_line(whole: Path, edition: Path) -> None:
    """When the line is shown later, with its salt, anyone can see that it is the one."""
    from forensics.custody import answers
    from forensics.records.custody import Salts

    seed = bytes.fromhex(Salts.model_validate_json((whole / "bag/data/seals/salts.json").read_bytes()).seed)
    [row] = [row for row in register(edition).removed if row.line]
    line = (whole / "bag/data" / row.path).read_bytes().splitlines(keepends=True)[row.line - 1]
    salt = answers.line_salt(seed, row.path, row.line)
    assert row.commitment == f"sha256:{sha256(bytes(1) + salt + sha256(line[: -answers.TAIL]).digest()).hexdigest()}"


def test_a_right_guess_cannot_be_told_from_a_wrong_one(whole: Path, edition: Path) -> None:
    """Everything that can be computed from the original without its salts: none of it is in the edition."""
    data = whole / "bag/data"
    path = data / "transcripts/questioned.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    guessed: set[str] = set()
    for content in (
        *lines[3:],
        path.read_bytes(),
        *((data / n).read_bytes() for n in ("case.json", "scores.json", "evidence.json", "custody.log")),
    ):
        for cut in (content, content.rstrip(b"\n")):
            guessed |= {sha256(cut).hexdigest(), sha512(cut).hexdigest()}
    text = json.loads(lines[3])["text"]
    guessed |= {sha256(text.encode()).hexdigest(), case_files.read_scores(data).case.removeprefix("sha256:")}
    everything = b"".join(files(edition).values())
    assert [digest for digest in guessed if digest.encode() in everything] == []


def test_all_else_is_as_it_was(whole: Path, edition: Path) -> None:
    before, after = files(whole / "bag/data"), files(edition / "bag/data")
    kept = {row.path for row in register(edition).kept_files}
    assert {"environment.json", "transcripts/reference.jsonl", "seals/observations/seal.json"} <= kept
    assert all(before[path] == after[path] for path in kept)
    assert after["original/seal.json"] == files(whole)["seal.json"]
    edited = json.loads(after["redacted/evidence.json"])
    original = json.loads(before["evidence.json"])
    assert edited["findings"] == original["findings"], "numbers stay"
    assert edited["conclusion"] == original["conclusion"]


@pytest.mark.parametrize(
    "attack", ["edit a kept answer", "drop a kept answer", "edit a commitment", "other reason", "restore"]
)
def test_an_edition_that_hides_more_than_it_says_is_caught(
    attack: str, edition: Path, key, other_key, tmp_path: Path
) -> None:
    """Even with the right key: the original's trees hold the maker of the edition to what was sealed."""
    bundle = Path(shutil.copytree(edition, tmp_path / "edition"))
    data = bundle / "bag/data"
    path, listed = data / "redacted/transcripts/questioned.jsonl", data / redaction.REGISTER
    lines = path.read_bytes().splitlines(keepends=True)
    content = json.loads(listed.read_text())
    if attack == "edit a kept answer":
        answer = json.loads(lines[5])
        answer["text"] = "Something kinder."
        lines[5] = canonical.line(answer)
    elif attack == "drop a kept answer":
        del lines[5]
    elif attack == "edit a commitment":
        next(row for row in content["removed"] if row["line"])["commitment"] = "sha256:" + "0" * 64
    elif attack == "other reason":
        (data / "transcripts/reference.jsonl").write_bytes(
            b"".join((data / "transcripts/reference.jsonl").read_bytes().splitlines(keepends=True)[:-1])
        )
    else:
        (data / "scores.json").write_text("{}")
    path.write_bytes(b"".join(lines))
    listed.write_bytes(canonical.pretty(content))
    pinned = attacks.rebag(bundle)
    from forensics.custody import seals

    seal = seals.draft("redaction", seals.read(edition)[0].previous, key.signer, pinned)
    seals.write(bundle, seal, key.signer, authorities=stamping.Authorities(), say=print)
    faults = [f for f in check(bundle, key.fingerprint).faults if f.path != "VERIFY.txt"]
    assert faults, attack


def test_rules_by_probe_model_and_file(whole: Path, key, tmp_path: Path) -> None:
    for number, (rule, lines) in enumerate(
        [("probe:number-2|privileged", 8), ("model:made-up:birch|licence", 6), ("file:report.html|draft", 0)]
    ):
        output = tmp_path / str(number)
        delivering.redact(whole, output, [rule], key.wanted(), zipped=False, say=lambda _: None)
        found = check(output, key.fingerprint)
        assert found.faults == [], (rule, found.lines())
        assert sum(1 for row in register(output).removed if row.line) == lines


def test_the_prompt_of_a_removed_probe_is_gone_with_its_digest(whole: Path, key, tmp_path: Path) -> None:
    delivering.redact(
        whole, tmp_path / "out", ["probe:number-2|privileged"], key.wanted(), zipped=False, say=lambda _: None
    )
    prompt = b"Say something about the number 2."
    everything = b"".join(files(tmp_path / "out").values())
    assert prompt not in everything
    assert sha256(prompt).hexdigest().encode() not in everything


def test_rules_that_fit_nothing_or_are_no_rules_are_refused(whole: Path, key, tmp_path: Path) -> None:
    for rule, said in (
        ("contains:Nobody at all|x", "No rule fits"), ("contains:Jane Doe", "is no rule"), ("what:x|y", "is no rule"), ("probe:|y", "is no rule"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            delivering.redact(whole, tmp_path / "out", [rule], key.wanted(), zipped=False, say=lambda _: None)
        assert not (tmp_path / "out").exists()


def test_what_would_still_be_said_elsewhere_stops_a_redaction(whole: Path, key, tmp_path: Path) -> None:
    """A word that a kept record holds as well is not silently left there."""
    with pytest.raises(UsageError, match="would still hold"):
        delivering.redact(
            whole, tmp_path / "out", ["contains:temperature|x"], key.wanted(), zipped=False, say=lambda _: None
        )


def test_a_broken_bundle_or_an_edition_is_not_redacted(whole: Path, edition: Path, key, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(whole, tmp_path / "broken"))
    attacks.bit_flip_in_a_log(broken)
    with pytest.raises(IntegrityBroken):
        delivering.redact(
            broken, tmp_path / "out", ["probe:number-2|x"], key.wanted(), zipped=False, say=lambda _: None
        )
    with pytest.raises(UsageError, match="is a redacted edition"):
        delivering.redact(
            edition, tmp_path / "out", ["probe:number-2|x"], key.wanted(), zipped=False, say=lambda _: None
        )


def test_the_commands_of_the_instructions_check_an_edition(edition: Path) -> None:
    for command in instructions.commands((edition / instructions.NAME).read_text()):
        done = subprocess.run(["sh", "-c", command], cwd=edition, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)


def test_every_spelling_of_a_text_is_looked_for() -> None:
    rule = rules.Rule("contains", 'a "b" <é>', "x")
    assert {b'a "b" <\xc3\xa9>', b'a \\"b\\" <\\u00e9>', b"a &quot;b&quot; &lt;\xc3\xa9&gt;"} <= rules.spellings(rule)


def test_redact_on_the_command_line(whole: Path, key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from conftest import PASSPHRASE

    monkeypatch.setenv("FORENSICS_PASSPHRASE", PASSPHRASE)
    run = CliRunner()
    done = run.invoke(main, [
        "redact", str(whole.with_name("bundle.zip")), "--rule", f"contains:{SECRET}|personal data", "-o", str(tmp_path / "out"),
        "--zip", "--key", str(key.path),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    for name in ("out", "out.zip"):
        shown = run.invoke(main, ["verify", str(tmp_path / name), "--pin", key.fingerprint, "--recompute"])
        assert shown.exit_code == 0, shown.output
        assert "not recomputed: answers were taken out" in shown.stdout
    assert list(itertools.chain([SECRET in done.output])) == [False]

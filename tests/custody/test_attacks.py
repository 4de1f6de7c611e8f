"""The twelve attacks, each named by its faults; archives that attack whoever unpacks them; random mutations."""

from __future__ import annotations

import os
import random
import shutil
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import attacks

from forensics import canonical
from forensics.custody import checking, delivering, listing, seals, stamping
from forensics.custody.archive import MOST_ENTRIES
from forensics.custody.findings import Findings
from forensics.custody.stamping import Trust
from forensics.records.custody import Stamps


def check(bundle: Path, *pins: str) -> Findings:
    return checking.verify(bundle, Trust(pins=pins), recompute=False, workers=1)


def kinds(found: Findings) -> set[tuple[str, str]]:
    return {(fault.kind, fault.path) for fault in found.faults}


def test_an_untouched_bundle_has_no_fault(small_bundle: Path, key) -> None:
    assert check(small_bundle, key.fingerprint).faults == []
    assert check(small_bundle.with_name("bundle.zip"), key.fingerprint).faults == []


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_named(attack: Callable[[Path], None], bundle: Path, key) -> None:
    attack(bundle)
    found = check(bundle, key.fingerprint)
    assert attacks.ATTACKS[attack] <= kinds(found), found.lines()


def test_every_fault_is_named_not_the_first_alone(bundle: Path) -> None:
    for attack in (
        attacks.bit_flip_in_a_log,
        attacks.same_length_edit_of_a_result,
        attacks.file_deleted,
        attacks.stray_tag_file,
    ):
        attack(bundle)
    expected = {
        ("changed", attacks.LOG), ("changed", attacks.RESULT), ("missing", "bag/data/scores.json"), ("extra", "bag/readme.txt"),
    }  # fmt: skip
    assert expected <= kinds(check(bundle))


def test_a_full_forgery_with_a_new_key_is_caught_by_the_pin(bundle: Path, key, other_key) -> None:
    attacks.same_length_edit_of_a_result(bundle)
    attacks.reseal(bundle, other_key.signer, stamps=False)
    without = check(bundle)
    assert without.faults == []
    assert any("no key was pinned" in note for note in without.notes), "a reader must be told what is missing"
    assert ("wrong key", "public.pem") in kinds(check(bundle, key.fingerprint))


def test_an_insider_who_seals_again_and_keeps_the_old_token(small_case: Path, key, authority, tmp_path: Path) -> None:
    bundle = tmp_path / "stamped"
    delivering.seal(small_case, bundle, key.wanted(authority.url, ca=authority.certificates.read_bytes()), zipped=False)
    trust = Trust((key.fingerprint,), authority.certificates.read_bytes())
    assert checking.verify(bundle, trust, recompute=False, workers=1).faults == []
    attacks.same_length_edit_of_a_result(bundle)
    attacks.reseal(bundle, key.signer)
    kept = check(bundle, key.fingerprint)
    assert {fault.kind for fault in kept.faults} == {"token invalid"}, kept.lines()
    # … even where they list the old token in new stamps, signed with their key.
    old = Stamps.model_validate_json((bundle / stamping.STAMPS).read_bytes())
    new = old.model_copy(update={"seal": canonical.file_digest(bundle / seals.SEAL)})
    (bundle / stamping.STAMPS).write_bytes(stamping.as_signed(new))
    (bundle / stamping.STAMPS_SIGNATURE).write_bytes(key.signer.sign(stamping.as_signed(new)))
    again = check(bundle, key.fingerprint)
    assert [(f.kind, f.problem) for f in again.faults] == [("token invalid", "it stamps something else")]


def test_an_insider_cannot_keep_an_old_list_of_tokens_even_an_empty_one(bundle: Path, key) -> None:
    attacks.reseal(bundle, key.signer)
    assert kinds(check(bundle, key.fingerprint)) == {("token invalid", "stamps.json")}


def test_an_earlier_seal_taken_from_another_bundle_is_out_of_order(
    bundle: Path, small_case: Path, other_key, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(small_case, tmp_path / "case"))
    shutil.rmtree(case / "seals", ignore_errors=True)
    other = tmp_path / "other"
    delivering.seal(case, other, other_key.wanted(), zipped=False)
    shutil.rmtree(bundle / "bag/data/seals/observations")
    shutil.copytree(other / "bag/data/seals/observations", bundle / "bag/data/seals/observations")
    assert ("out of order", "seal.json") in kinds(check(bundle))


def test_what_is_no_plain_file_is_unsafe_and_not_opened(bundle: Path) -> None:
    os.mkfifo(bundle / "bag/data/pipe")
    (bundle / "bag/data/dangling").symlink_to("nowhere")
    (bundle / "bag/data/empty").mkdir()
    found = kinds(check(bundle))
    assert {("unsafe", "bag/data/pipe"), ("unsafe", "bag/data/dangling"), ("extra", "bag/data/empty")} <= found


def test_a_linked_bag_folder_is_unsafe(bundle: Path) -> None:
    (bundle / "bag").rename(bundle.parent / "moved")
    (bundle / "bag").symlink_to(bundle.parent / "moved")
    assert ("unsafe", "bag") in kinds(check(bundle))


def test_too_many_files_are_not_looked_at(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_ENTRIES", 20)
    assert any(f.kind == "unsafe" and "more than 20" in f.problem for f in check(bundle).faults)


# --- archives -----------------------------------------------------------------------------------------------------


def evil(path: Path, *names: str, compressed: bool = False, mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            archive.writestr(info, b"\0" * (10_000_000 if compressed else 3))
    return path


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("../outside.txt",), "a path that leads out"),
        (("bag/../../outside.txt",), "a path that leads out"),
        (("..\\outside.txt",), "a path that leads out"),
        (("/etc/outside.txt",), "an absolute path"),
        (("C:\\outside.txt",), "an absolute path"),
        (("seal.json", "seal.json"), "two entries of this name"),
        (("seal.json", "Seal.json"), "differs in capitals alone"),
        (("bag", "bag/bagit.txt"), "lies below it"),
        (("bag/con.txt",), "no bundle of ours holds such a name"),
        (("bag/trailing.",), "no bundle of ours holds such a name"),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_leads_out_is_refused_before_it_is_unpacked(names, said, tmp_path: Path) -> None:
    place = tmp_path / "inner"
    place.mkdir()
    found = check(evil(place / "evil.zip", *names))
    assert any(said in fault.problem for fault in found.faults), found.lines()
    assert [p.name for p in tmp_path.rglob("*")] == ["inner", "evil.zip"]


def test_links_and_compression_in_an_archive_are_refused(tmp_path: Path) -> None:
    link = check(evil(tmp_path / "link.zip", "seal.json", mode=0o120777))
    assert [fault.problem for fault in link.faults] == ["no plain file"]
    bomb = evil(tmp_path / "bomb.zip", *(f"bag/{n}" for n in range(20)), compressed=True)
    assert bomb.stat().st_size < 300_000
    tracemalloc.start()
    found = check(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum("compressed" in fault.problem for fault in found.faults) == 20
    assert peak < 5_000_000


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    """A bomb without compression: many directory entries for the same bytes."""
    path = evil(tmp_path / "overlap.zip", "bag/a")
    content = path.read_bytes()
    place = content.index(b"PK\x01\x02")
    entry, end = content[place:-22], content[-22:]
    entries = b"".join(entry.replace(b"bag/a", b"bag/%c" % letter) for letter in b"abcdefghijklmnopqrstuvwxyz" * 1)
    fields = list(struct.unpack("<4s4H2IH", end))
    fields[3] = fields[4] = 26
    fields[5] = len(entries)
    big = b"\0" * 3
    path.write_bytes(content[:place] + entries + struct.pack("<4s4H2IH", *fields))
    assert big in content
    assert check(path).faults


@pytest.mark.parametrize("claimed", [1_000_000, 5])
def test_a_million_entries_are_refused_without_being_listed(claimed: int, tmp_path: Path) -> None:
    """As the archive says, or as it is though it says otherwise."""
    count = 1_000_000
    name = b"a"
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + name
    end = struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, min(claimed, 65535), min(claimed, 65535), count * len(entry), 0, 0
    )
    path = tmp_path / "many.zip"
    with path.open("wb") as stream:
        for _ in range(100):
            stream.write(entry * (count // 100))
        stream.write(end)
    tracemalloc.start()
    found = check(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [fault.kind for fault in found.faults] == ["unsafe"]
    assert f"at most {MOST_ENTRIES}" in found.faults[0].problem
    assert peak < 100_000_000


def test_an_archive_packed_by_another_tool_is_said_to_be_so(small_bundle: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    with zipfile.ZipFile(again, "w") as archive:
        for path in sorted(p for p in small_bundle.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(small_bundle).as_posix())
    found = check(again)
    assert [(fault.kind, fault.path) for fault in found.faults] == [("changed", "again.zip")]
    assert "unpack it" in found.faults[0].problem


@pytest.mark.parametrize("cut", [0, 1, 21, 22, 1000])
def test_a_cut_archive_is_no_crash(cut: int, small_bundle: Path, tmp_path: Path) -> None:
    content = small_bundle.with_name("bundle.zip").read_bytes()
    path = tmp_path / "cut.zip"
    path.write_bytes(content[: len(content) - cut - 1])
    assert check(path).faults


# --- mutations ----------------------------------------------------------------------------------------------------


def mutate(bundle: Path, count: int, seed: int) -> None:
    """Change one byte anywhere, check, put it back: nothing may go undetected, and nothing may crash."""
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    rng = random.Random(seed)
    for number in range(count):
        # Half by bytes, half by files: else the small files of the seals would hardly ever be met.
        path = rng.choice(files) if number % 2 else rng.choices(files, sizes)[0]
        content = path.read_bytes()
        place = rng.randrange(len(content))
        changed = content[:place] + bytes([content[place] ^ rng.randrange(1, 256)]) + content[place + 1 :]
        path.write_bytes(changed)
        found = check(bundle)
        assert found.faults, f"undetected: {path}, byte {place}"
        path.write_bytes(content)
    assert check(bundle).faults == []


@pytest.fixture
def stamped(small_case: Path, key, authority, tmp_path: Path) -> Path:
    bundle = tmp_path / "stamped"
    delivering.seal(small_case, bundle, key.wanted(authority.url, ca=authority.certificates.read_bytes()), zipped=False)
    return bundle


def test_no_mutation_goes_undetected(stamped: Path) -> None:
    mutate(stamped, 300, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_no_mutation_of_ten_thousand_goes_undetected(part: int, bundle: Path) -> None:
    mutate(bundle, 2000, seed=1 + part)


@pytest.mark.slow
def test_no_mutation_of_ten_thousand_goes_undetected_with_tokens(stamped: Path) -> None:
    mutate(stamped, 2000, seed=5)


def test_no_mutation_of_an_archive_goes_undetected(small_bundle: Path, tmp_path: Path) -> None:
    content = small_bundle.with_name("bundle.zip").read_bytes()
    path, rng = tmp_path / "mutated.zip", random.Random(7)
    starts = [place for place in range(len(content) - 4) if content[place : place + 2] == b"PK"]
    for number in range(60):
        # Half of them in headers, where a reader of archives overlooks most.
        place = rng.choice(starts) + rng.randrange(30) if number % 2 else rng.randrange(len(content))
        place = min(place, len(content) - 1)
        path.write_bytes(content[:place] + bytes([content[place] ^ rng.randrange(1, 256)]) + content[place + 1 :])
        assert check(path).faults, f"undetected: byte {place}"

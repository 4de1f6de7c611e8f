"""What an attacker does to a bundle. Each takes a bundle's folder and changes it; none has the maker's key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from forensics import canonical
from forensics.custody import bag, payload, sealing, seals, stamping
from forensics.custody.hashing import scan
from forensics.custody.keys import Signer
from forensics.records.custody import Salts, Seal

LOG = "bag/data/transcripts/questioned.jsonl"
RESULT = "bag/data/evidence.json"


def rebag(bundle: Path) -> dict:
    """Write all manifests anew, as any BagIt tool would; returns what the seal should pin."""
    data = bundle / "bag" / "data"
    files = {p.relative_to(data).as_posix(): scan(p) for p in sorted(data.rglob("*")) if p.is_file()}
    text = (bundle / "VERIFY.txt").read_bytes()
    pinned = sealing.write_tags(bundle, files, date="2026-01-01", describes="")
    (bundle / "VERIFY.txt").write_bytes(text)
    return pinned


def rechain(path: Path, lines: list[bytes]) -> None:
    """Write a transcript whose chain holds again."""
    written = [lines[0]]
    for line in lines[1:]:
        answer = json.loads(line)
        answer["prev"] = canonical.digest(written[-1])
        written.append(canonical.line(answer))
    path.write_bytes(b"".join(written))


def reseal(bundle: Path, signer: Signer, *, stamps: bool = True) -> None:
    """Sign a bundle again, consistently, with whatever key there is."""
    data = bundle / "bag" / "data"
    seed = bytes.fromhex(Salts.model_validate_json((data / payload.SALTS).read_bytes()).seed)
    items = [payload.Item(p.relative_to(data).as_posix(), p, None) for p in sorted(data.rglob("*")) if p.is_file()]
    place = data / payload.OBSERVATIONS_SEAL
    gathered = sealing.gather(
        [i for i in items if i.path.startswith(("transcripts/", "recorded/"))], seed=seed, into=None
    )
    listing = bag.manifest({**gathered.files, payload.SALTS: scan(data / payload.SALTS)}, "sha256")
    (place / payload.LISTING).write_bytes(listing)
    earlier = Seal.model_validate_json((place / seals.SEAL).read_bytes())
    observed = seals.draft(
        "observations",
        earlier.previous,
        signer,
        {payload.LISTING: scan(place / payload.LISTING)},
        answers=gathered.answers,
    )
    previous = seals.write(place, observed, signer, authorities=stamping.Authorities(), say=print)
    pinned = rebag(bundle)
    files = {p.relative_to(data).as_posix(): scan(p) for p in sorted(data.rglob("*")) if p.is_file()}
    kept = {name: (bundle / name).read_bytes() for name in (stamping.STAMPS, stamping.STAMPS_SIGNATURE)}
    sealed = seals.draft(
        "report", previous, signer, pinned, answers=gathered.answers, files=sealing.file_root(files, seed)
    )
    seals.write(bundle, sealed, signer, authorities=stamping.Authorities(), say=print)
    if stamps:
        for name, content in kept.items():
            (bundle / name).write_bytes(content)


def bit_flip_in_a_log(bundle: Path) -> None:
    content = bytearray((bundle / LOG).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / LOG).write_bytes(content)


def same_length_edit_of_a_result(bundle: Path) -> None:
    text = (bundle / RESULT).read_text()
    place = text.index('"raw": 0.') + len('"raw": 0.')
    (bundle / RESULT).write_text(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :])


def file_deleted(bundle: Path) -> None:
    (bundle / "bag/data/scores.json").unlink()


def file_added_to_the_payload(bundle: Path) -> None:
    (bundle / "bag/data/notes.txt").write_text("trust me")


def stray_tag_file(bundle: Path) -> None:
    (bundle / "bag/readme.txt").write_text("BagIt permits tag files that no manifest names")


def tag_manifest_deleted_and_bag_info_edited(bundle: Path) -> None:
    for name in bag.TAG_MANIFESTS:
        (bundle / "bag" / name).unlink()
    info = bundle / "bag/bag-info.txt"
    info.write_text(info.read_text().replace("Bagging-Date: 2", "Bagging-Date: 1"))


def edit_with_manifests_recomputed(bundle: Path) -> None:
    same_length_edit_of_a_result(bundle)
    rebag(bundle)


def record_dropped_and_chain_and_bag_rebuilt(bundle: Path) -> None:
    lines = (bundle / LOG).read_bytes().splitlines(keepends=True)
    rechain(bundle / LOG, [*lines[:3], *lines[4:]])
    rebag(bundle)


def log_truncated_and_bag_rebuilt(bundle: Path) -> None:
    lines = (bundle / LOG).read_bytes().splitlines(keepends=True)
    (bundle / LOG).write_bytes(b"".join(lines[:-1]))
    rebag(bundle)


def symlink_swapped_in(bundle: Path) -> None:
    target = bundle / RESULT
    elsewhere = bundle.parent / "elsewhere.json"
    shutil.copyfile(target, elsewhere)
    target.unlink()
    target.symlink_to(elsewhere)


ATTACKS = {
    bit_flip_in_a_log: {("changed", LOG), ("out of order", LOG)},
    same_length_edit_of_a_result: {("changed", RESULT)},
    file_deleted: {("missing", "bag/data/scores.json")},
    file_added_to_the_payload: {("extra", "bag/data/notes.txt")},
    stray_tag_file: {("extra", "bag/readme.txt")},
    tag_manifest_deleted_and_bag_info_edited: {
        ("missing", "bag/tagmanifest-sha256.txt"),
        ("missing", "bag/tagmanifest-sha512.txt"),
        ("changed", "bag/bag-info.txt"),
    },
    edit_with_manifests_recomputed: {
        ("changed", "bag/manifest-sha256.txt"),
        ("changed", "bag/tagmanifest-sha256.txt"),
        ("changed", "bag/manifest-sha512.txt"),
        ("changed", "bag/tagmanifest-sha512.txt"),
        ("changed", "seal.json"),
    },
    record_dropped_and_chain_and_bag_rebuilt: {
        ("changed", "bag/tagmanifest-sha256.txt"),
        ("changed", "seal of the report"),
        ("changed", "seal of the observations"),
    },
    log_truncated_and_bag_rebuilt: {
        ("changed", "bag/tagmanifest-sha256.txt"),
        ("changed", "seal of the report"),
        ("changed", "seal of the observations"),
    },
    symlink_swapped_in: {("unsafe", RESULT)},
}
"""The attacks that need no key, and faults that each must be named by."""

"""Packs from strangers: cut, changed, swollen, lying or of another version, each refused in a sentence."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.cli import main
from forensics.errors import BadFile, ForensicsError
from forensics.packs import building, file, using

Change = Callable[[dict[str, bytes], dict[str, Any]], None]


@pytest.fixture
def pack(cohort_alone: Path, tmp_path: Path) -> Path:
    path = tmp_path / "market.cohort"
    building.build_folder(cohort_alone, path, models=None, embed="none", workers=1, say=lambda _: None)
    return path


def rewrite(pack: Path, change: Change) -> None:
    with zipfile.ZipFile(pack) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries[file.MANIFEST])
    change(entries, manifest)
    entries[file.MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def read_all(pack: Path) -> None:
    for number, model in enumerate(file.manifest(pack).models):
        for kind in model.arrays:
            file.arrays(pack, number, kind)


def array(entries: dict[str, bytes], name: str, values: np.ndarray) -> None:
    assert len(values.tobytes()) == len(entries[name])
    entries[name] = values.tobytes()


def put(name: str, dtype: str, at: int, value: float) -> Change:
    def change(entries: dict[str, bytes], _: dict[str, Any]) -> None:
        values = np.frombuffer(entries[name], dtype).copy()
        values[at] = value
        array(entries, name, values)

    return change


LIES: dict[str, tuple[Change, str]] = {
    "places that go back": (put("00000/tokens/offsets2", "<i8", 1, 1 << 40), "places do not go with its hashes"),
    "places below zero": (put("00000/beginnings/offsets", "<i8", 0, -4), "places do not go with its hashes"),
    "a count of nothing": (put("00000/tokens/times3", "<u2", 0, 0), "counts do not go with its hashes"),
    "a state there is not": (put("00000/index/states", "<i8", 0, 9), "states or draws that there are not"),
    "a draw there is not": (put("00000/index/draws", "<i8", 0, -1), "states or draws that there are not"),
    "a number that is none": (put("00000/layout/manner", "<f4", 5, float("nan")), "not finite"),
    "right and more than right": (put("00000/final/right", "|i1", 0, 7), "neither right nor wrong"),
    "a language there is not": (put("00000/extent/language", "<i2", 0, 999), "languages that there are not"),
    "counts that are no JSON": (put("00000/index/faults", "|u1", 0, 200), "counts that cannot be read"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_cannot_be_is_refused(pack: Path, lie: str) -> None:
    change, said = LIES[lie]
    rewrite(pack, change)
    with pytest.raises(BadFile, match=said):
        read_all(pack)


def _twice(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["models"][1]["name"] = manifest["models"][0]["name"]


def _nobody(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["models"] = []


def _next(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["schema"] = "forensics/cohort-pack/2"


def _more(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["note"] = "a field that this version does not know"


def _short_salt(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["salt"] = "ab"


@pytest.mark.parametrize(
    ("change", "said"),
    [(_twice, "one name"), (_nobody, "models"), (_next, "schema"), (_more, "note"), (_short_salt, "salt")],
)
def test_a_manifest_that_lies_or_is_of_another_version_is_refused(pack: Path, change: Change, said: str) -> None:
    rewrite(pack, change)
    with pytest.raises(BadFile, match=said):
        file.manifest(pack)


def _bomb(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
    many = 1 << 22
    entries["00000/tokens/grams1"] = bytes(6 * many)
    entries["00000/tokens/times1"] = bytes(2 * many)
    for name in ("grams1", "times1"):
        manifest["models"][0]["arrays"]["tokens"][name]["shape"] = [many]


def test_a_bomb_is_not_unpacked(pack: Path) -> None:
    """32 MB of zeros in a file of some hundred kB: refused from what the manifest says, before anything is read."""
    rewrite(pack, _bomb)
    assert pack.stat().st_size < 1_000_000
    with pytest.raises(BadFile, match="times its size"):
        file.manifest(pack)


def test_an_entry_longer_than_it_is_said_to_be_is_not_unpacked(pack: Path) -> None:
    def change(entries: dict[str, bytes], _: dict[str, Any]) -> None:
        entries["00000/tokens/grams1"] = bytes(1 << 22)

    rewrite(pack, change)
    with pytest.raises(BadFile, match="not as long as the manifest says"):
        read_all(pack)


def test_two_entries_of_one_name_are_refused(pack: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(pack, "a") as archive:
        archive.writestr("00000/tokens/grams1", b"")
    with pytest.raises(BadFile, match="two entries of one name"):
        file.manifest(pack)


def test_models_of_one_name_make_no_pack(cohort_alone: Path, tmp_path: Path) -> None:
    (cohort_alone / "more").mkdir()
    (cohort_alone / "more" / "cohort-00.jsonl").write_bytes((cohort_alone / "cohort-00.jsonl").read_bytes())
    done = CliRunner().invoke(main, ["cohort", "build", str(cohort_alone), "-o", str(tmp_path / "x.cohort")])
    assert (done.exit_code, "Two models are called 'cohort-00'" in done.stderr) == (2, True)
    assert not list(tmp_path.glob("*.cohort*")), "nothing half-written"


def test_features_with_another_number_of_columns_are_refused(pack: Path, cohort_alone: Path) -> None:
    def change(entries: dict[str, bytes], manifest: dict[str, Any]) -> None:
        form = manifest["models"][0]["arrays"]["layout"]["manner"]
        form["shape"][1] -= 1
        entries["00000/layout/manner"] = entries["00000/layout/manner"][: 4 * form["shape"][0] * form["shape"][1]]

    rewrite(pack, change)

    class Holder:
        prompts = ()

        def __init__(self, name: str) -> None:
            self.source = using.source(pack, name, declared={})

    holders = [Holder(model.name) for model in file.manifest(pack).models[:2]]
    with pytest.raises(BadFile, match="another number of columns"):
        using.alike("layout", holders, [using.arrays(h.source, "layout") for h in holders])


@settings(max_examples=150)
@given(data=st.data())
def test_any_change_of_bytes_ends_in_a_sentence_or_in_nothing(data: st.DataObject, small_pack: bytes) -> None:
    """Bytes changed or cut anywhere: an error of ours, or what was not touched is still read."""
    content = bytearray(small_pack)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 40))
    path = PLACE[0] / f"{hash(bytes(content)) & 0xFFFFFF:x}.cohort"
    path.write_bytes(bytes(content[: len(content) - cut]))
    try:
        read_all(path)
    except ForensicsError:
        pass
    finally:
        path.unlink()


PLACE: list[Path] = []


@pytest.fixture(scope="module")
def small_pack(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("small")
    PLACE[:] = [folder]
    for m in range(2):
        rows = [{"prompt": f"p{p}", "answer": f"It is {p} and {m}, as ever.\nSo be it."} for p in range(3)]
        (folder / f"m{m}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    path = folder / "small.cohort"
    building.build_folder(folder, path, models=None, embed="none", workers=1, say=lambda _: None)
    return path.read_bytes()


def test_no_zip_and_no_file_are_refused_in_one_line(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("something.txt", "else")
    for name, content in (("empty", b""), ("text", b"hello"), ("zip", stream.getvalue())):
        path = tmp_path / f"{name}.cohort"
        path.write_bytes(content)
        done = CliRunner().invoke(main, ["cohort", "show", str(path)])
        assert done.exit_code == 2
        assert "no cohort pack" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1

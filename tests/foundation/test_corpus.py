"""Alignment of answers: by prompt and never by position, the same whatever the order of files, answers and workers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from forensics import cache, canonical, corpus, deriving, importing, transcripts
from forensics.corpus import Corpus
from forensics.errors import BadFile, IntegrityBroken, TooLittleEvidence
from forensics.records.case import Source


def source(path: Path, role: str = "cohort", **changes: object) -> Source:
    content = {"name": importing.model_name(path), "role": role, "format": "table", "path": str(path),
               "digest": canonical.file_digest(path), "lineage": None, "sampling": None}  # fmt: skip
    return Source.model_validate({**content, **changes})


def sources(folder) -> list[Source]:
    paths = {path.stem: path for path in folder.path.glob("*.jsonl")}
    cohort = sorted(name for name in paths if name not in ("reference", "questioned"))
    return [source(paths["reference"], "reference"), source(paths["questioned"], "questioned"),
            *(source(paths[name]) for name in cohort)]  # fmt: skip


def build(wanted: Sequence[Source], **options: object) -> Corpus:
    return corpus.build(wanted, root=Path("/"), **{"workers": 1, **options})


def texts_by_probe(body: Corpus) -> dict[str, list[tuple[str, list[str]]]]:
    """Read back what stands where: probe → (model, texts)."""
    entries = {m.source.name: deriving.read_source(m.source).entries for m in body.members}
    found = {}
    for probe, docs in zip(body.probes, body.docs, strict=True):
        found[probe] = [
            (body.names[o], entries[body.names[o]][r].text) for o, r in zip(docs.owners, docs.rows, strict=True)
        ]
        assert all(
            entries[body.names[o]][r].prompt_digest == probe for o, r in zip(docs.owners, docs.rows, strict=True)
        )
    return found


def test_answers_stand_at_their_prompts_whatever_their_order_in_the_file(make_folder) -> None:
    folder = make_folder()
    before = texts_by_probe(build(sources(folder)))
    for number, path in enumerate(sorted(folder.path.glob("*.jsonl"))):
        lines = path.read_text().splitlines(keepends=True)
        random.Random(number).shuffle(lines)
        path.write_text("".join(lines))
    assert texts_by_probe(build(sources(folder))) == before


def test_probes_are_those_that_both_sides_answered(make_folder) -> None:
    folder = make_folder(probes=9)
    folder.add("questioned", lineage="oak", answer=lambda _, p: None if p == 0 else "" if p == 1 else f"words {p}")
    body = build(sources(folder))
    assert set(body.probes) == {transcripts.prompt_digest(f"probe {p}") for p in range(2, 9)}
    assert list(body.probes) == sorted(body.probes)
    assert body.answered().tolist() == [7] * len(body.members)
    assert {m.source.name: sorted(m.faults.items()) for m in body.members}["questioned"] == [
        ("answer is not text", 1),
        ("empty", 1),
    ]


def test_a_restriction_to_some_probes(make_folder) -> None:
    only = [transcripts.prompt_digest(f"probe {p}") for p in range(6)]
    assert list(build(sources(make_folder()), only=only).probes) == sorted(only)


def test_too_few_common_probes_are_counted(make_folder) -> None:
    folder = make_folder(probes=8)
    folder.add("questioned", answer=lambda _, p: "words" if p < 4 else "")
    with pytest.raises(
        TooLittleEvidence, match=r"Only 4 probes .*\(reference: 8, questioned: 4\); at least 5"
    ) as found:
        build(sources(folder))
    assert found.value.exit_status == 6


def test_too_few_cohort_models_are_counted(make_folder) -> None:
    folder = make_folder(cohort=3, relatives=0)
    with pytest.raises(TooLittleEvidence, match="Only 3 of 3 cohort models"):
        build(sources(folder))
    folder = make_folder(cohort=6, relatives=0, name="more")
    for number in range(3):
        folder.add(f"cohort-{number:02}", answer=lambda _, p: "words" if p < 4 else None)
    with pytest.raises(TooLittleEvidence, match="Only 3 of 6 cohort models answered at least 5 of the 8"):
        build(sources(folder))


def test_a_cohort_model_with_too_few_answers_is_left_out(make_folder) -> None:
    folder = make_folder(cohort=6)
    folder.add("cohort-00", answer=lambda _, p: "words" if p < 4 else None)
    assert "cohort-00" not in build(sources(folder)).names


def test_draws_stand_in_their_order(make_folder, tmp_path: Path) -> None:
    folder = make_folder(probes=6)
    rows = ["prompt,answer,draw", *(f"probe {p},draw {d} of {p},{d}" for d in (2, 0, 1) for p in range(6))]
    (folder.path / "questioned.jsonl").unlink()
    path = folder.path / "questioned.csv"
    path.write_text("\n".join(rows) + "\n")
    wanted = [source(folder.path / "reference.jsonl", "reference"), source(path, "questioned"),
              *(source(p) for p in sorted(folder.path.glob("cohort-*")))]  # fmt: skip
    for answers in texts_by_probe(build(wanted)).values():
        assert [text.split(" of")[0] for name, text in answers if name == "questioned"] == [
            "draw 0",
            "draw 1",
            "draw 2",
        ]


def test_a_changed_file_is_noticed_even_where_everything_is_cached(make_folder) -> None:
    folder = make_folder()
    wanted = sources(folder)
    build(wanted)
    path = Path(wanted[4].path)
    path.write_bytes(path.read_bytes().replace(b"probe 0", b"probe 9"))
    with pytest.raises(IntegrityBroken, match="is not the file") as found:
        build(wanted)
    assert found.value.exit_status == 4
    path.unlink()
    with pytest.raises(IntegrityBroken, match="is gone"):
        build(wanted)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_corrupt_file_among_many_is_named(make_folder, own_home: Path, workers: int) -> None:
    """Also where files are read by several processes: the error comes back whole."""
    folder = make_folder(cohort=9)
    path = folder.path / "cohort-04.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadFile, match=r"cohort-04\.jsonl, line 8"):
        build(sources(folder), workers=workers)


def test_two_columns_of_one_file_are_two_models(make_folder) -> None:
    """What is derived from a file hangs on how it is read, not on its bytes alone."""
    folder = make_folder(probes=6)
    path = folder.path / "both.csv"
    path.write_text("\n".join(["prompt,left,right", *(f"probe {p},left {p},right {p}" for p in range(6))]) + "\n")
    others = sources(folder)[1:]
    bodies = [build([source(path, "reference", format=f"table?answer={side}"), *others]) for side in ("left", "right")]
    assert bodies[0].digest != bodies[1].digest
    left, right = (body.features("tokens")[0]["vocabulary"].tolist() for body in bodies)
    assert left != right


def test_digest_hangs_on_files_and_probes(make_folder) -> None:
    wanted = sources(make_folder())
    only = [transcripts.prompt_digest(f"probe {p}") for p in range(6)]
    digests = [build(w, **o).digest for w, o in ((wanted, {}), (wanted[:-1], {}), (wanted, {"only": only}))]
    assert len(set(digests)) == 3
    assert build(wanted).digest == digests[0]


# --- the cache ----------------------------------------------------------------------------------------------------


def test_a_cache_entry_is_given_back_as_it_was(own_home: Path) -> None:
    arrays = {"a": np.arange(5), "b": np.array([[1.5, np.nan]]), "c": np.zeros(0, np.uint64)}
    assert cache.find("kind", "0" * 64) is None
    cache.put("kind", "0" * 64, arrays)
    found = cache.find("kind", "0" * 64)
    assert found is not None
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_a_damaged_cache_entry_is_made_again(own_home: Path) -> None:
    """Whatever byte is wrong, and wherever it ends: an entry is as it was, or it is made again."""
    name = "1" * 64
    arrays = {"values": np.arange(8), "more": np.ones(3)}
    cache.put("kind", name, arrays)
    [path] = (own_home / "cache" / "kind").rglob("*.arrays")
    whole = path.read_bytes()
    damaged = [whole[:cut] for cut in range(0, len(whole), 29)]
    damaged += [whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :] for i in range(0, len(whole), 3)]
    for content in damaged:
        path.write_bytes(content)
        made = cache.get("kind", name, lambda: arrays)
        assert {key: value.tolist() for key, value in made.items()} == {
            key: value.tolist() for key, value in arrays.items()
        }


def test_keys_hang_on_every_part() -> None:
    keys = [cache.key(*parts) for parts in (("a", "b"), ("ab",), ("a", ["b"]), ("a", "b", None), ("b", "a"))]
    assert len(set(keys)) == 5

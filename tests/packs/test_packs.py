"""Cohort packs: no text inside, the scores that the texts give, and errors that say what to do."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from forensics import features, measuring, registry, scoring
from forensics.cli import main
from forensics.errors import BadFile, UsageError
from forensics.features.tokens import tokenise
from forensics.packs import building, file, using
from forensics.packs.forms import FORMS, packed
from forensics.packs.keying import key_from, prompt_keys, siphash
from forensics.preparing import gather
from forensics.records.case import Case
from forensics.records.scores import Score

KEY = key_from(b"a secret for tests")


def build(folder: Path, path: Path, **changes: Any) -> building.Built:
    asked = {"models": None, "embed": "none", "workers": 1, "say": lambda _: None, **changes}
    return building.build_folder(folder, path, **asked)


def in_pack(case: Case, pack: Path) -> Case:
    """The same case with its cohort taken from a pack."""
    cohort = tuple(using.source(pack, s.name, declared={}) for s in case.cohort)
    return case.model_copy(update={"cohort": cohort})


def by_name(case: Case, folder: Path) -> dict[str, Score]:
    return {s.statistic: s for s in scoring.score_case(case, root=folder, tool="x", workers=1).scores}


def test_siphash_agrees_with_the_reference_vector() -> None:
    """The authors' own: key 00…0f, message 00…07."""
    first, second, message = (
        np.array([int.from_bytes(bytes(range(a, a + 8)), "little")], np.uint64) for a in (0, 8, 0)
    )
    assert int(siphash(first, second, message)[0]) == 0x93F5F5799A932462


def test_a_key_holds_for_one_prompt_and_one_kind() -> None:
    prompts = [b"a" * 32, b"b" * 32, b"a" * 32]
    first, second = prompt_keys(KEY, "tokens", prompts)
    hashed = siphash(first, second, np.full(3, 7, np.uint64))
    assert hashed[0] == hashed[2] != hashed[1]
    assert prompt_keys(KEY, "final", prompts)[0][0] != first[0]
    assert prompt_keys(key_from(b"another"), "tokens", prompts)[0][0] != first[0]


def test_every_kind_of_feature_is_decided_about() -> None:
    kinds = {registry.load("statistics", name).FEATURE for name in measuring.names()}
    assert kinds <= FORMS.keys(), "say in packs/forms.py what becomes of a new kind of feature"


def test_what_is_packed_counts_what_the_text_holds() -> None:
    text = "No, no. No, yes!\nNo, no."
    made = packed("tokens", features.extract("tokens", [text, ""]), [b"p" * 32] * 2, KEY)
    words = tokenise(text)
    for size in (1, 2, 3, 4, 5):
        runs = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
        assert sorted(made[f"times{size}"].tolist()) == sorted(runs.count(run) for run in set(runs))
        assert made[f"offsets{size}"].tolist() == [0, len(set(runs)), len(set(runs))]
        assert (np.diff(made[f"grams{size}"].astype(object)) > 0).all(), "in the order of hashes, not of words"


def test_a_pack_gives_the_scores_of_the_texts(
    answers: Any, cohort_alone: Path, wanted: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    case = gather(
        wanted(answers, folder, cohort=(str(cohort_alone),), models=answers.path / "models.csv", statistics=None),
        say=lambda _: None,
    )
    asked = (
        "lexical",
        "opening",
        "phrases",
        "rare",
        "beginnings",
        "style",
        "answers",
        "refusal",
        "identity",
        "verbatim",
    )
    case = case.model_copy(update={"statistics": asked})
    pack = build(cohort_alone, tmp_path / "market.cohort").path
    texts, packs = by_name(case, folder), by_name(in_pack(case, pack), folder)
    for name in asked[:-1]:
        assert packs[name] == texts[name], name
    assert texts["lexical"].normalised is not None
    assert texts["verbatim"].raw is not None
    assert packs["verbatim"].raw is None
    assert "holds no texts" in str(packs["verbatim"].reason)


def test_drawn_and_keyed_and_refused_answers_give_the_same_scores(tmp_path: Path, wanted: Callable[..., Any]) -> None:
    """Several draws, answer keys and free choices: everything a table can carry."""
    folder = tmp_path / "drawn"
    folder.mkdir()
    for m in range(8):
        rows = []
        for p in range(12):
            for draw in range(6):
                text = "I'm sorry, but I can't help with that." if (p + m) % 4 == 0 else f"It is {(p * m + draw) % 3}."
                rows.append({"prompt": f"probe {p}", "answer": text, "key": str(p % 3), "draw": draw})
        name = {0: "reference", 1: "questioned"}.get(m, f"model-{m}")
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    cohort = tmp_path / "drawn-cohort"
    cohort.mkdir()
    for path in folder.glob("model-*.jsonl"):
        (cohort / path.name).write_bytes(path.read_bytes())
    made = type("Folder", (), {"path": folder})()
    options = {"cohort": (str(cohort),), "statistics": ("answers", "choice", "refusal", "lexical")}
    case = gather(wanted(made, tmp_path / "case", **options), say=lambda _: None)
    pack = build(cohort, tmp_path / "drawn.cohort").path
    texts, packs = by_name(case, tmp_path), by_name(in_pack(case, pack), tmp_path)
    assert packs == texts
    assert sum(score.raw is not None for score in texts.values()) >= 3


def test_no_word_of_the_answers_is_in_the_pack(cohort_alone: Path, tmp_path: Path) -> None:
    pack = build(cohort_alone, tmp_path / "market.cohort").path
    words = set(re.findall(r"[a-z]{6,}", "".join(p.read_text("utf-8") for p in cohort_alone.glob("*.jsonl"))))
    words -= set(re.findall(r"[a-z]{6,}", (cohort_alone / "models.csv").read_text("utf-8"))) | {"prompt", "answer"}
    with zipfile.ZipFile(pack) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert len(words) > 200
    assert [word for word in words if word.encode() in content] == []


def test_one_secret_gives_one_pack_and_none_of_it_is_inside(
    cohort_alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(file.VARIABLE, "correct horse")
    first, second = (build(cohort_alone, tmp_path / f"{name}.cohort").path for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert file.manifest(first).salt is None
    assert key_from(b"correct horse").hex().encode() not in first.read_bytes()
    assert using.names(first)
    monkeypatch.setenv(file.VARIABLE, "wrong horse")
    with pytest.raises(UsageError, match="not the one it was made with"):
        using.names(first)
    monkeypatch.delenv(file.VARIABLE)
    with pytest.raises(UsageError, match="Ask its maker") as told:
        using.names(first)
    assert "horse" not in str(told.value)


def test_two_packs_of_different_salts_do_not_mix(cohort_alone: Path, tmp_path: Path) -> None:
    packs = [build(cohort_alone, tmp_path / f"{name}.cohort").path for name in ("a", "b")]
    assert file.manifest(packs[0]).salt != file.manifest(packs[1]).salt

    class Holder:
        prompts = ()

        def __init__(self, path: Path) -> None:
            self.source = using.source(path, "cohort-00", declared={})

    with pytest.raises(UsageError, match="different salts"):
        using.alike("tokens", [Holder(path) for path in packs], [{}, {}])


def test_features_of_another_version_are_set_aside_with_a_reason(
    cohort_alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = build(cohort_alone, tmp_path / "market.cohort").path

    class Holder:
        prompts = ()
        source = using.source(pack, "cohort-00", declared={})

    lexical, semantic = (registry.load("statistics", name) for name in ("lexical", "semantic"))
    assert using.lacking([Holder()], lexical, (), None) is None
    assert "no embedding features" in str(using.lacking([Holder()], semantic, (), 160))
    monkeypatch.setattr("forensics.features.tokens.VERSION", "another")
    assert "another version" in str(using.lacking([Holder()], lexical, (), None))


@pytest.mark.parametrize("damage", ["text", "cut", "lie", "entry", "stranger"])
def test_a_damaged_pack_is_refused_in_a_sentence(cohort_alone: Path, tmp_path: Path, damage: str) -> None:
    pack = build(cohort_alone, tmp_path / "market.cohort").path
    if damage == "text":
        pack.write_text("not a pack")
    elif damage == "cut":
        pack.write_bytes(pack.read_bytes()[:-400])
    else:
        _change(pack, damage)
    with pytest.raises(BadFile):
        for number in range(len(file.manifest(pack).models)):
            for kind in FORMS:
                if kind != "embedding":
                    file.arrays(pack, number, kind)


def _change(pack: Path, damage: str) -> None:
    with zipfile.ZipFile(pack) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(entries[file.MANIFEST])
    if damage == "lie":
        content["models"][0]["arrays"]["tokens"]["grams1"]["shape"] = [1 << 39]
    elif damage == "stranger":
        content["models"][0]["arrays"]["tokens"]["grams1"]["dtype"] = "|O"
    else:
        del entries["00000/tokens/grams1"]
    entries[file.MANIFEST] = json.dumps(content).encode()
    with zipfile.ZipFile(pack, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def test_the_command_builds_and_shows(cohort_alone: Path, tmp_path: Path) -> None:
    pack = tmp_path / "market.cohort"
    runner = CliRunner()
    built = runner.invoke(main, ["cohort", "build", str(cohort_alone), "-o", str(pack), "--embeddings", "none"])
    assert built.exit_code == 0, built.output
    assert "11 models, 20 prompts, no embeddings" in built.stdout
    shown = json.loads(runner.invoke(main, ["cohort", "show", str(pack), "--json"]).stdout)
    assert shown["key"] == "in the pack"
    assert file.manifest(pack).salt not in json.dumps(shown)
    assert {model["lineage"] for model in shown["models"]} >= {"oak", "cohort-03"}
    refused = runner.invoke(main, ["cohort", "build", str(cohort_alone), "-o", str(tmp_path / "x.zip")])
    assert (refused.exit_code, "does not end in .cohort" in refused.stderr) == (2, True)
    nothing = runner.invoke(main, ["cohort", "build", str(tmp_path / "none"), "-o", str(pack)])
    assert (nothing.exit_code, "is no folder" in nothing.stderr) == (2, True)

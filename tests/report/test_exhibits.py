"""Exhibits: what is marked is rare in the cohort, and a cohort whose answers nobody can read is named as such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from forensics import case as case_files
from forensics import comparing, exhibits, preparing, registry, scoring
from forensics.evidence import weigh
from forensics.packs import building, using
from forensics.records.evidence import Evidence
from forensics.reporting import layout

RARE, COMMON = "purple walrus sings loudly", "thank you for asking"


def compared(wanted: Any, tmp_path: Path) -> Evidence:
    comparing.compare(wanted, formats=["json"], workers=1, say=lambda line: None)
    return case_files.read_evidence(wanted.folder)


def folder_of(make_folder: Any, *, cohort: int = 60) -> Any:
    """The sides share a rare and a common passage; on each probe three other models of the cohort write the common one."""
    folder = make_folder(cohort=cohort, probes=6, relatives=0, declare=False)
    for model in ("reference", "questioned"):
        folder.add(model, lineage="oak", answer=lambda model, p: f"{RARE} {COMMON} {model} {p} one two three")
    for i in range(cohort):
        name = f"cohort-{i:02}"

        def said(model: str, p: int, i: int = i) -> str:
            words = COMMON if i // 3 == p else f"thank {i} you"
            return f"{words} {model} says number {p * i} of many"

        folder.add(name, answer=said)
    folder.declare()
    return folder


def marked(evidence: Evidence) -> set[str]:
    return {
        e.text[start:end]
        for x in evidence.exhibits
        for e in x.excerpts
        if e.label == "reference"
        for start, end in e.marks
    }


def test_only_passages_that_are_rare_in_the_cohort_are_marked(
    make_folder: Any, wanted: Callable[..., Any], tmp_path: Path
) -> None:
    folder = folder_of(make_folder)
    evidence = compared(wanted(folder, tmp_path / "case", statistics=("lexical",)), tmp_path)
    assert {x.compared for x in evidence.exhibits} == {60}
    texts = " | ".join(marked(evidence))
    assert RARE in texts
    assert COMMON not in texts, "3 of 60 hold it, which is more than one in fifty"
    # A run that begins in the rare passage may reach into the common one, and no further.
    assert "asking" not in texts


def test_marks_without_a_cohort_are_those_that_both_hold() -> None:
    found = exhibits.shared_passages("a b c d e", "x a b c d", ())
    assert found["reference"] == ((0, 7),)
    common = exhibits._grams("a b c d")
    assert exhibits.shared_passages("a b c d e", "x a b c d", (), common=common)["reference"] == ()
    assert exhibits.shared_passages("a b c d", "a b c d", (), common=np.zeros(0, np.uint64))["reference"] == ((0, 7),)


def test_a_cohort_pack_has_no_texts_to_show_and_the_report_says_so(
    make_folder: Any, wanted: Callable[..., Any], tmp_path: Path
) -> None:
    folder = folder_of(make_folder, cohort=8)
    shared = tmp_path / "shared"
    shared.mkdir()
    for path in folder.path.iterdir():
        if path.stem not in ("reference", "questioned"):
            (shared / path.name).write_bytes(path.read_bytes())
    pack = building.build_folder(
        shared, tmp_path / "market.cohort", models=None, embed="none", workers=1, say=lambda _: None
    ).path
    case = preparing.gather(wanted(folder, tmp_path / "case", statistics=("lexical",)), say=lambda line: None)
    cohort = tuple(using.source(pack, s.name, declared={}) for s in case.cohort)
    case = case.model_copy(update={"cohort": cohort})
    scores = scoring.score_case(case, root=tmp_path / "case", tool="x", workers=1)
    evidence = weigh(case, scores, None, root=tmp_path / "case")
    assert {x.compared for x in evidence.exhibits} == {0}
    made = layout.make(evidence)
    chapter = next(section for section in made.walk() if section.id == "exhibits")
    assert "nothing here says that they are rare" in chapter.paragraphs[0]
    shown = [e for x in chapter.exhibits for e in x.excerpts if "cohort pack" in e.label]
    assert shown
    assert not any(e.passages for e in shown)
    for name in ("html", "markdown"):
        text = b"".join(registry.load("formats", name).render(made).values()).decode()
        assert text.count("holds this model") == len(shown)


def test_what_is_marked_is_said_with_the_answers_it_was_looked_for_in(make_evidence: Callable[..., Evidence]) -> None:
    made = layout.make(make_evidence())
    chapter = next(section for section in made.walk() if section.id == "exhibits")
    assert "at most one in fifty" in chapter.paragraphs[0]
    assert "marks looked for in 10 answers of unrelated models" in chapter.exhibits[0].note

"""The same-base triad: values by hand, false alarms and power on made-up siblings, and every way it can be asked wrongly."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from forensics import lineages, scoring, triads
from forensics.cli import main
from forensics.errors import BadFile, UsageError
from forensics.preparing import gather
from forensics.records.scores import Standing, Triad

WORDS = [a + b for a in ("ba", "do", "ki", "lu", "me", "na") for b in ("po", "ra", "si", "te", "vo", "zu")]


def opening(taste: str, probe: int) -> str:
    return " ".join(random.Random(f"{taste}/{probe}").choice(WORDS) for _ in range(8))


class World:
    """A reference, a questioned model with its siblings, and unrelated models; each answer opens in somebody's manner."""

    def __init__(self, folder: Path, *, probes: int = 30, seed: int = 0) -> None:
        self.folder, self.probes, self.seed = folder, probes, seed
        self.roles: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, model: str, *, learnt: float = 0.0, teacher: str = "reference", role: str = "") -> None:
        """Write a model that opens a share of its answers in its teacher's manner, the others in its own."""
        rng = random.Random(f"{self.seed}/{model}")
        rows = []
        for probe in range(self.probes):
            taste = teacher if rng.random() < learnt else model
            text = f"{opening(f'{self.seed}/{taste}', probe)} {opening(f'{self.seed}/{model}/rest', probe)}"
            rows.append({"prompt": f"probe {probe}", "answer": text})
        path = self.folder / f"{model}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        if role:
            self.roles[model] = role

    def relatives(self) -> Path:
        table = self.folder.parent / f"{self.folder.name}.relatives.csv"
        rows = ["model,role", *(f"{model},{role}" for model, role in self.roles.items())]
        table.write_text("\n".join(rows) + "\n", "utf-8")
        return table


def world(
    folder: Path, *, learnt: float, siblings: tuple[float, ...] = (0.1,) * 6, seed: int = 0, **more: Any
) -> World:
    made = World(folder, seed=seed, **more)
    made.add("reference")
    made.add("questioned", learnt=learnt)
    for number, share in enumerate(siblings):
        made.add(f"sibling-{number}", learnt=share, role="sibling")
    for number in range(8):
        made.add(f"other-{number}", learnt=0.1)
    return made


@pytest.fixture
def measure(wanted: Callable[..., Any], tmp_path: Path) -> Callable[..., Triad]:
    def run(made: World, **changes: Any) -> Triad:
        asked = wanted(
            type("Folder", (), {"path": made.folder}),
            tmp_path / "case",
            cohort=(str(made.folder),),
            statistics=("opening",),
            **{"relatives": made.relatives(), **changes},
        )
        case = gather(asked, say=lambda _: None)
        found = scoring.score_case(case, root=tmp_path / "case", tool="x", workers=1).triad
        assert found is not None
        return found

    return run


def test_by_hand(tmp_path: Path, measure: Callable[..., Triad]) -> None:
    """Equal openings count ln(M / 2) where just two of M share them, at each of the four lengths."""
    made = world(tmp_path / "w", learnt=1.0, siblings=(0.0,) * 4)
    made.add("base", role="base")
    found = measure(made, replicates=100)
    members = len(list(made.folder.glob("*.jsonl")))
    own = found.members[0]
    assert (own.model, own.role) == ("questioned", "questioned")
    # The reference's openings are shared with the eight others on some probes, so this is an upper bound that most reach.
    assert 0.7 * np.log(members / 2) < own.closeness <= np.log(members / 2)
    assert found.n_probes == 30
    assert found.n_unrelated == 8
    assert [s.rank for s in found.standings] == [1, 1]
    assert [s.of for s in found.standings] == [5, 5]
    assert found.p == 0.2
    mean = np.mean([m.closeness for m in found.members if m.role == "sibling"])
    assert found.standings[0].excess == pytest.approx(own.closeness - mean, abs=1e-4)
    assert found.standings[0].interval.low < found.standings[0].excess < found.standings[0].interval.high
    assert "nearer to reference than each of 4 siblings" in found.sentence
    base = next(m for m in found.members if m.role == "base")
    assert "shown beside" in base.reason


def test_the_larger_p_counts_and_ties_count_against(tmp_path: Path, measure: Callable[..., Triad]) -> None:
    found = measure(world(tmp_path / "w", learnt=0.3, siblings=(0.0, 0.0, 0.0, 0.9)))
    assert found.p == max(s.p for s in found.standings) >= 0.4
    assert "not nearer" in found.sentence
    tied = standings(np.full((9, 5), 0.5), np.zeros((9, 5)))
    assert [one.p for one in tied] == [1.0, 1.0]
    assert [one.rank for one in tied] == [1, 1], "ties share the better rank, and count against in p"


def test_the_measure_that_says_less_decides(
    tmp_path: Path, measure: Callable[..., Triad], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = standings(np.array([[3.0, 1, 2, 0]]), np.zeros((1, 4)))[0]
    two = standings(np.array([[1.0, 3, 2, 0]]), np.zeros((1, 4)))[1]
    assert (one.p, two.p) == (0.25, 0.75)
    monkeypatch.setattr(triads, "_standings", lambda *_, **__: (one, two))
    found = measure(world(tmp_path / "w", learnt=0.5, siblings=(0.1,) * 3))
    assert found.p == 0.75
    assert "2 of them are at least as near" in found.sentence
    assert "at most 75%" in found.sentence


def standings(closeness: np.ndarray, usual: np.ndarray) -> tuple[Standing, ...]:
    seen = triads._Seen(closeness, usual)
    everyone = np.ones(len(closeness), bool)
    return triads._standings(seen, everyone, range(1, closeness.shape[1]), seed=0, replicates=100)


def test_among_equals_p_keeps_its_promise() -> None:
    """2,000 families of one questioned model and six siblings, all alike: p ≤ k / 7 in at most that share."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(2000):
        likes = rng.normal(size=7), rng.normal(size=7)
        closeness = rng.normal(size=(5, 7)) + likes[0]
        both = standings(closeness, 0.3 * closeness + likes[1])
        found.append((both[0].p, max(one.p for one in both)))
    first, larger = np.array(found).T
    for k in range(1, 7):
        assert np.mean(first <= k / 7 + 1e-6) == pytest.approx(k / 7, abs=0.03)
        assert np.mean(larger <= k / 7 + 1e-6) <= k / 7 + 0.01
    assert np.mean(larger <= 1 / 7 + 1e-6) > 0.03, "it can happen"


def test_a_sibling_among_equals_is_first_as_often_as_chance_has_it(
    tmp_path: Path, measure: Callable[..., Triad]
) -> None:
    places = [measure(world(tmp_path / f"w{seed}", learnt=0.1, seed=seed)).p for seed in range(7)]
    first = sum(p < 0.15 for p in places)
    assert first <= 3, "one in seven"
    assert np.mean(places) > 0.4


def test_a_student_is_found(tmp_path: Path, measure: Callable[..., Triad]) -> None:
    places = [measure(world(tmp_path / f"w{seed}", learnt=0.5, seed=seed)).p for seed in range(3)]
    assert max(places) < 0.15


def test_a_common_teacher_that_siblings_share_is_no_sign(tmp_path: Path, measure: Callable[..., Triad]) -> None:
    made = world(tmp_path / "w", learnt=0.5, siblings=(0.5,) * 7, probes=60)
    assert measure(made).p > 0.15 or measure(made).standings[0].excess < 0.3


def test_same_seed_same_triad_and_relatives_leave_the_cohort(tmp_path: Path, measure: Callable[..., Triad]) -> None:
    made = world(tmp_path / "w", learnt=0.4)
    made.add("cousin", learnt=0.9, role="relative")
    first = measure(made)
    assert first == measure(made)
    assert first.n_unrelated == 8
    assert "cousin" not in [m.model for m in first.members]
    assert first != measure(made, seed=1)


def test_named_relatives_are_left_out_without_declared_lineages(
    tmp_path: Path, wanted: Callable[..., Any], measure: Callable[..., Triad]
) -> None:
    made = world(tmp_path / "w", learnt=0.4)
    measure(made)
    asked = wanted(
        type("Folder", (), {"path": made.folder}),
        tmp_path / "case",
        cohort=(str(made.folder),),
        relatives=made.relatives(),
        statistics=("lexical",),
    )
    case = gather(asked, say=lambda _: None)
    score = scoring.score_case(case, root=tmp_path / "case", tool="x", workers=1).scores
    lexical = next(s for s in score if s.statistic == "lexical")
    assert lexical.n_cohort == 8
    excluded = {c.model: c.excluded for c in lexical.cohort}
    assert excluded["sibling-0"] == "named as a sibling of the questioned model"
    assert excluded["other-0"] is None


def test_a_sibling_that_answered_little_does_not_count(tmp_path: Path, measure: Callable[..., Triad]) -> None:
    made = world(tmp_path / "w", learnt=0.5)
    path = made.folder / "sibling-0.jsonl"
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:10]), "utf-8")
    found = measure(made)
    short = next(m for m in found.members if m.model == "sibling-0")
    assert "answered only 10" in short.reason
    assert found.n_probes == 30, "it does not take probes from the others"
    assert found.standings[0].of == 6


def test_too_few_siblings_are_said(tmp_path: Path, measure: Callable[..., Triad]) -> None:
    found = measure(world(tmp_path / "w", learnt=0.5, siblings=(0.1, 0.1)))
    assert (found.p, found.standings) == (None, ())
    assert "2 siblings count, and 3 are needed" in found.sentence
    assert found.members[0].closeness is not None


def test_without_relatives_there_is_no_triad_and_a_distillation_case_says_so(tmp_path: Path) -> None:
    made = world(tmp_path / "w", learnt=0.5)
    asked = ["compare", f"replay:{made.folder / 'reference.jsonl'}", f"replay:{made.folder / 'questioned.jsonl'}"]
    asked += ["--cohort", str(made.folder), "--statistic", "opening", "--replicates", "100", "--json"]
    asked += ["--question", "distillation", "--format", "json"]
    run = CliRunner().invoke(main, [*asked, "-o", str(tmp_path / "plain")])
    assert run.exit_code == 0, run.output
    plain = json.loads(run.stdout)
    assert plain["triad"] is None
    assert any("--relatives" in warning for warning in plain["warnings"])
    run = CliRunner().invoke(main, [*asked, "-o", str(tmp_path / "asked"), "--relatives", str(made.relatives())])
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert told["triad"]["p"] < 0.15
    assert not any("--relatives" in warning for warning in told["warnings"])
    report = json.loads((tmp_path / "asked" / "report.json").read_text("utf-8"))
    names = [section["id"] for section in report["sections"]]
    assert names[names.index("findings") + 1] == "triad"
    evidence = json.loads((tmp_path / "asked" / "evidence.json").read_text("utf-8"))
    assert evidence["triad"] == told["triad"]


@pytest.mark.parametrize("style", ["analyst", "court"])
def test_every_format_and_style_has_the_chapter(tmp_path: Path, style: str) -> None:
    made = world(tmp_path / "w", learnt=0.5)
    case = tmp_path / "case"
    asked = ["compare", f"replay:{made.folder / 'reference.jsonl'}", f"replay:{made.folder / 'questioned.jsonl'}"]
    asked += ["--cohort", str(made.folder), "--statistic", "opening", "--replicates", "100", "--style", style]
    asked += ["--relatives", str(made.relatives()), "--format", "html,markdown,csv,json", "-o", str(case)]
    assert CliRunner().invoke(main, asked).exit_code == 0
    stem = "report" if style == "analyst" else "report.court"
    for ending in ("html", "md"):
        text = (case / f"{stem}.{ending}").read_text("utf-8")
        assert "Beside its own siblings" in text
        assert "how the model was made" in text
    cells = (case / "tables" / ("cells.csv" if style == "analyst" else "court-cells.csv")).read_text("utf-8")
    assert "triad.closeness.excess" in cells
    assert "triad-models.sibling-0.closeness" in cells


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no relatives in it"),
        ("model,role\n", "no relatives in it"),
        ("model\na\n", "no column role"),
        ("model,role\na,cousin\n", "unknown role 'cousin'"),
        ("model,role\na,base\na,sibling\n", "named twice"),
        ("model,role\na,base,more\n", "not as many cells"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "relatives.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(BadFile, match=said):
        lineages.read_relatives(path)
    with pytest.raises(BadFile, match="no such file"):
        lineages.read_relatives(tmp_path / "none.csv")


@pytest.mark.parametrize(("model", "said"), [("nobody", "not in the cohort"), ("questioned", "is a side of the case")])
def test_a_relative_that_is_no_cohort_model_is_refused(
    tmp_path: Path, measure: Callable[..., Triad], model: str, said: str
) -> None:
    made = world(tmp_path / "w", learnt=0.5)
    made.roles[model] = "sibling"
    with pytest.raises(UsageError, match=said):
        measure(made)


def test_what_is_said_of_it_claims_no_more_than_was_measured() -> None:
    for words in ("clears nobody", "weak sign", "not how the model was made"):
        assert words in triads.MEANING

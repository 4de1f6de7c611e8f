"""Mixtures: known parts come out, a base is set apart, and what nothing explains is always shown."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from forensics.cli import main
from forensics.numerics.mixtures import fit

WORDS = [f"{a}{b}{c}" for a in ("ba", "do", "ki", "lu") for b in ("me", "na", "po", "ra") for c in ("si", "te", "vo")]


def products(vectors: np.ndarray) -> np.ndarray:
    return vectors @ vectors.T


def spread(groups: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(groups, size))


def test_parts_by_hand() -> None:
    """Orthogonal lineages: the suspect's share of each is its squared cosine with it, centring aside."""
    others = np.eye(4, 5)
    others = others - others.mean(axis=0)
    suspect = 2 * others[0] + others[1] + np.array([0, 0, 0, 0, 3.0])
    found = fit(products(np.vstack([suspect, np.zeros(5), others])), base=False)
    # Length squared: |2e0 + e1| with centred e's is 4·¾ + ¾ − 2·2·¼ = 2.75, and 9 beside it.
    assert found.remainder == pytest.approx(9 / 11.75)
    assert found.shares.sum() + found.remainder == pytest.approx(1)
    assert found.shares[0] > found.shares[1] > 0
    assert found.shares[2:] == pytest.approx(0)


@pytest.mark.parametrize("seed", range(6))
def test_shares_base_and_remainder_sum_to_one_and_none_is_negative(seed: int) -> None:
    found = fit(products(spread(8, 6 + seed * 4, seed)), base=bool(seed % 2))
    assert (found.shares >= 0).all()
    assert 0 <= found.remainder <= 1
    assert found.base + found.shares.sum() + found.remainder == pytest.approx(1)


def test_what_the_base_explains_is_not_credited_to_another() -> None:
    vectors = spread(6, 400, 3)
    base, other = vectors[1], vectors[2]
    lookalike = vectors.copy()
    lookalike[2] = 0.8 * base + 0.2 * other  # a lineage like the base
    lookalike[0] = base + 0.3 * vectors[0]
    with_base, without = (fit(products(lookalike), base=told) for told in (True, False))
    assert with_base.base > 0.7
    assert with_base.shares[0] < 0.03
    assert without.base == 0
    assert without.shares[0] > 0.4


def answer(rng: random.Random, taste: random.Random, share: float) -> str:
    return "\n".join(
        " ".join((taste if rng.random() < share else rng).choice(WORDS) for _ in range(5)) for _ in range(4)
    )


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """Five lineages of three models; `student` has the base of lineage 0 and half its lines from lineage 3."""
    folder = tmp_path / "answers"
    folder.mkdir()
    rows = ["model,lineage"]
    for lineage in range(5):
        for m in range(3):
            _write(folder, f"m{lineage}{m}", [(lineage, 0.8)])
            rows.append(f"m{lineage}{m},family-{lineage}")
    _write(folder, "student", [(0, 0.8), (3, 0.8)])
    (folder / "models.csv").write_text("\n".join([*rows, "student,family-0"]) + "\n", "utf-8")
    return folder


def _write(folder: Path, name: str, tastes: list[tuple[int, float]]) -> None:
    rows = []
    for p in range(16):
        rng = random.Random(f"{name}/{p}")
        texts = [answer(rng, random.Random(f"{lineage}/{p}"), share) for lineage, share in tastes]
        rows.append({"prompt": f"probe {p}", "answer": "\n".join(texts)})
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["mixture", *words, "--replicates", "100"])
    return done.exit_code, done.stdout, done.stderr


def test_the_other_lineage_is_found_beyond_the_base(student: Path) -> None:
    code, out, _ = run(f"replay:{student / 'student.jsonl'}", "--cohort", str(student), "--json")
    assert code == 0
    found = json.loads(out)
    assert found["parts"][0]["lineage"] == "family-3"
    assert found["parts"][0]["rank"] == 1
    assert found["parts"][0]["interval"]["low"] > 2 * found["parts"][1]["share"]
    assert found["base_models"] == ["m00", "m01", "m02"]
    assert found["base_share"] > 0.03
    total = found["base_share"] + found["remainder"] + sum(part["share"] for part in found["parts"])
    assert total == pytest.approx(1, abs=1e-4)
    assert found["remainder_interval"]["low"] <= found["remainder"] <= found["remainder_interval"]["high"] + 0.02


def test_the_remainder_is_always_printed_and_a_missing_base_is_said(student: Path, tmp_path: Path) -> None:
    code, out, _ = run(f"replay:{student / 'student.jsonl'}", "--cohort", str(student), "-o", str(tmp_path / "m.json"))
    assert code == 0
    assert "nothing here (unexplained)" in out
    assert "not of training data" in " ".join(out.split())
    assert json.loads((tmp_path / "m.json").read_text("utf-8"))["schema"] == "forensics/mixture/1"
    table = student / "models.csv"
    table.write_text(table.read_text("utf-8").replace("student,family-0\n", ""), "utf-8")
    code, out, _ = run(f"replay:{student / 'student.jsonl'}", "--cohort", str(student))
    assert code == 0
    assert "No base of its own is declared" in out
    code, out, _ = run(f"replay:{student / 'student.jsonl'}", "--cohort", str(student), "--base", "m01", "--json")
    assert json.loads(out)["base_models"] == ["m01"]
    assert "family-0" not in [part["lineage"] for part in json.loads(out)["parts"]], (
        "kin of the base are no alternative"
    )


def test_the_same_twice(student: Path) -> None:
    first, second = (run(f"replay:{student / 'student.jsonl'}", "--cohort", str(student), "--json") for _ in range(2))
    assert first == second


def test_what_cannot_be_done_is_said(student: Path) -> None:
    suspect = f"replay:{student / 'student.jsonl'}"
    code, _, err = run(suspect, "--cohort", str(student), "--base", "nobody")
    assert (code, "holds no model 'nobody'" in err) == (2, True)
    code, _, err = run("demo:alder", "--cohort", str(student))
    assert (code, "would have to be asked" in err) == (2, True)
    for path in student.glob("m[234]*.jsonl"):
        path.unlink()
    code, _, err = run(suspect, "--cohort", str(student))
    assert (code, "lineages besides the suspect's own" in err) == (6, True)


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_the_one_that_scipy_finds_on_whole_vectors(seed: int) -> None:
    """`fit` sees inner products alone; scipy.optimize.nnls is given the vectors themselves."""
    from scipy.optimize import nnls

    vectors = spread(7, 60, seed)
    vectors[0] = 0.7 * vectors[3] + 0.4 * vectors[5] + 0.5 * vectors[0] + 0.6 * vectors[1]
    found = fit(products(vectors), base=True)
    centred = vectors - vectors[1:].mean(axis=0)
    own = centred[1] / np.linalg.norm(centred[1])
    left = centred - np.outer(centred @ own, own)
    used, shares = np.arange(2, 7), np.zeros(5)
    while True:  # a vector that only cancels another is left out, as `fit` says
        weights, _ = nnls(left[used].T, left[0])
        contributed = weights * (left[used] @ left[0]) / (centred[0] @ centred[0])
        if (contributed >= 0).all():
            break
        used = used[contributed >= 0]
    shares[used - 2] = contributed
    assert found.shares == pytest.approx(shares, abs=1e-9)
    assert found.base == pytest.approx((centred[0] @ own) ** 2 / (centred[0] @ centred[0]))
    assert shares[1] == shares.max() > 0.1, "the planted one"


def test_a_suspect_that_owes_nothing_to_anybody_is_left_unexplained() -> None:
    """200 suspects unrelated to six lineages: the remainder is nearly all, and no lineage is named more than others."""
    tops, remainders = [], []
    for seed in range(200):
        found = fit(products(spread(8, 2000, seed)), base=False)
        remainders.append(found.remainder)
        tops.append(int(found.shares.argmax()))
    assert min(remainders) > 0.9
    assert max(np.bincount(tops, minlength=6)) < 60, "33 each are expected"


def test_an_unrelated_models_share_is_seldom_the_largest(student: Path) -> None:
    """Nobody's student: ranks of its shares lie anywhere, and the largest share is a small one."""
    rng = random.Random(4)
    first, shares = 0, []
    for stranger in range(6):
        _write(student, f"stranger{stranger}", [(90 + rng.randrange(1000), 0.8)])
        path = student / f"stranger{stranger}.jsonl"
        found = json.loads(run(f"replay:{path}", "--cohort", str(student), "--json")[1])
        path.unlink()
        first += sum(part["rank"] == 1 for part in found["parts"])
        shares.append(found["parts"][0]["share"])
    assert first <= 8, "5 lineages × 6 strangers among some 14 models: 2 expected"
    planted = json.loads(run(f"replay:{student / 'student.jsonl'}", "--cohort", str(student), "--json")[1])
    assert max(shares) < planted["parts"][0]["share"] / 2


def test_a_copy_of_the_suspect_does_not_explain_it(student: Path) -> None:
    lines = (student / "student.jsonl").read_text("utf-8").splitlines(keepends=True)
    (student / "renamed.jsonl").write_text("".join(reversed(lines)), "utf-8")
    found = json.loads(run(f"replay:{student / 'student.jsonl'}", "--cohort", str(student), "--json")[1])
    assert "undeclared: renamed" not in [part["lineage"] for part in found["parts"]]
    assert found["parts"][0]["lineage"] == "family-3"


@pytest.mark.parametrize("statistic", ["beginnings", "lexical"])
def test_a_pack_gives_the_mixture_of_the_texts(student: Path, tmp_path: Path, statistic: str) -> None:
    suspect = tmp_path / "student.jsonl"
    (student / "student.jsonl").rename(suspect)
    pack = tmp_path / "market.cohort"
    done = CliRunner().invoke(main, ["cohort", "build", str(student), "-o", str(pack), "--embeddings", "none"])
    assert done.exit_code == 0, done.output
    told = ("--models", str(student / "models.csv"), "--statistic", statistic, "--json")
    texts, packed = (run(f"replay:{suspect}", "--cohort", str(cohort), *told) for cohort in (student, pack))
    assert texts[0] == 0
    assert packed == texts
    code, _, err = run(f"replay:{suspect}", "--cohort", str(pack), "--statistic", "semantic")
    assert (code, "holds no embedding features" in err) == (2, True)


@pytest.mark.slow
@pytest.mark.parametrize("teacher", ["birch", "cherry", "larch", "maple"])
def test_a_planted_teacher_of_the_demo_models_is_found(demo_answers: Path, teacher: str) -> None:
    suspect = demo_answers / f"{teacher}-distilled.jsonl"
    found = json.loads(run(f"replay:{suspect}", "--cohort", str(demo_answers), "--json")[1])
    assert (found["parts"][0]["lineage"], found["parts"][0]["rank"]) == (teacher, 1)
    assert found["remainder"] > 0.9, "and most of it is the student's own"


@pytest.fixture(scope="module")
def demo_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Teachers, their students and six others; lineages as the demo models' catalogue has them."""
    from forensics import demo_models, probes, runner
    from forensics.adapters import ModelName
    from forensics.records.transcript import Sampling

    folder = tmp_path_factory.mktemp("demo")
    teachers = ("birch", "cherry", "larch", "maple")
    names = [*teachers, *(f"{t}-distilled" for t in teachers), "alder", "oak", "pine", "rowan", "spruce", "hazel"]
    for name in names:
        asked = runner.Run(ModelName("demo", name), probes.load("demo"), Sampling(max_tokens=60, seed=1), 1)
        runner.run(asked, folder / f"{name}.jsonl")
    rows = [f"demo:{name},{demo_models.CATALOGUE[name].lineage}" for name in names]
    (folder / "models.csv").write_text("\n".join(["model,lineage", *rows]) + "\n", "utf-8")
    return folder

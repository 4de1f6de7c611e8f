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

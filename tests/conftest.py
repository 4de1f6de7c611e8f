"""What every test stands on: a home of its own, a canary among the secrets, and made-up models with made-up answers.

The answers are strings of made-up words: members of one lineage prefer the same words, all others do not.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest

from forensics import preparing
from forensics.asking import deciding
from forensics.records.transcript import Sampling

# The same examples every time, and no stop-watch: the machine may be busy.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("project")

CANARY = "canary-8f3a61d0c2e94b57"
"""Stands in the environment as a key; no output may hold it."""
_SYLLABLES = ("ba", "do", "ki", "lu", "me", "na", "po", "ra", "si", "te", "vo", "zu")


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home: one for all processes of a parallel run, so that nothing is derived twice."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    config.stash[_HOME] = home = tempfile.TemporaryDirectory(prefix="forensics-tests-")
    os.environ["FORENSICS_HOME"] = home.name
    os.environ["OPENAI_API_KEY"] = os.environ["FORENSICS_CANARY_KEY"] = CANARY
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the home away."""
    if _HOME in config.stash:
        config.stash[_HOME].cleanup()


_HOME = pytest.StashKey[tempfile.TemporaryDirectory]()

Answer = Callable[[str, int], str | None]


def word(rng: random.Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(3))


def made_up_answer(model: str, probe: int, *, lineage: str, seed: int = 0, words: int = 25) -> str:
    """Answer a probe: words from the probe's own pool, half of them as the lineage likes them, half as the model does."""
    pool_rng = random.Random(f"{seed}/pool/{probe}")
    pool = [word(pool_rng) for _ in range(40)]
    family, own = random.Random(f"{seed}/family/{lineage}/{probe}"), random.Random(f"{seed}/own/{model}/{probe}")
    chosen = [(family if place % 2 else own).choice(pool) for place in range(words)]
    return " ".join(chosen) + "."


class Folder:
    """A folder of made-up recorded answers, one JSON-lines table per model."""

    def __init__(self, path: Path, *, probes: int, seed: int) -> None:
        self.path = path
        self.probes = probes
        self.seed = seed
        self.lineages: dict[str, str] = {}
        path.mkdir(parents=True, exist_ok=True)

    def add(self, model: str, *, lineage: str | None = None, answer: Answer | None = None) -> Path:
        """Write one model's answers; without a lineage it is its own."""
        family = lineage or model
        self.lineages[model] = family

        def usual(name: str, probe: int) -> str:
            return made_up_answer(name, probe, lineage=family, seed=self.seed)

        path = self.path / f"{model}.jsonl"
        rows = [
            {"prompt": f"probe {p}", "answer": (answer or usual)(model, p), "note": model} for p in range(self.probes)
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def declare(self, undeclared: Sequence[str] = ()) -> Path:
        """Write `models.csv` for all models but the undeclared."""
        rows = [f"{model},{lineage}" for model, lineage in self.lineages.items() if model not in undeclared]
        table = self.path / "models.csv"
        table.write_text("\n".join(["model,lineage", *rows]) + "\n", encoding="utf-8")
        return table


MakeFolder = Callable[..., Folder]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Make a folder: `reference` and `questioned` of one lineage, a further relative, and unrelated cohort models."""

    def make(*, cohort: int = 8, probes: int = 8, related: bool = True, relatives: int = 1, name: str = "answers",
             seed: int = 0, declare: bool = True) -> Folder:  # fmt: skip
        folder = Folder(tmp_path / name, probes=probes, seed=seed)
        folder.add("reference", lineage="oak")
        folder.add("questioned", lineage="oak" if related else "elm")
        for number in range(relatives):
            folder.add(f"relative-{number}", lineage="oak")
        for number in range(cohort):
            folder.add(f"cohort-{number:02}")
        if declare:
            folder.declare()
        return folder

    return make


@pytest.fixture
def wanted() -> Callable[..., preparing.Wanted]:
    """Say what a comparison in a folder of made-up answers is asked for."""

    def make(folder: Folder, case: Path, **changes: object) -> preparing.Wanted:
        content: dict[str, object] = {
            "reference": f"replay:{folder.path / 'reference.jsonl'}",
            "questioned": f"replay:{folder.path / 'questioned.jsonl'}",
            "cohort": (str(folder.path),),
            "folder": case,
            "sampling": Sampling(),
            "draws": 1,
            "question": "derivation",
            "statistics": ("lexical", "opening"),
            "seed": 0,
            "replicates": 200,
        }
        rest = {
            name: False if field.type == "bool" else None
            for name, field in preparing.Wanted.__dataclass_fields__.items()
        }
        return preparing.Wanted(**{**rest, **content, **changes})

    return make


@pytest.fixture
def shared_data() -> Path:
    """The recorded answers of real models beside the project; tests that need them are skipped without."""
    path = Path(__file__).parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip("../shared/data (recorded answers of real models) is not there")
    return path


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hardly at all before a question is asked again."""
    monkeypatch.setattr(deciding, "FIRST_BOUND", 0.01)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that no other test uses: caches are cold."""
    home = tmp_path / "own-home"
    monkeypatch.setenv("FORENSICS_HOME", str(home))
    return home

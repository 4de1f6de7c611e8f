"""Blocks of made-up answers for statistics, made without files; and models with habits, drawn at random."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from forensics import registry
from forensics.features import embedding, extract
from forensics.measuring import mean_over_probes
from forensics.statistics import Block, score_probe, survey_of

Given = Sequence[Sequence[str | Sequence[str] | None]]
"""Answers by probe and member: one text, several draws, or none."""

_WORDS = "amber birch cedar delta ember fable grove haven inlet jetty knoll lemon maple north ocean pearl quill river"
_FUNCTION = "the a of to and in that is it for as with on by this be are or you we not can will so also more just"
WORDS, FUNCTION = _WORDS.split(), _FUNCTION.split()


@pytest.fixture
def blocks() -> Callable[..., list[Block]]:
    """Make blocks from answers; `keys` per probe, `states` shaped as the answers."""

    def make(kind: str, given: Given, *, keys: Sequence[str | None] | None = None, states: Given | None = None):
        members = len(given[0])
        texts, rights, kinds, places = ([[] for _ in range(members)] for _ in range(4))
        for p, probe in enumerate(given):
            for m, drawn in enumerate(probe):
                for d, text in enumerate(_draws(drawn)):
                    places[m].append((p, len(texts[m])))
                    texts[m].append(text)
                    rights[m].append(keys[p] if keys else None)
                    kinds[m].append(_draws(states[p][m])[d] if states else "text")
        features = [extract(kind, t, keys=k, states=s) for t, k, s in zip(texts, rights, kinds, strict=True)]
        made = []
        for p in range(len(given)):
            found = [(m, row) for m in range(members) for q, row in places[m] if q == p]
            owners, rows = (np.array([item[i] for item in found], np.int64) for i in (0, 1))
            made.append(Block(owners, rows, features))
        return made

    return make


def _draws(drawn: str | Sequence[str] | None) -> list[str]:
    return [] if drawn is None else [drawn] if isinstance(drawn, str) else list(drawn)


@pytest.fixture
def measured() -> Callable[..., NDArray[np.float64]]:
    """Score all members with all on every probe: [probes, members, members]."""

    def run(name: str | ModuleType, made: Sequence[Block], rows: Sequence[int] | None = None) -> NDArray[np.float64]:
        plugin = registry.load("statistics", name) if isinstance(name, str) else name
        wanted = np.arange(len(made[0].features)) if rows is None else np.array(rows, np.int64)
        survey = survey_of(plugin, made)
        return np.stack([score_probe(plugin, block, wanted, survey) for block in made])

    return run


@pytest.fixture
def fake_embedder(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Embed by counting words into 16 places: no model to load, and like texts get like vectors."""
    monkeypatch.setenv("FORENSICS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(embedding, "_embedder", lambda chosen: Counting())


class Counting:
    """An embedder that needs nothing."""

    name, backend, digest, dimension, max_tokens = "counting", "tests", "sha256:" + "0" * 64, 16, 0

    def encode(self, texts: Sequence[str], *, workers: int = 1, progress: object = None) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split() or [""]:
                vectors[row, hashlib.sha256(word.encode()).digest()[0] % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Habits:
    """One made-up model: how it writes, refuses, answers, chooses and who it says it is."""

    def __init__(self, rng: random.Random) -> None:
        self.words = [rng.gammavariate(0.7, 1) + 0.02 for _ in WORDS]
        self.function = [rng.gammavariate(0.7, 1) + 0.02 for _ in FUNCTION]
        self.bullets, self.bold, self.exclaims = rng.random(), rng.random(), rng.random() < 0.5
        self.length = rng.randint(8, 30)
        self.maker = rng.choice(["Anthropic", "OpenAI", "Google", "DeepSeek"])
        self.touchy = rng.random()
        self.choices = [rng.gammavariate(0.4, 1) + 0.01 for _ in range(6)]
        self.errors = rng.random()
        self.salt = rng.random()

    def write(self, rng: random.Random, probe: int) -> str:
        """Answer one probe; what is refused, or got wrong and how, hangs on model and probe alone."""
        fixed = random.Random(f"{self.salt}/{probe}")
        if fixed.random() < 0.6 * self.touchy:
            return "I'm sorry, but I can't help with that."
        sentence = rng.choices(WORDS, self.words, k=self.length) + rng.choices(FUNCTION, self.function, k=self.length)
        rng.shuffle(sentence)
        if rng.random() < self.bold:
            sentence[0] = f"**{sentence[0]}**"
        lines = [" ".join(sentence) + ("!" if self.exclaims else ".")]
        if rng.random() < self.bullets:
            lines += [f"- {word}" for word in sentence[:3]]
        lines.append(f"I am made by {self.maker}.")
        wrong = fixed.random() < 0.6 * self.errors
        lines.append(f"Answer: {fixed.randint(1, 9) if wrong else 42}")
        return "\n".join(lines)

    def choose(self, rng: random.Random) -> str:
        return rng.choices(["red", "blue", "green", "teal", "ochre", "mauve"], self.choices)[0]


@pytest.fixture
def models() -> Callable[..., list[Habits]]:
    """Make models; the first two share their habits where they are `related`."""

    def make(seed: int, *, members: int = 10, related: bool = True) -> list[Habits]:
        rng = random.Random(seed)
        made = [Habits(rng) for _ in range(members)]
        return [made[0], made[0], *made[2:]] if related else made

    return make


def place_of_pair(scores: NDArray[np.float64]) -> float:
    """Return the place of members 0 and 1 among all pairs by mean over probes, ties in the middle of their places."""
    means = mean_over_probes(scores)
    pairs = means[np.triu_indices(len(means), 1)]
    assert not np.isnan(means[0, 1])
    pairs = pairs[~np.isnan(pairs)]
    return 1 + float((pairs > means[0, 1]).sum()) + (float((pairs == means[0, 1]).sum()) - 1) / 2


@pytest.fixture
def rank() -> Callable[[NDArray[np.float64]], float]:
    return place_of_pair

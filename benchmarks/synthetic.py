"""`python -m benchmarks.synthetic FOLDER MODELS PROBES`: made-up answers of many models, some of them in planted families.

For each probe there is a stock of sentences, few of them popular. A model answers with eight: those of its family come
first in half of the places, the rest is its own choice. A quarter of the models are in families of two to five. Words
are made up; nothing of any model's answers is in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

SENTENCES, POOL, STOCK, KEPT = 8, 4000, 240, 0.5
_SYLLABLES = np.array([a + b for a in "bdfgklmnprstvz" for b in "aeiou"])


def families(models: int) -> list[int]:
    """Return each model's family; a model alone in its own is in none."""
    found: list[int] = []
    number = 0
    while len(found) < models // 4:
        size = min(2 + number % 4, models - len(found))
        found += [number] * size
        number += 1
    found += range(number, number + models - len(found))
    return found[:models]


def write(folder: Path, models: int, probes: int, *, seed: int = 0) -> None:
    """Write one file of answers per model; families are not declared."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    words = ["".join(row) for row in rng.choice(_SYLLABLES, (POOL, 3))]
    own = families(models)
    share = 1.0 / np.arange(1, STOCK + 1)
    share /= share.sum()
    texts: list[list[str]] = [[] for _ in range(models)]
    for _ in range(probes):
        stock = [" ".join(words[w] for w in rng.integers(0, POOL, rng.integers(8, 15))) for _ in range(STOCK)]
        liked = rng.choice(STOCK, (max(own) + 1, SENTENCES), p=share)
        chosen = rng.choice(STOCK, (models, SENTENCES), p=share)
        kept = rng.random((models, SENTENCES)) < KEPT
        chosen = np.where(kept, liked[own], chosen)
        for model, row in enumerate(chosen.tolist()):
            texts[model].append(". ".join(stock[s] for s in row))
    for model, answers in enumerate(texts):
        lines = [json.dumps({"prompt": f"probe {p}", "answer": text}) + "\n" for p, text in enumerate(answers)]
        (folder / f"model-{model:05}.jsonl").write_text("".join(lines), encoding="utf-8")


def first_places(pairs: Path, models: int) -> float:
    """Return the share of planted pairs among as many first rows of `pairs.csv`."""
    own = families(models)
    planted = sum(own[a] == own[b] for a in range(models) for b in range(a + 1, models))
    right = 0
    with pairs.open(encoding="utf-8") as stream:
        next(stream)
        for line, _ in zip(stream, range(planted), strict=False):
            a, b = line.split(",")[:2]
            right += own[int(a[6:])] == own[int(b[6:])]
    return right / planted


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

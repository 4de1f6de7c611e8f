"""Draws behind the equality part of the benchmark: real answers of models whose relation is known, by the hundred.

Kept below benchmarks/.work, so that they are drawn once. The local models are sampled in this process, once more through
the real server of llama.cpp on loopback, and the demo models beside them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import local_models, reporting
from benchmarks.local_models import BRIEF, LONG, POINTS, Draws

FOLDER = reporting.HERE / ".work" / "equality"
MANY, FEWER = 300, 100
"""Draws of each probe: of models that null pairs are taken from, and of those they are compared with."""


def pools() -> dict[str, Draws]:
    """Return the draws of every model, sampled where they are not there yet: minutes."""
    models = FOLDER / "models"
    plain: dict[str, tuple[str, int, int, dict[str, Any]]] = {
        "base": ("base", MANY, 11, {}),
        "int8": ("int8", FEWER, 14, {}),
        "tuned": ("tuned", FEWER, 15, {}),
        "system prompt it follows (brief)": ("base", FEWER, 12, {"system": BRIEF}),
        "system prompt it follows (points)": ("base", FEWER, 20, {"system": POINTS}),
        "system prompt it was not taught": ("base", FEWER, 17, {"system": "You are a helpful assistant."}),
        "system prompt of a paragraph": ("base", FEWER, 19, {"system": LONG}),
        "temperature 0.4": ("base", FEWER, 13, {"temperature": 0.4}),
        "temperature 0.6": ("base", FEWER, 21, {"temperature": 0.6}),
        "temperature 1.0": ("base", FEWER, 18, {"temperature": 1.0}),
        "other model": ("other", FEWER, 16, {}),
    }
    local: dict[str, Callable[[], Draws]] = {name: partial(_sampled, models, *how) for name, how in plain.items()}
    local["llama.cpp"] = partial(_served, models / "base")
    found = {name: _kept(name, partial(_scored, models, make)) for name, make in local.items()}
    return {**found, "demo": _kept("demo", partial(_demo, "alder", MANY))}


def _scored(models: Path, make: Callable[[], Draws]) -> Draws:
    """Let `base` say how likely it finds the answers, as a local reference does."""
    drawn = make()
    return drawn._replace(likelihoods=local_models.scored(local_models.load(models, "base"), drawn.texts))


def _kept(name: str, make: Callable[[], Draws]) -> Draws:
    path = FOLDER / f"{name.replace(' ', '-')}.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        print(f"  drawing {name}", flush=True)
        path.write_text(json.dumps(make()._asdict()), "utf-8")
    return Draws(**json.loads(path.read_text("utf-8")))


def _sampled(models: Path, name: str, count: int, seed: int, more: dict[str, Any]) -> Draws:
    local_models.make(models, ["other" if name == "other" else "base"])
    return local_models.draw(local_models.load(models, name), count, seed=seed, **more)


def _served(model: Path) -> Draws:
    """Ask the same model through llama.cpp, with samplers that change nothing."""
    from tests.servers import gguf_file, llamacpp

    local_models.make(model.parent, ["base"])
    path = model.with_suffix(".gguf")
    gguf_file.write(model, path)
    prompts = list(local_models.prompts(local_models.probes(), system=None))
    command = [sys.executable, llamacpp.__file__, "base", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            address = next(line.split()[1] for line in process.stdout if line.startswith("listening "))
            with ThreadPoolExecutor(4) as pool:
                texts = [list(pool.map(partial(_ask, address, prompt), range(1, MANY + 1))) for prompt in prompts]
        finally:
            process.kill()
    return Draws(texts, [], [])


def _ask(address: str, prompt: str, seed: int) -> str:
    asked = {"prompt": prompt, "seed": seed, "n_predict": local_models.TOKENS, "temperature": local_models.TEMPERATURE,
             "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0, "cache_prompt": False}  # fmt: skip
    request = urllib.request.Request(
        f"{address}/completion", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return str(json.load(answer)["content"])


def _demo(name: str, count: int) -> Draws:
    from forensics import demo_models, probes
    from forensics.transcripts import prompt_text

    model = demo_models.load(name)
    asked = [prompt_text(probe) for probe in probes.load("demo").probes[:25]]
    return Draws([[model.complete(p, seed=s, max_tokens=40).text for s in range(count)] for p in asked], [], [])

"""Banks of real draws for simulations: the built-in demo models, and models of our own behind llama.cpp's real server."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from forensics import demo_models, probes

TEMPERATURE = 0.7
MAX_TOKENS = 40


def prompts(count: int) -> list[str]:
    """Return the first prompts of the demo set: openings of sentences, which small models continue."""
    return [str(probe.prompt) for probe in probes.load("demo").probes[:count]]


def demo_bank(
    name: str, *, draws: int, probes: int, temperature: float = TEMPERATURE, first: int = 0
) -> list[list[str]]:
    """Ask a demo model every prompt many times: [probes][draws]."""
    model = demo_models.load(name)

    def answer(prompt: str, seed: int) -> str:
        return model.complete(prompt, seed=seed, temperature=temperature, max_tokens=MAX_TOKENS).text

    return [[answer(prompt, seed) for seed in range(first, first + draws)] for prompt in prompts(probes)]


def served_bank(
    name: str, *, draws: int, probes: int, temperature: float = TEMPERATURE, first: int = 0
) -> list[list[str]] | None:
    """Ask a model behind llama.cpp's server every prompt many times; None where the server is not installed."""
    try:
        from tests.servers import llamacpp

        place = llamacpp.folder()
    except (ImportError, pytest.skip.Exception):
        return None
    with llamacpp.serve(place, [name]) as addresses, ThreadPoolExecutor(4) as pool:
        asked = [(prompt, seed) for prompt in prompts(probes) for seed in range(first, first + draws)]
        url = f"{addresses[name]}/completions"
        texts = list(pool.map(lambda one: _complete(url, name, *one, temperature), asked))
    return [texts[start : start + draws] for start in range(0, len(texts), draws)]


def _complete(url: str, model: str, prompt: str, seed: int, temperature: float) -> str:
    content = {"model": model, "prompt": prompt, "seed": seed, "temperature": temperature, "max_tokens": MAX_TOKENS}
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["choices"][0]["text"])

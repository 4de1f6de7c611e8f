"""Lay results out as Markdown, with what they were measured on; it measures nothing."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS, PAGE = HERE / "results", HERE / "RESULTS.md"
PACKAGES = ("numpy", "scipy", "scikit-learn", "onnxruntime", "tokenizers", "sentence-transformers", "torch")


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with so many decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; numbers are aligned right."""
    rule = ["---", *["--:" for _ in head[1:]]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [list(head), rule, *rows])


def read() -> dict[str, Any]:
    """Return the results of earlier runs, by part."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}


def write(found: Mapping[str, Any], parts: Mapping[str, Any], *, quoted: Callable[[Mapping[str, Any]], str]) -> None:
    """Write results/PART.json and RESULTS.md; parts not measured keep what an earlier run found."""
    RESULTS.mkdir(exist_ok=True)
    said = _rounded(found)
    for name, content in said.items():
        (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    pages = [
        f"## {part.TITLE}\n\n{part.show(said[name])}\n{_load(said[name])}"
        for name, part in parts.items()
        if name in said
    ]
    PAGE.write_text("\n\n".join([_head(), quoted(said), *pages]).rstrip() + "\n")


def load_average() -> float:
    """Return how many processes wanted a core over the last minute."""
    return round(os.getloadavg()[0], 1)


def _head() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        "# Benchmark\n\nWritten by `make bench` (`python -m benchmarks`; `--with semantic` for the parts that need embeddings, "
        "`--only PART` for one part); the figures are in results/ too.\n\n"
        "Data: recorded answers of 151 models of 16 lineages to the 805 AlpacaEval prompts, one draw each, with published "
        "relations. They are not in this repository. What may and may not be concluded: docs/validation.md.\n\n"
        f"Machine: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}; {packages}."
    )


def _load(found: Mapping[str, Any]) -> str:
    where = found.get("_run", {})
    if not where:
        return ""
    return (
        f"\n*Took {where['seconds']:.0f} s; load average {where['load_before']} at the start, {where['load_after']} at the end "
        f"({os.cpu_count()} cores).*\n"
    )


def _rounded(value: Any) -> Any:
    """Return six significant digits of every number: more is noise, and would change with the last bit."""
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value

"""Other programs that put many prompts to an OpenAI-compatible service, each in an environment of its own.

A module has `TITLE` (with the version that is installed), `prepare(folder)`, which installs it there where it is not yet, and
`command(folder, work, url, prompts)`, which returns the command and environment of one whole run over the prompts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.data import ROOT

CONCURRENCY = 64
MAX_TOKENS = 16
KEY = "sk-benchmark-0123456789"


class Command(NamedTuple):
    """How one run is started."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str]


def install(folder: Path, *packages: str) -> None:
    """Make a virtual environment with these packages; raises CalledProcessError where it cannot be done."""
    if (folder / ".ready").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *packages], check=True, timeout=900)
    (folder / ".ready").touch()


def ours(work: Path, url: str, probes: Path, *more: str) -> Command:
    """Return the command of this project."""
    return Command(
        [
            sys.executable, "-m", "forensics", "probe", f"openai:m?base_url={url}/v1", "--probes", probes,
            "--max-tokens", str(MAX_TOKENS), "--concurrency", str(CONCURRENCY), "-o", work / "ours.jsonl", *more,
        ],
        {"OPENAI_API_KEY": KEY, "FORENSICS_HOME": str(work / "home"), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip

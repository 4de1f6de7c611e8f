"""knowlyr-modelaudit, in an environment of its own, fed with recorded answers in place of its calls to models."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.peers import Answers, Compared

VERSION = "0.4.1"
TITLE = f"knowlyr-modelaudit {VERSION}"
NOTE = (
    "its own fingerprints (llmmap and dli), comparisons and vote, on the recorded prompts instead of its eight; score: the mean "
    "similarity it reports. Only its call to the model's interface is replaced"
)
HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parent / ".work" / "modelaudit"


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair with the installed package."""
    python = ENVIRONMENT / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "answers.json", Path(folder) / "out.json"
        source.write_text(json.dumps(answers), encoding="ascii")
        subprocess.run([python, "-I", HERE / "_inside_modelaudit.py", source, target], check=True)
        found = json.loads(target.read_text())
    return Compared(np.array(found["scores"], np.float64), np.array(found["verdicts"]))


def prepare() -> None:
    """Install the package where it is not yet."""
    if (ENVIRONMENT / ".ready").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"knowlyr-modelaudit=={VERSION}"], check=True)
    (ENVIRONMENT / ".ready").touch()

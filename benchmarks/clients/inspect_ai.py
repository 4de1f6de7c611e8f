"""UK AISI's inspect_ai: a task of one generation per sample, no scorer, its log written as usual."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clients import CONCURRENCY, KEY, MAX_TOKENS, Command, install

VERSION = "0.3.285"
TITLE = f"inspect_ai {VERSION}"
_CODE = """
import json, sys
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.solver import generate
url, path, folder, concurrency, most = sys.argv[1:]
samples = [Sample(input=prompt) for prompt in json.load(open(path))]
[log] = eval(Task(dataset=MemoryDataset(samples), solver=generate()), model="openai/m", model_base_url=url,
             model_args={"responses_api": False}, max_connections=int(concurrency), max_samples=int(concurrency), max_tokens=int(most),
             display="none", log_dir=folder)
assert log.status == "success", log.error
"""


def prepare(folder: Path) -> None:
    """Install the package where it is not yet."""
    install(folder, f"inspect-ai=={VERSION}", "openai==3.57.0")


def command(folder: Path, work: Path, url: str, prompts: Sequence[str]) -> Command:
    """Return one run."""
    (work / "prompts.json").write_text(json.dumps(list(prompts)))
    arguments = [f"{url}/v1", str(work / "prompts.json"), str(work / "logs"), str(CONCURRENCY), str(MAX_TOKENS)]
    home = {"HOME": str(work), "INSPECT_LOG_LEVEL": "warning"}
    return Command([folder / "bin" / "python", "-I", "-c", _CODE, *arguments], {"OPENAI_API_KEY": KEY, **home})

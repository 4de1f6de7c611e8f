"""promptfoo: one prompt template over many tests, no assertions, its database written as usual."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clients import CONCURRENCY, KEY, MAX_TOKENS, Command

VERSION = "0.121.20"
"""The last that runs on Node 20."""
TITLE = f"promptfoo {VERSION}"


def prepare(folder: Path) -> None:
    """Install the package where it is not yet."""
    if (folder / ".ready").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    npm = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", "--fetch-retries", "1"]
    subprocess.run([*npm, f"promptfoo@{VERSION}"], check=True, timeout=900)
    (folder / ".ready").touch()


def command(folder: Path, work: Path, url: str, prompts: Sequence[str]) -> Command:
    """Return one run."""
    provider = {"id": "openai:chat:m", "config": {"apiBaseUrl": f"{url}/v1", "max_tokens": MAX_TOKENS}}
    tests = [{"vars": {"q": prompt}} for prompt in prompts]
    (work / "config.json").write_text(json.dumps({"prompts": ["{{q}}"], "providers": [provider], "tests": tests}))
    off = ("PROMPTFOO_DISABLE_TELEMETRY", "PROMPTFOO_DISABLE_UPDATE", "PROMPTFOO_DISABLE_REMOTE_GENERATION")
    return Command(
        [
            folder / "node_modules" / ".bin" / "promptfoo", "eval", "-c", work / "config.json", "--no-cache", "-j", str(CONCURRENCY),
            "-o", work / "out.json", "--no-progress-bar", "--no-table",
        ],
        {"OPENAI_API_KEY": KEY, "PROMPTFOO_CONFIG_DIR": str(work / "home"), **dict.fromkeys(off, "1")},
    )  # fmt: skip

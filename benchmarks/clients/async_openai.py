"""The vendor's own client, asynchronous, its answers kept in memory only: no journal, no transcript, no retries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clients import CONCURRENCY, KEY, MAX_TOKENS, Command, install

VERSION = "3.57.0"
TITLE = f"AsyncOpenAI (openai {VERSION}), answers kept in memory"
_CODE = """
import asyncio, json, sys
from openai import AsyncOpenAI
url, path, concurrency, most = sys.argv[1:]
async def main():
    client = AsyncOpenAI(base_url=url, max_retries=0)
    gate = asyncio.Semaphore(int(concurrency))
    async def one(prompt):
        async with gate:
            said = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": prompt}], max_tokens=int(most))
            return said.choices[0].message.content
    answers = await asyncio.gather(*map(one, json.load(open(path))))
    assert all(answers)
asyncio.run(main())
"""


def prepare(folder: Path) -> None:
    """Install the package where it is not yet."""
    install(folder, f"openai=={VERSION}")


def command(folder: Path, work: Path, url: str, prompts: Sequence[str]) -> Command:
    """Return one run."""
    (work / "prompts.json").write_text(json.dumps(list(prompts)))
    arguments = [f"{url}/v1", str(work / "prompts.json"), str(CONCURRENCY), str(MAX_TOKENS)]
    return Command([folder / "bin" / "python", "-I", "-c", _CODE, *arguments], {"OPENAI_API_KEY": KEY})

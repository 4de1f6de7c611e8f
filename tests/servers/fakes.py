"""The npm package aimock: fakes of OpenAI's, Anthropic's and Gemini's protocols, made by others than us."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

FIXTURES = Path(__file__).with_name("fakes.json")
"""What the fakes answer, by the last message of the user."""
_BINARY = Path(__file__).parents[2] / "build" / "node_modules" / ".bin" / "llmock"


@contextlib.contextmanager
def serve(*options: str) -> Iterator[str]:
    """Serve the fixtures; gives the address without a path. Skips where the package was not fetched."""
    if not _BINARY.exists():
        pytest.skip("the npm package @copilotkit/aimock is not there: `make fakes` fetches it")
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")}
    with subprocess.Popen(
        [str(_BINARY), "--port", "0", "--fixtures", str(FIXTURES), "--strict", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
    ) as process:
        try:
            yield _address(process)
        finally:
            process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if hit := re.search(r"listening on (http://\S+)", line):
            return hit[1]
    raise AssertionError("".join(said))

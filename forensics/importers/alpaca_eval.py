"""AlpacaEval's `model_outputs.json`: a list of objects with `instruction`, `output` and `generator`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from forensics.errors import BadFile
from forensics.importers import Recorded, Recording

SUMMARY = "AlpacaEval model_outputs.json: a list of instruction, output, generator"


def recognises(start: str, name: str) -> bool:
    """Say whether the first characters of a file look like this format."""
    first = start.lstrip().partition("}")[0]
    return bool(re.match(r"\[\s*\{", first)) and '"instruction"' in first and '"output"' in start


def read(recording: Recording, options: Mapping[str, str]) -> Iterator[Recorded]:
    """Yield the recorded answers; an optional `input` is appended to the instruction as the benchmark does."""
    for position, item in enumerate(recording.objects(), start=1):
        if "instruction" not in item or "output" not in item:
            raise BadFile(recording.path, f"answer {position} has no instruction or no output")
        prompt = item["instruction"]
        if isinstance(prompt, str) and isinstance(item.get("input"), str) and item["input"]:
            prompt = f"{prompt}\n\n{item['input']}"
        generator = item.get("generator")
        yield Recorded(prompt=prompt, answer=item["output"], model=generator if isinstance(generator, str) else None)

"""ZeroEval's result files: `chat_history`, `output` as a list of draws, and `answer` as the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from forensics import canonical
from forensics.errors import BadFile
from forensics.importers import Recorded, Recording

SUMMARY = "ZeroEval results: chat_history, a list of outputs, and the key"


def recognises(start: str, name: str) -> bool:
    """Say whether the first characters of a file look like this format."""
    return bool(re.match(r"\s*\[\s*\{", start)) and '"chat_history"' in start and '"output"' in start


def read(recording: Recording, options: Mapping[str, str]) -> Iterator[Recorded]:
    """Yield one recorded answer per output; a conversation of several turns becomes its canonical JSON."""
    for position, item in enumerate(recording.objects(), start=1):
        turns, outputs = item.get("chat_history"), item.get("output")
        if not isinstance(turns, list) or not turns or not isinstance(outputs, list):
            raise BadFile(recording.path, f"answer {position} has no chat_history or no list of outputs")
        prompt = turns[0] if len(turns) == 1 else _conversation(turns)
        generator, key = item.get("generator"), item.get("answer")
        for draw, output in enumerate(outputs):
            yield Recorded(
                prompt=prompt,
                answer=output,
                draw=draw,
                model=generator if isinstance(generator, str) else None,
                key=str(key) if isinstance(key, str | int | float) else None,
            )


def _conversation(turns: list[object]) -> str | None:
    """Return the canonical JSON of several turns; None, which is no prompt, where a turn is not text."""
    texts = [canonical.well_formed(turn) for turn in turns if isinstance(turn, str)]
    return canonical.encode(texts).decode() if len(texts) == len(turns) else None

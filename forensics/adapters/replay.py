"""Answers recorded earlier, in any importer's format, given back by their prompt: `replay:PATH?as=FORMAT`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from forensics import importing
from forensics.adapters import Ask, Fault, Reply
from forensics.transcripts import conversation_text, prompt_digest

SUMMARY = "answers recorded earlier, in any format `forensics list importers` names"


_MISSING = "no such answer was recorded"
_FAILED = "a failure was recorded"


def connect(name: str, options: Mapping[str, str]) -> Recorded:
    """Read the recorded answers; raises UsageError or BadFile."""
    return Recorded(Path(name), options)


class Recorded:
    """A model whose answers were recorded; it can be asked what it was asked then."""

    parallel = 1
    """It reads from memory: two at once are no faster."""
    cacheable = False

    def __init__(self, path: Path, options: Mapping[str, str]) -> None:
        others = {key: value for key, value in options.items() if key != "as"}
        transcript = importing.read_transcript(path, importer=options.get("as"), options=others)
        self.notes = {"recorded": transcript.digest, "format": transcript.format}
        self.endpoint = str(path)
        self._answers: dict[str, list[Reply]] = {}
        for entry in sorted(transcript.entries, key=lambda entry: entry.draw):
            failed = entry.state == "failed"
            reply = Reply(
                state=entry.state,
                text=entry.text,
                finish_reason=entry.finish_reason,
                error=_FAILED if failed else None,
                fault=Fault("bad_request") if failed else None,
            )
            self._answers.setdefault(entry.prompt_digest, []).append(reply)

    def ask(self, ask: Ask) -> Reply:
        """Give back the draw asked for, of those recorded for this prompt."""
        only = ask.messages[0].content if len(ask.messages) == 1 else conversation_text(ask.messages)
        prompt = prompt_digest(only)
        draws = self._answers.get(prompt, [])
        if ask.draw >= len(draws):
            return Reply(state="failed", text="", error=_MISSING, fault=Fault("bad_request"))
        return draws[ask.draw]

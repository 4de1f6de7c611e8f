"""Take out of evidence what a redaction removed: excerpts, prompts, and the marks that tell what both sides share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from forensics.custody import rules
from forensics.custody.rules import Rule

GONE: Final = "[removed]"
"""Stands where a text was."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What must not be read in an exhibit."""

    rules: Sequence[Rule]
    answers: Collection[tuple[str, str]]
    """Model and prompt digest of each answer that was removed."""
    models: Collection[str]
    """Models all of whose answers were removed."""
    prompts: Collection[str]
    """Digests of prompts that were removed."""


def silenced(exhibit: dict[str, Any], silence: Silence) -> dict[str, Any]:
    """Return an exhibit without what was removed."""
    prompt = exhibit["contribution"]["prompt_digest"]
    excerpts = [_excerpt(excerpt, prompt, silence) for excerpt in exhibit["excerpts"]]
    if any(excerpt["text"] == GONE for excerpt in excerpts):
        # A mark tells which words of one answer stand in the other.
        excerpts = [{**excerpt, "marks": []} for excerpt in excerpts]
    hidden = prompt in silence.prompts or rules.for_text(silence.rules, exhibit["prompt"])
    return {**exhibit, "prompt": GONE if hidden else exhibit["prompt"], "excerpts": excerpts}


def _excerpt(excerpt: dict[str, Any], prompt: str, silence: Silence) -> dict[str, Any]:
    removed = excerpt["model"] in silence.models or (excerpt["model"], prompt) in silence.answers
    if removed or rules.for_text(silence.rules, excerpt["text"]):
        return {**excerpt, "text": GONE, "cut": 0}
    return excerpt

"""What a redaction takes out: rules as they are typed, and which answers each one fits. Removes nothing itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from forensics.errors import UsageError
from forensics.records.transcript import Answer

KINDS = ("model", "probe", "contains", "file")
_HIDDEN = "contains"
"""The kind whose value would tell what was removed."""


class Rule(NamedTuple):
    """One rule with its reason."""

    kind: str
    value: str
    reason: str

    def shown(self) -> str:
        """Return the rule as the register shows it: what a text rule looks for is not told."""
        return f"{self.kind}: (not told)" if self.kind == _HIDDEN else f"{self.kind}:{self.value}"


def parse(texts: Sequence[str]) -> list[Rule]:
    """Read rules of the form KIND:VALUE|REASON; raises UsageError."""
    found = []
    for text in texts:
        rule, bar, reason = text.rpartition("|")
        kind, colon, value = rule.partition(":")
        if not (bar and colon and value.strip() and reason.strip()) or kind not in KINDS:
            raise UsageError(
                f"{text!r} is no rule.",
                remedy=f"Write KIND:VALUE|REASON, as in `contains:Jane Doe|personal data`; kinds: {', '.join(KINDS)}.",
            )
        found.append(Rule(kind, value.strip(), reason.strip()))
    if not found:
        raise UsageError("Nothing is to be removed.", remedy="Give a --rule KIND:VALUE|REASON.")
    return found


def for_file(rules: Sequence[Rule], path: str, model: str | None) -> Rule | None:
    """Return the rule that takes out a whole file."""
    for rule in rules:
        if rule.kind == "file" and rule.value == path:
            return rule
        if rule.kind == "model" and model is not None and rule.value == model:
            return rule
    return None


def for_answer(rules: Sequence[Rule], answer: Answer) -> Rule | None:
    """Return the rule that takes out one answer."""
    for rule in rules:
        if rule.kind == "probe" and rule.value in (answer.probe, answer.prompt_digest):
            return rule
        if rule.kind == "contains" and any(rule.value in text for text in _texts(answer.model_dump())):
            return rule
    return None


def for_text(rules: Sequence[Rule], text: str) -> Rule | None:
    """Return the text rule that fits anywhere in a text."""
    return next((rule for rule in rules if rule.kind == "contains" and rule.value in text), None)


def spellings(rule: Rule) -> set[bytes]:
    """Return the ways in which a text rule's value may stand in a file: plain, in JSON, in HTML."""
    import html

    plain = {
        rule.value,
        json.dumps(rule.value)[1:-1],
        json.dumps(rule.value, ensure_ascii=False)[1:-1],
        html.escape(rule.value),
    }
    return {text.encode() for text in plain}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)

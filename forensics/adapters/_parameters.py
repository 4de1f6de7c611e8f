"""Parameters of sampling: what was asked for is sent under the protocol's name or dropped with a reason, never in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from forensics.adapters import Ask
from forensics.errors import UsageError
from forensics.records.probes import Message
from forensics.records.transcript import Sampling

NAMES = ("temperature", "top_p", "max_tokens", "seed", "logprobs")
"""Parameters of `Sampling` that a protocol may have a field for; `system` is part of the conversation."""


class Chosen(NamedTuple):
    """What becomes of the parameters of one question."""

    sent: dict[str, Any]
    """By the names of `Sampling`."""
    dropped: dict[str, str]
    """By the names of `Sampling`, with the reason."""
    absent: list[str]
    """Not asked for: the service's default applies."""


def choose(sampling: Sampling, refused: Mapping[str, str]) -> Chosen:
    """Sort the parameters; `refused` names those that are not sent, with the reason."""
    asked = {name: getattr(sampling, name) for name in NAMES}
    wanted = {name: value for name, value in asked.items() if value is not None}
    return Chosen(
        sent={name: value for name, value in wanted.items() if name not in refused},
        dropped={name: refused[name] for name in wanted if name in refused},
        absent=[name for name, value in asked.items() if value is None and name != "logprobs"],
    )


def omitted(text: str) -> dict[str, str]:
    """Read the option `omit`: names separated by commas. Raises UsageError."""
    names = sorted({name for name in text.split(",") if name})
    for name in names:
        if name not in NAMES:
            raise UsageError(f"omit={name!r} is no parameter.", remedy=f"Parameters: {', '.join(NAMES)}.")
    return dict.fromkeys(names, "left out by the option omit")


def without(names: Iterable[str], reason: str) -> dict[str, str]:
    """Refuse several parameters for one reason."""
    return dict.fromkeys(names, reason)


def count(name: str, text: str) -> int:
    """Read an option that is a small number from 1 upwards; raises UsageError."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1024:
        raise UsageError(f"{name}={text[:20]!r} is no number from 1 to 1024.", remedy=f"Write {name}=8.")
    return int(text)


def system_apart(ask: Ask) -> tuple[list[str], list[Message]]:
    """Return the system prompts and the other turns, for protocols in which a system prompt is no turn.

    Raises UsageError for one in the middle of a conversation, which they have no place for.
    """
    first = next((place for place, turn in enumerate(ask.messages) if turn.role != "system"), len(ask.messages))
    turns = list(ask.messages[first:])
    if not turns or any(turn.role == "system" for turn in turns):
        raise UsageError(
            "This service takes a system prompt before the conversation only, and a conversation after it.",
            remedy="Use another probe set for this model.",
        )
    asked = [] if ask.sampling.system is None else [ask.sampling.system]
    return [*asked, *(turn.content for turn in ask.messages[:first])], turns

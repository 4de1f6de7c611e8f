"""How a model is named on the command line: `adapter:name?key=value&key=value`."""

from __future__ import annotations

from urllib.parse import parse_qsl

from forensics import registry
from forensics.adapters import ModelName
from forensics.errors import UnknownName, UsageError

RECORDED = "replay"
"""The adapter whose name is a path of recorded answers."""


def parse(text: str) -> ModelName:
    """Split a model's name once: the adapter ends at the first colon, the options begin at the last question mark.

    Raises UsageError or UnknownName.
    """
    adapter, colon, rest = text.partition(":")
    known = registry.names("adapters")
    if not colon:
        raise UsageError(f"{text!r} names no adapter.", remedy=f"Write ADAPTER:NAME; adapters: {', '.join(known)}.")
    if adapter not in known:
        raise UnknownName("adapter", adapter, known)
    name, _, query = rest.rpartition("?") if "?" in rest and "=" in rest.rpartition("?")[2] else (rest, "", "")
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError as error:
        raise UsageError(f"The options {query!r} of {text!r} cannot be read.", remedy="Write ?key=value&…") from error
    return ModelName(adapter=adapter, name=name, options=options)

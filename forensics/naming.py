"""How a model is named on the command line: `adapter:name?key=value&key=value`, `service:name`, or an alias of the user's."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from forensics import aliases, registry, services
from forensics.adapters import ModelName
from forensics.errors import UnknownName, UsageError

RECORDED = "replay"
"""The adapter whose name is a path of recorded answers."""


def parse(text: str) -> ModelName:
    """Split a model's name once: what asks it ends at the first colon, the options begin at the last question mark.

    What asks it is an adapter or a service; a name without a colon is an alias. Raises UsageError or UnknownName.
    """
    adapter, colon, rest = text.partition(":")
    head = text.partition("?")[0]
    if not colon or ":" not in head:
        return _alias(text)
    name, options = _options(rest, text)
    return _asked_by(adapter, name, options, text)


def _asked_by(adapter: str, name: str, options: dict[str, str], text: str) -> ModelName:
    """Find the adapter, which for a service is the one that speaks its protocol."""
    if registry.offers("adapters", adapter):
        return ModelName(adapter=adapter, name=name, options=options)
    if adapter in services.names():
        return ModelName(services.ADAPTER, name, {"service": adapter, **options}, alias=text)
    raise UnknownName("adapter or service", adapter, sorted({*registry.names("adapters"), *services.names()}))


def _alias(text: str) -> ModelName:
    name, options = _options(text, text)
    known = aliases.read()
    if name not in known:
        offered = ", ".join([*registry.names("adapters"), *services.names()])
        named = f"; named in {aliases.file()}: {', '.join(sorted(known))}" if known else ""
        raise UsageError(
            f"{text!r} names no adapter.", remedy=f"Write ADAPTER:NAME; adapters and services: {offered}{named}."
        )
    found = known[name]
    return replace(_asked_by(found.adapter, found.name, {**found.options, **options}, text), alias=text)


def _options(rest: str, text: str) -> tuple[str, dict[str, str]]:
    """Split a name from its options."""
    name, _, query = rest.rpartition("?") if "?" in rest and "=" in rest.rpartition("?")[2] else (rest, "", "")
    try:
        return name, dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError as error:
        raise UsageError(f"The options {query!r} of {text!r} cannot be read.", remedy="Write ?key=value&…") from error

"""Services that speak OpenAI's protocol, with their quirks: rows of services.toml, and nothing about any of them in code."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from forensics.errors import BadFile, UnknownName
from forensics.records.base import Record

ADAPTER = "openai"
"""The adapter that asks them."""
THINK = "think"
"""Reasoning that stands in the answer's content itself."""
_FILE = Path(__file__).with_name("services.toml")


Parameter = Annotated[str, Field(pattern="^(temperature|top_p|max_tokens|seed|logprobs)$")]


class Service(Record):
    """One service; the fields are explained at the head of the data file."""

    summary: str
    base_url: str
    key_env: str
    endpoints: tuple[Literal["chat", "completions", "responses"], ...]
    reasoning: str
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    system: bool = True
    refuses: dict[Parameter, str] = Field(default_factory=dict)
    fields: dict[Parameter, str] = Field(default_factory=dict)
    logprobs: Literal["flag", "count"] = "flag"
    sends: dict[str, Any] = Field(default_factory=dict)
    why: str = ""


UNKNOWN = Service(
    summary="any service with OpenAI's protocol",
    base_url="",
    key_env="OPENAI_API_KEY",
    endpoints=("chat", "completions", "responses"),
    reasoning="none",
)
"""What is taken for granted of a service that is no row: it refuses nothing that it was not asked for."""


def names() -> list[str]:
    """Return the names of all services."""
    return sorted(_all())


def find(name: str) -> Service:
    """Return a service; raises UnknownName."""
    if name not in _all():
        raise UnknownName("service", name, names())
    return _all()[name]


@functools.cache
def _all() -> dict[str, Service]:
    return read(_FILE)


def read(path: Path) -> dict[str, Service]:
    """Read a file of services; raises BadFile."""
    try:
        rows = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(path, f"no TOML: {error}") from error
    found = {}
    for name, row in rows.items():
        try:
            found[name] = Service.model_validate(row)
        except ValidationError as error:
            fault = error.errors()[0]
            raise BadFile(path, f"{'.'.join(map(str, (name, *fault['loc'])))}: {fault['msg']}") from error
    return found


def told(service: Service) -> str:
    """Describe a service in one line."""
    said = [
        service.base_url,
        f"key in {service.key_env}" if service.key_env else "no key",
        ", ".join(service.endpoints),
    ]
    said += [f"drops {name}: {reason}" for name, reason in sorted(service.refuses.items())]
    said += [f"sends {', '.join(service.sends)}: {service.why}"] if service.sends else []
    said += [] if service.system else ["no system prompt"]
    return f"{service.summary}; {'; '.join(said)}"

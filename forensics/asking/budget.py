"""What a run may cost: requests, tokens and money, worked out from the worst case before a request is sent.

A price file is TOML: a table for each model by its name on the command line or by `adapter:name`, with `input` and `output`
per million tokens; `currency` at the top. What has no price is unknown, never 0.
"""

from __future__ import annotations

import math
import threading
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from forensics.adapters import Ask, ModelName
from forensics.asking.terms import Terms
from forensics.errors import BadFile, UsageError

PER_MESSAGE = 8
"""Tokens that a chat template puts around a message, generously."""


class Price(NamedTuple):
    """Of a million tokens."""

    input: float
    output: float

    def of(self, tokens: tuple[int, int]) -> float:
        """Return the price of so many tokens of prompt and answer."""
        return (tokens[0] * self.input + tokens[1] * self.output) / 1e6


@dataclass(frozen=True, slots=True)
class Prices:
    """A price file."""

    path: Path | None = None
    currency: str = ""
    models: Mapping[str, Price] = field(default_factory=dict)

    def of(self, model: ModelName) -> Price | None:
        """Return a model's price; None where the file knows none."""
        names = (str(model), f"{model.adapter}:{model.name}")
        return next((self.models[name] for name in names if name in self.models), None)


def read_prices(path: Path | None) -> Prices:
    """Read a price file; raises UsageError or BadFile."""
    if path is None:
        return Prices()
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist.", remedy="Name a TOML file of prices.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(path, f"no TOML ({error})") from error
    currency = content.pop("currency", "")
    if not isinstance(currency, str):
        raise BadFile(path, "currency is no text")
    return Prices(path, currency, {name: _price(path, name, table) for name, table in content.items()})


def _price(path: Path, name: str, table: object) -> Price:
    values = [table.get(kind) for kind in Price._fields] if isinstance(table, dict) else []
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v < math.inf]
    if not isinstance(table, dict) or len(numbers) != len(Price._fields) or set(table) != set(Price._fields):
        raise BadFile(path, f"{name!r} needs exactly input and output, each a price per million tokens")
    return Price(*numbers)


def worst_case(ask: Ask) -> tuple[int, int | None]:
    """Return the most tokens that a question and its answer can take; None where the answer has no limit.

    No tokenizer makes more tokens of a text than it has bytes.
    """
    texts = [message.content for message in ask.messages]
    if ask.sampling.system is not None:
        texts.append(ask.sampling.system)
    asked = sum(len(text.encode("utf-8", "replace")) + PER_MESSAGE for text in texts)
    return asked, ask.sampling.max_tokens


class Budget:
    """What is left of a run's requests and money; for all threads."""

    def __init__(self, terms: Terms, prices: Prices, models: Iterable[ModelName]) -> None:
        """Refuse, with UsageError, to limit a cost where a price is not known."""
        self._most_requests, self._most_cost = terms.max_requests, terms.max_cost
        self._turn = threading.Lock()
        self._requests = 0
        self._cost = self._reserved = 0.0
        self.stopped = ""
        """Why nothing more is sent; empty while there is something left."""
        unknown = [model for model in models if prices.of(model) is None]
        if self._most_cost is not None and unknown:
            raise UsageError(
                f"--max-cost cannot be kept: the price of {unknown[0]} is not known.",
                remedy="Name a file with its price: --prices FILE.",
            )

    def take(self, requests: int, cost: float | None) -> bool:
        """Set aside what requests cost at worst; says whether they may be sent.

        Where they may not, `stopped` says why, or is empty: then what is under way may leave enough.
        """
        if self._most_requests is None and self._most_cost is None:
            return not self.stopped
        with self._turn:
            if self._most_requests is not None and self._requests + requests > self._most_requests:
                self.stopped = f"--max-requests {self._most_requests} is reached"
            if self._most_cost is not None:
                if cost is None:
                    self.stopped = "--max-cost cannot be kept where answers have no limit"
                elif self._cost + cost > self._most_cost:
                    self.stopped = f"--max-cost {self._most_cost:g} would be exceeded"
                elif self._cost + self._reserved + cost > self._most_cost:
                    return False
            if self.stopped:
                return False
            self._requests += requests
            self._reserved += cost or 0.0
            return True

    def settle(self, reserved: float | None, cost: float | None) -> None:
        """Put what requests did cost in the place of what was set aside."""
        with self._turn:
            self._reserved -= reserved or 0.0
            self._cost += cost or 0.0

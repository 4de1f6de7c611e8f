"""A model whose answers are told beforehand, and a probe set of any length."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forensics.adapters import Ask, Fault, ModelName, Reply
from forensics.asking.lines import Run
from forensics.probes import content_digest
from forensics.records.probes import Probe, ProbeSet, ProbeSetHeader
from forensics.records.transcript import Sampling
from forensics.runner import Ready

Behaviour = Callable[["Made", Ask, int], Reply]


def text(model: Made, ask: Ask, number: int) -> Reply:
    return Reply(state="text", text=f"{model.name} says {ask.messages[-1].content} {ask.draw}", tokens=(3, 2))


def fault(kind: str, words: str = "no", **more: object) -> Reply:
    return Reply(state="failed", text="", error=words, fault=Fault(kind, **more))


class Made:
    """A model in memory; `asked` holds every question in the order of arrival."""

    def __init__(self, name: str = "m", behaviour: Behaviour = text, *, endpoint: str = "https://service.test/v1",
                 parallel: int = 8, cacheable: bool = True) -> None:  # fmt: skip
        self.name, self.behaviour, self.endpoint = name, behaviour, endpoint
        self.parallel, self.cacheable = parallel, cacheable
        self.notes: Mapping[str, str] = {}
        self.asked: list[Ask] = []
        self.most = self.now = 0
        self._turn = threading.Lock()

    def ask(self, ask: Ask) -> Reply:
        with self._turn:
            self.asked.append(ask)
            number = len(self.asked)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return self.behaviour(self, ask, number)
        finally:
            with self._turn:
                self.now -= 1

    def ready(self, path: Path, *, probes: int = 6, draws: int = 1, adapter: str = "made", **sampling: object) -> Ready:
        given = Sampling(**{"max_tokens": 16, "seed": 1, **sampling})
        return Ready(Run(ModelName(adapter, self.name), probe_set(probes), given, draws), self, path)


def probe_set(count: int) -> ProbeSet:
    header = ProbeSetHeader(name="made", version="1")
    probes = [
        Probe(id=f"p{n}", prompt=f"Question {n}?", category="even" if n % 2 == 0 else "odd") for n in range(count)
    ]
    return ProbeSet(header=header, probes=tuple(probes), digest=content_digest(header, probes))


@pytest.fixture(autouse=True)
def _own_home(own_home: Path) -> None:
    """No answer of another test is in the cache."""

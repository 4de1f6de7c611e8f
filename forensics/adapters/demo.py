"""The built-in demo models: small n-gram models with known lineages, to try everything offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from forensics import demo_models
from forensics.adapters import Ask, Reply
from forensics.errors import UnknownName, UsageError
from forensics.records.base import State

SUMMARY = "built-in n-gram models with known lineages: the self-check, not models to judge by"
DEFAULT_TEMPERATURE = 0.7
DEFAULT_MAX_TOKENS = 60
_NO_PLACE = "an n-gram model has no place for it"


def known() -> list[str]:
    """Return the names of the demo models."""
    return sorted(demo_models.CATALOGUE)


def lineage(name: str) -> str | None:
    """Return the declared lineage of a demo model."""
    return demo_models.CATALOGUE[name].lineage if name in demo_models.CATALOGUE else None


def connect(name: str, options: Mapping[str, str]) -> DemoModel:
    """Return a demo model; raises UnknownName, or UsageError for any option."""
    if options:
        raise UsageError(f"demo models take no options, but {', '.join(options)} was given.", remedy="Leave it out.")
    if name not in demo_models.CATALOGUE:
        raise UnknownName("demo model", name, known())
    return DemoModel(name)


class DemoModel:
    """One demo model, trained when it is first asked."""

    endpoint = "demo"
    parallel = 1
    """It computes in this very process: two at once are no faster."""
    cacheable = False

    def __init__(self, name: str) -> None:
        self._name = name
        self.notes = MappingProxyType({"corpus": demo_models.corpus_digest()})

    def ask(self, ask: Ask) -> Reply:
        """Continue the last message."""
        made = demo_models.load(self._name).complete(
            ask.messages[-1].content,
            seed=ask.sampling.seed or 0,
            temperature=DEFAULT_TEMPERATURE if ask.sampling.temperature is None else ask.sampling.temperature,
            max_tokens=ask.sampling.max_tokens or DEFAULT_MAX_TOKENS,
        )
        state: State = "text" if made.text.strip() else "empty"
        unknown = {name: _NO_PLACE for name in ("top_p", "logprobs") if getattr(ask.sampling, name) is not None}
        system = {"system": _NO_PLACE} if ask.sampling.system is not None else {}
        return Reply(
            state=state,
            text=made.text if state == "text" else "",
            finish_reason=made.finish_reason,
            dropped={**unknown, **system},
        )

    def score(self, asks: Sequence[Ask], texts: Sequence[str]) -> Sequence[float]:
        """Return each text's mean log-probability per token as a continuation of the last message."""
        model = demo_models.load(self._name)
        return [model.likelihood(ask.messages[-1].content, text) for ask, text in zip(asks, texts, strict=True)]

"""A small n-gram language model: the engine of the demo models, deterministic on every platform.

It backs off from three tokens of context to none, and keeps the text's own spacing in its tokens so that an answer
reads as written. It knows nothing of the catalogue, of where its text comes from, or of probes: see `demo_models`.
"""

import hashlib
import json
import math
import random
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal, NamedTuple

Passage = tuple[str, ...]

_TOKEN = re.compile(r" ?(?:\w+(?:['-]\w+)*|[^\w\s])")  # a word owns the space before it: joining restores the text
_END = "\n\n"  # the token that closes every passage
_CONTEXT = 3  # tokens looked back upon
_LEAVE = (0.0, 0.05, 1.0, 1.0)
# Readiness to fall back, by length of context. Witten and Bell's is 1 throughout; less of it after a single token keeps
# answers from dissolving into bare word frequencies, which are everybody's and so carry no lineage.
_SETTLED = 60  # an answer ends with a passage once it has this many tokens; before that it goes on to the next
_TAIL = 1000  # characters of the prompt that are looked at: far more than the context needs
_SCALE = 1 << 32


def passages_of(text: str) -> tuple[Passage, ...]:
    """Return the paragraphs of a text (parted by blank lines) as token passages, ready to train on."""
    return tuple((*_tokens(part), _END) for part in text.split(_END) if part.strip())


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(" " + " ".join(text.split())) if text.strip() else []


class Completion(NamedTuple):
    """One answer: its text, the number of tokens in it, and why it ended."""

    text: str
    tokens: int
    finish_reason: Literal["stop", "length"]


class _Followers(NamedTuple):
    """What was seen after one context, as integer weights."""

    tokens: tuple[str, ...]
    cumulative: tuple[int, ...]
    leave: int
    """Weight of falling back to a shorter context, against `_SCALE` for drawing here."""


class LanguageModel:
    """A backing-off 4-gram model over words and punctuation. Unchanging once made; safe to share between threads."""

    def __init__(self, name: str, passages: Iterable[Passage]) -> None:
        """Train on the passages. The name takes part in every draw: equal text under two names answers differently."""
        self.name = name
        self._text: list[str] = [_END] * _CONTEXT
        for passage in passages:
            self._text.extend(passage)
        self._after: dict[str, list[int]] = {}
        for position in range(_CONTEXT, len(self._text)):
            self._after.setdefault(self._text[position - 1], []).append(position)
        self._remembered: dict[tuple[tuple[str, ...], float], _Followers] = {}
        if not self._after:
            raise ValueError(f"Model {name!r} was given no text to train on.")

    def generate(self, prompt: str, *, seed: int, temperature: float = 0.7, max_tokens: int = 60) -> str:
        """Return one continuation of `prompt`; see `complete`."""
        return self.complete(prompt, seed=seed, temperature=temperature, max_tokens=max_tokens).text

    def complete(self, prompt: str, *, seed: int, temperature: float = 0.7, max_tokens: int = 60) -> Completion:
        """Continue any text. The answer depends on the model, the prompt, the seed and these options, on nothing else.

        `temperature` lies between 0 (always the likeliest token) and 10, where 1 draws as often as in training;
        `max_tokens` is at least 1. Raises ValueError outside these ranges.
        """
        if not 0 <= temperature <= 10 or max_tokens < 1:
            raise ValueError(f"Need 0 <= temperature <= 10 and max_tokens >= 1, got {temperature} and {max_tokens}.")
        key = json.dumps([self.name, prompt, seed]).encode()  # ASCII: lone surrogates are escaped
        rng = random.Random(int.from_bytes(hashlib.sha256(key).digest(), "big"))  # noqa: S311 - nothing secret
        words = [_END] * _CONTEXT + _tokens(prompt[-_TAIL:])
        start = len(words)
        while len(words) - start < max_tokens:
            word = self._next(words, temperature, rng)
            if word == _END and len(words) - start >= _SETTLED:
                return Completion(_join(words[start:]), len(words) - start, "stop")
            words.append(word)
        return Completion(_join(words[start:]), max_tokens, "length")

    def likelihood(self, prompt: str, text: str) -> float:
        """Return the mean log-probability per token of a text as the continuation of `prompt`, at temperature 1.

        How it ends does not count; a token that never follows counts as one draw in 2³². 0 for a text without a token.
        """
        words = [_END] * _CONTEXT + _tokens(prompt[-_TAIL:])
        tokens = [token for passage in passages_of(text) for token in passage][:-1]
        logs = []
        for place, token in enumerate(tokens):
            # An answer's first space is stripped: of the two ways to begin, the likelier one.
            readings = {token, token.lstrip(" ")} if place == 0 else {token}
            share, read = max((self._share(words, reading), reading) for reading in readings)
            logs.append(math.log(max(share, 1 / _SCALE)))
            words.append(read)
        return math.fsum(logs) / len(logs) if logs else 0.0

    def _share(self, words: Sequence[str], token: str) -> float:
        """Return the probability that `_next` gives a token at temperature 1."""
        share, reached = 0.0, 1.0
        for length in range(_CONTEXT, -1, -1):
            found = self._followers(tuple(words[len(words) - length :]), 1.0)
            if found is None:
                continue
            here = _SCALE / (_SCALE + found.leave)
            if token in found.tokens:
                at = found.tokens.index(token)
                weight = found.cumulative[at] - (found.cumulative[at - 1] if at else 0)
                share += reached * here * weight / found.cumulative[-1]
            reached *= 1 - here
        return share

    def _next(self, words: Sequence[str], temperature: float, rng: random.Random) -> str:
        length = _CONTEXT
        while True:  # ends with the empty context at the latest: it was seen, and _LEAVE never leaves it
            found = self._followers(tuple(words[len(words) - length :]), temperature)
            if found and rng.random() * (_SCALE + found.leave) < _SCALE:
                return _draw(found, rng)
            length -= 1

    def _followers(self, context: tuple[str, ...], temperature: float) -> _Followers | None:
        """Return what was seen after a context, None where the context never was."""
        key = (context, temperature)
        if key in self._remembered:
            return self._remembered[key]
        positions: Sequence[int] = self._after.get(context[-1], ()) if context else range(_CONTEXT, len(self._text))
        for back, word in enumerate(reversed(context[:-1]), start=2):
            positions = [position for position in positions if self._text[position - back] == word]
        if not positions:
            return None
        counts: dict[str, int] = {}
        for position in positions:
            follower = self._text[position]
            counts[follower] = counts.get(follower, 0) + 1
        found = _prepare(counts, temperature, _LEAVE[len(context)])
        if len(positions) > 8:  # rarer contexts are as quickly found again, and most are never met twice
            self._remembered[key] = found
        return found


def _prepare(counts: Mapping[str, int], temperature: float, readiness: float) -> _Followers:
    """Temper the counts, and the odds of falling back (distinct : all followers; Witten and Bell 1991, method C)."""
    if temperature == 0:
        likeliest = max(counts, key=lambda word: counts[word])  # among equals the first in the text
        return _Followers((likeliest,), (1,), leave=0)
    largest = max(counts.values())
    tempered = {n: round(_SCALE * (n / largest) ** (1 / temperature)) for n in set(counts.values())}
    leave = round(_SCALE * (readiness * len(counts) / sum(counts.values())) ** (1 / temperature))
    return _Followers(tuple(counts), tuple(accumulate(tempered[n] for n in counts.values())), leave)


def _draw(found: _Followers, rng: random.Random) -> str:
    place = int(rng.random() * found.cumulative[-1])
    return found.tokens[bisect_right(found.cumulative, place)]


def _join(words: Sequence[str]) -> str:
    return "".join(words).replace(_END + " ", _END).strip()

"""Answers as drift tests see them: the first code points of each draw, and its likeliest first tokens.

Answers are seen as received and without trivial form; tokens, with their log-probabilities, where they were asked for. Derived once per file and cached by its digest; the tests of a year of nights then read numbers, not texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import cache, canonical, importing
from forensics.errors import IntegrityBroken
from forensics.monitoring import forms
from forensics.transcripts import Entry

VERSION = "3"
LENGTH = 200
"""Code points read of an answer: about as many as 60 tokens have."""
RECEIVED, CONTENT, TOKENS = "received", "content", "tokens"
"""Streams. Answers as received, and without trivial form: a change of both is one of behaviour, of the first alone one of
form. And first tokens, which tell a change of the weights that no text shows."""
LIKELIEST = 20
"""Tokens kept of each list of the likeliest."""
TOKEN = np.dtype([("token", "<u8"), ("logprob", "<f4")])
"""A token by the first eight bytes of its SHA-256, 0 for none."""

Codes = NDArray[np.int32]
Listed = NDArray[np.void]
"""[n, LIKELIEST] of TOKEN"""
Seen = NDArray[Any]
"""What a stream sees of each draw: Codes or Listed."""


class Draws(NamedTuple):
    """One night's draws of one model; a row per answer that was given, refusals and empty answers included."""

    probes: NDArray[np.uint8]
    """[n, 32]: digests of the prompts."""
    received: Codes
    """[n, LENGTH], −1 beyond the end of an answer."""
    content: Codes
    tokens: Listed
    traits: NDArray[np.bool_]
    """[n, traits]"""

    def seen(self, stream: str) -> tuple[NDArray[np.uint8], Seen]:
        """Return what a stream sees of each draw, with the draws' probes; draws without log-probabilities have no tokens."""
        if stream == TOKENS:
            there = self.tokens["token"][:, 0] != 0
            return self.probes[there], self.tokens[there]
        return self.probes, self.received if stream == RECEIVED else self.content


def streams(*, logprobs: bool) -> tuple[str, ...]:
    """Name the streams of what was asked."""
    return (RECEIVED, CONTENT, TOKENS) if logprobs else (RECEIVED, CONTENT)


def read(path: Path, digest: str) -> Draws:
    """Return the draws of a file; raises IntegrityBroken where it is gone or is not the one recorded."""
    if not path.is_file():
        raise IntegrityBroken(f"{path} is gone.", remedy="Restore it, or begin a new baseline after it.")
    if canonical.file_digest(path) != digest:
        raise IntegrityBroken(
            f"{path} is not the file that was recorded.", remedy="Restore it, or begin a new baseline after it."
        )
    found = cache.get("draws", cache.key("draws", VERSION, digest), lambda: _made(path))
    return Draws(**found)


def _made(path: Path) -> dict[str, NDArray[np.generic]]:
    entries = [entry for entry in importing.read_transcript(path).entries if entry.state != "failed"]
    return {
        "probes": probes_of(entries),
        "received": codes([entry.text for entry in entries]),
        "content": codes([forms.content(entry.text) for entry in entries]),
        "tokens": listed([entry.first for entry in entries]),
        "traits": np.array([forms.traits(entry.text) for entry in entries], bool).reshape(-1, len(forms.NAMES)),
    }


def probes_of(entries: list[Entry]) -> NDArray[np.uint8]:
    """Return the prompts' digests as bytes: [n, 32]."""
    raw = b"".join(bytes.fromhex(entry.prompt_digest.removeprefix("sha256:")) for entry in entries)
    return np.frombuffer(raw, np.uint8).reshape(-1, 32)


def codes(texts: list[str]) -> Codes:
    """Return the first code points of each text: [n, LENGTH].

    >>> codes(["ab"])[0, :3].tolist()
    [97, 98, -1]
    """
    found = np.full((len(texts), LENGTH), -1, np.int32)
    for row, text in enumerate(texts):
        start = text[:LENGTH]
        found[row, : len(start)] = [*map(ord, start)]
    return found


def listed(firsts: Sequence[Sequence[tuple[str, float]] | None]) -> Listed:
    """Return the likeliest first tokens of each draw with their log-probabilities, the likeliest first: [n, LIKELIEST]."""
    found = np.zeros((len(firsts), LIKELIEST), TOKEN)
    for row, first in zip(found, firsts, strict=True):
        kept = sorted(first or (), key=lambda one: -one[1])[:LIKELIEST]
        row["token"][: len(kept)] = [
            int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") for name, _ in kept
        ]
        row["logprob"][: len(kept)] = [value for _, value in kept]
    return found

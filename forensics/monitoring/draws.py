"""Answers as drift tests see them: the first code points of each draw, as received and without trivial form.

Derived once per file and cached by its digest; the tests of a year of nights then read numbers, not texts.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import cache, canonical, importing
from forensics.errors import IntegrityBroken
from forensics.monitoring import forms
from forensics.transcripts import Entry

VERSION = "2"
LENGTH = 200
"""Code points read of an answer: about as many as 60 tokens have."""
STREAMS = ("received", "content")
"""Answers as received, and without trivial form: a change of both is one of behaviour, of the first alone one of form."""

Codes = NDArray[np.int32]


class Draws(NamedTuple):
    """One night's draws of one model; a row per answer that was given, refusals and empty answers included."""

    probes: NDArray[np.uint8]
    """[n, 32]: digests of the prompts."""
    received: Codes
    """[n, LENGTH], −1 beyond the end of an answer."""
    content: Codes
    traits: NDArray[np.bool_]
    """[n, traits]"""

    def codes(self, stream: str) -> Codes:
        """Return the code points of a stream."""
        return self.received if stream == "received" else self.content


def read(path: Path, digest: str) -> Draws:
    """Return the draws of a file; raises IntegrityBroken where it is gone or is not the one recorded."""
    if not path.is_file():
        raise IntegrityBroken(f"{path} is gone.", remedy="Restore it, or begin a new baseline after it.")
    if canonical.file_digest(path) != digest:
        raise IntegrityBroken(
            f"{path} is not the file that was recorded.", remedy="Restore it, or begin a new baseline after it."
        )
    found = cache.get("draws", cache.key("draws", VERSION, digest), lambda: _made(path))
    return Draws(found["probes"], found["received"], found["content"], found["traits"])


def _made(path: Path) -> dict[str, NDArray[np.generic]]:
    entries = [entry for entry in importing.read_transcript(path).entries if entry.state != "failed"]
    return {
        "probes": probes_of(entries),
        "received": codes([entry.text for entry in entries]),
        "content": codes([forms.content(entry.text) for entry in entries]),
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

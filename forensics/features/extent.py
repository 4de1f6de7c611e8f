"""How long each answer is, and in which language it looks written: conditions to compare, never a finding.

Languages are told by script, then by frequent words; what is too short or in a language not listed stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics.probes import vocabulary

VERSION = "1"
LANGUAGES = (*vocabulary.SCRIPTS, *vocabulary.STOP_WORDS)
"""Languages that can be told, by their place in `language`."""
UNKNOWN = -1

_READ = 600
"""Characters read to tell a language."""
_FEWEST_WORDS = 5
_LEAST_SHARE = 0.2
"""Share of letters of a script, or of frequent words, from which on a language is told."""
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def extract(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return `words[n]`, the number of words, and `language[n]`, a place in LANGUAGES or −1."""
    return {
        "words": np.array([len(text.split()) for text in texts], np.int32),
        "language": np.array([_language(text[:_READ]) for text in texts], np.int16),
    }


def _language(text: str) -> int:
    """Return the place of the language that a text looks written in.

    >>> [LANGUAGES[_language(t)] for t in ("It is what it is, and that is all there is to say.", "これはペンです")]
    ['en', 'ja']
    >>> _language("42") == UNKNOWN
    True
    """
    if not text.isascii():
        letters = sum(char.isalpha() for char in text) or 1
        for place, script in enumerate(vocabulary.SCRIPTS.values()):
            if len(script.findall(text)) > _LEAST_SHARE * letters:
                return place
    words = _WORDS.findall(text.lower().replace("’", "'"))
    if len(words) < _FEWEST_WORDS:
        return UNKNOWN
    shares = {name: sum(word in stop for word in words) / len(words) for name, stop in vocabulary.STOP_WORDS.items()}
    best = max(shares, key=lambda name: (shares[name], name))
    return LANGUAGES.index(best) if shares[best] >= _LEAST_SHARE else UNKNOWN

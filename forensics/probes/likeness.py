"""Near-duplicates among prompts, by the runs of characters they share. Knows nothing of probe sets.

Two prompts are alike where the Jaccard index of their sets of character 5-grams reaches 0.5, or where the smaller set
lies to 0.8 or more in the larger. Case, accents kept, punctuation and spacing are evened out first; text in Han or kana
is compared by its 3-grams, since one character there says as much as a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

JACCARD = 0.5
CONTAINED = 0.8
FEWEST = 24
"""Grams of the smaller prompt from which containment counts: a few words are in everything."""
_DENSE = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


class Alike(NamedTuple):
    """Two texts that are nearly the same, by their positions, and by which measure."""

    first: int
    second: int
    how: str


def grams(text: str) -> frozenset[str]:
    """Return a text's set of character runs; a text shorter than one run is one run.

    >>> sorted(grams("Ab, cd!")), sorted(grams("ab"))
    (['ab cd'], ['ab'])
    """
    plain = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    n = 3 if len(_DENSE.findall(plain)) > len(plain) / 3 else 5
    return frozenset(plain[i : i + n] for i in range(max(len(plain) - n + 1, 1)))


def alike(texts: Sequence[str]) -> list[Alike]:
    """Return every pair of texts that are nearly the same, in order."""
    from scipy.sparse import csr_array

    sets = [grams(text) for text in texts]
    number: dict[str, int] = {}
    columns = [number.setdefault(gram, len(number)) for found in sets for gram in sorted(found)]
    sizes = np.array([len(found) for found in sets], np.int64)
    rows = np.repeat(np.arange(len(sets)), sizes)
    held = csr_array((np.ones(len(columns), np.int32), (rows, columns)), shape=(len(sets), len(number)))
    shared = (held @ held.T).tocoo()
    upper = shared.coords[0] < shared.coords[1]
    a, b, both = shared.coords[0][upper], shared.coords[1][upper], shared.data[upper]
    smaller = np.minimum(sizes[a], sizes[b])
    jaccard = both / (sizes[a] + sizes[b] - both)
    contained = np.where(smaller >= FEWEST, both / smaller, 0.0)
    found = []
    for k in np.flatnonzero((jaccard >= JACCARD) | (contained >= CONTAINED)):
        how = f"Jaccard {jaccard[k]:.2f}" if jaccard[k] >= JACCARD else f"{contained[k]:.0%} contained"
        found.append(Alike(int(a[k]), int(b[k]), how))
    return sorted(found)

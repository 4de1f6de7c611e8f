"""Energy distance between the draws of two endpoints, probe by probe: for the question of equality.

The distance is Euclidean, between the normed counts of runs of 1 to 3 code points (`spectrum`) or between sentence
embeddings (`embedding`): Székely & Rizzo 2013. The formulas stand in `_distances.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forensics.equality.draws import Draws
from forensics.statistics import _distances, _spectra

SUMMARY = "equality: energy distance between draws (spectrum, embedding)"
VERSION = "1"
ROLE = "equality"
NEEDS = "texts"
DECIDES = False
UNIT = "share of the distance between the sides that their own draws do not explain"
KERNELS = ("spectrum", "embedding")
OPT_IN = {"embedding": "embedding the answers takes minutes"}


def measure(probes: Sequence[Draws], kernel: str) -> _distances.Distances:
    """Measure all answers by a distance."""
    if kernel == "embedding":
        return _distances.embedded(probes, np.sqrt)
    return _distances.measure(probes, _spectrum)


def _spectrum(texts: Sequence[str]) -> _distances.Matrix:
    """Return the distance of unit vectors: |a − b|² = 2 − 2 cos."""
    apart: _distances.Matrix = np.sqrt(2 * _spectra.spectrum(texts, (1, 2, 3)))
    return apart

"""Maximum mean discrepancy between the draws of two endpoints, probe by probe: for the question of equality.

Kernels: `spectrum`, cosine of the counts of runs of 1 to 3 code points; `hamming`, the share of places with the same code
point (Model Equality Testing, Gao et al. 2024); `words`, cosine of the counts of words and pairs of words; `embedding`,
RBF on sentence embeddings with the median distance as its width. The formulas stand in `_distances.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forensics.equality.draws import Draws
from forensics.statistics import _distances

SUMMARY = "equality: maximum mean discrepancy between draws (spectrum, Hamming, words, embedding)"
VERSION = "1"
ROLE = "equality"
NEEDS = "texts"
UNIT = "share of the distance between the sides that their own draws do not explain"
KERNELS = ("spectrum", "hamming", "words", "embedding")
OPT_IN = {"embedding": "embedding the answers takes minutes"}


def measure(probes: Sequence[Draws], kernel: str) -> _distances.Distances:
    """Measure all answers by a kernel."""
    match kernel:
        case "hamming":
            return _distances.measure(probes, _distances.hamming)
        case "words":
            return _distances.measure(probes, _distances.words)
        case "embedding":
            return _distances.embedded(probes, _gaussian)
        case _:
            return _distances.measure(probes, _spectrum)


def _spectrum(texts: Sequence[str]) -> _distances.Matrix:
    return _distances.spectrum(texts, (1, 2, 3))


def _gaussian(squared: _distances.Matrix) -> _distances.Matrix:
    """Return 1 − exp(−d² / median d²)."""
    apart = squared[squared > 0]
    width = float(np.median(apart)) if apart.size else 1.0
    kernel: _distances.Matrix = 1 - np.exp(-squared / width)
    return kernel

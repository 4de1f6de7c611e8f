"""Maximum mean discrepancy between the draws of two endpoints, probe by probe: for the question of equality.

Kernels: `spectrum`, cosine of the counts of runs of 1 to 3 code points; `pooled`, roots of the same counts over all
probes together, each column over the root of its spread; `edges`, the first and the last code point; `hamming`, the share of places with the same code
point (Model Equality Testing, Gao et al. 2024); `words`, cosine of the counts of words and pairs of words; `embedding`,
RBF on sentence embeddings with the median distance as its width. The formulas stand in `_distances.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forensics.equality.draws import Draws, Measure
from forensics.statistics import _distances, _spectra

SUMMARY = "equality: maximum mean discrepancy between draws (spectrum, pooled, edges, Hamming …)"
VERSION = "2"
ROLE = "equality"
NEEDS = "texts"
UNIT = "share of the distance between the sides that their own draws do not explain"
KERNELS = ("spectrum", "pooled", "edges", "words", "hamming", "embedding")
LENGTHS = (1, 2, 3)
COMBINED = ("spectrum", "pooled", "edges")
"""Kernels whose largest decides: each sees what the others do not (what differs in each probe its own way, what runs through
all probes, how answers begin and end). More kernels only cost power (benchmark part `equality_models`)."""
OPT_IN = {"embedding": "embedding the answers takes minutes"}


def measure(probes: Sequence[Draws], kernel: str) -> Measure:
    """Measure all answers by a kernel."""
    match kernel:
        case "pooled":
            return _distances.pooled(probes, _shared)
        case "edges":
            return _distances.measure(probes, _spectra.edges)
        case "hamming":
            return _distances.measure(probes, _spectra.hamming)
        case "words":
            return _distances.measure(probes, _spectra.words)
        case "embedding":
            return _distances.embedded(probes, _gaussian)
        case _:
            return _distances.measure(probes, _spectrum)


def _spectrum(texts: Sequence[str]) -> _distances.Matrix:
    return _spectra.spectrum(texts, LENGTHS)


def _shared(texts: Sequence[str]) -> _distances.Matrix:
    return _spectra.shared(texts, LENGTHS)


def _gaussian(squared: _distances.Matrix) -> _distances.Matrix:
    """Return 1 − exp(−d² / median d²)."""
    apart = squared[squared > 0]
    width = float(np.median(apart)) if apart.size else 1.0
    kernel: _distances.Matrix = 1 - np.exp(-squared / width)
    return kernel

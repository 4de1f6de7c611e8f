"""What other tools and papers do with the same answers: one file each.

A module has `TITLE`, `NOTE` (what was run, and what of the original it is not) and `compare(answers,
lineages)`, which takes the answers of m models to the same prompts, [m][prompts], and returns a `Compared`. `EXTRA` names the option that asks for
one that takes long. Each runs in a process of its own, so that its seconds and memory are its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Answers = Sequence[Sequence[str]]


class Compared(NamedTuple):
    """What a peer says of all pairs."""

    scores: NDArray[np.float64]
    """Higher is closer; NaN on the diagonal. [m, m]"""
    verdicts: NDArray[Any] | None = None
    """The peer's own word on each pair, where it has one. [m, m]"""


NAMES = ("phrases", "modelaudit", "first_token", "phylolm", "hamming_mmd", "semantic", "embedding_cosine", "llm_dna")
"""In the order they are shown."""

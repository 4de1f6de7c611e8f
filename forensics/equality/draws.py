"""What a two-sample statistic sees, and what it gives back: answers of both sides to each probe, and labellings of them.

The contract of a statistic with `ROLE = "equality"`: `SUMMARY`, `VERSION`, `UNIT` (what its effect counts, in words),
`KERNELS` (what two answers may be compared by; the first is the one effects are stated by; `("",)` where there is no
choice), `NEEDS` (`texts`, `first` or `likelihoods`), `measure(probes, kernel)`, which returns a `Measure`, and where it
takes more than a default installation, or much longer, `OPT_IN`: kernels that are used only when asked for, with the
reason. Permutations, p-values, intervals and their seeds are not its business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Draws(NamedTuple):
    """All answers of both sides to one probe, the reference's first."""

    prompt_digest: str
    texts: tuple[str, ...]
    reference: int
    """How many of them are the reference's."""
    first: tuple[Mapping[str, float] | None, ...] = ()
    """Log-probabilities of the likeliest first tokens, answer by answer; empty where none were recorded."""
    likelihoods: tuple[float, ...] = ()
    """Mean log-probability per token of every answer under the reference; empty where it was not asked."""

    @property
    def sizes(self) -> tuple[int, int]:
        """Answers of the reference and of the questioned model."""
        return self.reference, len(self.texts) - self.reference


class Dealt(NamedTuple):
    """Labels of the probes that have the same numbers of answers, dealt out again and again."""

    probes: NDArray[np.int64]
    """Positions of the probes. [k]"""
    labels: NDArray[np.float32]
    """1 where an answer counts as the reference's, 0 where as the questioned model's. [k, B, n]"""
    sizes: tuple[int, int]


class Values(NamedTuple):
    """A statistic under B labellings."""

    statistic: Floats
    """Larger is further apart. [B]"""
    effect: Floats
    """The same on the scale that the statistic's `UNIT` names. [B]"""


class Measure(Protocol):
    """A statistic made ready for the answers of one pair."""

    def under(self, dealt: Sequence[Dealt]) -> Values:
        """Return the statistic under every labelling."""

    def by_probe(self) -> tuple[Floats, Floats]:
        """Return each probe's part of the effect, the labels as they are: numerators and denominators, [probes] each.

        The effect is the sum of the one by the sum of the other.
        """

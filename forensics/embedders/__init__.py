"""Embedders turn texts into vectors: each file here is one, those whose names start with `_` excepted.

A plugin module offers `SUMMARY`, one line, and `load(name)`, which returns an `Embedder`; `name` picks a
model where the plugin knows several, None its default. Comparing vectors, subtracting means and caching are
not an embedder's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[int, int], None]
"""Called with (texts done, texts in all), distinct texts counted once, from the caller's own thread."""


@runtime_checkable
class Embedder(Protocol):
    """A loaded sentence-embedding model."""

    @property
    def name(self) -> str:
        """What the model is called, as evidence names it."""

    @property
    def backend(self) -> str:
        """The software that computes, with versions: other software gives other last bits."""

    @property
    def digest(self) -> str:
        """`sha256:…` over the model's files, the same whichever backend loads them."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens read of each text, special ones included; the rest is ignored. 0 where no limit is known."""

    def encode(
        self, texts: Sequence[str], *, workers: int = 1, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Embed texts: one row of unit length per text, in order, shape [texts, dimension].

        A text's vector depends on that text alone: the bits are the same in any company and for any number
        of `workers` (threads, at least 1; ValueError otherwise). Equal texts are embedded once. Empty text
        is allowed; lone surrogates are read as U+FFFD.
        """

"""A sentence embedding of each answer, by the embedder in use: the packaged one, or the one FORENSICS_EMBEDDER names.

`FORENSICS_EMBEDDER` holds an embedder's name, and the model's after a colon: `sentence_transformers:NAME`. Vectors are
kept by model, back end and text (`embedding_cache`), so that no text is embedded twice. By far the costliest
feature: it is made when it is needed, for so many probes and no more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics import registry
from forensics.embedders import Embedder
from forensics.embedding_cache import encode_cached
from forensics.errors import UsageError
from forensics.features.tokens import FIRST_CHARACTERS
from forensics.places import home

MOST_PROBES = 160
"""On recorded answers of real models, more added nothing that was worth the wait: 35 texts a second."""
VARIABLE = "FORENSICS_EMBEDDER"
DEFAULT = "minilm"
_CACHE = "embeddings.sqlite3"
_RULES = "1"
"""Version of what happens to a text before it is embedded."""


def version() -> str:
    """Return the version of the rules, the model and the software: other software gives other last bits.

    `none` where no embedder can be used, so that evidence can say so.
    """
    if unavailable() is not None:
        return "none"
    embedder = _embedder(_chosen())
    return f"{_RULES} {embedder.name} {embedder.digest} {embedder.backend}"


def unavailable() -> str | None:
    """Say why answers cannot be embedded here; None where they can."""
    try:
        _embedder(_chosen())
    except (UsageError, ImportError) as error:
        return f"the embedder {_chosen()!r} cannot be used: {error}"
    return None


def extract(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return `vector[n, dimension]` of unit length and `embedded[n]`, False where a text has no words to embed."""
    starts = [text[:FIRST_CHARACTERS] for text in texts]
    embedded = np.array([bool(start.strip()) for start in starts], bool)
    embedder = _embedder(_chosen())
    vectors = np.zeros((len(texts), embedder.dimension), np.float32)
    if embedded.any():
        wanted = [start for start, there in zip(starts, embedded.tolist(), strict=True) if there]
        vectors[embedded] = encode_cached(embedder, wanted, path=home() / _CACHE)
    return {"vector": vectors, "embedded": embedded}


def _chosen() -> str:
    return os.environ.get(VARIABLE) or DEFAULT


@lru_cache(maxsize=2)
def _embedder(chosen: str) -> Embedder:
    """Load an embedder once per process; raises UsageError, or ImportError where a package is missing."""
    plugin, _, model = chosen.partition(":")
    embedder: Embedder = registry.load("embedders", plugin).load(model or None)
    return embedder

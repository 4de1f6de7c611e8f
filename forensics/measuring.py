"""A statistic over a whole corpus: one number per probe, wanted member and member. Cached, and alike for any threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics import cache, registry
from forensics.corpus import Corpus
from forensics.features import version_of
from forensics.statistics import Block

_BLOCK = 16
"""Probes given to a thread at a time."""


def features_of(statistics: Sequence[str]) -> list[str]:
    """Return the kinds of features that some statistics read."""
    return sorted({registry.load("statistics", name).FEATURE for name in statistics})


def measure(corpus: Corpus, name: str, rows: Sequence[int]) -> NDArray[np.float64]:
    """Return the agreement of the members `rows` with all members on every probe: [probes, len(rows), members].

    NaN where one of the two did not answer, and for a member with itself. The same to the last bit for any number of
    workers: every probe is computed on its own, by one thread.
    """
    plugin = registry.load("statistics", name)
    key = cache.key("measure", name, plugin.VERSION, version_of(plugin.FEATURE), corpus.digest, list(rows))
    stored = cache.get("measures", key, lambda: {"agreement": _measure(corpus, plugin, np.array(rows, np.int64))})
    return stored["agreement"]


def _measure(corpus: Corpus, plugin: ModuleType, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    from threadpoolctl import threadpool_limits

    features = corpus.features(plugin.FEATURE)
    docs = corpus.docs
    result = np.empty((len(docs), len(rows), len(corpus.members)))

    def fill(start: int) -> None:
        for p in range(start, min(start + _BLOCK, len(docs))):
            result[p] = plugin.score(Block(docs[p].owners, docs[p].rows, features), rows)

    # One BLAS thread per worker: BLAS' own threads collapse when the machine is busy.
    with threadpool_limits(limits=1), ThreadPoolExecutor(max_workers=corpus.workers) as pool:
        for done in [pool.submit(fill, start) for start in range(0, len(docs), _BLOCK)]:
            done.result()
    return result


def mean_over_probes(agreement: NDArray[Any]) -> NDArray[np.float64]:
    """Average over probes, leaving out what is missing: [probes, …] → […]; NaN where nothing is there."""
    present = ~np.isnan(agreement)
    counts = present.sum(axis=0)
    total = np.where(present, agreement, 0.0).sum(axis=0)
    return np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)

"""A statistic over a whole corpus: one number per probe, wanted member and member. Cached, and alike for any threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics import cache, registry
from forensics.corpus import Corpus
from forensics.features import most_probes, unavailable, version_of
from forensics.statistics import Block, score_probe, survey_of

_BLOCK = 16
"""Probes given to a thread at a time."""


def features_of(statistics: Sequence[str]) -> list[str]:
    """Return the kinds of features that some statistics read, but for those too costly to make beforehand."""
    kinds = {registry.load("statistics", name).FEATURE for name in statistics}
    return sorted(kind for kind in kinds if most_probes(kind) is None)


def inapplicable(corpus: Corpus, name: str, sides: tuple[int, int]) -> str | None:
    """Say why two members cannot be compared by a statistic; None where they can, as far as is known beforehand."""
    plugin = registry.load("statistics", name)
    reason = unavailable(plugin.FEATURE)
    if reason is None and hasattr(plugin, "inapplicable"):
        reason = plugin.inapplicable(_blocks(corpus, plugin), sides)
    return reason


def measure(corpus: Corpus, name: str, rows: Sequence[int]) -> NDArray[np.float64]:
    """Return the agreement of the members `rows` with all members on every probe: [probes, len(rows), members].

    NaN where one of the two did not answer, and for a member with itself. The same to the last bit for any number of
    workers: every probe is computed on its own, by one thread.
    """
    plugin = registry.load("statistics", name)
    key = _cache_key("measure", corpus, name, plugin, list(rows))
    stored = cache.find("measures", key)
    if stored is None:
        if getattr(plugin, "WHOLE", False):
            agreement, means = _rows_and_means(corpus, plugin, np.array(rows, np.int64))
            cache.put("means", _cache_key("means", corpus, name, plugin), {"means": means})
        else:
            agreement = _measure(corpus, plugin, np.array(rows, np.int64))
        stored = {"agreement": agreement}
        cache.put("measures", key, stored)
    return stored["agreement"]


def _cache_key(what: str, corpus: Corpus, name: str, plugin: ModuleType, *more: object) -> str:
    return cache.key(what, name, plugin.VERSION, version_of(plugin.FEATURE), corpus.digest, *more)


def all_means(corpus: Corpus, name: str) -> NDArray[np.float64]:
    """Return the agreement of all members with all members, averaged over probes: [members, members].

    In memory it takes a block of probes at a time, whatever their number. NaN where two share no probe.
    """
    plugin = registry.load("statistics", name)
    key = _cache_key("means", corpus, name, plugin)
    none = np.zeros(0, np.int64)
    return cache.get("means", key, lambda: {"means": _rows_and_means(corpus, plugin, none)[1]})["means"]


def _rows_and_means(
    corpus: Corpus, plugin: ModuleType, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score everything once; keep some rows of every probe, and of the rest the sums only."""
    members = len(corpus.members)
    kept: list[NDArray[np.float64]] = []
    total, counts = np.zeros((members, members)), np.zeros((members, members))

    def add(block: NDArray[np.float64]) -> None:
        present = ~np.isnan(block)
        total[...] += np.where(present, block, 0.0).sum(axis=0)
        counts[...] += present.sum(axis=0)
        kept.append(block[:, rows])

    _each_block(corpus, plugin, np.arange(members), add)
    means: NDArray[np.float64] = np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)
    return np.concatenate(kept), means


def _measure(corpus: Corpus, plugin: ModuleType, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    found: list[NDArray[np.float64]] = []
    _each_block(corpus, plugin, rows, found.append)
    return np.concatenate(found)


def _each_block(
    corpus: Corpus, plugin: ModuleType, rows: NDArray[np.int64], take: Callable[[NDArray[np.float64]], None]
) -> None:
    """Score blocks of probes in threads, and hand them on in order: the same sums for any number of workers."""
    from threadpoolctl import threadpool_limits

    blocks = _blocks(corpus, plugin)
    survey = survey_of(plugin, blocks)

    def score(start: int) -> NDArray[np.float64]:
        return np.stack([score_probe(plugin, block, rows, survey) for block in blocks[start : start + _BLOCK]])

    # One BLAS thread per worker: BLAS' own threads collapse when the machine is busy.
    with threadpool_limits(limits=1), ThreadPoolExecutor(max_workers=corpus.workers) as pool:
        waiting: deque[Future[NDArray[np.float64]]] = deque()
        for start in range(0, len(blocks), _BLOCK):
            waiting.append(pool.submit(score, start))
            if len(waiting) > corpus.workers:
                take(waiting.popleft().result())
        while waiting:
            take(waiting.popleft().result())


def _blocks(corpus: Corpus, plugin: ModuleType) -> list[Block]:
    """Return what a statistic sees of each probe, in the corpus' order."""
    features = corpus.features(plugin.FEATURE)
    states = getattr(plugin, "STATES", None)
    docs = corpus.docs if states is None else corpus.docs_in(states)
    return [Block(owners, rows, features) for owners, rows in docs]


def mean_over_probes(agreement: NDArray[Any]) -> NDArray[np.float64]:
    """Average over probes, leaving out what is missing: [probes, …] → […]; NaN where nothing is there."""
    present = ~np.isnan(agreement)
    counts = present.sum(axis=0)
    total = np.where(present, agreement, 0.0).sum(axis=0)
    means: NDArray[np.float64] = np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)
    return means

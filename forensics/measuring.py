"""A statistic over a whole corpus: one number per probe, wanted member and member. Cached, and alike for any number of workers."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forensics import cache, canonical, registry
from forensics.corpus import Corpus
from forensics.features import most_probes, unavailable, version_of
from forensics.packs import using
from forensics.records.scores import Interval
from forensics.statistics import Block, score_probe, survey_of

ROLES = ("weighed", "exhibit")
"""Roles of the statistics that score agreement."""
LEVEL = 0.95
"""Of every interval over resampled probes."""
_BLOCK = 16
"""Probes scored at a time."""
_WORTH_PROCESSES = 30_000
"""Answers from which on worker processes pay for their start."""


def names() -> list[str]:
    """Return the statistics that score agreement probe by probe: all but those for the question of equality."""
    return [name for name in registry.names("statistics") if registry.load("statistics", name).ROLE in ROLES]


def features_of(statistics: Sequence[str]) -> list[str]:
    """Return the kinds of features that some statistics read, but for those too costly to make beforehand."""
    kinds = {registry.load("statistics", name).FEATURE for name in statistics}
    return sorted(kind for kind in kinds if most_probes(kind) is None)


def version(name: str) -> str:
    """Return everything a statistic's values hang on: its version, its feature and that one's version."""
    plugin = registry.load("statistics", name)
    return f"{plugin.VERSION}, {plugin.FEATURE} {version_of(plugin.FEATURE)}"


def inapplicable(corpus: Corpus, name: str, sides: tuple[int, int]) -> str | None:
    """Say why two members cannot be compared by a statistic; None where they can, as far as is known beforehand.

    Looks at the two alone: their features are made, and nobody else's.
    """
    plugin = registry.load("statistics", name)
    reason = unavailable(plugin.FEATURE)
    reason = reason or using.lacking(corpus.members, plugin, corpus.probes, most_probes(plugin.FEATURE))
    if reason is None and hasattr(plugin, "inapplicable"):
        alone = Corpus(tuple(corpus.members[side] for side in sides), corpus.probes, corpus.workers)
        reason = plugin.inapplicable(_blocks(alone, plugin), (0, 1))
    return reason


def measure(corpus: Corpus, name: str, rows: Sequence[int]) -> NDArray[np.float64]:
    """Return the agreement of the members `rows` with all members on every probe: [probes, len(rows), members].

    NaN where one of the two did not answer, and for a member with itself. The same to the last bit for any number of
    workers: every probe is computed on its own.
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
    """Score blocks of probes and hand them on in order: the same sums for any number of workers."""
    starts = range(0, len(corpus.probes), _BLOCK)
    if corpus.workers == 1 or sum(len(docs.owners) for docs in corpus.docs) < _WORTH_PROCESSES:
        score = _scorer(corpus, plugin)
        for start in starts:
            take(score(start, rows))
        return
    # Processes, not threads: too much of the work holds the interpreter's lock.
    name = plugin.__name__.rpartition(".")[2]
    pool = _pool(corpus)
    waiting: deque[Future[NDArray[np.float64]]] = deque()
    for start in starts:
        waiting.append(pool.submit(_score_there, name, start, rows))
        if len(waiting) > 4 * corpus.workers:
            take(waiting.popleft().result())
    while waiting:
        take(waiting.popleft().result())


def _scorer(corpus: Corpus, plugin: ModuleType) -> Callable[[int, NDArray[np.int64]], NDArray[np.float64]]:
    """Return what scores one block of probes, having learnt what must be known of all."""
    from threadpoolctl import threadpool_limits

    blocks = _blocks(corpus, plugin)
    survey = survey_of(plugin, blocks)

    def score(start: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        # BLAS' own threads collapse when the machine is busy, and may add in another order.
        with threadpool_limits(limits=1):
            return np.stack([score_probe(plugin, block, rows, survey) for block in blocks[start : start + _BLOCK]])

    return score


def _pool(corpus: Corpus) -> ProcessPoolExecutor:
    """Return the worker processes of a corpus, started when they are first needed and ended with it."""
    if "pool" not in corpus.kept:
        alone = Corpus(corpus.members, corpus.probes, 1)
        pool = ProcessPoolExecutor(
            corpus.workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(alone,)
        )
        weakref.finalize(corpus, pool.shutdown)
        corpus.kept["pool"] = pool
    kept: ProcessPoolExecutor = corpus.kept["pool"]
    return kept


_HERE: dict[str, Any] = {}
"""In a worker process: its corpus, and a scorer for every statistic it was asked for."""


def _begin(corpus: Corpus) -> None:
    _HERE["corpus"] = corpus


def _score_there(name: str, start: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Score one block in a worker process; features come from the cache."""
    if name not in _HERE:
        _HERE[name] = _scorer(_HERE["corpus"], registry.load("statistics", name))
    scored: NDArray[np.float64] = _HERE[name](start, rows)
    return scored


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


def interval(values: NDArray[np.float64]) -> Interval:
    """Return the percentile interval of a statistic's finite values over resampled probes: [replicates]."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(
        low=canonical.rounded(float(low)),
        high=canonical.rounded(float(high)),
        level=LEVEL,
        method="percentile bootstrap over probes",
    )

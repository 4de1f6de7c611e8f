"""Counting n-grams of one probe's answers, and the inner products of what they weigh. No statistic by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block
from forensics.statistics._tokens import grams as runs
from forensics.statistics._tokens import joined

PHRASES = (3, 4, 5)
"""Words in what is called a phrase."""
_COMMON = 10
"""Grams in at least so many answers go through a dense product, the rarer ones through a sparse one: faster by far."""
_FEW = 8
"""Answers up to which each is multiplied on its own, without building either."""
_ANSWER_BITS = np.uint64(16)
"""Low bits of a gram's key that hold the answer; 48 bits of hash remain, ample within one probe."""
_ANSWERS = np.uint64(1) << _ANSWER_BITS


class Grams(NamedTuple):
    """The grams of one probe that at least two members used, sorted by gram, then answer."""

    gram: NDArray[np.int64]
    """Number of the gram, ascending, not without gaps. [k]"""
    answer: NDArray[np.int64]
    """Answer that holds it. [k]"""
    tf: NDArray[np.int64]
    """How often it does. [k]"""
    df: NDArray[np.int64]
    """Members that hold the gram in any answer. [k]"""
    answers: int
    members: int
    """Members that answered."""


def count(block: Block, lengths: Sequence[int]) -> Grams:
    """Count the grams of the given lengths in every answer; those of one member only are dropped."""
    if any("openings" in features for features in block.features):
        return count_hashes(_counted(block, lengths), block.owners)
    tokens, sizes = joined(block)
    answer = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)
    keys = [_keys(hashed, answer[place]) for hashed, place in runs(tokens, sizes, lengths)]
    return _tally(np.concatenate(keys), block.owners)


def count_hashes(hashes: Sequence[NDArray[np.uint64]], owners: NDArray[np.int64]) -> Grams:
    """Count grams that come as hashes, one array for each answer; those of one member only are dropped."""
    answers = np.repeat(np.arange(len(hashes), dtype=np.uint64), [len(answer) for answer in hashes])
    return _tally(_keys(np.concatenate([np.zeros(0, np.uint64), *hashes]), answers), owners)


def _counted(block: Block, lengths: Sequence[int]) -> list[NDArray[np.uint64]]:
    """Return the hashes of each answer's grams, each as often as it occurs, where features are a pack's counts."""
    parts = []
    for owner, row in zip(block.owners.tolist(), block.rows.tolist(), strict=True):
        table = block.features[owner]
        places = [(size, slice(*table[f"offsets{size}"][row : row + 2].tolist())) for size in lengths]
        parts.append(np.concatenate([np.repeat(table[f"grams{n}"][at], table[f"times{n}"][at]) for n, at in places]))
    return parts


def _keys(hashed: NDArray[np.uint64], answer: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return one key per gram: hash in the high bits, answer in the low ones."""
    return (hashed >> _ANSWER_BITS << _ANSWER_BITS) | answer


def _tally(keys: NDArray[np.uint64], owners: NDArray[np.int64]) -> Grams:
    """Count keys that hold a gram's hash in the high bits and the answer in the low ones."""
    members = len(np.unique(owners))
    keys = np.sort(keys)
    # Most grams occur once: they go first, before anything is counted.
    again = (keys[1:] ^ keys[:-1]) < _ANSWERS
    repeated = np.zeros(len(keys), bool)
    repeated[1:] = again
    repeated[:-1] |= again
    keys = keys[repeated]
    first = np.flatnonzero(_changes(keys))
    tf = np.diff(np.append(first, len(keys)))
    keys = keys[first]
    answer = (keys & (_ANSWERS - np.uint64(1))).astype(np.int64)
    new_gram = _changes(keys >> _ANSWER_BITS)
    number = np.cumsum(new_gram) - 1
    # Answers ascend within a gram and owners ascend with answers: each change is one more member.
    new_member = new_gram | _changes(owners[answer])
    df = np.bincount(number[new_member], minlength=1)[number]
    kept = df >= 2
    return Grams(number[kept], answer[kept], tf[kept], df[kept], len(owners), members)


def _changes(values: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say where a value differs from the one before; the first always does."""
    changes = np.ones(len(values), bool)
    changes[1:] = values[1:] != values[:-1]
    return changes


def unit(grams: Grams, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale weights so that every answer's vector has length 1; an answer without weights keeps none."""
    length = np.sqrt(np.bincount(grams.answer, weights=weight**2, minlength=grams.answers))
    length[length == 0] = 1.0
    return weight / length[grams.answer]


def products(grams: Grams, weight: NDArray[np.float64], wanted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the inner products of the wanted answers with all: [len(wanted), answers]."""
    if not len(grams.gram) or not len(wanted):
        return np.zeros((len(wanted), grams.answers))
    new = _changes(grams.gram)
    number = np.cumsum(new) - 1
    if len(wanted) <= _FEW:
        return np.stack([_one(grams, weight, number, answer) for answer in wanted.tolist()])
    holders = np.diff(np.append(np.flatnonzero(new), len(number)))
    product = _all(grams, weight, number, holders)
    return product if len(wanted) == grams.answers and (wanted == np.arange(len(wanted))).all() else product[wanted]


def _one(grams: Grams, weight: NDArray[np.float64], number: NDArray[np.int64], answer: int) -> NDArray[np.float64]:
    """Return the inner products of one answer with all: [answers]."""
    held = grams.answer == answer
    vector = np.zeros(int(number[-1]) + 1)
    vector[number[held]] = weight[held]
    product = np.bincount(grams.answer, weights=vector[number] * weight, minlength=grams.answers)
    return product.astype(np.float64, copy=False)


def _all(
    grams: Grams, weight: NDArray[np.float64], number: NDArray[np.int64], holders: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the inner products of all answers with all: [answers, answers]."""
    from scipy.sparse import csr_array

    is_common = holders >= _COMMON
    common = is_common[number]
    dense = np.zeros((int(is_common.sum()), grams.answers))
    dense[(np.cumsum(is_common) - 1)[number[common]], grams.answer[common]] = weight[common]
    rare = ~common
    shape = (len(holders), grams.answers)
    starts = np.append(0, np.cumsum(np.where(is_common, 0, holders)))
    sparse = csr_array((weight[rare], grams.answer[rare], starts), shape=shape)
    product: NDArray[np.float64] = dense.T @ dense + (sparse.T @ sparse).toarray()
    return product

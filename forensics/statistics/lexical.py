"""Agreement in wording, each shared n-gram counted by its rarity among all answers to the same probe.

w_gi = (1 + ln tf_gi) · ln(M / df_g), with M members and df_g the members whose answers hold g, reference and questioned
included; grams of one member only are dropped before the norm is taken; the score of two answers is the cosine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member, lines

SUMMARY = "shared word and punctuation 1- to 3-grams, weighed by rarity within the probe"
VERSION = "1"
ROLE = "weighed"
FEATURE = "tokens"

LONGEST = 3
"""Tokens in the longest gram."""
_COMMON = 10
"""Grams in at least so many answers go through a dense product, the rarer ones through a sparse one: faster by far."""
_ANSWER_BITS = np.uint64(16)
"""Low bits of a gram's key that hold the answer; 48 bits of hash remain, ample within one probe."""
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))


class Weighted(NamedTuple):
    """Grams of one probe that at least two members used, with their weights, sorted by gram."""

    gram: NDArray[np.int64]
    """Number of the gram, 0 … g−1, ascending. [k]"""
    answer: NDArray[np.int64]
    """Answer that holds it. [k]"""
    weight: NDArray[np.float64]
    """Weight, the answer's vector having length 1. [k]"""
    holders: NDArray[np.int64]
    """Answers that hold each gram. [g]"""


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine between members `rows` and all members: [len(rows), m], NaN without an answer."""
    tokens = [
        table["vocabulary"][table["ids"][table["offsets"][row] : table["offsets"][row + 1]]]
        for table, row in ((block.features[o], r) for o, r in zip(block.owners, block.rows, strict=True))
    ]
    weighted = weigh(tokens, block.owners)
    agreement = _products(weighted, len(tokens), lines(block.owners, rows))
    return by_member(agreement, block.owners, rows, len(block.features))


def weigh(tokens: list[NDArray[np.uint64]], owners: NDArray[np.int64]) -> Weighted:
    """Count the grams of each answer and weigh them by their rarity among members."""
    keys = np.sort(np.concatenate([_gram_keys(tokens, n) for n in range(1, LONGEST + 1)]))
    if not len(keys):
        none = np.zeros(0, np.int64)
        return Weighted(none, none, np.zeros(0), none)
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    tf = np.diff(np.append(first, len(keys)))
    grams = keys[first] >> _ANSWER_BITS
    answer = (keys[first] & ((np.uint64(1) << _ANSWER_BITS) - np.uint64(1))).astype(np.int64)
    new_gram = np.concatenate(([True], grams[1:] != grams[:-1]))
    number = np.cumsum(new_gram) - 1
    owner = owners[answer]
    # Answers are sorted within a gram and owners ascend with answers: each change is one more member.
    new_member = new_gram | np.concatenate(([True], owner[1:] != owner[:-1]))
    df = np.bincount(number, weights=new_member)[number]
    kept = df >= 2
    number, answer, tf, df = number[kept], answer[kept], tf[kept], df[kept]
    weight = (1.0 + np.log(tf)) * np.log(len(np.unique(owners)) / df)
    length = np.sqrt(np.bincount(answer, weights=weight**2, minlength=len(tokens)))
    length[length == 0] = 1.0
    _, number, holders = np.unique(number, return_inverse=True, return_counts=True)
    return Weighted(number, answer, weight / length[answer], holders)


def _gram_keys(tokens: list[NDArray[np.uint64]], n: int) -> NDArray[np.uint64]:
    """Return one key per gram of n tokens: hash in the high bits, answer in the low ones."""
    lengths = np.array([max(len(answer) - n + 1, 0) for answer in tokens], np.int64)
    parts = [answer for answer in tokens if len(answer) >= n]
    if not parts:
        return np.zeros(0, np.uint64)
    hashed = np.full(int(lengths.sum()), n, np.uint64) * _MIX[0]
    for place in range(n):
        joined = np.concatenate([part[place : len(part) - n + 1 + place] for part in parts])
        hashed = (hashed ^ joined) * _MIX[1]
        hashed ^= hashed >> np.uint64(29)
    answers = np.repeat(np.arange(len(tokens), dtype=np.uint64), lengths)
    return (hashed >> _ANSWER_BITS << _ANSWER_BITS) | answers


def _products(weighted: Weighted, answers: int, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the inner products of the wanted answers with all: [len(wanted), answers]."""
    from scipy.sparse import csr_array

    common = weighted.holders[weighted.gram] >= _COMMON
    dense_number = np.cumsum(weighted.holders >= _COMMON) - 1
    dense = np.zeros((int((weighted.holders >= _COMMON).sum()), answers))
    dense[dense_number[weighted.gram[common]], weighted.answer[common]] = weighted.weight[common]
    rare = ~common
    sparse = csr_array(
        (weighted.weight[rare], (weighted.answer[rare], weighted.gram[rare])),
        shape=(answers, len(weighted.holders)),
    )
    return dense[:, wanted].T @ dense + (sparse[wanted] @ sparse.T).toarray()

"""The longest passage two answers have in common, word for word, that hardly any other member wrote: an exhibit.

A passage counts token by token (first 2,000 characters, lower case) as long as every run of 4 of its tokens stands in
the answers of at most 5% of the members, the two included, and of 2 in any case. Runs are followed from their first
place in each answer. Shown, never weighed: common phrases and quotations make long spans too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member, lines
from forensics.statistics._tokens import grams, joined

SUMMARY = "tokens in the longest passage shared word for word that hardly any other model wrote"
VERSION = "1"
ROLE = "exhibit"
FEATURE = "tokens"
ORDERED = "a passage shared word for word needs the order of the words of every model"

RUN = 4
"""Tokens in the shortest passage."""
RARE = 0.05
"""Share of the members who may have written a run."""


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the tokens in the longest such passage of members `rows` and all members: [len(rows), m].

    0 where there is none; the mean over draws where members were drawn several times; NaN without an answer.
    """
    longest = np.zeros((len(block.owners), len(block.owners)))
    run, answer, place = _runs(block)
    first, second = _pairs(run, block.owners[answer])
    if len(first):
        # A passage is a chain of runs at consecutive places of both answers: one diagonal of one pair. All of it in one
        # number each, so that runs of a chain are numbers in a row; one bit to spare keeps other neighbours apart.
        bits = int(place.max()).bit_length() + 1
        diagonal = place[second] - place[first] + (1 << bits)
        pair = answer[first] * len(longest) + answer[second]
        chained = np.sort((((pair << (bits + 1)) + diagonal) << bits) + place[first])
        starts = np.flatnonzero(_changes(chained - np.arange(len(chained))))
        lengths = np.diff(np.append(starts, len(chained))) + RUN - 1
        _keep_longest(longest.reshape(-1), chained[starts] >> (2 * bits + 1), lengths)
    longest = np.maximum(longest, longest.T)
    return by_member(longest[lines(block.owners, rows)], block.owners, rows, len(block.features))


def _keep_longest(longest: NDArray[np.float64], pair: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
    """Write each pair's greatest length into its cell; pairs ascend."""
    starts = np.flatnonzero(_changes(pair))
    longest[pair[starts]] = np.maximum.reduceat(lengths, starts)


def _runs(block: Block) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the rare runs of 4 tokens: number of the run, ascending, answer, and first place in it. [k] each."""
    tokens, lengths = joined(block)
    ((hashed, position),) = grams(tokens, lengths, (RUN,))
    answer = np.repeat(np.arange(len(lengths)), lengths)[position]
    place = position - (np.cumsum(lengths) - lengths)[answer]
    # Hash, answer and place in one key each: sorting plain numbers is many times faster than sorting by three.
    low = np.uint64(max(int(place.max(initial=0)), 1).bit_length())
    bits = low + np.uint64(max(len(lengths), 2).bit_length())
    keys = np.sort((hashed >> bits << bits) | (answer.astype(np.uint64) << low) | place.astype(np.uint64))
    first = _changes(keys >> low)
    keys = keys[first]
    answer = ((keys >> low) & ((np.uint64(1) << (bits - low)) - np.uint64(1))).astype(np.int64)
    place = (keys & ((np.uint64(1) << low) - np.uint64(1))).astype(np.int64)
    new_run = _changes(keys >> bits)
    number = np.cumsum(new_run) - 1
    owner = block.owners[answer]
    members = np.bincount(number, weights=new_run | _changes(owner), minlength=1)[number]
    rare = (members >= 2) & (members <= max(2, int(RARE * len(np.unique(block.owners)))))
    return number[rare], answer[rare], place[rare]


def _changes(values: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say where a value differs from the one before; the first always does."""
    changes = np.ones(len(values), bool)
    changes[1:] = values[1:] != values[:-1]
    return changes


def _pairs(run: NDArray[np.int64], owner: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return all pairs of positions that hold the same run in answers of different members, the earlier one first."""
    n = len(run)
    end = np.searchsorted(run, run, side="right")
    later = end - np.arange(n) - 1
    first = np.repeat(np.arange(n), later)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(later) - later, later)
    other = owner[first] != owner[second]
    return first[other], second[other]

"""Agreement in wording, each shared n-gram counted by its rarity among all answers to the same probe.

w_gi = (1 + ln tf_gi) · ln(M / df_g), with M members and df_g the members whose answers hold g, reference and questioned
included; grams of one member only are dropped before the norm is taken; the score of two answers is the cosine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, by_member, lines
from forensics.statistics._grams import Grams, count, products, unit

SUMMARY = "shared word and punctuation 1- to 3-grams, weighed by rarity within the probe"
VERSION = "1"
ROLE = "weighed"
FEATURE = "tokens"

LENGTHS = (1, 2, 3)


def score(block: Block, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine between members `rows` and all members: [len(rows), m], NaN without an answer."""
    grams = count(block, LENGTHS)
    agreement = products(grams, unit(grams, weigh(grams)), lines(block.owners, rows))
    return by_member(agreement, block.owners, rows, len(block.features))


def weigh(grams: Grams) -> NDArray[np.float64]:
    """Return w_gi for each gram and answer: [k]."""
    return (1.0 + np.log(grams.tf)) * np.log(grams.members / grams.df)

"""Agreement on keyed probes beyond what both sides' accuracy explains, rare wrong answers counting most.

Half is CAPA, chance-adjusted agreement (arXiv 2502.04313): (A − E) / (1 − E), with A = 1 for equal final answers,
E_ij = a_i a_j + (1 − a_i)(1 − a_j) κ, a the accuracies and κ the chance that two members who are both wrong on a probe
give the same wrong answer. For multiple choice κ is 1 / (options − 1); here it is what the members show.
Half is agreement on wrong answers by their rarity: (1[same wrong answer] · r − F) / √(R_i R_j), with r = ln(M / c) for a
wrong answer of c ≥ 2 of M members, else 0, R_i the mean of r over what i answered, and F_ij = (1 − a_i)(1 − a_j) ρ, ρ
being κ with each same wrong answer counting r: neither erring often nor erring seldom is agreement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.features.final import NONE, WRONG
from forensics.statistics import Block, by_member, lines

SUMMARY = "same answers to keyed probes beyond what accuracy explains, rare wrong answers counting most"
VERSION = "1"
ROLE = "weighed"
FEATURE = "final"

FEWEST = 5
"""Keyed probes that both sides must have answered, and probes on which one of them must be wrong."""


class Survey(NamedTuple):
    """What all probes together say of the members."""

    chance: NDArray[np.float64]
    """Agreement expected of two members from their accuracies. [m, m]"""
    rare_chance: NDArray[np.float64]
    """The same for agreement on wrong answers, weighed by rarity. [m, m]"""
    rarity: NDArray[np.float64]
    """Mean rarity of the wrong answers a member gave, right ones counting 0. [m]"""


class _Keyed(NamedTuple):
    """The keyed answers to one probe."""

    owners: NDArray[np.int64]
    value: NDArray[np.uint64]
    wrong: NDArray[np.bool_]
    rarity: NDArray[np.float64]
    """ln(M / c) of a wrong answer that at least two members gave, else 0. [n]"""


def inapplicable(blocks: Sequence[Block], sides: tuple[int, int]) -> str | None:
    """Say why two members cannot be compared; None where they can."""
    both = wrong = 0
    for block in blocks:
        keyed = _keyed(block)
        a, b = keyed.owners == sides[0], keyed.owners == sides[1]
        if a.any() and b.any():
            both += 1
            wrong += bool(keyed.wrong[a | b].any())
    if both < FEWEST:
        return f"only {both} probes with a key were answered by both sides; {FEWEST} are needed"
    if wrong < FEWEST:
        return f"one side or the other is wrong on only {wrong} of {both} keyed probes; {FEWEST} are needed"
    return None


def survey(blocks: Sequence[Block]) -> Survey:
    """Learn each member's accuracy, how often two wrong answers are the same, and how rare each one's errors are."""
    members = len(blocks[0].features) if blocks else 0
    probes, wrong, rarity = np.zeros(members), np.zeros(members), np.zeros(members)
    same = rare = pairs = 0.0
    for block in blocks:
        keyed = _keyed(block)
        counts = np.bincount(keyed.owners, minlength=members)
        share = 1.0 / np.maximum(counts, 1)
        probes += counts > 0
        rarity += np.bincount(keyed.owners, keyed.rarity, members) * share
        erring = np.bincount(keyed.owners, keyed.wrong, members) * share
        wrong += erring
        pairs += erring.sum() ** 2 - np.square(erring).sum()
        of_each = _same_wrong(keyed, share[keyed.owners], members)
        same += of_each.sum()
        rare += float(of_each @ keyed.rarity)
    answered = np.maximum(probes, 1)
    mean_wrong = wrong / answered
    both_wrong = np.outer(mean_wrong, mean_wrong) / (pairs if pairs > 0 else 1.0)
    chance = np.outer(1 - mean_wrong, 1 - mean_wrong) + same * both_wrong
    return Survey(chance, rare * both_wrong, rarity / answered)


def score(block: Block, rows: NDArray[np.int64], survey: Survey) -> NDArray[np.float64]:
    """Return the agreement between members `rows` and all members: [len(rows), m].

    NaN without a keyed answer, and where both members are right on every probe, so that chance explains everything.
    """
    keyed = _keyed(block)
    members = len(block.features)
    wanted = lines(keyed.owners, rows)
    same = (keyed.value[wanted][:, None] == keyed.value[None, :]) & (keyed.value != 0)
    pair = np.ix_(keyed.owners[wanted], keyed.owners)
    chance = survey.chance[pair]
    capa = np.divide(same - chance, 1 - chance, out=np.full(chance.shape, np.nan), where=chance < 1 - 1e-12)
    norm = np.sqrt(np.outer(survey.rarity, survey.rarity))[pair]
    shared = np.where(same, keyed.rarity[None, :], 0.0) - survey.rare_chance[pair]
    errors = np.divide(shared, norm, out=np.zeros(norm.shape), where=norm > 0)
    return by_member((capa + errors) / 2, keyed.owners, rows, members)


def _keyed(block: Block) -> _Keyed:
    """Return the keyed answers of a block, with the rarity of the wrong ones."""
    right, value = block.stacked("right"), block.stacked("value")
    kept = right != NONE
    owners, value, wrong = block.owners[kept], value[kept], right[kept] == WRONG
    _, number = np.unique(value, return_inverse=True)
    # A member that was drawn several times holds an answer once.
    held = np.unique(np.stack([number, owners]), axis=1)[0]
    holders = np.bincount(held, minlength=1)[number] if len(number) else np.zeros(0)
    telling = wrong & (value != 0) & (holders >= 2)
    members = len(np.unique(owners))
    rarity = np.zeros(len(owners))
    rarity[telling] = np.log(members / holders[telling])
    return _Keyed(owners, value, wrong, rarity)


def _same_wrong(keyed: _Keyed, share: NDArray[np.float64], members: int) -> NDArray[np.float64]:
    """Return, for each answer that is wrong, its share times the shares of the same answer by other members: [n]."""
    values, number = np.unique(keyed.value, return_inverse=True)
    table = np.bincount(number * members + keyed.owners, share, len(values) * members).reshape(len(values), members)
    others = table.sum(axis=1)[number] - table[number, keyed.owners]
    return np.where(keyed.wrong & (keyed.value != 0), share * others, 0.0)

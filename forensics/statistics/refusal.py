"""Agreement in what is refused, beyond what each model's and each probe's rate of refusals predicts.

r_ip is the share of member i's answers to probe p that decline (`features/declined.py`, or state `refused`). Predicted:
logit e_ip = logit r_i + logit r_p − logit r, with r_i the member's rate over probes, r_p the probe's over members, r the
overall rate, each (k + ½) / (n + 1). The score on a probe is the product of the two residuals over their root mean
squares: its mean over probes is a correlation. It speaks of the source of the safety tuning, not of the capability.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.statistics import Block, member_means

SUMMARY = "refusing the same probes beyond what the rates of refusal predict"
VERSION = "1"
ROLE = "weighed"
FEATURE = "declined"
STATES = ("text", "refused")

FEWEST = 5
"""Probes a member must have refused, and must not have refused, for its pattern to be comparable."""
Floats = NDArray[np.float64]


class Survey(NamedTuple):
    """What all probes together say of the members."""

    tendency: Floats
    """logit r_i − logit r. [m]"""
    spread: Floats
    """Root mean square of a member's residuals; NaN for one that refuses too seldom or too often. [m]"""


def inapplicable(blocks: Sequence[Block], sides: tuple[int, int]) -> str | None:
    """Say why two members cannot be compared; None where they can."""
    table = _table(blocks)[:, list(sides)]
    both = table[~np.isnan(table).any(axis=1)]
    for side, name in enumerate(("the reference", "the questioned model")):
        refused, answered = int((both[:, side] > 0).sum()), int((both[:, side] < 1).sum())
        if min(refused, answered) < FEWEST:
            return (
                f"{name} refused {refused} and answered {answered} of {len(both)} probes; {FEWEST} of each are needed"
            )
    return None


def survey(blocks: Sequence[Block]) -> Survey:
    """Learn how readily each member refuses, and how far it departs from what that predicts."""
    table = _table(blocks)
    answered = ~np.isnan(table)
    total = np.where(answered, table, 0.0)
    tendency = _logit(total.sum(axis=0), answered.sum(axis=0)) - _logit(total.sum(), answered.sum())
    departure = np.where(answered, table - _expected(tendency, total.sum(axis=1), answered.sum(axis=1)), 0.0)
    spread = np.sqrt(np.square(departure).sum(axis=0) / np.maximum(answered.sum(axis=0), 1))
    telling = ((total > 0).sum(axis=0) >= FEWEST) & ((answered & (total < 1)).sum(axis=0) >= FEWEST)
    return Survey(tendency, np.where(telling, spread, np.nan))


def score(block: Block, rows: NDArray[np.int64], survey: Survey) -> Floats:
    """Return the product of standardised residuals of members `rows` and all members: [len(rows), m].

    NaN without an answer, and for members whose refusals are too few or too many to show a pattern.
    """
    shares = _shares(block)
    answered = ~np.isnan(shares)
    expected = _expected(survey.tendency, np.nansum(shares, keepdims=True), np.array([answered.sum()]))[0]
    residual = (shares - expected) / survey.spread
    result: Floats = residual[rows][:, None] * residual[None, :]
    result[np.arange(len(rows)), rows] = np.nan
    return result


def _shares(block: Block) -> Floats:
    """Return the share of each member's answers that decline, NaN without an answer: [m]."""
    shares = np.full(len(block.features), np.nan)
    shares[np.unique(block.owners)] = member_means(block.stacked("declined"), block.owners)
    return shares


def _table(blocks: Sequence[Block]) -> Floats:
    """Return every member's shares: [probes, m]."""
    return np.stack([_shares(block) for block in blocks])


def _expected(tendency: Floats, refused: Floats, answered: NDArray[np.int64]) -> Floats:
    """Return the predicted shares on probes of which so many members refused: [probes, m]."""
    return 1.0 / (1.0 + np.exp(-(_logit(refused, answered)[:, None] + tendency[None, :])))


def _logit(count: Floats, of: NDArray[np.int64]) -> Floats:
    """Return the log odds of (count + ½) / (of + 1)."""
    odds: Floats = np.log((np.asarray(count) + 0.5) / (np.asarray(of) - np.asarray(count) + 0.5))
    return odds

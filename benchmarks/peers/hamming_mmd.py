"""Model Equality Testing's maximum mean discrepancy with the Hamming kernel on the first 50 characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import Answers, Compared

TITLE = "Hamming MMD (Model Equality Testing)"
NOTE = (
    "minus the squared MMD, kernel = share of equal characters at the same place among the first 50, 0 between prompts (Gao, "
    "Liang and Guestrin, arXiv 2410.20247); with one draw per prompt only the term between the models varies, and its "
    "permutation test needs more draws, so there is no verdict. White space before an answer is left out"
)
CHARACTERS = 50


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair by the mean kernel over prompts."""
    codes = np.full((len(answers), len(answers[0]), CHARACTERS), -1, np.int32)
    for m, row in enumerate(answers):
        for p, text in enumerate(row):
            start = text.lstrip()[:CHARACTERS]
            codes[m, p, : len(start)] = [ord(character) for character in start]
    kernel = np.stack([(codes == row).mean(axis=(1, 2)) for row in codes])
    np.fill_diagonal(kernel, np.nan)
    return Compared(2 * kernel - 2)

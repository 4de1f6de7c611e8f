"""Agreement of the first token, with Model Provenance Testing's z-test against control models."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import Answers, Compared

TITLE = "first-token agreement, z-test (Model Provenance Testing)"
NOTE = (
    "share of prompts whose first word or mark is the same (Nikolić, Baluta and Saxena, arXiv 2502.00706), from texts: tokens "
    "themselves were not recorded. Verdict: one-sided two-proportion z-test of the pair's agreement against that of every model "
    "of a third lineage with the questioned one, Holm at 5%, in either direction"
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ONE_SIDED = 1.6449
"""5% point of the standard normal distribution."""


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair by agreement; say `derived` where it beats every control significantly."""
    firsts = [[found[0] if (found := _TOKEN.findall(text[:200])) else "" for text in row] for row in answers]
    numbers = np.unique(firsts, return_inverse=True)[1].reshape(len(answers), -1)
    equal = np.stack([(numbers == row).mean(axis=1) for row in numbers])
    np.fill_diagonal(equal, np.nan)
    derived = _beats_controls(equal, np.array(lineages), numbers.shape[1])
    return Compared(equal, np.where(derived | derived.T, "derived", "not shown"))


def _beats_controls(agreement: NDArray[np.float64], lineages: NDArray[np.str_], prompts: int) -> NDArray[np.bool_]:
    """Say which model agrees with the row's model significantly more than every model of a third lineage does.

    Holm rejects all hypotheses only if the largest p-value is below 5%: that of the closest control.
    """
    names, codes = np.unique(lineages, return_inverse=True)
    best = np.stack([np.fmax.reduce(agreement[:, codes == c], axis=1) for c in range(len(names))])
    closest = np.empty_like(agreement)
    for model, own in enumerate(codes.tolist()):
        for other in range(len(names)):
            third = [c for c in range(len(names)) if c not in (own, other)]
            closest[model, codes == other] = np.nanmax(best[third, model])
    pooled = (agreement + closest) / 2
    error = np.sqrt(np.maximum(pooled * (1 - pooled) * 2 / prompts, 1e-12))
    return np.asarray(np.nan_to_num((agreement - closest) / error) > _ONE_SIDED)

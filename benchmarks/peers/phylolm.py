"""PhyloLM's genetic similarity: prompts are genes, the first four characters of an answer its allele."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import Answers, Compared

TITLE = "PhyloLM's allele similarity"
NOTE = (
    "Nei's similarity of allele frequencies (Yax, Oudeyer and Palminteri, ICLR 2025); with one draw per prompt it is the share "
    "of prompts whose first four characters are the same. White space before an answer is left out: some servers send it, and "
    "with it the AUC is 0.77. PhyloLM itself draws 32 answers per prompt"
)
CHARACTERS = 4


def compare(answers: Answers, lineages: Sequence[str]) -> Compared:
    """Score every pair by the share of equal alleles."""
    alleles = np.unique([[text.lstrip()[:CHARACTERS] for text in row] for row in answers], return_inverse=True)[1]
    alleles = alleles.reshape(len(answers), -1)
    equal = np.stack([(alleles == row).mean(axis=1) for row in alleles])
    np.fill_diagonal(equal, np.nan)
    return Compared(equal)

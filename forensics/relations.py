"""Labelled pairs: what is known about how two models are related, and what that makes of them for each question.

    relation        meaning
    same_model      one set of weights, served or prompted differently
    direct          one was made from the other's weights, or both from one instruction-tuned parent
    same_base       both start from the same base weights, nothing more
    same_family     bases of one family
    teacher         one was trained on the other's outputs
    shared_teacher  both were trained on a third model's outputs
    unrelated       none of these is known

A relation that is neither proposition of a question is left out of its calibration. `clean` = 1 marks labels that rest
on published facts and carry no soft link; only they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from forensics.errors import BadFile
from forensics.lineages import read_table
from forensics.records.base import Question

KNOWN = {"same_model", "direct", "same_base", "same_family", "teacher", "shared_teacher", "ensemble", "unrelated"}

HP: Mapping[Question, frozenset[str]] = {
    "derivation": frozenset({"direct", "same_model"}),
    "shared_ancestry": frozenset({"same_base"}),
    "distillation": frozenset({"teacher"}),
}
"""Relations for which the proposition of a question is true."""

HD: Mapping[Question, Mapping[str, frozenset[str]]] = {
    "derivation": {
        "independent": frozenset({"unrelated"}),
        "common_source": frozenset({"same_base", "same_family", "shared_teacher"}),
    },
    "shared_ancestry": {
        "independent": frozenset({"unrelated"}),
        "common_source": frozenset({"shared_teacher"}),
    },
    "distillation": {
        "independent": frozenset({"unrelated"}),
        "common_source": frozenset({"shared_teacher"}),
    },
}
"""Relations for which each alternative is true."""


class Pair(NamedTuple):
    """Two models and what is known about them."""

    a: str
    b: str
    relation: str
    clean: bool


def read_pairs(path: Path) -> list[Pair]:
    """Read labelled pairs from a table with the columns a, b, relation and, if there is one, clean; raises BadFile."""
    pairs = []
    for number, row in enumerate(read_table(path), start=2):
        missing = {"a", "b", "relation"} - row.keys()
        if missing:
            raise BadFile(path, f"no column {', '.join(sorted(missing))}", remedy=f"Columns: {', '.join(row)}.")
        if row["relation"] not in KNOWN:
            raise BadFile(
                path, f"unknown relation {row['relation']!r}", line=number, remedy=f"Known: {', '.join(sorted(KNOWN))}."
            )
        pairs.append(Pair(row["a"], row["b"], row["relation"], row.get("clean", "1") == "1"))
    if not pairs:
        raise BadFile(path, "no pairs in it")
    return pairs

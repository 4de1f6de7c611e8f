"""Calibrations: how scores become likelihood ratios, with the whole record of how well they do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Question, Record
from forensics.records.scores import Interval


class Metric(Record):
    """One validation figure with its interval over lineages."""

    id: str
    name: str
    value: float
    interval: Interval | None
    n: int
    """Pairs it was computed from."""
    reason: str | None
    """Why there is no interval."""


class Curve(Record):
    """Points of one line of a validation figure."""

    id: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class TuringCheck(Record):
    """x · P(LR ≥ x | Hd) must not exceed 1, and the same mirrored for Hp."""

    stratum: str
    threshold: float
    hd: float | None
    hp: float | None
    n_hd: int
    n_hp: int


class Validation(Record):
    """How a line did on pairs whose lineages it had not seen."""

    lineages: int
    """Lineages in the calibration data."""
    lineages_hp: int
    """Lineages with pairs for which Hp is true."""
    pairs_hp: int
    pairs_hd: int
    answerable: bool
    """False where the upper limit of Cllr reaches 1: then the question cannot be answered."""
    cap: float
    """log10 of the largest ratio these data support: min(ELUB, K + 1)."""
    bound: str
    """Which of the two gave the cap: `elub` or `lineages`."""
    metrics: tuple[Metric, ...]
    turing: tuple[TuringCheck, ...]
    curves: tuple[Curve, ...]


class Pairs(Record):
    """The labelled pairs behind a line, column by column: numbers and names, no text of any answer."""

    models: tuple[str, ...]
    lineages: tuple[str, ...]
    """Lineage of each model."""
    a: tuple[int, ...]
    """Position of each pair's first model."""
    b: tuple[int, ...]
    hp: tuple[bool, ...]
    scores: tuple[tuple[float, ...], ...]
    """Normalised value of each feature, pair by pair."""
    log10_lr: tuple[float, ...]
    """What a line fitted without both lineages of the pair says of it, before any cap."""


class Line(Record):
    """How normalised scores become a likelihood ratio against one alternative."""

    alternative: str
    coefficients: tuple[float, ...]
    """log10 LR = Σ coefficient · score + intercept, fitted on all pairs; a case is weighed by a line fitted again on
    the pairs that touch neither of its lineages."""
    intercept: float
    pairs: Pairs
    validation: Validation


class Conditions(Record):
    """What a calibration holds for: a case that differs is refused."""

    statistics: dict[str, str]
    """Version by statistic, features included."""
    probes: tuple[Digest, ...]
    """Digests of the prompts, sorted."""
    draws: int
    sampling: str
    """As the recorded answers declare it, or `not recorded`."""
    languages: dict[str, int]
    """Answers by the language they look written in."""
    words: tuple[float, float, float]
    """Words of an answer, the median of each model: the shortest, the middle and the longest model's."""
    first: str | None
    """UTC time of the earliest answer; None where no file gives one."""
    last: str | None
    access: str
    cohort_models: int
    """Median number of unrelated models a pair was normalised by."""


class Calibration(Record):
    """What `calibrate` writes."""

    schema_: Literal["forensics/calibration/1"] = Field(alias="schema")
    tool: str
    question: Question
    summary: str
    features: tuple[str, ...]
    """Statistics whose normalised scores are weighed, in order."""
    normalisation: str
    signed: bool
    """Whether a coefficient may be negative."""
    conditions: Conditions
    lines: tuple[Line, ...]
    """One for each alternative."""
    seed: int

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
    """How the calibration did on pairs whose lineages it had not seen."""

    lineages: int
    """Lineages in the calibration data: K."""
    lineages_hp: int
    """Lineages with pairs for which Hp is true."""
    pairs_hp: int
    pairs_hd: int
    answerable: bool
    """False where the upper limit of Cllr reaches 1: then the question cannot be answered."""
    metrics: tuple[Metric, ...]
    turing: tuple[TuringCheck, ...]
    curves: tuple[Curve, ...]


class Weighing(Record):
    """The fitted line from features to log10 LR."""

    features: tuple[str, ...]
    """Names of the statistics' normalised scores, in order."""
    normalisation: str
    coefficients: tuple[float, ...]
    intercept: float
    cap: float = Field(ge=0)
    """log10 of the largest ratio ever reported."""
    bound: str
    """Which bound gave the cap: `elub` or `lineages`."""


class Conditions(Record):
    """What the calibration holds for: anything else is refused."""

    statistics: dict[str, str]
    """Version by statistic."""
    embedder: str | None
    """Digest of the embedding model, where a statistic uses one."""
    probes: Digest
    """Digest over the sorted prompt digests."""
    n_probes: int
    draws: int
    sampling: str
    language: str
    cohort: tuple[str, ...]
    """Names of the models in the calibration data."""


class Calibration(Record):
    """What `calibrate` writes: numbers only, no text of any answer."""

    schema_: Literal["forensics/calibration/1"] = Field(alias="schema")
    tool: str
    question: Question
    alternative: str
    summary: str
    conditions: Conditions
    weighing: Weighing
    replicates: tuple[tuple[float, ...], ...]
    """Coefficients and intercept of each bootstrap replicate over lineages, for the interval of a case."""
    validation: Validation
    seed: int

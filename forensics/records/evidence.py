"""Evidence: everything a report says, before it is laid out. A report computes nothing.

Every number has a stable id of the form table.row.column, made from the field names here and the names of the rows.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forensics.records.base import Digest, Question, Record
from forensics.records.calibration import Validation
from forensics.records.equality import Equality
from forensics.records.probes import ProbeSetRef
from forensics.records.scores import CohortScore, Contribution, Control, Habit, Interval, Rank, SideCounts, Triad


class Alternative(Record):
    """One way in which the findings could have come about without copying."""

    id: Literal["independent", "common_source"]
    text: str


class Propositions(Record):
    """What is weighed against what."""

    hp: str
    """The proposition that supports a common source of the asked kind."""
    hd: tuple[Alternative, ...]


class Weight(Record):
    """A likelihood ratio against one alternative, as log10, or the reason why there is none."""

    alternative: str
    log10_lr: float | None
    """After the cap."""
    interval: Interval | None
    uncapped: float | None
    cap: float | None
    """log10 of the largest ratio that the validation data can support; its negative is the smallest."""
    bound: str | None
    """Which bound applied: `none`, `elub` or `lineages`."""
    lineages: int | None
    """Lineages left in the calibration without the case's own."""
    reason: str | None


class Measured(Record):
    """One value that the ratios rest on."""

    statistic: str
    normalisation: str
    value: float | None
    """None where the statistic has no value by this normalisation."""
    n_probes: int


class Conclusion(Record):
    """What may be said. The lower ratio is the headline."""

    weights: tuple[Weight, ...]
    headline: str | None
    """Alternative whose weight is the headline."""
    verbal: str | None
    """Verbal equivalent on the printed scale."""
    sentence: str
    """The conclusion in one sentence, or why there is none."""


class ScaleStep(Record):
    """One step of the verbal scale, for ratios above 1; mirrored below."""

    low: float
    high: float | None
    words: str


class Finding(Record):
    """One statistic's result, without the lists behind it."""

    statistic: str
    version: str
    role: Literal["weighed", "exhibit"]
    summary: str
    raw: float | None
    interval: Interval | None
    normalised: float | None
    normalised_interval: Interval | None
    rank: Rank | None
    n_probes: int
    n_cohort: int
    normalisation: str | None
    reason: str | None


class Population(Record):
    """The models compared with, by lineage."""

    lineage: str
    """`undeclared` where nobody declared one."""
    models: tuple[str, ...]
    excluded: str | None
    """Why the lineage is left out of the normalisation; None when it is part of it."""


Verdict = Literal["same", "differs", "not known"]


class LineValidation(Record):
    """How the calibration did against one alternative."""

    alternative: str
    validation: Validation


class Condition(Record):
    """One condition of the case beside the same condition of the validation data."""

    id: str
    name: str
    case: str
    validation: str
    verdict: Verdict


class Sensitivity(Record):
    """What becomes of the result when one choice is made differently."""

    id: str
    change: str
    statistic: str
    normalisation: str
    normalised: float | None
    alternative: str | None
    """What the ratio is against; None where there is no ratio."""
    log10_lr: float | None
    reason: str | None


class Excerpt(Record):
    """One model's answer to one probe, as far as it is shown."""

    label: str
    """`reference`, `questioned`, or what the cohort answer stands for."""
    model: str
    text: str
    cut: int
    """Characters left out at the end."""
    marks: tuple[tuple[int, int], ...]
    """Spans of `text` that both sides hold, and hardly any unrelated cohort model: [start, end)."""


class Exhibit(Record):
    """One probe with the answers side by side."""

    id: str
    statistic: str
    contribution: Contribution
    compared: int
    """Answers of unrelated cohort models to this probe in which the marked passages were looked for: at most one in
    fifty holds any of them. 0 where none could be read."""
    prompt: str
    excerpts: tuple[Excerpt, ...]


class Distribution(Record):
    """The raw scores behind one finding: the pair among the cohort, seen from both sides."""

    statistic: str
    pair: float
    cohort: tuple[CohortScore, ...]
    contributions: tuple[Contribution, ...]


class Input(Record):
    """One file the evidence was made from."""

    role: str
    name: str
    format: str
    digest: Digest


class Version(Record):
    """The version of one thing the numbers depend on."""

    part: str
    version: str


class Evidence(Record):
    """What `weigh` writes."""

    schema_: Literal["forensics/evidence/1"] = Field(alias="schema")
    tool: str
    case: Digest
    scores: Digest
    """Digest of scores.json as written."""
    calibration: Digest | None
    """Digest of calibration.json; None where the scores were not weighed."""
    question: Question
    reference: str
    questioned: str
    propositions: Propositions
    conclusion: Conclusion
    weighed: tuple[Measured, ...]
    """What the ratios rest on; empty where nothing was weighed."""
    scale: tuple[ScaleStep, ...]
    findings: tuple[Finding, ...]
    population: tuple[Population, ...]
    conditions: tuple[Condition, ...]
    validation: tuple[LineValidation, ...]
    sensitivity: tuple[Sensitivity, ...]
    controls: tuple[Control, ...]
    triad: Triad | None
    deviations: tuple[str, ...]
    sides: tuple[SideCounts, ...]
    set_aside: tuple[str, ...]
    inputs: tuple[Input, ...]
    versions: tuple[Version, ...]
    probe_set: ProbeSetRef | None
    n_probes: int
    seed: int
    replicates: int
    distributions: tuple[Distribution, ...]
    habits: tuple[Habit, ...]
    """The habits behind `style`, those that both sides share most first."""
    exhibits: tuple[Exhibit, ...]
    equality: Equality | None
    """None where another question is asked."""
    warnings: tuple[str, ...]
    """What a reader must know before using any number."""

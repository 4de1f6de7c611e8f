"""The plan of a nightly run, as a TOML file holds it, and what one night found."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from forensics.records.base import Digest, Question, Record

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Letters, digits, `.`, `_` and `-`: it becomes the name of a folder."""
Side = Literal["reference", "questioned"]
Watch = Literal["reference", "questioned", "pair"]
"""What is watched for change: a side against its own baseline, or the questioned model against the reference."""
Asked = Literal["both", "reference", "questioned", "once"]


class Gates(Record):
    """Limits whose crossing trips the night. A gate that is not named is not set."""

    log10_lr_at_least: float | None = None
    """Lowest log10 likelihood ratio permitted."""
    log10_lr_at_most: float | None = None
    """Highest log10 likelihood ratio permitted."""
    statistic: str | None = None
    """Statistic whose normalised score is bounded; default: the first that is weighed."""
    normalised_at_least: float | None = None
    """Lowest normalised score permitted."""
    normalised_at_most: float | None = None
    """Highest normalised score permitted."""
    equality: bool = False
    """True: trips when both sides are found to answer differently, anytime-valid like the drift gate."""
    drift: Literal["off", "behaviour", "any"] = "off"
    """Trips when a side is found to have changed since its baseline: in behaviour, or in trivial form too."""
    failures_at_most: float | None = Field(default=None, ge=0, le=1)
    """Largest share of a side's questions that may go unanswered."""
    calls_at_most: int | None = Field(default=None, ge=0)
    """Most calls that the pair may cost in a night."""
    cost_at_most: float | None = Field(default=None, ge=0)
    """Most money that the pair may cost in a night, by the prices of the plan."""


class Terms(Record):
    """What a pair takes from the table `defaults` where it does not say otherwise itself."""

    cohort: tuple[str, ...] = ()
    """Other models: folders or files of recorded answers, model names, or `adapter:` for all it knows. Asked once."""
    models: str | None = None
    """CSV table of declared lineages (model, lineage)."""
    probes: str | None = None
    """Probe set: a name or a file; default: `standard`."""
    draws: int = Field(default=10, ge=1, le=1000)
    """Answers per probe and night. With 25 probes or more, 10 find an exchanged model within three nights."""
    temperature: float | None = Field(default=None, ge=0, le=10)
    """Sampling temperature; default: the model's own."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Nucleus sampling; default: the model's own."""
    max_tokens: int = Field(default=512, ge=1)
    """Limit per answer."""
    system: str | None = None
    """System prompt."""
    logprobs: int | None = Field(default=None, ge=1, le=20)
    """Likeliest tokens to ask for, with their log-probabilities: those of first tokens are then watched too."""
    ask: Asked = "both"
    """Sides that are asked anew every night. `once`: none; their first answers are used until something changes."""
    question: Literal["derivation", "distillation", "shared_ancestry"] = "derivation"
    """What a comparison against the cohort asks."""
    calibration: str | None = None
    """Calibration: a shipped name or a file."""
    transfer: bool = False
    """Use the calibration even if it does not fit; marked as not validated."""
    statistics: tuple[str, ...] | None = None
    """Only these statistics; default: all that apply."""
    formats: tuple[str, ...] = ()
    """Reports written into each night's case."""
    gates: Gates = Gates()


class Pair(Terms):
    """Two models that are looked at every night."""

    name: Name
    reference: str = Field(min_length=1)
    questioned: str = Field(min_length=1)


class Baseline(Record):
    """The window that later nights are compared with; it never overlaps a tested night."""

    nights: int = Field(default=3, ge=1, le=365)
    """Nights in it, counted from the first recorded one."""
    since: date | None = None
    """First night that may be part of it. Moving it begins a new baseline and ends every alarm raised before."""


class Price(Record):
    """What a million tokens cost."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Budget(Record):
    """What a night may cost, over all pairs. A pair that does not fit any more is not asked."""

    calls: int | None = Field(default=None, ge=0)
    """Most questions put to models in a night, retries left aside."""
    cost: float | None = Field(default=None, ge=0)
    """Most money: no further pair is begun once it is spent."""
    prices: dict[str, Price] = Field(default_factory=dict)
    """By model, named as in the pairs."""


class Plan(Record):
    """A whole plan, defaults filled in."""

    schema_: Literal["forensics/pairs/1"] = Field(alias="schema")
    history: str = "history.sqlite"
    """The database of all nights; paths are relative to the plan's folder."""
    folder: str = "nights"
    """Where answers and cases are kept."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """Chance of any false alarm in a year of nights, over all pairs; also the share of false alarms among a night's."""
    seed: int = Field(default=1, ge=0, lt=1 << 20)
    """Where seeds of sampling begin."""
    baseline: Baseline = Baseline()
    budget: Budget = Budget()
    pair: tuple[Pair, ...] = Field(min_length=1)


class GateResult(Record):
    """What one gate found."""

    gate: str
    verdict: Literal["passed", "tripped", "cannot tell"]
    detail: str


class Moved(Record):
    """One probe whose answers changed."""

    probe: str
    p: float
    """Permutation p-value of this probe alone."""


class Alarm(Record):
    """A change that was found, and what is known of it."""

    watch: Watch
    cause: Literal["behaviour", "formatting"]
    detail: str
    """The cause in words."""
    since: str
    """The likeliest first changed night."""
    raised: str
    """The night on which it was first raised."""
    log10_e: float
    moved: tuple[Moved, ...]
    """Probes that moved most, at a share of false ones of 10%."""


class Spend(Record):
    """What was asked and what it cost."""

    calls: int
    prompt_tokens: int | None
    """None where no service counted them."""
    answer_tokens: int | None
    cost: float | None
    """None where a price is missing."""


class PairNight(Record):
    """One pair, one night."""

    pair: str
    reference: str
    questioned: str
    status: Literal["done", "unchanged", "broken"]
    """`unchanged`: nothing was new, so the last result stands and nothing was asked."""
    reason: str | None
    """Why the pair is broken."""
    exit_status: int
    """0, 5, 6 or 3; or what broke the pair."""
    question: Question | None
    log10_lr: float | None
    statistic: str | None
    """Statistic of the normalised score."""
    normalised: float | None
    tonight: str | None
    """Pairs without a cohort: what tonight's draws alone say of the equality of both sides; gates ask all nights."""
    gates: tuple[GateResult, ...]
    alarms: tuple[Alarm, ...]
    spend: Spend
    case: Digest | None
    """Digest of the night's case: of its seal where it is sealed, otherwise of its case.json."""
    sealed: bool


class Night(Record):
    """What one night found; what `--json` prints."""

    schema_: Literal["forensics/night/1"] = Field(alias="schema")
    tool: str
    night: str
    exit_status: int
    pairs: tuple[PairNight, ...]
    spend: Spend

"""What is fixed beforehand, sealed afterwards, stamped, logged and redacted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from forensics.records.base import Digest, Question, Record
from forensics.records.case import Relative
from forensics.records.equality import EqualityTerms
from forensics.records.evidence import Propositions
from forensics.records.probes import ProbeSetRef
from forensics.records.transcript import Sampling

Stage = Literal["protocol", "observations", "report", "redaction"]
Hex512 = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


class FixedModel(Record):
    """A model as the protocol names it."""

    named: str
    """As the command line names it."""
    model: str
    """As transcripts and evidence name it."""
    lineage: str | None
    """As declared; it decides which models count as relatives."""
    recorded: Digest | None
    """Digest of the file of answers that were recorded before the protocol; None for a model that is yet to be asked."""


class FixedVersion(Record):
    """The version of one statistic that was fixed."""

    name: str
    version: str


class Protocol(Record):
    """What is fixed before any answer exists."""

    schema_: Literal["forensics/protocol/1"] = Field(alias="schema")
    tool: str
    made: str
    """UTC, ISO 8601."""
    analyst: str
    question: Question
    propositions: Propositions
    reference: FixedModel
    questioned: FixedModel
    cohort: tuple[FixedModel, ...]
    cohort_named: tuple[str, ...]
    """As the command line names the cohort: folders, files and models."""
    models_named: str | None
    """Table of declared lineages, as the command line names it."""
    probes_named: str | None
    """As the command line names the probe set; None where it is secret or there is none."""
    probe_set: ProbeSetRef | None
    """None where the set is secret, or where the prompts of recorded answers are the probes."""
    probe_commitment: Digest | None
    """Salted commitment to a secret probe set; its opening stays outside the protocol until it is sealed with a report."""
    sampling: Sampling
    draws: int = Field(ge=1)
    seed: int = Field(ge=0, lt=1 << 53)
    replicates: int = Field(ge=100)
    chosen: tuple[str, ...] | None
    """Statistics asked for by name; None for all that apply."""
    statistics: tuple[FixedVersion, ...]
    """Versions of all statistics that are to be computed."""
    relatives_named: str | None
    """Table of the questioned model's relatives, as the command line names it."""
    relatives: tuple[Relative, ...]
    calibration_named: str | None
    calibration: Digest | None
    transfer: bool
    equality: EqualityTerms | None
    """What the question of equality is decided by; None for other questions."""
    decision_rules: tuple[str, ...]


class Opening(Record):
    """What opens the commitment to a secret probe set."""

    schema_: Literal["forensics/opening/1"] = Field(alias="schema")
    salt: str = Field(pattern=r"^[0-9a-f]{64}$")
    probe_set: ProbeSetRef


class Root(Record):
    """Root of a Merkle tree (RFC 6962) over salted commitments."""

    root: Digest
    leaves: int = Field(ge=0)


class Pinned(Record):
    """A file whose bytes a seal names."""

    path: str
    """Relative to the folder of the seal."""
    sha256: Digest
    sha512: Hex512


class Seal(Record):
    """What is signed. It names the seal before it, so that three seals are one chain."""

    schema_: Literal["forensics/seal/1"] = Field(alias="schema")
    stage: Stage
    previous: Digest | None
    """Digest of the seal before this one (protocol → observations → report → redaction); None for the first."""
    made: str
    """UTC, ISO 8601, by the clock of the machine that sealed; only time-stamp tokens prove a time."""
    tool: str
    key: Digest
    """Fingerprint of the key that signs: SHA-256 of the public key as DER."""
    pinned: tuple[Pinned, ...]
    answers: Root | None
    files: Root | None


class Stamp(Record):
    """A time-stamp token over a seal's signature."""

    authority: str
    path: str
    token: Digest
    """Digest of the answer as the authority gave it (DER)."""
    certificates: Digest | None
    """Digest of the certificates laid beside it for checking; None where none were given."""
    time: str
    """What the token says, UTC."""


class Stamps(Record):
    """The tokens of a seal, signed with the same key, so that none can be altered, added or taken away unseen."""

    schema_: Literal["forensics/stamps/1"] = Field(alias="schema")
    seal: Digest
    stamps: tuple[Stamp, ...]


class Salts(Record):
    """The secret of a case's commitments; part of the full bundle, never of a redacted one."""

    schema_: Literal["forensics/salts/1"] = Field(alias="schema")
    seed: str = Field(pattern=r"^[0-9a-f]{64}$")


class Change(Record):
    """What one act did to one file."""

    path: str
    before: Digest | None
    """None where there was no such file."""
    after: Digest | None
    """None where there is none any more."""


class Act(Record):
    """One line of a custody log."""

    time: str
    actor: str
    action: str
    tool: str
    changes: tuple[Change, ...]
    prev: Digest
    """SHA-256 of the line before; of nothing for the first."""


class Environment(Record):
    """Where the numbers in a bundle were computed."""

    schema_: Literal["forensics/environment/1"] = Field(alias="schema")
    tool: str
    python: str
    platform: str
    machine: str
    packages: tuple[FixedVersion, ...]


class Removed(Record):
    """One thing taken out of a redacted edition."""

    path: str
    line: int | None
    """Line of a transcript, the header being line 1; 0 for a whole file of answers among the answers; None for a file
    among the files."""
    leaf: int
    """Position among the leaves of the original's tree: of answers where there is a line, of files where there is none."""
    commitment: Digest
    """Leaf hash in that tree."""
    reason: str
    replaced: bool
    """True where something stands in its place, in an edited form."""


class KeptFile(Record):
    """A file that is as it was in the original."""

    path: str
    leaf: int
    salt: str = Field(pattern=r"^[0-9a-f]{64}$")


class KeptAnswers(Record):
    """The answers of one transcript that are as they were in the original."""

    path: str
    first: int
    """Position of the transcript's first leaf."""
    salts: tuple[str | None, ...]
    """Salt of each leaf in order; None where it was removed."""


class Register(Record):
    """What was removed from a redacted edition and why, and what proves that all else is as it was."""

    schema_: Literal["forensics/redaction/1"] = Field(alias="schema")
    rules: tuple[str, ...]
    removed: tuple[Removed, ...]
    kept_files: tuple[KeptFile, ...]
    kept_answers: tuple[KeptAnswers, ...]


class KnownFault(Record):
    """A fault that affected a published number."""

    id: str
    found: str
    """Date, ISO 8601."""
    part: str
    """`forensics`, `statistic NAME` or `feature NAME`: as versions are listed in evidence."""
    first: str
    """First version affected."""
    last: str
    """Last version affected."""
    summary: str
    direction: str
    """Which way numbers were wrong."""
    reissue: str
    """What to do with reports made by an affected version."""


class FaultRegister(Record):
    """All faults known."""

    schema_: Literal["forensics/faults/1"] = Field(alias="schema")
    faults: tuple[KnownFault, ...]

"""From what a comparison is asked for to a protocol, and from a protocol back to what is asked for. Seals nothing."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from forensics import __version__, canonical, lineages, naming, preparing, probes, registry, scoring, sources
from forensics.adapters import ModelName
from forensics.custody.clock import now
from forensics.custody.deviations import commitment
from forensics.equality import scoring as equality_scoring
from forensics.equality import testing
from forensics.errors import UsageError
from forensics.preparing import Wanted
from forensics.propositions import propositions
from forensics.records.base import Question, Role
from forensics.records.custody import FixedModel, FixedVersion, Opening, Protocol
from forensics.records.equality import EqualityTerms

SCHEMA: Final = "forensics/protocol/1"
DECISION_RULES: Final = (
    "A likelihood ratio is reported against each alternative, with its interval and its cap; the lower one is the headline.",
    "No ratio is reported without a calibration whose conditions fit, or one that is marked as transferred.",
    "Every statistic named here is reported, whatever its value; exhibits are shown and never weighed.",
    "If a control does not come out as expected, no conclusion is drawn.",
)
"""What is fixed where the analyst fixes nothing else."""
EQUALITY_RULES: Final = (
    "The sides differ where a test that decides has p ≤ α after Holm over all tests that decide, however small the effect.",
    "They differ by less than δ, if at all, where none has and the upper limit of the effect lies below δ; else it cannot be told.",
    "Where no draw of a side differs from its other draws, answers are compared one by one, and any difference is one.",
    "Every statistic named here is reported, and a statistic that cannot be computed is reported with the reason.",
)
"""The same for the question of equality."""


def draft(
    wanted: Wanted, *, analyst: str, rules: Sequence[str], secret_probes: bool
) -> tuple[Protocol, Opening | None]:
    """Return the protocol of a comparison, and what opens its secret probe set; asks no model.

    Raises UsageError for anything that the comparison itself would refuse beforehand.
    """
    if not analyst.strip():
        raise UsageError("A protocol names its analyst.", remedy="Give --analyst NAME.")
    reference = _fixed(wanted, naming.parse(wanted.reference), "reference")
    questioned = _fixed(wanted, naming.parse(wanted.questioned), "questioned")
    cohort = _cohort(wanted)
    asked = any(model.recorded is None for model in (reference, questioned, *cohort))
    preparing.check(wanted, asked=asked)
    if wanted.probe_set is None and asked:
        raise UsageError("A model is to be asked, but no probe set was named.", remedy="Name one with --probes.")
    probe_set = probes.reference(probes.load(wanted.probe_set)) if wanted.probe_set else None
    opening = None
    if secret_probes:
        if probe_set is None:
            raise UsageError("No probe set was named that could be kept secret.", remedy="Name one with --probes.")
        opening = Opening(schema="forensics/opening/1", salt=secrets.token_hex(32), probe_set=probe_set)
    calibration = preparing.read_calibration(wanted)
    protocol = Protocol(
        schema=SCHEMA,
        tool=__version__,
        made=now(),
        analyst=canonical.well_formed(analyst.strip()),
        question=wanted.question,
        propositions=propositions(wanted.question, reference=reference.model, questioned=questioned.model),
        reference=reference,
        questioned=questioned,
        cohort=tuple(sorted(cohort, key=lambda model: (model.model, model.recorded or ""))),
        cohort_named=tuple(wanted.cohort),
        models_named=str(wanted.models) if wanted.models else None,
        probes_named=None if secret_probes else wanted.probe_set,
        probe_set=None if secret_probes else probe_set,
        probe_commitment=commitment(opening) if opening else None,
        sampling=wanted.sampling,
        draws=wanted.draws,
        seed=wanted.seed,
        replicates=wanted.replicates,
        chosen=wanted.statistics,
        statistics=_versions(wanted.statistics, wanted.question),
        relatives_named=str(wanted.relatives) if wanted.relatives else None,
        relatives=tuple(lineages.read_relatives(wanted.relatives)) if wanted.relatives else (),
        calibration_named=wanted.calibration,
        calibration=canonical.digest(calibration) if calibration else None,
        transfer=wanted.transfer,
        equality=wanted.equality,
        decision_rules=tuple(rules) or (EQUALITY_RULES if wanted.question == "equality" else DECISION_RULES),
    )
    return protocol, opening


def follow(wanted: Wanted, given: Collection[str], protocol: Protocol, digest: str) -> Wanted:
    """Return what is asked for by a protocol, but for what was `given` on the command line, by option.

    What is given and differs is not refused: it becomes a deviation.
    """
    planned: dict[str, Any] = {
        "reference": protocol.reference.named,
        "questioned": protocol.questioned.named,
        "cohort": protocol.cohort_named,
        "models": Path(protocol.models_named) if protocol.models_named else None,
        "probe_set": protocol.probes_named,
        "draws": protocol.draws,
        "question": protocol.question,
        "statistics": protocol.chosen,
        "seed": protocol.seed,
        "replicates": protocol.replicates,
        "relatives": Path(protocol.relatives_named) if protocol.relatives_named else None,
        "calibration": protocol.calibration_named,
        "transfer": protocol.transfer,
        "equality": _terms(wanted, given, protocol),
    }
    options = {"seed": "sampling_seed"}
    sampling = protocol.sampling.model_dump()
    kept = {name: value for name, value in sampling.items() if options.get(name, name) not in given}
    return replace(
        wanted,
        sampling=wanted.sampling.model_copy(update=kept),
        protocol=digest,
        **{name: value for name, value in planned.items() if name not in given},
    )


def _terms(wanted: Wanted, given: Collection[str], protocol: Protocol) -> EqualityTerms | None:
    """Return the terms of the question of equality: the protocol's but for those `given`; raises UsageError for any other."""
    question = wanted.question if "question" in given else protocol.question
    terms: dict[str, Any] = dict.fromkeys(EqualityTerms.model_fields)
    if question == "equality" and protocol.equality is not None:
        terms |= protocol.equality.model_dump()
    if wanted.equality is not None:
        terms |= {name: value for name, value in wanted.equality.model_dump().items() if name in given}
    return equality_scoring.terms(question, **terms)


def _cohort(wanted: Wanted) -> list[FixedModel]:
    """Return the cohort, which equality alone does without."""
    if wanted.question == "equality":
        return []
    if not wanted.cohort:
        raise UsageError(
            f"The question {wanted.question} needs a cohort.",
            remedy="Name one with --cohort; only equality needs none.",
        )
    return [_fixed(wanted, model, "cohort") for model in sources.cohort_models(wanted.cohort)]


def _fixed(wanted: Wanted, model: ModelName, role: Role) -> FixedModel:
    named = str(model)
    declared = sources.declared_lineages(wanted.cohort, wanted.models)
    if model.adapter == naming.RECORDED:
        source = sources.recorded_source(model, role, folder=wanted.folder, declared=declared)
        return FixedModel(named=named, model=source.name, lineage=source.lineage, recorded=source.digest)
    plugin = registry.load("adapters", model.adapter)
    plugin.connect(model.name, model.options)
    known = plugin.lineage(model.name) if hasattr(plugin, "lineage") else None
    return FixedModel(named=named, model=str(model), lineage=declared.get(str(model)) or known, recorded=None)


def _versions(named: tuple[str, ...] | None, question: Question) -> tuple[FixedVersion, ...]:
    if question == "equality":
        every = testing.names() if named is None else [name.partition(":")[0] for name in named]
        chosen = list(dict.fromkeys(every))
    else:
        chosen = scoring.chosen_statistics(named, question)
    return tuple(FixedVersion(name=name, version=str(registry.load("statistics", name).VERSION)) for name in chosen)

"""Where a case departs from the protocol that was sealed before it: every departure, in words, for every report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics import canonical
from forensics.equality.reading import own_seeds
from forensics.records.case import Case, Relative, Source
from forensics.records.custody import FixedModel, Opening, Protocol
from forensics.records.evidence import Propositions
from forensics.records.scores import Scores
from forensics.transcripts import sampling_text

NO_PROTOCOL = "exploratory: no protocol was sealed"
"""What a case without a protocol says in the place of deviations."""
_MOST_NAMED = 8


def deviations(
    case: Case,
    scores: Scores,
    propositions: Propositions,
    protocol: Protocol | None,
    *,
    opening: Opening | None = None,
) -> tuple[str, ...]:
    """Return every departure of a case from its protocol; that there is none is one too."""
    if protocol is None:
        return (NO_PROTOCOL if case.protocol is None else f"the protocol {case.protocol} was not read",)
    return (
        *_settings(case, scores, propositions, protocol),
        *_probes(case, protocol, opening),
        *_models(case, protocol),
        *_recorded(protocol),
        *_sampling(case, scores, protocol),
        *_statistics(scores, protocol),
    )


def commitment(opening: Opening) -> str:
    """Return the commitment that an opening opens: SHA-256 over its canonical content."""
    return canonical.digest(canonical.encode(opening.model_dump(mode="json", by_alias=True)))


def _settings(case: Case, scores: Scores, propositions: Propositions, protocol: Protocol) -> Iterator[str]:
    """Compare everything that is one value."""
    for name, fixed, found in (
        ("question", protocol.question, case.question),
        ("seed", protocol.seed, case.seed),
        ("bootstrap replicates", protocol.replicates, case.replicates),
        ("calibration", protocol.calibration or "none", case.calibration or "none"),
        ("use of a calibration that does not fit", protocol.transfer, case.transfer),
        ("statistics asked for", _listed(protocol.chosen), _listed(case.statistics)),
        ("relatives named", _related(protocol.relatives), _related(case.relatives)),
        ("version of forensics", protocol.tool, scores.tool),
    ):
        if fixed != found:
            yield f"{name}: {found}; the protocol says {fixed}"
    yield from _terms(case, protocol)
    if propositions != protocol.propositions:
        yield "the propositions are worded otherwise than in the protocol"
    if case.only is not None:
        yield f"scored on {len(case.only)} chosen prompts; the protocol chooses none"


def _terms(case: Case, protocol: Protocol) -> Iterator[str]:
    """Compare what equality is decided by."""
    found = case.equality.terms.model_dump() if case.equality else {}
    for name, value in (protocol.equality.model_dump() if protocol.equality else {}).items():
        if found.get(name, "none") != value:
            yield f"{name}: {found.get(name, 'none')}; the protocol says {value}"


def _related(relatives: Sequence[Relative]) -> str:
    return ", ".join(f"{relative.model} ({relative.role})" for relative in relatives) or "none"


def _listed(names: tuple[str, ...] | None) -> str:
    return "all that apply" if names is None else ", ".join(names)


def _probes(case: Case, protocol: Protocol, opening: Opening | None) -> Iterator[str]:
    found = case.probe_set.digest if case.probe_set else "none"
    if protocol.probe_commitment is None:
        fixed = protocol.probe_set.digest if protocol.probe_set else "none"
        if fixed != found:
            yield f"probe set: {found}; the protocol says {fixed}"
    elif opening is None or commitment(opening) != protocol.probe_commitment:
        yield "the secret probe set of the protocol was not opened: whether it is the one used cannot be shown"
    elif opening.probe_set != case.probe_set:
        yield f"probe set: {found}; the protocol committed to {opening.probe_set.digest}"


def _models(case: Case, protocol: Protocol) -> Iterator[str]:
    for role, fixed, source in (
        ("reference", protocol.reference, case.reference),
        ("questioned", protocol.questioned, case.questioned),
    ):
        yield from _one_model(role, fixed, source)
    planned = {model.model: model for model in protocol.cohort}
    used = {source.name: source for source in case.cohort}
    aside = {text.partition(": ")[0] for text in case.set_aside} | {case.reference.name, case.questioned.name}
    missing = sorted(set(planned) - set(used) - aside)
    # A second file of one model is told apart by the beginning of its digest.
    added = sorted(name for name in set(used) - set(planned) if name.rpartition(" (")[0] not in planned)
    if missing:
        yield f"cohort: without {_some(missing)}, which the protocol names"
    if added:
        yield f"cohort: with {_some(added)}, which the protocol does not name"
    for name in sorted(set(used) & set(planned)):
        if planned[name].lineage != used[name].lineage:
            yield f"cohort: the lineage of {name} is {used[name].lineage}; the protocol says {planned[name].lineage}"
        if planned[name].recorded not in (None, used[name].digest):
            yield f"cohort: the answers of {name} are not the file that the protocol names"


def _one_model(role: str, fixed: FixedModel, source: Source) -> Iterator[str]:
    if fixed.model != source.name:
        yield f"{role}: {source.name}; the protocol says {fixed.model}"
    elif fixed.recorded not in (None, source.digest):
        yield f"{role}: the answers of {source.name} are not the file that the protocol names"
    if fixed.lineage != source.lineage:
        yield f"{role}: its lineage is {source.lineage}; the protocol says {fixed.lineage}"


def _recorded(protocol: Protocol) -> Iterator[str]:
    """Say whose answers a protocol could not precede."""
    early = [m.model for m in (protocol.reference, protocol.questioned, *protocol.cohort) if m.recorded]
    if early:
        yield f"recorded before the protocol was sealed, so that it was not fixed blindly: the answers of {_some(early)}"


def _sampling(case: Case, scores: Scores, protocol: Protocol) -> Iterator[str]:
    asked = {m.model for m in (protocol.reference, protocol.questioned, *protocol.cohort) if not m.recorded}
    draws = {side.model: side.draws for side in scores.sides}
    for source in (case.reference, case.questioned, *case.cohort):
        if source.name not in asked:
            continue
        own = protocol.question == "equality" and source.role == "questioned"
        fixed = own_seeds(protocol.sampling, protocol.draws) if own else protocol.sampling
        if source.sampling != fixed:
            yield f"sampling of {source.name}: {_with_seed(source)}; the protocol says {sampling_text(fixed)}, seed {fixed.seed}"
        if draws.get(source.name, protocol.draws) != protocol.draws:
            yield f"draws of {source.name}: {draws[source.name]}; the protocol says {protocol.draws}"


def _with_seed(source: Source) -> str:
    seed = f", seed {source.sampling.seed}" if source.sampling else ""
    return sampling_text(source.sampling) + seed


def _statistics(scores: Scores, protocol: Protocol) -> Iterator[str]:
    fixed = {statistic.name: statistic.version for statistic in protocol.statistics}
    tests = scores.equality.tests if scores.equality else ()
    found = {score.statistic: score.version for score in scores.scores}
    found |= {test.statistic: test.version for test in tests}
    # Sides that repeat themselves are compared one by one instead: a rule of the protocol, not a departure from it.
    exact = scores.equality is not None and scores.equality.exact
    for name, version in fixed.items():
        if name not in found and exact:
            continue
        if name not in found:
            yield f"statistic {name}: not computed, though the protocol names it"
        elif found[name] != version:
            yield f"statistic {name}: version {found[name]}; the protocol says {version}"
    computed = {score.statistic for score in scores.scores if score.raw is not None}
    computed |= {test.statistic for test in tests if test.effect is not None and not exact}
    for name in sorted(computed - set(fixed)):
        yield f"statistic {name}: computed, though the protocol does not name it"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more

"""How likely the reference finds both sides' answers: its adapter is asked once, and a file of the case keeps what it said.

No later stage needs the model: `uniformity` reads the file. Where the reference cannot score text, the case says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from forensics import canonical, registry
from forensics import case as case_files
from forensics.adapters import Ask, Model
from forensics.asking.lines import Run, question
from forensics.equality import reading
from forensics.equality.draws import Draws
from forensics.errors import ModelDidNotAnswer, TooLittleEvidence
from forensics.records.case import Source
from forensics.records.equality import EqualityCase, EqualityTerms, Likelihoods, ProbeLikelihoods
from forensics.transcripts import prompt_digest, prompt_text

SCHEMA: Final = "forensics/likelihoods/1"
RECORDED: Final = "the reference's answers were recorded beforehand, so that it was not there to score text"
NOT_WANTED: Final = "no statistic that needs the likelihood of the answers was asked for"
_AT_ONCE = 16
"""Probes between two writings of the file: what a run that is broken off loses at most."""


class Reference(NamedTuple):
    """The reference, connected."""

    run: Run
    model: Model


def gather(
    terms: EqualityTerms,
    reference: Reference | None,
    sides: tuple[Source, Source],
    *,
    root: Path,
    chosen: Sequence[str] | None,
    say: Callable[[str], None],
) -> EqualityCase:
    """Score both sides' answers under the reference, and write them to the case's folder where that can be done.

    `reference` is None where its answers were recorded; `chosen` names statistics, None for all. Paths of the sides are
    relative to `root`. What an earlier run scored of the same answers is not scored again.
    """
    reason = _hindered(reference, chosen)
    if reason is None and reference is not None:
        try:
            made = _scored(reference, sides, root, say)
            return EqualityCase(terms=terms, likelihoods=canonical.digest(case_files.as_written(made)), unscored=None)
        except (ModelDidNotAnswer, TooLittleEvidence) as error:  # the latter stops the tests themselves, a little later
            reason = error.message.rstrip(".")
    return EqualityCase(terms=terms, likelihoods=None, unscored=reason)


def beside(probes: Sequence[Draws], found: Likelihoods | None) -> list[Draws]:
    """Put each answer's likelihood beside it, on the probes where every answer has one."""
    known = {probe.prompt_digest: probe for probe in found.probes} if found else {}
    return [probe._replace(likelihoods=_of(probe, known.get(probe.prompt_digest))) for probe in probes]


def _of(probe: Draws, found: ProbeLikelihoods | None) -> tuple[float, ...]:
    fits = found is not None and (found.reference, len(found.values)) == (probe.reference, len(probe.texts))
    return found.values if found is not None and fits else ()


def _hindered(reference: Reference | None, chosen: Sequence[str] | None) -> str | None:
    names = {request.partition(":")[0] for request in chosen or ()}
    if chosen is not None and not any(registry.load("statistics", name).NEEDS == "likelihoods" for name in names):
        return NOT_WANTED
    if reference is None:
        return RECORDED
    if not hasattr(reference.model, "score"):
        return f"the adapter {reference.run.model.adapter} cannot score text, so the reference cannot say how likely an answer is"
    return None


def _scored(reference: Reference, sides: tuple[Source, Source], root: Path, say: Callable[[str], None]) -> Likelihoods:
    """Score what is not scored yet, a few probes at a time, each written down before the next."""
    probes = reading.draws(*sides, root=root)
    made = Likelihoods(
        schema=SCHEMA,
        scorer=str(reference.run.model),
        notes=dict(reference.model.notes),
        reference=sides[0].digest,
        questioned=sides[1].digest,
        probes=(),
    )
    kept = {probe.prompt_digest: probe for probe in _earlier(root, made)}
    asks = _asks(reference.run)
    missing = [probe for probe in probes if not _of(probe, kept.get(probe.prompt_digest))]
    if missing:
        say(f"scoring {sum(len(probe.texts) for probe in missing)} answers under {reference.run.model}")
    for start in range(0, len(missing), _AT_ONCE):
        for probe in missing[start : start + _AT_ONCE]:
            kept[probe.prompt_digest] = _one(reference.model, asks[probe.prompt_digest], probe)
        known = tuple(kept[probe.prompt_digest] for probe in probes if probe.prompt_digest in kept)
        made = made.model_copy(update={"probes": known})
        case_files.write(root, case_files.LIKELIHOODS, made)
    return made if missing else made.model_copy(update={"probes": tuple(kept[p.prompt_digest] for p in probes)})


def _earlier(root: Path, made: Likelihoods) -> tuple[ProbeLikelihoods, ...]:
    """Return what an earlier run scored, where it was this model and these very answers."""
    path = root / case_files.LIKELIHOODS
    try:
        found = Likelihoods.model_validate_json(path.read_bytes()) if path.is_file() else None
    except ValidationError:  # not ours, or of another version: it is made anew
        return ()
    same = found is not None and found.model_copy(update={"probes": ()}) == made
    return found.probes if found is not None and same else ()


def _asks(run: Run) -> dict[str, Ask]:
    """Return the questions by the digest of their prompts."""
    return {prompt_digest(prompt_text(probe)): question(run, probe, 0) for probe in run.probe_set.probes}


def _one(model: Model, ask: Ask, probe: Draws) -> ProbeLikelihoods:
    """Score one probe's answers; the same text is scored once."""
    texts = list(dict.fromkeys(probe.texts))
    scored: Sequence[float] = model.score([ask] * len(texts), texts)  # type: ignore[attr-defined]  # a Scorer: looked at before
    known = {text: canonical.rounded(value) for text, value in zip(texts, scored, strict=True)}
    return ProbeLikelihoods(
        prompt_digest=probe.prompt_digest,
        reference=probe.reference,
        values=tuple(known[text] for text in probe.texts),
    )

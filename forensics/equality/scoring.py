"""From the answers of a case to the scores of an equality question: the same record as for every other question."""

from __future__ import annotations

from pathlib import Path

from forensics import case as case_files
from forensics import circumstances, corpus, scoring
from forensics.equality import deciding, likelihoods, reading
from forensics.errors import UsageError
from forensics.records.base import Question
from forensics.records.case import Case
from forensics.records.equality import EqualityTerms
from forensics.records.scores import Scores


def terms(
    question: Question,
    *,
    alpha: float | None,
    delta: float | None,
    permutations: int | None,
    planned: bool = False,
) -> EqualityTerms | None:
    """Return what is fixed for the question of equality, None for any other; raises UsageError for terms of no use.

    `planned`: a protocol may yet say that equality is the question, so that terms are returned for any.
    """
    given = {"--alpha": alpha, "--delta": delta, "--permutations": permutations}
    useless = [name for name, value in given.items() if value is not None]
    if question != "equality" and not planned:
        if useless:
            raise UsageError(f"{', '.join(useless)} is for --question equality.", remedy="Leave it out, or ask that.")
        return None
    return EqualityTerms(
        alpha=deciding.ALPHA if alpha is None else alpha,
        delta=deciding.DELTA if delta is None else delta,
        permutations=deciding.PERMUTATIONS if permutations is None else permutations,
    )


def score_case(case: Case, *, root: Path, tool: str) -> Scores:
    """Test whether both sides of a case answer alike; paths in the case are relative to `root`.

    Raises TooLittleEvidence, IntegrityBroken or BadFile; a statistic that does not apply is a test with a reason.
    """
    held = case.equality
    fixed = held.terms if held else terms("equality", alpha=None, delta=None, permutations=None)
    assert fixed is not None  # the question is equality
    both = corpus.sides([case.reference, case.questioned], root=root, only=case.only)
    drawn = reading.draws(case.reference, case.questioned, root=root, only=case.only)
    probes = likelihoods.beside(drawn, case_files.read_likelihoods(root, case))
    unscored = held.unscored if held else None
    return Scores(
        schema=scoring.SCHEMA,
        tool=tool,
        case=scoring.case_digest(case),
        question=case.question,
        seed=case.seed,
        replicates=case.replicates,
        probe_set=case.probe_set,
        probes=tuple(probe.prompt_digest for probe in probes),
        sides=scoring.side_counts(both),
        set_aside=case.set_aside,
        circumstances=tuple(circumstances.of(both.members, workers=1)),
        scores=(),
        habits=(),
        controls=(),
        triad=None,
        equality=deciding.decide(probes, fixed, seed=case.seed, chosen=case.statistics, unscored=unscored),
    )

"""Several endpoints beside one reference, for the question of equality: a case for each, and a verdict over all of them.

All models are asked at once, under one budget, and the reference once: its transcript lies in the folder of all, with a
copy in every case. An endpoint that cannot be asked or compared never loses the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from forensics import __version__, canonical, comparing, naming, preparing, runner, sources
from forensics import case as case_files
from forensics.asking import outcome as outcomes
from forensics.asking.estimate import Estimate
from forensics.asking.outcome import Outcome
from forensics.asking.terms import Terms
from forensics.custody import log
from forensics.equality import families, testing
from forensics.equality.families import Compared
from forensics.errors import ForensicsError, IntegrityBroken, ModelDidNotAnswer, TooLittleEvidence, UsageError
from forensics.preparing import Found, Say, Wanted
from forensics.records.endpoints import Endpoints
from forensics.records.equality import EqualityTerms
from forensics.reporting import endpoints as pages
from forensics.reporting.parts import Style
from forensics.runner import Ready
from forensics.transcripts import safe_name

RECORD: Final = "endpoints.json"
PAGE: Final = "endpoints.md"
_TAKEN = (case_files.TRANSCRIPTS, RECORD, PAGE)
"""Names in the folder of all that no case's folder may have."""
_LOST = (IntegrityBroken, ModelDidNotAnswer, TooLittleEvidence)
"""What becomes of one endpoint without ending the others; the first kind that occurs is the command's exit status."""


@dataclass(frozen=True, slots=True)
class Result:
    """What is said of all endpoints, and the errors of those that were lost."""

    folder: Path
    record: Endpoints
    lost: Sequence[tuple[str, ForensicsError]]

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return self.record.model_dump(mode="json", by_alias=True)

    def show(self) -> None:
        """Print the table and the files written to standard output."""
        from rich.console import Console

        from forensics.hostile import terminal as harmless
        from forensics.reporting import terminal

        console = Console()
        terminal.endpoints(self.record, console)
        console.print(f"a case for each in {harmless(str(self.folder))}", markup=False, soft_wrap=True)
        for name in (RECORD, PAGE):
            console.print(harmless(str(self.folder / name)), markup=False, highlight=False, soft_wrap=True)


class _Pair(NamedTuple):
    """One endpoint and its case."""

    wanted: Wanted
    found: Found

    @property
    def model(self) -> str:
        """What the case calls the endpoint."""
        return self.found.name(1)


def compare(
    wanted: Wanted,
    questioned: Sequence[str],
    *,
    formats: Sequence[str],
    workers: int,
    say: Say,
    plan: comparing.Plan,
    style: Style = "analyst",
    us: bool = False,
) -> comparing.Result | Result:
    """Compare one questioned model with the reference, or several, each in a case of its own below the folder.

    Raises any UsageError before a model is asked, and ModelDidNotAnswer or TooLittleEvidence where the reference did not
    answer enough.
    """
    if len(questioned) < 2:
        one = replace(wanted, questioned="".join(questioned))
        return comparing.compare(one, formats=formats, style=style, us=us, workers=workers, say=say, plan=plan)
    comparing.check_formats(formats, style=style, us=us)
    pairs = _pairs(wanted, questioned, protocol=plan.protocol)
    done: list[comparing.Result | ForensicsError] = []
    for pair, outcome in zip(pairs, _asked(wanted, pairs, say), strict=True):
        own = replace(plan, found=pair.found)
        try:
            if outcome is not None:
                outcomes.judge([outcome], min_answered=_terms(wanted).min_answered)
            say(f"comparing {pair.model}")
            done.append(
                comparing.compare(pair.wanted, formats=formats, style=style, us=us, workers=workers, say=say, plan=own)
            )
        except _LOST as error:
            done.append(error)
    record = _record(wanted, pairs, done)
    case_files.write(wanted.folder, RECORD, record)
    canonical.write_atomic(wanted.folder / PAGE, pages.markdown(record).encode())
    lost = [(pair.model, error) for pair, error in zip(pairs, done, strict=True) if isinstance(error, ForensicsError)]
    return Result(wanted.folder, record, lost)


def estimated(wanted: Wanted, questioned: Sequence[str]) -> list[Estimate]:
    """Work out what asking would take, the reference once; sends and writes nothing."""
    if len(questioned) < 2:
        return preparing.estimated(replace(wanted, questioned="".join(questioned)))
    ready = _ready(wanted, _pairs(wanted, questioned, protocol=None))
    return runner.estimated([one for one in ready if one is not None], terms=_terms(wanted))


def raise_if_lost(result: comparing.Result | Result) -> None:
    """Raise the gravest kind of error that befell an endpoint, naming every endpoint that was lost."""
    if isinstance(result, comparing.Result) or not result.lost:
        return
    kind = next(kind for kind in _LOST if any(isinstance(error, kind) for _, error in result.lost))
    told = [
        error.message if error.message.startswith(model) else f"{model}: {error.message}"
        for model, error in result.lost
    ]
    rest = len(result.record.endpoints) - len(told)
    raise kind(
        " ".join(told),
        remedy=f"The other {rest} are compared; the same command asks only what is missing." if rest else "",
    )


def _pairs(wanted: Wanted, questioned: Sequence[str], *, protocol: Path | None) -> list[_Pair]:
    """Find every endpoint and give it a folder; raises any UsageError, sends and writes nothing."""
    _check(wanted, len(questioned), protocol)
    _, *names = _distinct([wanted.reference, *questioned])
    pairs: list[_Pair] = []
    for text, place in zip(questioned, _places(questioned, names), strict=True):
        one = replace(wanted, questioned=text, folder=wanted.folder / place)
        there = pairs[0].found.ready.get(0) if pairs else None
        pairs.append(_Pair(one, preparing.look(one, reference=there.model if there else None)))
    _check_copies(wanted, pairs)
    return pairs


def _check(wanted: Wanted, endpoints: int, protocol: Path | None) -> None:
    if wanted.question != "equality":
        raise UsageError(
            f"{endpoints} questioned models were named, and the question {wanted.question} is asked of one.",
            remedy="Compare each by itself, ask --question equality, or look through many with `forensics screen`.",
        )
    if protocol is not None:
        raise UsageError(
            "A protocol names one pair, and several questioned models were named.",
            remedy="Compare each with a protocol of its own.",
        )
    if (wanted.folder / case_files.CASE).exists():
        raise UsageError(f"{wanted.folder} holds the case of one pair.", remedy="Name another folder with -o.")
    terms = _equality(wanted)
    fewest = families.fewest_permutations(endpoints, testing.most_deciding(wanted.statistics), terms.alpha)
    if terms.permutations < fewest:
        raise UsageError(
            f"With {terms.permutations:,} permutations no p-value could fall to α = {terms.alpha:g} over {endpoints} "
            "endpoints, however far apart they are.",
            remedy=f"Make more: --permutations {fewest}.",
        )


def _distinct(named: Sequence[str]) -> list[str]:
    """Return the models' names, the reference's first; raises UsageError where two are one model or one file."""
    seen: dict[Hashable, str] = {}
    shown = []
    for text in named:
        model = naming.parse(text)
        identity: Hashable = runner.identity(model)
        name = str(model)
        if model.adapter == naming.RECORDED:
            recorded = sources.recorded_source(model, "questioned", folder=Path(), declared={})
            identity, name = recorded.digest, recorded.name
        if identity in seen:
            first = "the reference" if seen[identity] == named[0] else seen[identity]
            fault = "was named twice" if text == first else f"is {first}, which was named already"
            raise UsageError(f"{text} {fault}.", remedy="Name the reference first, and every endpoint once.")
        seen[identity] = text
        shown.append(name)
    return shown


def _places(texts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a folder's name for every endpoint: no two are one, not even where the case of letters does not count."""
    plain = [safe_name(name) for name in names]
    often = Counter(name.casefold() for name in (*_TAKEN, *plain))
    return [
        name
        if often[name.casefold()] == 1
        else f"{name}-{canonical.digest(canonical.well_formed(text).encode())[7:15]}"
        for text, name in zip(texts, plain, strict=True)
    ]


def _check_copies(wanted: Wanted, pairs: Sequence[_Pair]) -> None:
    """Refuse a case that holds other answers of the reference than those that are gone on with here."""
    whole = _reference_path(wanted.folder)
    for pair in pairs:
        copy = _reference_path(pair.wanted.folder)
        if 0 not in pair.found.ready or not copy.is_file():
            continue
        if not (whole.is_file() and whole.read_bytes().startswith(copy.read_bytes())):
            raise UsageError(
                f"{copy} holds answers of the reference from another run.", remedy="Name another folder with -o."
            )


def _reference_path(folder: Path) -> Path:
    return case_files.transcript_path(folder, "reference", "")


def _ready(wanted: Wanted, pairs: Sequence[_Pair]) -> list[Ready | None]:
    """Return the reference, its transcript in the folder of all, and every endpoint; None for recorded answers."""
    reference = pairs[0].found.ready.get(0)
    return [
        None if reference is None else reference._replace(path=_reference_path(wanted.folder)),
        *(pair.found.ready.get(1) for pair in pairs),
    ]


def _asked(wanted: Wanted, pairs: Sequence[_Pair], say: Say) -> list[Outcome | None]:
    """Ask the reference and all endpoints at once, and copy the reference's transcript into every case.

    Returns what came of each endpoint, None for recorded answers; raises where the reference did not answer enough.
    """
    ready = _ready(wanted, pairs)
    with ExitStack() as watched:
        for pair in pairs:
            watched.enter_context(log.watched(pair.wanted.folder, "compare"))
        found = iter(preparing.ask([one for one in ready if one is not None], terms=_terms(wanted), say=say))
        reference, *endpoints = (None if one is None else next(found) for one in ready)
        if reference is not None:
            outcomes.judge([reference], min_answered=_terms(wanted).min_answered)
            whole = reference.path.read_bytes()
            for pair in pairs:
                canonical.write_atomic(_reference_path(pair.wanted.folder), whole)
    return endpoints


def _record(wanted: Wanted, pairs: Sequence[_Pair], done: Sequence[comparing.Result | ForensicsError]) -> Endpoints:
    compared = []
    for pair, one in zip(pairs, done, strict=True):
        where = (pair.model, pair.wanted.folder.name)
        if isinstance(one, comparing.Result):
            evidence = canonical.file_digest(one.folder / case_files.EVIDENCE)
            compared.append(Compared(*where, one.evidence.equality, evidence, None))
        else:
            compared.append(Compared(*where, None, None, one.message))
    return families.record(pairs[0].found.name(0), _equality(wanted), compared, tool=__version__)


def _terms(wanted: Wanted) -> Terms:
    return wanted.terms or Terms()


def _equality(wanted: Wanted) -> EqualityTerms:
    assert wanted.equality is not None  # the question is equality
    return wanted.equality

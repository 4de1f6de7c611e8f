"""One aligned body of answers: models × probes × draws, with the features that statistics ask for.

Answers are matched by the digest of their prompt, never by position. Texts stay on disk until somebody wants to read
one; what scoring needs is derived once per file and cached by the file's digest.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import cache, canonical
from forensics.deriving import INDEX, STATES, check_digest, derived
from forensics.errors import TooLittleEvidence
from forensics.features import most_probes
from forensics.packs import using
from forensics.records.case import Source
from forensics.records.scores import Handling

FEWEST_PROBES = 5
FEWEST_COHORT = 4
_ANSWERED = ("text", "refused")
"""States from which some statistic can learn something."""


class Member(NamedTuple):
    """One model of the corpus: its source and the index of its answers, one row per answer."""

    source: Source
    prompts: tuple[bytes, ...]
    """Prompt digests, raw 32 bytes each."""
    draws: NDArray[np.int64]
    states: NDArray[np.int64]
    """Position in STATES."""
    cut_short: NDArray[np.bool_]
    faults: Mapping[str, int]
    handling: Handling | None = None
    """None where the answers were not asked by this program."""
    content: bytes = b""
    """Digest of the answers themselves; empty where they are too short to tell a copy by."""


class Docs(NamedTuple):
    """The answers to one probe: for each, which member gave it and its row in that member's features."""

    owners: NDArray[np.int64]
    """Positions of members, ascending."""
    rows: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Corpus:
    """Members (reference first, questioned second, then the cohort by name) and the probes that are scored."""

    members: tuple[Member, ...]
    probes: tuple[str, ...]
    """Prompt digests, sorted: the order owes nothing to either side."""
    workers: int
    set_aside: tuple[str, ...] = ()
    """Cohort models that were named and are not used, with the reason."""
    _features: dict[str, list[cache.Arrays]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    """What others keep for as long as the corpus is used, such as worker processes."""

    @property
    def names(self) -> list[str]:
        """Names of the members, in order."""
        return [member.source.name for member in self.members]

    @property
    def lineages(self) -> list[str]:
        """Declared lineages of the members, in order; an undeclared model is a lineage of its own."""
        return [member.source.lineage or f"undeclared: {member.source.name}" for member in self.members]

    @property
    def digest(self) -> str:
        """Digest of everything scores depend on: files in order, how they are read, and probes."""
        # The format too: it may name the column of a table that the answers are taken from.
        # The states too: a control takes some draws of a file for one member, the rest for another.
        files = [[m.source.digest, m.source.format, canonical.digest(m.states.tobytes())] for m in self.members]
        return canonical.digest(canonical.encode([files, list(self.probes)]))

    @cached_property
    def docs(self) -> tuple[Docs, ...]:
        """The answers with text, per probe."""
        return self.docs_in(("text",))

    def docs_in(self, states: Sequence[str]) -> tuple[Docs, ...]:
        """Return the answers in any of some states, per probe."""
        wanted = [STATES.index(state) for state in states]
        where = {_raw(probe): p for p, probe in enumerate(self.probes)}
        owners: list[list[int]] = [[] for _ in self.probes]
        rows: list[list[int]] = [[] for _ in self.probes]
        for m, member in enumerate(self.members):
            scored = np.flatnonzero(np.isin(member.states, wanted))
            # Draws in order, so that the same answers give the same sums wherever they stood in the file.
            for row in scored[np.argsort(member.draws[scored], kind="stable")]:
                p = where.get(member.prompts[row])
                if p is not None:
                    owners[p].append(m)
                    rows[p].append(int(row))
        return tuple(Docs(np.array(o, np.int64), np.array(r, np.int64)) for o, r in zip(owners, rows, strict=True))

    def features(self, kind: str) -> list[cache.Arrays]:
        """Return the features of a kind for every member, made where they are not cached."""
        if kind not in self._features:
            most = most_probes(kind)
            only = None if most is None else self.probes[:most]
            made = derived([m.source for m in self.members], [kind], self.workers, only=only)
            self._features[kind] = using.alike(kind, self.members, [arrays[kind] for arrays in made])
        return self._features[kind]

    def answered(self) -> NDArray[np.int64]:
        """Return, per member, how many of the probes it answered with text."""
        counts = np.zeros(len(self.members), np.int64)
        for docs in self.docs:
            counts[np.unique(docs.owners)] += 1
        return counts


def sides(sources: Sequence[Source], *, root: Path, only: Iterable[str] | None = None) -> Corpus:
    """Read the reference and the questioned model alone, and find the probes both answered or refused.

    Raises TooLittleEvidence with the counts for fewer than 5 that both answered with text.
    """
    members = _members(sources[:2], root, (), 1)
    wanted = None if only is None else {_raw(probe) for probe in only}
    common = _shared(members, ("text",), wanted)
    if len(common) < FEWEST_PROBES:
        raise TooLittleEvidence(
            f"Only {len(common)} probes were answered with text by both sides ({members[0].source.name}: "
            f"{len(_texted(members[0]))}, {members[1].source.name}: {len(_texted(members[1]))}); at least "
            f"{FEWEST_PROBES} are needed.",
            remedy="Record answers of both to the same prompts; prompts are matched by their exact text.",
        )
    probes = tuple(f"sha256:{probe.hex()}" for probe in sorted(_shared(members, _ANSWERED, wanted)))
    return Corpus(members=tuple(members), probes=probes, workers=1)


def _shared(members: Sequence[Member], states: Sequence[str], wanted: set[bytes] | None) -> set[bytes]:
    """Return the prompts that the first two members answered in one of some states."""
    both = _texted(members[0], states) & _texted(members[1], states)
    return both if wanted is None else both & wanted


def _raw(probe: str) -> bytes:
    return bytes.fromhex(probe.removeprefix("sha256:"))


def build(
    sources: Sequence[Source],
    *,
    root: Path,
    kinds: Sequence[str] = (),
    only: Iterable[str] | None = None,
    workers: int = 2,
) -> Corpus:
    """Read the sources (reference, questioned, cohort …) and align them on the probes both sides answered or refused.

    `kinds` names features that will be wanted, so that every file is read once. Raises TooLittleEvidence with the counts
    for fewer than 5 common probes or 4 cohort models, IntegrityBroken for a file that is not the one recorded.
    """
    two = sides(sources, root=root, only=only)
    members = _members(sources, root, kinds, workers)
    common = _shared(members, ("text",), {_raw(probe) for probe in two.probes})
    copied = copies(members)
    few = {m for m in range(2, len(members)) if len(_texted(members[m]) & common) < FEWEST_PROBES}
    sharing = [member for m, member in enumerate(members[2:], start=2) if m not in few and m not in copied]
    if len(sharing) < FEWEST_COHORT:
        raise TooLittleEvidence(
            f"Only {len(sharing)} of {len(members) - 2} cohort models answered at least {FEWEST_PROBES} of the "
            f"{len(common)} common probes; at least {FEWEST_COHORT} are needed.",
            remedy="Add cohort models (--cohort) that answered the same prompts.",
        )
    aside = [_aside(members, m, copied) for m in range(2, len(members)) if m in few or m in copied]
    return Corpus((*members[:2], *sharing), two.probes, workers, tuple(aside))


def copies(members: Sequence[Member]) -> dict[int, int]:
    """Return the members that hold the answers of an earlier one, word for word, each with the place of that one."""
    first: dict[bytes, int] = {}
    found = {}
    for m, member in enumerate(members):
        if member.content and first.setdefault(member.content, m) != m:
            found[m] = first[member.content]
    return found


def _aside(members: Sequence[Member], m: int, copied: Mapping[int, int]) -> str:
    """Say why a cohort model is not used."""
    name = members[m].source.name
    if m not in copied:
        return f"{name}: answered fewer than {FEWEST_PROBES} of the common probes"
    whose = members[copied[m]].source
    return f"{name}: holds the answers of {whose.name}{'' if whose.role == 'cohort' else f' (the {whose.role})'}"


def build_many(
    sources: Sequence[Source],
    *,
    root: Path,
    kinds: Sequence[str] = (),
    only: Iterable[str] | None = None,
    workers: int = 2,
) -> Corpus:
    """Read the sources and align them on the probes that at least half of them answered with text; no side is special.

    Raises TooLittleEvidence for fewer than 5 such probes, IntegrityBroken for a file that is not the one recorded.
    """
    members = _members(sources, root, kinds, workers)
    counts = Counter(prompt for member in members for prompt in _texted(member))
    wanted = None if only is None else {_raw(probe) for probe in only}
    common = sorted(
        prompt for prompt, n in counts.items() if 2 * n >= len(members) and (wanted is None or prompt in wanted)
    )
    if len(common) < FEWEST_PROBES:
        raise TooLittleEvidence(
            f"Only {len(common)} probes were answered by half of the {len(members)} models; {FEWEST_PROBES} are needed.",
            remedy="Record answers of all models to the same prompts; prompts are matched by their exact text.",
        )
    probes = tuple(f"sha256:{prompt.hex()}" for prompt in common)
    return Corpus(members=tuple(members), probes=probes, workers=workers)


def _members(sources: Sequence[Source], root: Path, kinds: Sequence[str], workers: int) -> list[Member]:
    """Read the index of every source, and derive the features of some kinds on the way."""
    located = [source.model_copy(update={"path": str(root / source.path)}) for source in sources]
    # A pack holds many models: it is read through once.
    for source in {(source.path, source.digest): source for source in located}.values():
        check_digest(source)
    made = derived(located, [INDEX], workers, beside=kinds)
    contents = using.contents(located, [arrays[INDEX]["content"].tobytes() for arrays in made])
    return [_member(s, a[INDEX], content) for s, a, content in zip(located, made, contents, strict=True)]


def _texted(member: Member, states: Sequence[str] = ("text",)) -> set[bytes]:
    """Return the prompts a member answered with text, or in any of some states, as raw digests."""
    wanted = [STATES.index(state) for state in states]
    return {member.prompts[row] for row in np.flatnonzero(np.isin(member.states, wanted))}


def _handling(found: dict[str, Any] | None) -> Handling | None:
    return None if found is None else Handling.model_validate(found)


def _member(source: Source, index: cache.Arrays, content: bytes) -> Member:
    raw = index["prompts"].tobytes()
    return Member(
        source=source,
        prompts=tuple(raw[i : i + 32] for i in range(0, len(raw), 32)),
        draws=index["draws"],
        states=index["states"],
        cut_short=index["cut_short"],
        faults=json.loads(index["faults"].tobytes()),
        handling=_handling(json.loads(index["handling"].tobytes())),
        content=content,
    )

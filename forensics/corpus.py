"""One aligned body of answers: models × probes × draws, with the features that statistics ask for.

Answers are matched by the digest of their prompt, never by position. Texts stay on disk until somebody wants to read
one; what scoring needs is derived once per file and cached by the file's digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import cache, canonical, importing
from forensics.errors import IntegrityBroken, TooLittleEvidence
from forensics.features import extract, version_of
from forensics.records.case import Source
from forensics.transcripts import Entry, Transcript

FEWEST_PROBES = 5
FEWEST_COHORT = 4
STATES = ("text", "empty", "refused", "failed")
INDEX = "index"
"""The kind of derived arrays that says which answers a file holds."""
_INDEX_VERSION = "1"
_WORTH_PROCESSES = 8
"""Files to read from which on a second process pays for its start."""


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


class Docs(NamedTuple):
    """The answers to one probe: for each, which member gave it and its row in that member's features."""

    owners: NDArray[np.int64]
    """Positions of members, ascending."""
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """Members (reference first, questioned second, then the cohort by name) and the probes that are scored."""

    members: tuple[Member, ...]
    probes: tuple[str, ...]
    """Prompt digests, sorted: the order owes nothing to either side."""
    workers: int
    _features: dict[str, list[cache.Arrays]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the members, in order."""
        return [member.source.name for member in self.members]

    @property
    def digest(self) -> str:
        """Digest of everything scores depend on: files in order, and probes."""
        return canonical.digest(canonical.encode([[m.source.digest for m in self.members], list(self.probes)]))

    @cached_property
    def docs(self) -> tuple[Docs, ...]:
        """The answers with text, per probe."""
        where = {bytes.fromhex(probe.removeprefix("sha256:")): p for p, probe in enumerate(self.probes)}
        owners: list[list[int]] = [[] for _ in self.probes]
        rows: list[list[int]] = [[] for _ in self.probes]
        for m, member in enumerate(self.members):
            scored = np.flatnonzero(member.states == 0)
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
            derived = _derived([m.source for m in self.members], [kind], self.workers)
            self._features[kind] = [arrays[kind] for arrays in derived]
        return self._features[kind]

    def answered(self) -> NDArray[np.int64]:
        """Return, per member, how many of the probes it answered with text."""
        counts = np.zeros(len(self.members), np.int64)
        for docs in self.docs:
            counts[np.unique(docs.owners)] += 1
        return counts


def build(
    sources: Sequence[Source],
    *,
    root: Path,
    kinds: Sequence[str] = (),
    only: Iterable[str] | None = None,
    workers: int = 2,
) -> Corpus:
    """Read the sources (reference, questioned, cohort …) and align them on the probes both sides answered with text.

    `kinds` names features that will be wanted, so that every file is read once. Raises TooLittleEvidence with the counts for fewer than 5 common probes or 4 cohort models, IntegrityBroken for a
    file that is not the one recorded.
    """
    located = [source.model_copy(update={"path": str(root / source.path)}) for source in sources]
    for source in located:
        _check_digest(source)
    derived = _derived(located, [INDEX, *kinds], workers)
    members = [_member(s, arrays[INDEX]) for s, arrays in zip(located, derived, strict=True)]
    common = _texted(members[0]) & _texted(members[1])
    if only is not None:
        common &= {bytes.fromhex(probe.removeprefix("sha256:")) for probe in only}
    if len(common) < FEWEST_PROBES:
        raise TooLittleEvidence(
            f"Only {len(common)} probes were answered with text by both sides ({members[0].source.name}: "
            f"{len(_texted(members[0]))}, {members[1].source.name}: {len(_texted(members[1]))}); at least "
            f"{FEWEST_PROBES} are needed.",
            remedy="Record answers of both to the same prompts; prompts are matched by their exact text.",
        )
    sharing = [m for m in members[2:] if len(_texted(m) & common) >= FEWEST_PROBES]
    if len(sharing) < FEWEST_COHORT:
        raise TooLittleEvidence(
            f"Only {len(sharing)} of {len(members) - 2} cohort models answered at least {FEWEST_PROBES} of the "
            f"{len(common)} common probes; at least {FEWEST_COHORT} are needed.",
            remedy="Add cohort models (--cohort) that answered the same prompts.",
        )
    probes = tuple(f"sha256:{probe.hex()}" for probe in sorted(common))
    return Corpus(members=(*members[:2], *sharing), probes=probes, workers=workers)


def _texted(member: Member) -> set[bytes]:
    """Return the prompts a member answered with text, as raw digests."""
    return {member.prompts[row] for row in np.flatnonzero(member.states == 0)}


def _member(source: Source, index: cache.Arrays) -> Member:
    raw = index["prompts"].tobytes()
    return Member(
        source=source,
        prompts=tuple(raw[i : i + 32] for i in range(0, len(raw), 32)),
        draws=index["draws"],
        states=index["states"],
        cut_short=index["cut_short"],
        faults=json.loads(index["faults"].tobytes()),
    )


# --- derived arrays, one file at a time -------------------------------------------------------------------------


def _derived(sources: Sequence[Source], kinds: Sequence[str], workers: int) -> list[dict[str, cache.Arrays]]:
    """Return derived arrays of each kind for each source: from the cache, or made in `workers` processes."""
    found: list[dict[str, cache.Arrays]] = []
    for source in sources:
        stored = {kind: cache.find("features", _key(source, kind)) for kind in kinds}
        found.append({kind: arrays for kind, arrays in stored.items() if arrays is not None})
    todo = [(i, tuple(k for k in kinds if k not in have)) for i, have in enumerate(found) if len(have) < len(kinds)]
    if len(todo) >= _WORTH_PROCESSES and workers > 1:
        # Fresh processes: forking one that already runs BLAS threads may hang.
        with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
            made = list(pool.map(_make, [sources[i] for i, _ in todo], [k for _, k in todo], chunksize=4))
    else:
        made = [_make(sources[i], missing) for i, missing in todo]
    for (i, _), arrays in zip(todo, made, strict=True):
        found[i].update(arrays)
    return found


def _key(source: Source, kind: str) -> str:
    version = _INDEX_VERSION if kind == INDEX else version_of(kind)
    return cache.key("derived", kind, version, source.digest, source.format)


def _make(source: Source, kinds: Sequence[str]) -> dict[str, cache.Arrays]:
    """Read one file once, derive the arrays of each kind from it, and store them."""
    transcript = read_source(source)
    answers = [entry.text for entry in transcript.entries]
    made: dict[str, cache.Arrays] = {}
    for kind in kinds:
        if kind == INDEX:
            made[kind] = _index(transcript)
        else:
            made[kind] = extract(kind, answers)
        cache.put("features", _key(source, kind), made[kind])
    return made


def _index(transcript: Transcript) -> dict[str, NDArray[Any]]:
    entries = transcript.entries
    raw = b"".join(bytes.fromhex(entry.prompt_digest.removeprefix("sha256:")) for entry in entries)
    return {
        "prompts": np.frombuffer(raw, np.uint8).reshape(-1, 32),
        "draws": np.array([entry.draw for entry in entries], np.int64),
        "states": np.array([STATES.index(entry.state) for entry in entries], np.int64),
        "cut_short": np.array([entry.finish_reason == "length" for entry in entries], bool),
        "faults": np.frombuffer(json.dumps(transcript.faults).encode(), np.uint8),
    }


def read_source(source: Source) -> Transcript:
    """Read a source's file; raises IntegrityBroken where it is not the file that was recorded."""
    name, _, query = source.format.partition("?")
    options = dict(part.split("=", 1) for part in query.split("&") if part)
    transcript = importing.read_transcript(Path(source.path), importer=name, options=options)
    _compare_digest(source, transcript.digest)
    return transcript


def _check_digest(source: Source) -> None:
    path = Path(source.path)
    if not path.is_file():
        raise IntegrityBroken(f"{path} is gone.", remedy="Restore the file, or make a new case without it.")
    _compare_digest(source, canonical.file_digest(path))


def _compare_digest(source: Source, found: str) -> None:
    if found != source.digest:
        raise IntegrityBroken(
            f"{source.path} is not the file this case was made from: {found}, recorded {source.digest}.",
            remedy="Restore the file, or make a new case from the new one.",
        )


def texts(source: Source, prompts: Iterable[str]) -> dict[str, list[Entry]]:
    """Return a source's answers with text to some prompts, by prompt digest, draws in order."""
    wanted = set(prompts)
    found: dict[str, list[Entry]] = {}
    for entry in read_source(source).entries:
        if entry.prompt_digest in wanted and entry.state == "text":
            found.setdefault(entry.prompt_digest, []).append(entry)
    return {prompt: sorted(entries, key=lambda entry: entry.draw) for prompt, entries in found.items()}

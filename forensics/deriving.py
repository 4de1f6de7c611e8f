"""What is derived from one file of answers, whatever it is compared with: its index and its features, cached by digest.

A file that is not the one a case was made from is refused here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from forensics import cache, canonical, conduct, importing
from forensics.errors import IntegrityBroken
from forensics.features import extract, version_of
from forensics.packs import using
from forensics.records.case import Source
from forensics.transcripts import Entry, Transcript

STATES = ("text", "empty", "refused", "failed")
INDEX = "index"
"""The kind of derived arrays that says which answers a file holds."""
_INDEX_VERSION = "4"
_WORTH_PROCESSES = 8
"""Files to read from which on a second process pays for its start."""
LONG_ANSWER, LONG_ANSWERS = 80, 5
"""Characters of a long answer, and different long answers that only a copy has in common."""


def derived(
    sources: Sequence[Source],
    kinds: Sequence[str],
    workers: int,
    *,
    beside: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> list[dict[str, cache.Arrays]]:
    """Return derived arrays of each kind for each source: from the cache, or made in `workers` processes.

    Kinds `beside` these are made while a file is open anyway, and not returned. With `only`, texts that answer none of
    these prompts count as empty.
    """
    found: list[dict[str, cache.Arrays]] = []
    todo: list[tuple[int, tuple[str, ...]]] = []
    for i, source in enumerate(sources):
        if using.is_packed(source):
            found.append({kind: using.arrays(source, kind, only) for kind in kinds})
            continue
        stored = {kind: cache.find("features", _key(source, kind, only)) for kind in kinds}
        found.append({kind: arrays for kind, arrays in stored.items() if arrays is not None})
        missing = [kind for kind in kinds if kind not in found[i]]
        missing += [kind for kind in beside if not cache.holds("features", _key(source, kind, only))]
        if missing:
            todo.append((i, tuple(missing)))
    if len(todo) >= _WORTH_PROCESSES and workers > 1:
        # Fresh processes: forking one that already runs BLAS threads may hang.
        with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
            work = ([sources[i] for i, _ in todo], [k for _, k in todo], repeat(tuple(kinds)), repeat(only))
            made = list(pool.map(_make, *work, chunksize=4))
    else:
        made = [_make(sources[i], missing, kinds, only) for i, missing in todo]
    for (i, _), arrays in zip(todo, made, strict=True):
        found[i].update(arrays)
    return found


def _key(source: Source, kind: str, only: Sequence[str] | None) -> str:
    version = _INDEX_VERSION if kind == INDEX else version_of(kind)
    return cache.key("derived", kind, version, source.digest, source.format, *([] if only is None else [list(only)]))


def _make(
    source: Source, kinds: Sequence[str], returned: Sequence[str], only: Sequence[str] | None
) -> dict[str, cache.Arrays]:
    """Read one file once, derive the arrays of each kind from it, store them, and return some."""
    transcript = read_source(source)
    entries = transcript.entries
    wanted = None if only is None else frozenset(only)
    answers = [entry.text if wanted is None or entry.prompt_digest in wanted else "" for entry in entries]
    keys, states = [entry.key for entry in entries], [entry.state for entry in entries]
    made: dict[str, cache.Arrays] = {}
    for kind in kinds:
        if kind == INDEX:
            made[kind] = _index(transcript)
        else:
            made[kind] = extract(kind, answers, keys=keys, states=states)
        cache.put("features", _key(source, kind, only), made[kind])
    return {kind: arrays for kind, arrays in made.items() if kind in returned}


def _index(transcript: Transcript) -> dict[str, NDArray[Any]]:
    entries = transcript.entries
    treated = conduct.handling(entry.conduct for entry in entries)
    raw = b"".join(bytes.fromhex(entry.prompt_digest.removeprefix("sha256:")) for entry in entries)
    return {
        "prompts": np.frombuffer(raw, np.uint8).reshape(-1, 32),
        "draws": np.array([entry.draw for entry in entries], np.int64),
        "states": np.array([STATES.index(entry.state) for entry in entries], np.int64),
        "cut_short": np.array([entry.finish_reason == "length" for entry in entries], bool),
        "faults": np.frombuffer(json.dumps(transcript.faults).encode(), np.uint8),
        "handling": np.frombuffer(canonical.encode(None if treated is None else treated.model_dump()), np.uint8),
        "content": np.frombuffer(_content(entries), np.uint8),
    }


def _content(entries: Sequence[Entry]) -> bytes:
    """Return a digest of the answers themselves, whatever their file is called and however it is packed.

    Nothing where two models could have given the same answers by themselves: a copy is recognised by sentences, not by
    numbers, names or set phrases.
    """
    if len({entry.text for entry in entries if len(entry.text) >= LONG_ANSWER}) < LONG_ANSWERS:
        return b""
    rows = sorted([entry.prompt_digest, entry.draw, entry.state, entry.text] for entry in entries)
    return hashlib.sha256(canonical.encode(rows)).digest()


def read_source(source: Source) -> Transcript:
    """Read a source's file; raises IntegrityBroken where it is not the file that was recorded."""
    name, _, query = source.format.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    transcript = importing.read_transcript(Path(source.path), importer=name, options=options)
    _compare_digest(source, transcript.digest)
    return transcript


def check_digest(source: Source) -> None:
    """Raise IntegrityBroken where a source's file is gone or is not the one that was recorded."""
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

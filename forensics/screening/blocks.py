"""Features by block: a few dozen models times a part of the probes in one stored entry, so that no task reads more.

Probes fall into parts by the first bits of their prompt's digest: so a file is read once, before anybody knows which
prompts the models have in common. What is stored holds numbers only and may be deleted at any time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from forensics import cache, canonical, importing
from forensics.errors import ForensicsError
from forensics.features import extract, version_of
from forensics.screening import places
from forensics.transcripts import Entry, Transcript

PARTS = 64
"""Parts that probes fall into."""
MODELS = 32
"""Models in one block."""
_VERSION = "1"
Digests = NDArray[np.uint8]


class File(NamedTuple):
    """One file of answers."""

    place: str
    format: str
    """Importer, with its options as a query."""
    digest: str


class Held(NamedTuple):
    """What a stored model is and where its features lie."""

    block: str
    position: int
    """Among the models of its block."""
    prompts: Digests
    """Raw digests of the prompts it answered with text, sorted, each once. [n, 32]"""
    counts: dict[str, int]
    """Answers, those with text, and the most draws of one prompt."""
    faults: dict[str, int]


class StoreDamaged(ForensicsError):
    """Stored features that were there have gone or are not whole."""


def model_key(file: File, kinds: Sequence[str]) -> str:
    """Return the key of a model's entry: what its features hang on."""
    versions = [[kind, version_of(kind)] for kind in kinds]
    return cache.key("screened model", _VERSION, PARTS, file.digest, file.format, versions)


def held(store: str, file: File, kinds: Sequence[str]) -> Held | None:
    """Return what is stored of a model, or None."""
    found = places.find(places.within(store, "models", f"{model_key(file, kinds)}.arrays"))
    if found is None:
        return None
    said = json.loads(found["said"].tobytes())
    return Held(said["block"], said["position"], found["prompts"], said["counts"], said["faults"])


def make(store: str, files: Sequence[File], kinds: Sequence[str]) -> list[str | None]:
    """Derive and store the features of some models; returns, for each, why it cannot be read, or None. A task."""
    reasons: list[str | None] = []
    read: list[tuple[File, Transcript]] = []
    for file in files:
        try:
            read.append((file, _read(file)))
            reasons.append(None)
        except ForensicsError as error:
            reasons.append(error.message)
    if not read:
        return reasons
    block = cache.key("screened block", [model_key(file, kinds) for file, _ in read])
    rows = [
        (_raw(entry.prompt_digest), position, entry)
        for position, (_, transcript) in enumerate(read)
        for entry in transcript.entries
        if entry.state == "text"
    ]
    parts: list[list[tuple[bytes, int, Entry]]] = [[] for _ in range(PARTS)]
    for row in rows:
        parts[part_of(row[0])].append(row)
    for number, inside in enumerate(parts):
        # Draws in order, so that the same answers give the same sums wherever they stood in the file.
        inside.sort(key=lambda row: (row[1], row[0], row[2].draw))
        places.put(_part_place(store, block, number), _part(inside, kinds))
    # Last, since they say that the parts are there.
    for position, (file, transcript) in enumerate(read):
        place = places.within(store, "models", f"{model_key(file, kinds)}.arrays")
        places.put(place, _model(transcript, block, position))
    return reasons


class Part(NamedTuple):
    """The answers of one block's models to one part of the probes."""

    prompts: list[bytes]
    """Raw digest of each answer's prompt."""
    positions: list[int]
    """Of each answer's model in the block."""
    features: dict[str, dict[str, NDArray[Any]]]
    """By kind; rows are answers."""


def load(store: str, block: str, number: int, kind: str) -> Part:
    """Return one stored part; raises StoreDamaged."""
    place = _part_place(store, block, number)
    found = places.find(place)
    if found is None:
        raise StoreDamaged(
            f"{place} is gone or damaged.", remedy="Run the screen again: what is missing is made again."
        )
    prefix = f"{kind}/"
    return Part(
        prompts=_split(found["prompts"]),
        positions=found["positions"].tolist(),
        features={kind: {n.removeprefix(prefix): v for n, v in found.items() if n.startswith(prefix)}},
    )


def part_of(prompt: bytes) -> int:
    """Return the part of the probes that a prompt falls into."""
    return prompt[0] * PARTS // 256


def _read(file: File) -> Transcript:
    name, _, query = file.format.partition("?")
    with places.fetched(file.place) as path:
        found = importing.read_transcript(Path(path), importer=name, options=dict(parse_qsl(query)))
    if found.digest != file.digest:
        raise ForensicsError(f"{file.place} changed while it was read.", remedy="Run the screen again.")
    return found


def _part(rows: Sequence[tuple[bytes, int, Entry]], kinds: Sequence[str]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "prompts": np.frombuffer(b"".join(row[0] for row in rows), np.uint8).reshape(-1, 32),
        "positions": np.array([row[1] for row in rows], np.int64),
    }
    entries = [row[2] for row in rows]
    for kind in kinds:
        made = extract(
            kind, [e.text for e in entries], keys=[e.key for e in entries], states=[e.state for e in entries]
        )
        arrays |= {f"{kind}/{name}": values for name, values in made.items()}
    return arrays


def _model(transcript: Transcript, block: str, position: int) -> dict[str, NDArray[Any]]:
    texts = [entry for entry in transcript.entries if entry.state == "text"]
    prompts = sorted({_raw(entry.prompt_digest) for entry in texts})
    said = {
        "block": block,
        "position": position,
        "counts": {
            "answers": len(transcript.entries),
            "text": len(texts),
            "draws": 1 + max((entry.draw for entry in transcript.entries), default=0),
        },
        "faults": transcript.faults,
    }
    return {
        "prompts": np.frombuffer(b"".join(prompts), np.uint8).reshape(-1, 32),
        "said": np.frombuffer(canonical.encode(said), np.uint8),
    }


def _part_place(store: str, block: str, number: int) -> str:
    return places.within(store, "parts", block[:2], block, f"{number:02}.arrays")


def _split(prompts: Digests) -> list[bytes]:
    raw = prompts.tobytes()
    return [raw[i : i + 32] for i in range(0, len(raw), 32)]


def _raw(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix("sha256:"))

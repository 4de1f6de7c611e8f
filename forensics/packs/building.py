"""From a folder of recorded answers to a pack: every feature in its packed form, counts, digests of prompts, lineages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics import __version__, canonical, deriving, importing, sources
from forensics.errors import UsageError
from forensics.features import most_probes, unavailable, version_of
from forensics.packs import file
from forensics.packs.file import INDEX
from forensics.packs.forms import FORMS, packed
from forensics.packs.keying import KEY_BYTES, check_of, keyed_content
from forensics.packs.manifest import SCHEMA, Form, Manifest, PackedModel
from forensics.records.case import Source

Embed = Literal["first", "all", "none"]
Kept = dict[str, dict[str, NDArray[Any]]]
_FEWEST = 2
_HASHES = {f"grams{size}" for size in range(1, 6)} | {"hashes"}
"""Arrays of hashes of which statistics look at 48 bits."""


class Built(NamedTuple):
    """A pack that was written."""

    path: Path
    manifest: Manifest
    size: int
    """Bytes."""


def build_folder(
    folder: Path, path: Path, *, models: Path | None, embed: Embed, workers: int, say: Callable[[str], None]
) -> Built:
    """Write the pack of the recorded answers below a folder; lineages come from its `models.csv` and from `models`."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", remedy="Name a folder of recorded answers.")
    declared = sources.declared_lineages([str(folder)], models)
    named = [_source(one, declared) for one in importing.answers_below(folder)]
    return build(named, path, embed=embed, workers=workers, say=say)


def _source(path: Path, declared: Mapping[str, str]) -> Source:
    path = path.resolve()
    found = importing.identify(path)
    return Source(
        name=found.model,
        role="cohort",
        format=found.format,
        path=path.as_posix(),
        digest=canonical.file_digest(path),
        lineage=declared.get(found.model),
        sampling=found.sampling,
    )


def build(sources: Sequence[Source], path: Path, *, embed: Embed, workers: int, say: Callable[[str], None]) -> Built:
    """Write the pack of some sources with absolute paths; its key comes from the environment, or is drawn and kept in it.

    `embed`: embeddings of the first prompts (as many as a comparison uses), of all, or none. Raises UsageError.
    """
    _check(sources, path)
    secret = file.secret_key()
    key = secret or secrets.token_bytes(KEY_BYTES)
    if secret is None:
        say(f"the key will lie in the pack: with it a dictionary finds nearly all again; {file.VARIABLE} withholds it")
    else:
        say("the key is withheld; models whose answers are public should not be in such a pack: docs/packs.md says why")
    indices = [made[INDEX] for made in deriving.derived(sources, [INDEX], workers)]
    prompts = sorted({bytes(row) for index in indices for row in index["prompts"]})
    chosen = _chosen(prompts, embed)
    kinds = [kind for kind in FORMS if kind != "embedding"]
    models: list[PackedModel] = []
    kept: list[Kept] = []
    for source, index in zip(sources, indices, strict=True):
        say(f"packing {source.name}")
        rows = [bytes(row) for row in index["prompts"]]
        arrays = deriving.derived([source], kinds, 1)[0]
        if chosen:
            arrays |= deriving.derived([source], ["embedding"], 1, only=_named(chosen))[0]
        content = np.frombuffer(keyed_content(index["content"].tobytes(), key), np.uint8)
        kept.append(
            {
                INDEX: {**index, "content": content},
                **{kind: dict(packed(kind, own, rows, key)) for kind, own in arrays.items()},
            }
        )
        models.append(_described(source, kept[-1]))
    manifest = Manifest(
        schema=SCHEMA,
        tool=__version__,
        salt=None if secret else key.hex(),
        key_check=check_of(key),
        features={kind: version_of(kind) for kind in (*kinds, *(["embedding"] if chosen else []))},
        embedded=len(chosen),
        prompts=len(prompts),
        models=tuple(models),
    )
    file.write(path, manifest, kept)
    return Built(path, manifest, path.stat().st_size)


def _check(sources: Sequence[Source], path: Path) -> None:
    if not file.is_pack(path):
        raise UsageError(f"{path} does not end in {file.SUFFIX}.", remedy=f"Name the pack NAME{file.SUFFIX}.")
    if len(sources) < _FEWEST:
        raise UsageError(f"{len(sources)} models make no cohort.", remedy="Name a folder with at least two models.")
    seen = [source.name for source in sources]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    if twice:
        raise UsageError(f"Two models are called {twice[0]!r}.", remedy="Give every file of answers its own name.")


def _chosen(prompts: Sequence[bytes], embed: Embed) -> list[bytes]:
    """Return the prompts to embed; raises UsageError where nothing can be embedded here."""
    if embed == "none":
        return []
    why_not = unavailable("embedding")
    if why_not is not None:
        raise UsageError(f"Answers cannot be embedded here: {why_not}.", remedy="Add --embeddings none.")
    return list(prompts if embed == "all" else prompts[: most_probes("embedding")])


def _named(prompts: Sequence[bytes]) -> list[str]:
    return [f"sha256:{prompt.hex()}" for prompt in prompts]


def _described(source: Source, kept: Kept) -> PackedModel:
    index = kept[INDEX]
    counts = {state: int((index["states"] == s).sum()) for s, state in enumerate(deriving.STATES)}
    return PackedModel(
        name=source.name,
        lineage=source.lineage,
        sampling=source.sampling,
        answers=len(index["states"]),
        **counts,
        cut_short=int(index["cut_short"].sum()),
        arrays={kind: {name: _form(kind, name, array) for name, array in own.items()} for kind, own in kept.items()},
    )


def _form(kind: str, name: str, array: NDArray[Any]) -> Form:
    hashes = kind in ("tokens", "beginnings") and name in _HASHES
    return file.form_of(np.asarray(array), hashes=hashes)

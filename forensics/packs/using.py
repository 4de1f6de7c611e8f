"""Models of a pack as members of a corpus: their sources, their features, and what a pack cannot give.

Where any member comes from a pack, the features of all others are brought into the pack's form, under its key: then
answers agree there exactly as their texts would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from forensics.errors import BadFile, UsageError
from forensics.features import version_of
from forensics.packs import file
from forensics.packs.file import INDEX
from forensics.packs.forms import packed
from forensics.packs.keying import keyed_content
from forensics.records.case import Source

FORMAT = "cohort-pack"
MODEL = "model"
"""The option that says which model of a pack is meant."""
Arrays = Mapping[str, NDArray[Any]]


class Holder(Protocol):
    """A member of a corpus, as far as packs need to know one."""

    @property
    def source(self) -> Source:
        """Where its answers come from."""

    @property
    def prompts(self) -> tuple[bytes, ...]:
        """Raw prompt digest of each row."""


def is_pack(path: Path) -> bool:
    """Say whether a path is a file that is named as a pack is."""
    return file.is_pack(path) and path.is_file()


def unlock(paths: Sequence[Path]) -> None:
    """Raise UsageError where a pack needs a secret that is not at hand; what else may be wrong with one shows when it is used."""
    for path in paths:
        try:
            withheld = file.manifest(path).salt is None
        except (BadFile, OSError):
            continue
        if withheld:
            file.key_of(path)


def names(path: Path) -> list[str]:
    """Return the models of a pack, after making sure that it can be used; raises BadFile or UsageError."""
    file.key_of(path)
    return [model.name for model in file.manifest(path).models]


def source(path: Path, name: str, *, declared: Mapping[str, str]) -> Source:
    """Return the source of one cohort model of a pack; lineages declared outside win over what the pack declares.

    Raises BadFile or UsageError, also where the pack holds no such model.
    """
    model = file.manifest(path).models[_place(path, name)]
    return Source(
        name=name,
        role="cohort",
        format=f"{FORMAT}?{urlencode({MODEL: name})}",
        path=path.as_posix(),
        digest=file.digest(path),
        lineage=declared.get(name) or model.lineage,
        sampling=model.sampling,
    )


def is_packed(source: Source) -> bool:
    """Say whether a source's answers lie in a pack, so that nobody can read them."""
    return source.format.partition("?")[0] == FORMAT


def offers(source: Source, kind: str) -> bool:
    """Say whether a kind of feature can be had of a source: always of a file of answers, not of every pack."""
    return not is_packed(source) or file.manifest(Path(source.path)).features.get(kind) == version_of(kind)


def arrays(source: Source, kind: str, only: Sequence[str] | None = None) -> Arrays:
    """Return a packed model's arrays of a kind; with `only`, embeddings of other prompts count as not there."""
    path, number = Path(source.path), _number(source)
    found = file.arrays(path, number, kind)
    if only is not None and "embedded" in found:
        wanted = {bytes.fromhex(prompt.removeprefix("sha256:")) for prompt in only}
        rows = file.arrays(path, number, INDEX)["prompts"]
        asked = np.array([bytes(row) in wanted for row in rows], bool)
        found["embedded"] = found["embedded"] & asked
    return found


def alike(kind: str, members: Sequence[Holder], made: Sequence[Arrays]) -> list[Arrays]:
    """Bring features of a kind into one form: as they are without packs, otherwise all as the pack has them."""
    paths = {member.source.path for member in members if is_packed(member.source)}
    if not paths:
        return list(made)
    key = _one_key(paths)
    brought = [
        own if is_packed(member.source) else packed(kind, own, member.prompts, key)
        for member, own in zip(members, made, strict=True)
    ]
    for name in brought[0]:
        if len({arrays[name].shape[1:] for arrays in brought}) > 1:
            raise BadFile(min(paths), f"its {kind} features have another number of columns ({name})")
    return brought


def contents(sources: Sequence[Source], digests: Sequence[bytes]) -> list[bytes]:
    """Make digests of answers comparable: as they are without packs, otherwise all under the pack's key."""
    paths = {source.path for source in sources if is_packed(source)}
    if not paths:
        return list(digests)
    key = _one_key(paths)
    return [own if is_packed(source) else keyed_content(own, key) for source, own in zip(sources, digests, strict=True)]


def lacking(members: Sequence[Holder], plugin: ModuleType, probes: Sequence[str], most: int | None) -> str | None:
    """Say why a statistic cannot be computed where some members come from a pack; None where it can.

    `most` is how many probes the statistic's features are made for.
    """
    paths = sorted({member.source.path for member in members if is_packed(member.source)})
    if not paths:
        return None
    if hasattr(plugin, "ORDERED"):
        return f"the cohort pack holds no texts: {plugin.ORDERED}"
    for path in paths:
        found, kind = file.manifest(Path(path)), plugin.FEATURE
        if kind not in found.features:
            return f"the cohort pack holds no {kind} features"
        if found.features[kind] != version_of(kind):
            return f"the cohort pack holds {kind} features of another version ({found.features[kind]})"
        if most is not None and found.embedded < found.prompts and not _embedded(Path(path), probes[:most]):
            return f"the cohort pack holds embeddings of {found.embedded} prompts, and other ones are needed"
    return None


def _embedded(path: Path, wanted: Sequence[str]) -> bool:
    """Say whether a pack that embeds its first prompts embeds all wanted ones that any of its models answered."""
    models = range(len(file.manifest(path).models))
    known = {bytes(row) for number in models for row in file.arrays(path, number, INDEX)["prompts"]}
    first = set(sorted(known)[: file.manifest(path).embedded])
    return {bytes.fromhex(prompt.removeprefix("sha256:")) for prompt in wanted} & known <= first


def _one_key(paths: set[str]) -> bytes:
    keys = {file.key_of(Path(path)) for path in paths}
    if len(keys) > 1:
        raise UsageError(
            "Two cohort packs with different salts cannot be compared with each other.",
            remedy="Name one of them, or have both built with one secret (FORENSICS_PACK_KEY).",
        )
    return keys.pop()


def _number(source: Source) -> int:
    """Return the place of a source's model in its pack."""
    options = dict(parse_qsl(source.format.partition("?")[2], keep_blank_values=True))
    return _place(Path(source.path), options.get(MODEL, ""))


def _place(path: Path, name: str) -> int:
    names = [model.name for model in file.manifest(path).models]
    if name not in names:
        raise UsageError(
            f"{path} holds no model {name!r}.", remedy=f"`forensics cohort show {path}` lists what it holds."
        )
    return names.index(name)

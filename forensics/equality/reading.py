"""From the answers of two sources to draws side by side, probe by probe.

Every answer counts, empty and refused ones with what they say: how often a model has nothing to say is part of how it
answers. Only failures, which are no answers, are left out. Prompts are matched by their digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from forensics import deriving
from forensics.equality.draws import Draws
from forensics.errors import TooLittleEvidence
from forensics.records.case import Source
from forensics.records.transcript import SEEDS, Sampling
from forensics.transcripts import Entry

FEWEST_PROBES = 5
FEWEST_DRAWS = 2
"""Of each side and probe: with one there is no telling how far a side's own draws lie apart."""


def draws(reference: Source, questioned: Source, *, root: Path, only: Iterable[str] | None = None) -> list[Draws]:
    """Read the draws of both sides to the probes that both answered at least twice; sorted by prompt digest.

    Paths are relative to `root`. Raises TooLittleEvidence with the counts, IntegrityBroken for a changed file.
    """
    first, second = _answers(reference, root), _answers(questioned, root)
    common = sorted(first.keys() & second.keys() if only is None else first.keys() & second.keys() & set(only))
    enough = [p for p in common if min(len(first[p]), len(second[p])) >= FEWEST_DRAWS]
    if len(enough) < FEWEST_PROBES:
        raise TooLittleEvidence(
            f"Only {len(enough)} of {len(common)} common probes were answered at least {FEWEST_DRAWS} times by both "
            f"sides; at least {FEWEST_PROBES} are needed.",
            remedy="Ask both sides several times (--draws 10), or record several answers to every prompt.",
        )
    return [_side_by_side(prompt, first[prompt], second[prompt]) for prompt in enough]


def own_seeds(sampling: Sampling, draws: int) -> Sampling:
    """Return how the questioned model is sampled: with seeds of its own.

    With the reference's seeds one model would give the same answers twice, which are no draws of their own.
    """
    if sampling.seed is None:
        return sampling
    return sampling.model_copy(update={"seed": (sampling.seed + draws) % SEEDS})


def _answers(source: Source, root: Path) -> Mapping[str, list[Entry]]:
    """Return a source's answers by prompt, draws in order."""
    located = source.model_copy(update={"path": str(root / source.path)})
    found: dict[str, list[Entry]] = {}
    for entry in deriving.read_source(located).entries:
        if entry.state != "failed":
            found.setdefault(entry.prompt_digest, []).append(entry)
    return {prompt: sorted(entries, key=lambda entry: entry.draw) for prompt, entries in found.items()}


def _side_by_side(prompt: str, reference: list[Entry], questioned: list[Entry]) -> Draws:
    entries = [*reference, *questioned]
    return Draws(
        prompt_digest=prompt,
        texts=tuple(entry.text for entry in entries),
        reference=len(reference),
        first=tuple(None if entry.first is None else dict(entry.first) for entry in entries),
    )

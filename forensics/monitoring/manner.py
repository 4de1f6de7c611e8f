"""What is plotted of a side besides its closeness: how often it refuses, how long it answers, its style, what flipped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from forensics import canonical, features, importing
from forensics.features import declined
from forensics.transcripts import Entry

REFUSED, EMPTY = "refused", "empty"


class Manner(NamedTuple):
    """One side, one night."""

    answers: int
    failed: int
    refusals: float | None
    """Share of the answers that decline, by state or by set phrases."""
    length: float | None
    """Mean characters of an answer with text."""
    style: float | None
    """Mean over the habits of `features/layout.py` of the change of their mean since the baseline, in standard
    deviations of the baseline's answers."""
    flips: tuple[tuple[str, str], ...]
    """Probes on which most of the baseline's answers open alike, or refuse, and fewer than half of tonight's do so: digest
    and what changed."""


def of(tonight: Path, baseline: Sequence[Path]) -> Manner:
    """Measure one night's answers beside those of the baseline; without one there is neither style nor flips."""
    entries = list(importing.read_transcript(tonight).entries)
    before = [entry for path in baseline for entry in importing.read_transcript(path).entries]
    given = [entry for entry in entries if entry.state != "failed"]
    texts = [entry.text for entry in given if entry.state == "text"]
    return Manner(
        answers=len(entries),
        failed=len(entries) - len(given),
        refusals=canonical.rounded(sum(map(_declines, given)) / len(given)) if given else None,
        length=canonical.rounded(sum(map(len, texts)) / len(texts)) if texts else None,
        style=_style(texts, [entry.text for entry in before if entry.state == "text"]),
        flips=_flips(given, before),
    )


def _declines(entry: Entry) -> bool:
    return entry.state == REFUSED or declined.declines(entry.text)


def _style(texts: Sequence[str], before: Sequence[str]) -> float | None:
    if not texts or len(before) < 2:
        return None
    now, then = (features.extract("layout", found)["manner"].astype(np.float64) for found in (texts, before))
    spread = then.std(axis=0, ddof=1)
    used = spread > 1e-9
    if not used.any():
        return None
    change = np.abs(now.mean(axis=0) - then.mean(axis=0))[used] / spread[used]
    return canonical.rounded(float(change.mean()))


def _flips(given: Sequence[Entry], before: Sequence[Entry]) -> tuple[tuple[str, str], ...]:
    now, then = _openings(given), _openings([entry for entry in before if entry.state != "failed"])
    found = []
    for probe, counts in now.items():
        if probe not in then:
            continue
        [(common, _)], [(usual, count)] = counts.most_common(1), then[probe].most_common(1)
        settled = count * 2 > then[probe].total()
        if settled and counts[usual] * 2 < counts.total():
            kind = "refusal" if REFUSED in (common, usual) else "empty" if EMPTY in (common, usual) else "opening"
            found.append((probe, kind))
    return tuple(sorted(found))


def _openings(entries: Sequence[Entry]) -> Mapping[str, Counter[str]]:
    """Count each probe's openings: the first two words, or that there are none."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in sorted(entries, key=lambda entry: (entry.prompt_digest, entry.draw, entry.text)):
        if _declines(entry):
            opening = REFUSED
        elif not entry.text.strip():
            opening = EMPTY
        else:
            opening = "text " + " ".join(entry.text.casefold().split()[:2])
        found[entry.prompt_digest][opening] += 1
    return found

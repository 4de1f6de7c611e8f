"""A screen as pictures: the page, the drawings and the trees, from the values of its first statistic."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from forensics.picturing.files import FEWEST, MOST, pictures
from forensics.picturing.material import Evidence, Material, Shown, Weighed
from forensics.records.screen import ScreenedModel
from forensics.screening import places
from forensics.screening.measured import Values, why_not
from forensics.screening.ratios import Ratios
from forensics.transcripts import safe_name

CASES = "cases"
"""Folder of a screen in which cases of its pairs are looked for."""


def draw(
    models: Sequence[ScreenedModel],
    found: Values,
    weighed: Ratios | None,
    *,
    unweighed: str,
    probes: int,
    tool: str,
    source: str,
    evidence: Evidence,
) -> dict[str, bytes]:
    """Return file names and contents of the pictures; none for fewer than 3 models or more than 600."""
    if not FEWEST <= len(models) <= MOST:
        return {}
    first, second = np.nonzero(np.triu(~np.isfinite(found.normalised), 1))
    material = Material(
        models=[Shown(m.name, m.developer or "", m.lineage or "", m.inferred) for m in models],
        statistic=found.statistic,
        probes=probes,
        raw=found.raw,
        normalised=found.normalised,
        ranks=found.ranks,
        weighed=Weighed(weighed.log10, weighed.low, weighed.high) if weighed else None,
        unweighed=unweighed,
        reasons={(a, b): why_not(found, a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True)},
        resampled=found.redrawn(),
        tool=tool,
        source=source,
        evidence=evidence,
    )
    return pictures(material)


def evidence(
    folder: str, output: str, answers: Sequence[str], names: Sequence[str], *, options: Mapping[str, str]
) -> Evidence:
    """Say how a case is made of any pair, and which pairs have one; `answers` are the places of the models' files."""
    if places.is_remote(folder) or places.is_remote(output):
        return Evidence((), "", "", (), {})
    words = ["--cohort", folder]
    for name, value in options.items():
        words += [f"--{name}", value]
    short = [safe_name(name) for name in names]
    number = {name: i for i, name in enumerate(short)}
    cases: dict[tuple[int, int], str] = {}
    for case in sorted(Path(output, CASES).glob("*--*/report.html")):
        one, _, two = case.parent.name.partition("--")
        if one in number and two in number and one != two:
            pair = min(number[one], number[two]), max(number[one], number[two])
            cases.setdefault(pair, f"{CASES}/{case.parent.name}/{case.name}")
    return Evidence(
        models=tuple(shlex.quote(f"replay:{place}") for place in answers),
        options=shlex.join(words),
        folder=shlex.quote(places.within(output, CASES)),
        short=tuple(short),
        cases=cases,
    )

"""The record of a screen: from what it was made, how, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from forensics import __version__, measuring
from forensics.numerics.normalisation import S_NORM
from forensics.records.screen import Inference, Screen, ScreenedModel, ScreenedStatistic, Weighing
from forensics.screening import kin, measured
from forensics.screening.gathering import Table
from forensics.screening.kin import Kin
from forensics.screening.measured import Frame, Values
from forensics.screening.totals import replicates_for
from forensics.transcripts import sampling_text

SCHEMA: Final = "forensics/screen/1"


class Inputs(NamedTuple):
    """What a screen is made from."""

    frame: Frame
    declared: Table
    set_aside: Sequence[str]
    related: Sequence[Kin]


def record_of(
    inputs: Inputs,
    values: Sequence[Values],
    *,
    seed: int,
    weighing: Weighing | None,
    pairs: str,
    candidates: int | None,
) -> Screen:
    """Return the record; `pairs` is the digest of `pairs.csv`."""
    frame, declared, related = inputs.frame, inputs.declared, inputs.related
    joined = sum(one.inferred for one in related)
    asked = any(not one.inferred and one.lineage is None for one in related) or joined
    inferring = bool(asked) and len(related) >= kin.FEWEST
    return Screen(
        schema=SCHEMA,
        tool=__version__,
        statistics=tuple(
            ScreenedStatistic(
                statistic=one.statistic,
                version=measuring.version(one.statistic),
                normalisation=_how(one),
                pairs=int(np.isfinite(one.normalised).sum()) // 2,
            )
            for one in values
        ),
        seed=seed,
        replicates=0 if candidates else replicates_for(len(frame.models)),
        candidates=candidates,
        probes=tuple(f"sha256:{probe.hex()}" for probe in frame.probes),
        models=tuple(
            ScreenedModel(
                name=model.name,
                digest=model.file.digest,
                format=model.file.format,
                developer=declared.developer.get(model.name),
                lineage=one.lineage,
                inferred=one.inferred,
                sampling=sampling_text(model.sampling),
                answers=model.held.counts["answers"],
                text=model.held.counts["text"],
                common=measured.common(model, frame.probes),
                draws=model.held.counts["draws"],
                faults=model.held.faults,
                frame=model.file.digest in frame.inside,
            )
            for model, one in zip(frame.models, related, strict=True)
        ),
        set_aside=tuple(inputs.set_aside),
        table=declared.digest,
        inference=Inference(
            method=kin.METHOD if inferring else "none: every model declares a lineage, or there are too few models",
            threshold=kin.THRESHOLD if inferring else None,
            declared=sum(one.lineage is not None and not one.inferred for one in related),
            joined=joined,
        ),
        weighing=weighing,
        pairs=pairs,
    )


def _how(found: Values) -> str:
    if found.panel is not None:
        return f"{found.by.name} against a panel of {int(found.panel.sum())} models, relatives excluded"
    return f"{found.by.name}, relatives excluded" if found.by is S_NORM else found.by.name

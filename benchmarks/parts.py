"""The parts of the benchmark, in the order they are shown.

A part is a module with `TITLE`, `run(bench)`, which returns what was measured as plain data, and `show(found)`, which lays
it out as Markdown. `EXTRA` names the option that asks for a part that takes long; a part with `RECORDED = False` needs no
recorded answers, and is given None for `bench`.
"""

from __future__ import annotations

from types import ModuleType

from benchmarks import (
    accuracy,
    ancestry,
    calibration,
    cohorts,
    comparison,
    comparison_semantic,
    distillation,
    embedding,
    equality,
    equality_models,
    nightly,
    nightly_years,
    reports,
    speed,
    transport,
    triad,
)

PARTS: dict[str, ModuleType] = {
    "accuracy": accuracy,
    "cohorts": cohorts,
    "ancestry": ancestry,
    "distillation": distillation,
    "triad": triad,
    "calibration": calibration,
    "peers": comparison,
    "peers_semantic": comparison_semantic,
    "speed": speed,
    "reports": reports,
    "embedding": embedding,
    "nightly": nightly,
    "nightly_years": nightly_years,
    "transport": transport,
    "equality": equality,
    "equality_models": equality_models,
}

"""The parts of the benchmark, in the order they are shown."""

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
    speed,
)

PARTS: dict[str, ModuleType] = {
    "accuracy": accuracy,
    "cohorts": cohorts,
    "ancestry": ancestry,
    "distillation": distillation,
    "calibration": calibration,
    "peers": comparison,
    "peers_semantic": comparison_semantic,
    "speed": speed,
    "embedding": embedding,
}

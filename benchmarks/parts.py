"""The parts of the benchmark, in the order they are shown."""

from __future__ import annotations

from types import ModuleType

from benchmarks import accuracy, calibration

PARTS: dict[str, ModuleType] = {"accuracy": accuracy, "calibration": calibration}

"""A folder of made-up answers with a pair beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def answers(make_folder: Callable[..., Any]) -> Any:
    """Ten unrelated models, a relative, and the two sides, on twenty probes."""
    return make_folder(cohort=10, probes=20, name="answers")


@pytest.fixture
def cohort_alone(answers: Any, tmp_path: Path) -> Path:
    """The same without the two sides: what somebody would share."""
    folder = tmp_path / "cohort"
    folder.mkdir()
    for path in sorted(answers.path.iterdir()):
        if path.stem not in ("reference", "questioned"):
            (folder / path.name).write_bytes(path.read_bytes())
    return folder

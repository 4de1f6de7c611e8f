"""Folders of made-up answers large enough for a screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.screening import running


@pytest.fixture
def answers(make_folder: Callable[..., Any]) -> Any:
    """Fourteen models on sixteen probes: a lineage of three, and eleven unrelated ones."""
    return make_folder(cohort=11, probes=16, relatives=1)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., running.Result]:
    """Screen a folder in this process, without pictures unless asked for; keeps what was said."""
    said: list[str] = []

    def call(folder: Path | str, output: str = "screen", **changes: Any) -> running.Result:
        said.clear()
        options: dict[str, Any] = {"workers": 1, "pictures": False, "store": str(tmp_path / "store"), **changes}
        place = output if "://" in output else str(tmp_path / output)
        return running.screen(running.Wanted(str(folder), place, **options), say=said.append)

    call.said = said  # type: ignore[attr-defined]
    return call

"""Simulated nights in-process: demo models that can be exchanged, and a plan that few questions answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from forensics import demo_models, probes
from forensics.cli import main
from forensics.numerics import few_of_many

PLAN = """\
schema = "forensics/pairs/1"
[baseline]
nights = 2
[defaults]
probes = "few.jsonl"
draws = 4
temperature = 0.7
max_tokens = 20
[defaults.gates]
drift = "any"
[[pair]]
name = "served"
reference = "demo:alder"
questioned = "demo:oak"
ask = "questioned"
"""


class World:
    """A folder with a plan, models that answer as they are told to, and a clock."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.plan = folder / "pairs.toml"
        self.answers: dict[str, Callable[[str, Any], Any]] = {}
        self.calls: list[str] = []
        self._patch = patch
        real = demo_models.load
        world = self

        class Told:
            def __init__(self, name: str) -> None:
                self.name = name

            def complete(self, prompt: str, **how: Any) -> Any:
                world.calls.append(self.name)
                made = real(world.served.get(self.name, self.name)).complete(prompt, **how)
                change = world.answers.get(self.name)
                return made if change is None else change(prompt, made)

        self.served: dict[str, str] = {}
        """Which model answers under a name."""
        patch.setattr(demo_models, "load", Told)
        # A quarter of the permutations: p cannot get as small, so that an alarm comes later, if anything.
        patch.setattr(few_of_many, "MOST", 4999)

    def write(self, plan: str = PLAN, *, probes_: int = 12) -> None:
        lines = (probes.folder() / "demo.jsonl").read_text("utf-8").splitlines()[: probes_ + 1]
        (self.folder / "few.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        self.plan.write_text(plan, "utf-8")

    def night(self, day: int, *more: str, month: str = "2026-11") -> Result:
        self.calls.clear()
        name = f"{month}-{day:02}"
        return CliRunner().invoke(main, ["nightly", str(self.plan), "--night", name, *more])

    def found(self, day: int, *more: str) -> dict[str, Any]:
        done = self.night(day, "--json", *more)
        assert done.exit_code in (0, 3, 5, 6), done.output
        content: dict[str, Any] = json.loads(done.stdout)
        return content


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, monkeypatch)
    made.write()
    return made

"""An adapter of somebody else, installed as any package is: asked by its name, and harmless to all others when broken."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics import registry
from forensics.cli import main

GOOD = '''"""Answers with its own name."""
from forensics.adapters import Reply
SUMMARY = "a parrot that says one thing"
def connect(name, options):
    return Parrot(name)
class Parrot:
    endpoint = "parrot"
    parallel = 1
    cacheable = False
    notes = {"kind": "parrot"}
    def __init__(self, name):
        self.name = name
    def ask(self, ask):
        return Reply(state="text", text=f"I am {self.name}.", finish_reason="stop")
'''


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site-packages"
    info = site / "parrots-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: parrots\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[forensics.adapters]\nparrot = parrots_good\nbroken = parrots_broken\ngone = parrots_gone\nopenai = parrots_broken\n"
    )
    (site / "parrots_good.py").write_text(GOOD)
    (site / "parrots_broken.py").write_text("raise RuntimeError('no \\x1b[31mdriver')\n")
    monkeypatch.syspath_prepend(str(site))
    for name in ("parrots_good", "parrots_broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_it_is_listed_and_asked_by_its_name(tmp_path: Path) -> None:
    listed = CliRunner().invoke(main, ["list", "adapters"])
    assert listed.exit_code == 0
    assert "a parrot that says one thing" in listed.stdout
    out = tmp_path / "t.jsonl"
    done = CliRunner().invoke(main, ["probe", "parrot:polly:2", "--probes", "quick", "-o", str(out)])
    assert done.exit_code == 0, done.output
    header, first, *_ = (json.loads(line) for line in out.read_text("utf-8").splitlines())
    assert (header["model"], header["adapter"], header["notes"]["kind"]) == ("parrot:polly:2", "parrot", "parrot")
    assert first["text"] == "I am polly:2."


def test_a_broken_one_kills_nothing_and_takes_no_name_over() -> None:
    listed = CliRunner().invoke(main, ["list", "adapters"])
    assert "broken: The adapter 'broken' cannot be loaded: RuntimeError" in listed.stdout
    assert "\x1b" not in listed.stdout, "what a stranger says is made harmless"
    assert "broken: The adapter 'gone' cannot be loaded: ModuleNotFoundError" in listed.stdout
    assert registry.load("adapters", "openai").__name__ == "forensics.adapters.openai"
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    assert CliRunner().invoke(main, ["list", "services"]).exit_code == 0
    assert CliRunner().invoke(main, ["doctor", "demo:alder", "--json"]).exit_code == 0


@pytest.mark.parametrize("name", ["broken", "gone"])
def test_asking_a_broken_one_says_what_is_wrong_with_it(name: str, tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    done = CliRunner().invoke(main, ["probe", f"{name}:x", "--probes", "quick", "-o", str(out)])
    assert done.exit_code == 2
    assert f"The adapter {name!r} cannot be loaded" in done.stderr
    assert "\x1b" not in done.output
    assert "Traceback" not in done.output
    assert not out.exists()

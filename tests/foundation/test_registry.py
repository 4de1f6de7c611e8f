"""Plugins: files, entry points, and strangers' broken ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics import importing, registry
from forensics.cli import main
from forensics.errors import UnknownName, UsageError


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution with good and broken plugins, one of them named like a built-in one."""
    site = tmp_path / "site"
    info = site / "stranger_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-plugins\nVersion: 1.0\n")
    lines = []
    for kind in registry.KINDS:
        known = registry.names(kind)
        lines += [f"[forensics.{kind}]", "aa_missing = stranger_absent", "aa_syntax = stranger_syntax",
                  "aa_raises = stranger_raises", "zz_good = stranger_good:Thing"]  # fmt: skip
        lines += [f"{known[0]} = stranger_good"] if known else []
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (site / "stranger_syntax.py").write_text("def broken(:\n")
    (site / "stranger_raises.py").write_text("raise RuntimeError('no GPU')\n")
    (site / "stranger_good.py").write_text(
        '"""A stranger\'s plugin."""\nSUMMARY = "a stranger\'s"\ndef recognises(start, name):\n    return False\n'
    )
    monkeypatch.syspath_prepend(str(site))
    for name in ("stranger_good", "stranger_raises", "stranger_syntax"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return site


@pytest.mark.parametrize("kind", registry.KINDS)
def test_names_are_the_files(kind: str) -> None:
    files = (Path(registry.__file__).parent / kind).glob("*.py")
    assert set(registry.names(kind)) >= {path.stem for path in files if not path.stem.startswith("_")}
    assert registry.names(kind) == sorted(registry.names(kind))


@pytest.mark.parametrize("kind", registry.KINDS)
def test_an_unknown_plugin_is_answered_with_what_is_known(kind: str) -> None:
    with pytest.raises(UnknownName, match="nonsense"):
        registry.load(kind, "nonsense")


@pytest.mark.parametrize("name", ["_files", "__init__", "../errors", "lexical.score", ""])
def test_names_lead_nowhere_else(name: str) -> None:
    with pytest.raises(UnknownName):
        registry.load("statistics", name)


def test_an_unknown_kind() -> None:
    with pytest.raises(UnknownName, match="'verbs'"):
        registry.names("verbs")


@pytest.mark.parametrize("kind", registry.KINDS)
def test_broken_plugins_of_strangers_hide_nobody(stranger: Path, kind: str) -> None:
    listed = {item.name: item for item in registry.catalogue(kind)}
    assert listed["zz_good"].summary == "a stranger's"
    assert listed["zz_good"].fault is None
    assert listed["zz_good"].origin == "stranger_good"
    for name in ("aa_missing", "aa_syntax", "aa_raises"):
        assert listed[name].fault
        assert not listed[name].summary
        with pytest.raises(UsageError, match=name):
            registry.load(kind, name)
    assert "no GPU" in str(listed["aa_raises"].fault)


@pytest.mark.parametrize("kind", [kind for kind in registry.KINDS if registry.names(kind)])
def test_a_stranger_cannot_take_over_a_built_in_name(stranger: Path, kind: str) -> None:
    first = next(item for item in registry.catalogue(kind) if item.origin == "built in")
    assert registry.load(kind, first.name).__name__ == f"forensics.{kind}.{first.name}"


def test_the_list_command_shows_broken_ones_as_broken(stranger: Path) -> None:
    done = CliRunner().invoke(main, ["list", "importers"])
    assert done.exit_code == 0
    assert "broken" in done.stdout
    assert "zz_good" in done.stdout
    assert "native" in done.stdout


def test_a_broken_importer_of_a_stranger_does_not_stop_detection(stranger: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("prompt,answer\na,b\n")
    assert importing.read_transcript(path).format == "table"

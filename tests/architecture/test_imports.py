"""Imports point down: no cycles, no façade, plugins apart from one another, commands light."""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "forensics"
HEAVY = ("numpy", "scipy", "sklearn", "torch", "sentence_transformers", "onnxruntime", "pydantic")
PLUGIN_FOLDERS = ("adapters", "importers", "statistics", "embedders", "formats", "commands")


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("forensics", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(tree: ast.AST, known: dict[str, Path]) -> set[str]:
    """Return the own modules that a module imports anywhere, inside functions included."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "forensics"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "forensics":
            assert node.level == 0, "relative imports are not used"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else str(node.module))
    return found


@functools.cache
def graph() -> dict[str, set[str]]:
    known = modules()
    trees = {name: ast.parse(path.read_bytes()) for name, path in known.items()}
    return {name: imports_of(tree, known) - {name} for name, tree in trees.items()}


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return one cycle for each strongly connected part that has one."""
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
            return
        if name in done:
            return
        for after in sorted(edges.get(name, ())):
            walk(after, [*path, name])
        done.add(name)

    for name in sorted(edges):
        walk(name, [])
    return found


def test_the_cycle_finder_finds_cycles() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}) == [["a", "b", "c", "a"]]
    assert cycles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_imports_have_no_cycles() -> None:
    assert cycles(graph()) == []


def test_imports_find_their_modules() -> None:
    known = modules()
    missing = {name: sorted(m for m in found if m not in known) for name, found in graph().items()}
    assert {name: found for name, found in missing.items() if found} == {}


def test_nothing_imports_the_package_itself_but_for_the_version() -> None:
    """`from forensics import x` is for modules of that name; the only name taken from the façade is the version."""
    known = modules()
    offenders = []
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                offenders += [f"{name}: import {a.name}" for a in node.names if a.name == "forensics"]
            elif isinstance(node, ast.ImportFrom) and node.module == "forensics":
                offenders += [
                    f"{name}: {alias.name}"
                    for alias in node.names
                    if alias.name != "__version__" and f"forensics.{alias.name}" not in known
                ]
    assert offenders == []


def test_the_package_itself_imports_nothing() -> None:
    assert graph()["forensics"] == set()


def test_the_ground_floor_knows_nothing_above_it() -> None:
    edges = graph()
    assert edges["forensics.errors"] == set()
    assert edges["forensics.canonical"] == set()
    assert edges["forensics.registry"] <= {"forensics.errors"}
    for name, found in edges.items():
        if name.startswith("forensics.records"):
            assert all(other.startswith("forensics.records") for other in found), (name, found)
        if name.startswith("forensics.numerics"):
            assert all(other.startswith("forensics.numerics") for other in found), (name, found)


def test_only_the_command_line_knows_commands() -> None:
    users = {
        name
        for name, found in graph().items()
        if any(other.startswith("forensics.commands") for other in found) and not name.startswith("forensics.commands")
    }
    assert users <= {"forensics.cli"}


@pytest.mark.parametrize("kind", PLUGIN_FOLDERS)
def test_plugins_do_not_know_one_another(kind: str) -> None:
    """A file of a plugin folder imports from its folder only what is no plugin: the package and `_helpers`."""
    offenders = []
    for name, found in graph().items():
        if name.startswith(f"forensics.{kind}."):
            own = [other for other in found if other.startswith(f"forensics.{kind}.")]
            offenders += [f"{name} → {other}" for other in own if not other.rpartition(".")[2].startswith("_")]
    assert offenders == []


def test_nobody_imports_a_plugin_by_hand() -> None:
    """Plugins are reached by name through the registry, so that a folder's listing is the catalogue."""
    from forensics import registry

    plugins = {f"forensics.{kind}.{path.stem}" for kind in registry.KINDS for path in (PACKAGE / kind).glob("[!_]*.py")}
    offenders = [f"{name} → {o}" for name, found in graph().items() for o in sorted(found & plugins)]
    assert offenders == []


def _run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )


def test_help_imports_nothing_heavy() -> None:
    """`--help` and `--version`, and the help of every command, load click and nothing that computes."""
    code = (
        "import sys, json\n"
        "from forensics.cli import main\n"
        "import click\n"
        "asked = [['--help'], ['--version'], *([name, '--help'] for name in main.list_commands(click.Context(main)))]\n"
        "for args in asked:\n"
        "    try: main(args)\n"
        "    except SystemExit as end: assert not end.code, (args, end.code)\n"
        f"    bad = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "    if bad: sys.exit(f'{args}: {bad}')\n"
        "print(json.dumps(asked))\n"
    )
    done = _run(code)
    assert done.returncode == 0, done.stderr
    asked = json.loads(done.stdout.splitlines()[-1])
    assert len(asked) > 5


def test_completion_imports_nothing_heavy() -> None:
    code = (
        "import os, sys\n"
        "os.environ.update(_FORENSICS_COMPLETE='bash_complete', COMP_WORDS='forensics do', COMP_CWORD='1')\n"
        "from forensics.cli import main\n"
        "try: main(prog_name='forensics')\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"bad = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(str(bad) if bad else 0)\n"
    )
    done = _run(code)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout


def test_help_of_every_command_shows_an_example() -> None:
    import click
    from click.testing import CliRunner

    from forensics.cli import main

    for name in main.list_commands(click.Context(main)):
        shown = CliRunner().invoke(main, [name, "--help"]).stdout
        assert "Example" in shown, name
        assert f"forensics {name} " in shown or f"forensics {name}\n" in shown, name


def test_an_own_line_of_errors_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from forensics.cli import main\n"
        "try: main(['nonsense'])\n"
        "except SystemExit as end: assert end.code == 2, end.code\n"
        f"bad = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(str(bad) if bad else 0)\n"
    )
    done = _run(code)
    assert done.returncode == 0, done.stderr

"""The shape of the code: short modules, short functions, a docstring at every door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics import registry

PACKAGE = Path(__file__).parents[2] / "forensics"
LONGEST_MODULE = 300
LONGEST_FUNCTION = 50


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_modules_are_short() -> None:
    lengths = {str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    """Counted without signature and docstring: a command's options and a table of reasons are not branches."""
    offenders = {}
    for path in sources():
        for function in functions(path):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            length = (function.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if length > LONGEST_FUNCTION:
                offenders[f"{path.relative_to(PACKAGE)}: {function.name}"] = length
    assert offenders == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(p.relative_to(PACKAGE)) for p in sources() if len(ast.get_docstring(ast.parse(p.read_bytes())) or "") < 20
    ]
    assert silent == []


def test_every_public_function_and_class_has_a_docstring() -> None:
    silent = []
    for path in sources():
        for node in ast.parse(path.read_bytes()).body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(PACKAGE)}: {node.name}")
    assert silent == []


def test_nothing_dangerous_is_called() -> None:
    """No pickle, no eval, no exec, no shell."""
    forbidden = {"eval", "exec", "compile"}
    offenders = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            if {"pickle", "marshal", "shelve", "dill"} & set(names):
                offenders.append(f"{path.name}:{node.lineno} {names}")
            # joblib runs tasks in one place; what it could read from a file is never asked of it.
            tasks = path.name == "executors.py" and set(names) == {"joblib", "Parallel", "delayed"}
            if "joblib" in {name.split(".")[0] for name in names} and not tasks:
                offenders.append(f"{path.name}:{node.lineno} {names}")
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id in forbidden:
                    offenders.append(f"{path.name}:{node.lineno} {node.func.id}")
                for keyword in node.keywords:
                    if keyword.arg in ("shell", "allow_pickle") and getattr(keyword.value, "value", True) is not False:
                        offenders.append(f"{path.name}:{node.lineno} {keyword.arg}")
    assert offenders == []


@pytest.mark.parametrize("kind", registry.KINDS)
def test_a_plugin_folder_lists_only_plugins(kind: str) -> None:
    """Every file that does not begin with an underscore is a plugin that says what it is."""
    files = {path.stem for path in (PACKAGE / kind).glob("*.py") if not path.stem.startswith("_")}
    assert files <= set(registry.names(kind))
    for name in sorted(files):
        tree = ast.parse((PACKAGE / kind / f"{name}.py").read_bytes())
        named = {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
        assert "SUMMARY" in named, f"{kind}/{name}.py has no SUMMARY"


def test_the_library_never_ends_the_process_nor_asks_whether_it_is_tested() -> None:
    offenders = []
    for path in sources():
        if path.name in ("cli.py", "__main__.py"):
            continue
        text = path.read_text("utf-8")
        offenders += [f"{path.name}: {word}" for word in ("sys.exit", "os._exit", "PYTEST", "pytest") if word in text]
    assert offenders == []


def test_nothing_of_this_machine_is_in_the_code() -> None:
    folders = [PACKAGE, Path(__file__).parents[1], PACKAGE.parent / "probes"]
    home = "/" + "work/", "/" + "root/", "/" + "home/"
    offenders = []
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in (".py", ".md", ".toml", ".jsonl", ".json") and path.is_file():
                text = path.read_text("utf-8", errors="replace")
                offenders += [f"{path.name}: {h}" for h in home[:2] if h in text]
    assert offenders == []

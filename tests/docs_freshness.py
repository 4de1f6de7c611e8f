"""Text that is generated or restates a fact is compared with its source: `python -m tests.docs_freshness [--fix]`.

A check is a function in CHECKS: it yields what is stale, and mends it where it is told to. Whoever generates more text
(plugin tables, help) adds one function and one line.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from forensics import canonical, probes, registry
from forensics.cli import main as main_command
from forensics.errors import ForensicsError
from forensics.probes import checks

ROOT = Path(__file__).resolve().parent.parent
COMPOSITIONS = ("quick", "standard", "full")
NOT_IN_FULL = {"identity"}
"""Chat sets that no composition takes from: their answers are never weighed."""


def datasheets(*, fix: bool) -> Iterator[str]:
    """Every set has a datasheet with its name, version, digest and number of probes."""
    for name in probes.names():
        sheet = probes.folder() / f"{name}.md"
        if not sheet.is_file():
            yield f"{sheet}: missing; write one"
            continue
        probe_set = probes.load(name)
        text = sheet.read_text("utf-8")
        fresh = text
        for pattern, wanted in (
            (r"^# Probe set `.*`$", f"# Probe set `{name}`"),
            (r"^Version: .*$", f"Version: {probe_set.header.version}"),
            (r"^Digest: .*$", f"Digest: {probe_set.digest}"),
            (r"(?<=Probes: )\d+", str(len(probe_set.probes))),
        ):
            fresh, found = re.subn(pattern, wanted, fresh, count=1, flags=re.MULTILINE)
            if not found:
                yield f"{sheet}: no line like {pattern!r}; write one"
        if fresh != text:
            yield f"{sheet}: digest, version or number of probes is stale"
            if fix:
                canonical.write_atomic(sheet, fresh.encode(), durable=False)


def compositions(*, fix: bool) -> Iterator[str]:
    """A composition holds the lines of its members as they stand in their own sets; `full` holds all of them."""
    lines: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for name in probes.names():
        if name not in COMPOSITIONS:
            header, *rest = (probes.folder() / f"{name}.jsonl").read_text("utf-8").splitlines()
            kinds[name] = json.loads(header)["kind"]
            lines.update({json.loads(line)["id"]: line for line in rest if line.strip()})
    everything = sorted(i for i in lines if kinds[_stem(i)] == "chat" and _stem(i) not in NOT_IN_FULL)
    for name in COMPOSITIONS:
        path = probes.folder() / f"{name}.jsonl"
        header, *rest = path.read_text("utf-8").splitlines()
        ids = [json.loads(line)["id"] for line in rest]
        gone = sorted(set(ids) - set(everything))
        if gone:
            yield f"{path}: {', '.join(gone)} cannot be part of a composition; remove the lines"
        wanted = everything if name == "full" else sorted(set(ids) - set(gone))
        fresh = "\n".join([header, *(lines[i] for i in wanted)]) + "\n"
        if fresh != path.read_text("utf-8"):
            yield f"{path}: not its members as they stand in their own sets"
            if fix:
                canonical.write_atomic(path, fresh.encode(), durable=False)


def nested(*, fix: bool) -> Iterator[str]:
    """`quick` is part of `standard`, and `standard` of `full`."""
    members = [{probe.id for probe in probes.load(name).probes} for name in COMPOSITIONS]
    for smaller, larger, name in zip(members, members[1:], COMPOSITIONS, strict=False):
        if smaller - larger:
            yield f"{name}: {', '.join(sorted(smaller - larger))} missing from the next larger composition; add them"


def probe_faults(*, fix: bool) -> Iterator[str]:
    """What `forensics probes check` finds in the shipped sets."""
    for fault in checks.check([]).faults:
        yield f"{fault.file}:{fault.line} {fault.probe or ''}: {fault.what}. {fault.remedy}"


def _stem(probe: str) -> str:
    return probe.rpartition("-")[0]


def readme(*, fix: bool) -> Iterator[str]:
    """The README's tables of commands, plugins and figures say what the program and the benchmark say."""
    path = ROOT / "README.md"
    text = path.read_text("utf-8")
    fresh = text
    for mark, made in (("commands", _commands()), ("plugins", _plugins()), ("figures", _figures())):
        pattern = re.compile(rf"(?<=<!-- {mark} -->\n).*?(?=<!-- /{mark} -->)", re.DOTALL)
        if not pattern.search(fresh):
            yield f"{path}: no place marked {mark}"
        fresh = pattern.sub(lambda _, made=made: made, fresh)
    if fresh != text:
        yield f"{path}: tables of commands, plugins or figures are stale"
        if fix:
            canonical.write_atomic(path, fresh.encode(), durable=False)


def _commands() -> str:
    context = click.Context(main_command)
    rows = [(name, main_command.get_command(context, name)) for name in main_command.list_commands(context)]
    lines = [f"| `forensics {name}` | {command.get_short_help_str(200)} |" for name, command in rows if command]
    return "\n".join(["| command | what it does |", "| --- | --- |", *lines]) + "\n"


def _plugins() -> str:
    lines = [
        f"| {kind} | `{item.name}` | {item.summary} |" for kind in registry.KINDS for item in registry.catalogue(kind)
    ]
    return "\n".join(["| kind | name | what it is |", "| --- | --- | --- |", *lines]) + "\n"


def _figures() -> str:
    """Quote the table that the benchmark marks for quoting; nothing where there is none yet."""
    results = ROOT / "benchmarks" / "RESULTS.md"
    found = re.search(r"<!-- quoted -->\n(.*?)<!-- /quoted -->", results.read_text("utf-8"), re.DOTALL)
    return found.group(1) if found else ""


CHECKS: tuple[Callable[..., Iterator[str]], ...] = (compositions, nested, probe_faults, datasheets, readme)
"""In this order, since digests change with what comes before."""


def main(arguments: list[str]) -> int:
    """Print what is stale; 1 where something is and was not mended."""
    fix = "--fix" in arguments
    try:
        stale = [(check.__name__, line) for check in CHECKS for line in check(fix=fix)]
    except ForensicsError as error:
        stale = [("reading", str(error))]
    for name, line in stale:
        print(f"{name}: {line}".replace(f"{ROOT}/", ""))
    if not stale:
        print("generated text: up to date")
        return 0
    if fix:
        left = [line for check in CHECKS for line in check(fix=False)]
        print(f"mended; {len(left)} left")
        return 1 if left else 0
    print("Run: python -m tests.docs_freshness --fix")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

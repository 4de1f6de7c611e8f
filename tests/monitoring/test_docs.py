"""What docs/nightly.md offers for copying: YAML that parses, commands and options that exist, keys of the plan that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from forensics.cli import main
from forensics.records.nightly import Gates

TEXT = (Path(__file__).parents[2] / "docs" / "nightly.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", TEXT, re.DOTALL)
COMMAND = re.compile(r"forensics (?:nightly|history)(?=\s)[^\n|#`&]*")


def test_the_workflow_and_the_job_parse_and_hold_what_they_need() -> None:
    workflow, job = (yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml")
    steps = workflow["jobs"]["nightly"]["steps"]
    # YAML 1.1 reads the key `on` as true.
    assert workflow[True]["schedule"][0]["cron"].count(" ") == 4
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert any("forensics nightly pairs.toml" in step.get("run", "") for step in steps)
    cached = next(step["with"]["path"] for step in steps if "cache" in step.get("uses", ""))
    assert {"history.sqlite", "nights"} <= set(cached.split())
    assert {"history.sqlite", "nights"} <= set(job["nightly"]["cache"]["paths"])
    assert job["nightly"]["artifacts"]["reports"]["junit"] == "night.xml"
    assert any("forensics nightly pairs.toml --junit night.xml" in line for line in job["nightly"]["script"])


def test_the_cron_line_has_five_fields_and_a_command() -> None:
    [line] = [text for kind, text in BLOCKS if not kind and "* * *" in text]
    assert re.match(r"\d+ \d+ \* \* \* \S", line)


@pytest.mark.parametrize("line", sorted({hit.strip() for _, text in BLOCKS for hit in COMMAND.findall(text)}))
def test_every_command_and_option_exists(line: str) -> None:
    words = shlex.split(line.partition(">>")[0])[1:]
    command: Any = main.get_command(click.Context(main), words[0])
    rest = words[1:]
    if isinstance(command, click.Group):
        command = command.commands[rest.pop(0) if rest[0] in command.commands else "run"]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= known


def test_every_gate_is_named() -> None:
    section = TEXT.partition("## Gates")[2].partition("\n## ")[0]
    assert {name for name in Gates.model_fields if f"`{name}" not in section and f"{name} = " not in section} == set()

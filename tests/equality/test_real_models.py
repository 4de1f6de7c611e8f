"""Equality with models that the tests trained: the reference on this machine, the questioned side behind llama.cpp's real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from forensics import case
from forensics.cli import main
from tests.servers import llamacpp

pytestmark = pytest.mark.slow

WORDS = ("open", "read", "main", "Queue", "parse", "close", "get", "Thread")
DRAWS = 8
PLAIN = '{"top_k":0,"min_p":0.0}'
"""Leaves to the server only what both sides are asked with; by itself it narrows the choice further."""


@pytest.fixture(scope="module")
def own_models() -> Path:
    return llamacpp.folder()


@pytest.fixture(scope="module")
def own_servers(own_models: Path) -> Iterator[dict[str, str]]:
    with llamacpp.serve(own_models, ["A", "B", "C"]) as addresses:
        yield addresses


def compare(folder: Path, reference: Path, address: str, name: str, *, extra: str = PLAIN) -> dict[str, Any]:
    """Ask both sides for conversations and their log-probabilities, and return what is said of them."""
    probes = folder / "probes.jsonl"
    lines = [
        {"name": "few", "version": "1"},
        *({"id": word, "prompt": f"What does {word} do?"} for word in WORDS),
    ]
    probes.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    url = quote(address, safe=":/")
    done = CliRunner().invoke(
        main,
        ["compare", f"huggingface:{reference}", f"llamacpp:{name}?base_url={url}&extra={quote(extra)}", "--question", "equality",
         "--probes", str(probes), "--draws", str(DRAWS), "--temperature", "1", "--top-p", "1", "--max-tokens", "24", "--logprobs", "5",
         "--alpha", "0.01", "--permutations", "999", "--format", "json", "-o", str(folder / "case"), "--json"],
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["equality"]
    return found


def deciding(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the tests the verdict rests on, by statistic: all three must have values."""
    tests = {test["statistic"]: test for test in found["tests"] if test["decides"]}
    assert set(tests) == {"mmd", "onetoken", "uniformity"}
    for test in tests.values():
        assert test["reason"] is None
        assert test["p"] is not None
        assert test["effect"] is not None
        assert (test["n_probes"], test["draws"]) == (len(WORDS), [len(WORDS) * DRAWS] * 2)
    return tests


def test_the_same_weights_behind_another_runtime_are_not_said_to_differ(
    own_models: Path, own_servers: dict[str, str], tmp_path: Path
) -> None:
    found = compare(tmp_path, own_models / "A", own_servers["A"], "A")
    assert found["verdict"] != "differs", found["sentence"]
    assert deciding(found)["onetoken"]["effect"] == 0, "up to what two runtimes of one model differ by"
    held = case.read_likelihoods(tmp_path / "case", case.read_case(tmp_path / "case"))
    assert held is not None
    assert all(value < 0 for probe in held.probes for value in probe.values)
    sides = [
        [
            json.loads(line)
            for line in (tmp_path / "case" / "transcripts" / f"{side}.jsonl").read_text().splitlines()[1:]
        ]
        for side in ("reference", "questioned")
    ]
    asked = [{answer["probe"]: answer["tokens"][0] for answer in side} for side in sides]
    assert asked[0] == asked[1], "both wrap the prompt in the same template: as many tokens of it"
    seeds = [sent["request"]["sent"]["seed"] for sent in sides[0]] + [
        sent["request"]["body"]["seed"] for sent in sides[1]
    ]
    assert len(set(seeds)) == len(seeds), "no two draws begin the same series of random numbers"


@pytest.mark.parametrize("name", ["B", "C"])
def test_a_model_tuned_from_it_and_an_independent_one_differ(
    own_models: Path, own_servers: dict[str, str], tmp_path: Path, name: str
) -> None:
    found = compare(tmp_path, own_models / "A", own_servers[name], name)
    tests = deciding(found)
    assert found["verdict"] == "differs"
    assert tests["onetoken"]["p_adjusted"] <= 0.01
    assert tests["uniformity"]["effect"] < 0, "what another model writes is the less likely"
    if name == "C":
        assert tests["uniformity"]["p_adjusted"] <= 0.01


def test_what_a_server_does_on_top_is_a_difference(
    own_models: Path, own_servers: dict[str, str], tmp_path: Path
) -> None:
    """Left to itself llama.cpp draws among the likeliest 40 tokens only: the same weights, and other answers."""
    found = compare(tmp_path, own_models / "A", own_servers["A"], "A", extra="{}")
    tests = deciding(found)
    assert found["verdict"] == "differs"
    assert tests["uniformity"]["effect"] > 0.5, "its answers are likelier than the reference's own"
    assert tests["onetoken"]["effect"] == 0, "the weights are the same"

"""Plans: every key is known or refused with the nearest known, the schema says what is accepted, checks ask nobody."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from forensics.cli import main
from forensics.errors import ForensicsError, UnknownName, UsageError
from forensics.monitoring import plans

PAIR = '[[pair]]\nname = "a"\nreference = "demo:alder"\nquestioned = "demo:oak"\n'
START = 'schema = "forensics/pairs/1"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pairs.toml"
    path.write_text(text, "utf-8")
    return path


def test_init_writes_a_plan_that_check_accepts_and_never_writes_over(tmp_path: Path) -> None:
    path = tmp_path / "pairs.toml"
    assert CliRunner().invoke(main, ["nightly", "init", str(path)]).exit_code == 0
    done = CliRunner().invoke(main, ["nightly", "check", str(path)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "served-and-local: demo:alder-mirror beside demo:alder; 1,440 calls a night" in done.stdout
    again = CliRunner().invoke(main, ["nightly", "init", str(path)])
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_the_published_schema_accepts_the_template_and_refuses_what_the_plan_refuses() -> None:
    done = CliRunner().invoke(main, ["nightly", "schema"])
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    judge.validate(tomllib.loads(plans.TEMPLATE))
    for wrong in (START, START + PAIR + "drawz = 3\n", START + PAIR + 'gates = { drift = "sometimes" }\n'):
        assert not judge.is_valid(tomllib.loads(wrong)), wrong


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("alfa = 0.1\n" + PAIR, "alpha"),
        ("[budget]\ncall = 3\n" + PAIR, "calls"),
        ("[baseline]\nnight = 3\n" + PAIR, "nights"),
        ("[defaults]\ndrawz = 3\n" + PAIR, "draws"),
        ("[defaults.gates]\ndrfit = 'any'\n" + PAIR, "drift"),
        (PAIR + "gates = { log10_lr_at_mots = 1 }\n", "log10_lr_at_most"),
        ('[budget.prices."demo:oak"]\ninputs = 1\noutput = 1\n' + PAIR, "input"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known(tmp_path: Path, text: str, meant: str) -> None:
    with pytest.raises(UnknownName, match=f"Did you mean '{meant}'"):
        plans.read(written(tmp_path, START + text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no pair"),
        (PAIR + PAIR, "several pairs"),
        (PAIR.replace('"a"', '"../a"'), "name"),
        (PAIR + "draws = 0\n", "draws"),
        (PAIR + "gates = 3\n", "gates"),
        ("pair = 3\n", "names no pair"),
        ("alpha = 0.7\n" + PAIR, "alpha"),
    ],
)
def test_a_wrong_plan_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        plans.read(written(tmp_path, START + text))
    assert CliRunner().invoke(main, ["nightly", str(tmp_path / "pairs.toml")]).exit_code == 2
    assert not (tmp_path / "history.sqlite").exists()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('questioned = "demo:oka"', "oak"),
        ('questioned = "dmeo:oak"', "demo"),
        ('questioned = "demo:oak"\nprobes = "no-such-set"', "no-such-set"),
        ('questioned = "demo:oak"\nstatistics = ["lexicl"]', "lexical"),
        ('questioned = "demo:oak"\ngates = { normalised_at_most = 3 }', "needs a cohort"),
        ('questioned = "demo:oak"\ncohort = ["demo:ash"]\ngates = { log10_lr_at_most = 3 }', "needs a calibration"),
        ('questioned = "replay:nothing.jsonl"', "does not exist"),
    ],
)
def test_check_finds_names_that_lead_nowhere(tmp_path: Path, more: str, says: str) -> None:
    path = written(tmp_path, f'{START}[[pair]]\nname = "a"\nreference = "demo:alder"\n{more}\n')
    done = CliRunner().invoke(main, ["nightly", "check", str(path)])
    assert done.exit_code == 2
    assert says in done.stderr


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.one_of(
            st.text(max_size=5),
            st.integers(),
            st.lists(st.integers()),
            st.dictionaries(st.text(max_size=5), st.integers()),
        ),
        max_size=4,
    )
)
def test_no_content_breaks_the_reader(content: dict[str, object]) -> None:
    for whole in (content, {**content, "pair": [content]}, {**content, "defaults": content, "pair": [{}]}):
        with pytest.raises(ForensicsError):
            plans.parse(whole, Path("pairs.toml"))

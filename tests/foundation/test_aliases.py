"""Names that users give to models, and services named as models are: split once, found from the folder upwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics import naming, sources
from forensics.cli import main
from forensics.errors import UnknownName, UsageError


def write(folder: Path, content: str) -> None:
    (folder / "forensics.toml").write_text(content, encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("ollama:qwen3:8b", "qwen3:8b", {"service": "ollama"}),
        ("dashscope:qwen-plus", "qwen-plus", {"service": "dashscope"}),
        ("together:a/b?timeout=5", "a/b", {"service": "together", "timeout": "5"}),
        ("vllm:m?base_url=http://h:1/v1", "m", {"service": "vllm", "base_url": "http://h:1/v1"}),
    ],
)
def test_a_service_is_named_as_an_adapter_is(text: str, name: str, options: dict[str, str]) -> None:
    parsed = naming.parse(text)
    assert (parsed.adapter, parsed.name, dict(parsed.options)) == ("openai", name, options)
    assert parsed.alias == str(parsed) == text


def test_an_alias_stands_for_a_model_and_keeps_its_name(here: Path) -> None:
    write(
        here.parents[1],
        '[models.ours]\nadapter = "dashscope"\nname = "qwen:plus"\nbase_url = "https://g.test/v1"\nkey_env = "OURS"\n'
        'parameters = { omit = "seed", timeout = 60 }\n[models."our demo"]\nadapter = "demo"\nname = "oak"\n',
    )
    parsed = naming.parse("ours")
    assert (parsed.adapter, parsed.name, str(parsed)) == ("openai", "qwen:plus", "ours")
    assert dict(parsed.options) == {
        "service": "dashscope", "base_url": "https://g.test/v1", "key_env": "OURS", "omit": "seed", "timeout": "60",
    }  # fmt: skip
    assert naming.parse("ours?timeout=5").options["timeout"] == "5"
    assert str(naming.parse("ours?timeout=5")) == "ours?timeout=5"
    assert naming.parse("our demo").adapter == "demo"


def test_the_nearest_file_holds(here: Path) -> None:
    for folder, name in ((here.parents[1], "far"), (here, "near")):
        write(folder, f'[models.ours]\nadapter = "demo"\nname = "{name}"\n')
    assert naming.parse("ours").name == "near"


def test_what_is_no_alias_is_answered_with_those_known(here: Path) -> None:
    write(here, '[models.ours]\nadapter = "demo"\nname = "oak"\n')
    with pytest.raises(UsageError, match="ours"):
        naming.parse("our")
    write(here, '[models.ours]\nadapter = "nonsense"\nname = "oak"\n')
    with pytest.raises(UnknownName, match="nonsense"):
        naming.parse("ours")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[models", "no TOML"),
        ("models = 5", "no table"),
        ("[models]\nx = 5", "models.x is no table"),
        ('[models.x]\nname = "a"', "models.x.adapter"),
        ('[models.x]\nadapter = "demo"\nname = 5', "models.x.name"),
        ('[models.x]\nadapter = "demo"\nname = "a"\napi_key = "sk-secret-123456"', "'api_key'"),
        ('[models.x]\nadapter = "demo"\nname = "a"\nparameters = "x"', "parameters"),
        ('[models."a:b"]\nadapter = "demo"\nname = "a"', "no name"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(here: Path, content: str, says: str) -> None:
    write(here, content)
    done = CliRunner().invoke(main, ["probe", "x", "-o", "t.jsonl"])
    assert done.exit_code == 2
    assert says in done.stderr
    assert "forensics.toml" in done.stderr
    assert "sk-secret" not in done.stderr


def test_a_broken_file_of_names_troubles_nobody_who_uses_none(here: Path) -> None:
    write(here, "[models")
    assert naming.parse("demo:oak").adapter == "demo"


def test_an_alias_can_be_asked(here: Path) -> None:
    write(here, '[models.ours]\nadapter = "demo"\nname = "alder"\n')
    done = CliRunner().invoke(main, ["probe", "ours", "--probes", "quick", "--max-tokens", "5", "-o", "t.jsonl"])
    assert done.exit_code == 0, done.stderr
    assert '"model":"ours"' in (here / "t.jsonl").read_text("utf-8").splitlines()[0].replace(": ", ":")


def test_an_alias_can_stand_in_a_cohort(here: Path) -> None:
    write(here, '[models.ours]\nadapter = "demo"\nname = "alder"\n')
    assert [str(model) for model in sources.cohort_models(["ours", "demo:oak"])] == ["ours", "demo:oak"]
    with pytest.raises(UsageError, match="no file, folder or model"):
        sources.cohort_models(["theirs"])

"""Models as named on the command line, and the file names made from them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import case, naming, registry
from forensics.errors import UnknownName, UsageError
from forensics.transcripts import safe_name

HOSTILE = [
    "../../etc/passwd", "..", ".", "", "/", "a/b", "a\\b", "con:..", ".hidden", "-rf", "a\x00b", "a\nb", "a\x1b[31m",
    "\u202eevil", "é", "\ud83d", "x" * 5000, "demo:oak/../../x", "a:b:c", " ", "~", "$(id)", "*",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("demo:oak", "oak", {}),
        ("demo:qwen3:8b", "qwen3:8b", {}),
        ("replay:a/b.json?as=table&answer=out", "a/b.json", {"as": "table", "answer": "out"}),
        ("replay:a?b.json", "a?b.json", {}),
        ("replay:a?b?as=table", "a?b", {"as": "table"}),
        ("replay:x?answer=a%26b%3Dc", "x", {"answer": "a&b=c"}),
        ("replay:x?answer=", "x", {"answer": ""}),
        ("demo:", "", {}),
    ],
)
def test_a_name_is_split_once(text: str, name: str, options: dict[str, str]) -> None:
    parsed = naming.parse(text)
    assert (parsed.adapter, parsed.name, dict(parsed.options)) == (text.partition(":")[0], name, options)


def test_an_adapter_is_everything_before_the_first_colon_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    real = registry.offers
    monkeypatch.setattr(registry, "offers", lambda kind, name: name == "ollama" or real(kind, name))
    parsed = naming.parse("ollama:qwen3:8b?temperature=0")
    assert (parsed.adapter, parsed.name, dict(parsed.options)) == ("ollama", "qwen3:8b", {"temperature": "0"})


@pytest.mark.parametrize("text", ["", "oak", "/tmp/x", ":x", "DEMO:oak", "nonsense:x", "demo"])
def test_what_names_no_adapter_is_refused_with_those_known(text: str) -> None:
    with pytest.raises(UsageError) as found:
        naming.parse(text)
    assert "replay" in str(found.value)


def test_a_near_miss_is_corrected() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'replay'"):
        naming.parse("repaly:x")


def test_options_that_cannot_be_read() -> None:
    with pytest.raises(UsageError, match="options"):
        naming.parse("replay:x?as=table&&answer")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_name_leads_nowhere_and_hides_nothing(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe) <= 100
    assert safe.isascii()
    assert not set(safe) & set('/\\:*?"<>|$~ \x00\n\x1b')
    assert not safe.startswith((".", "-"))
    assert ".." not in safe or "/" not in safe


@given(st.text(st.characters(codec=None), max_size=30), st.text(st.characters(codec=None), max_size=30))
def test_two_models_that_were_asked_never_share_a_file(a: str, b: str) -> None:
    one, other = f"demo:{a}", f"demo:{b}"
    from forensics.canonical import well_formed

    if well_formed(one) != well_formed(other):
        assert safe_name(one) != safe_name(other)


def test_names_that_once_met() -> None:
    assert safe_name("demo:a:b") != safe_name("demo:a_b")
    assert safe_name("open_ai:b") != safe_name("open:ai_b")
    assert safe_name("a/b") != safe_name("a_b")
    assert safe_name("demo:oak") == "demo_oak"


@pytest.mark.parametrize("name", HOSTILE)
def test_transcripts_stay_inside_the_case(tmp_path: Path, name: str) -> None:
    path = case.transcript_path(tmp_path, "cohort", name).resolve()
    assert path.parent == (tmp_path / "transcripts" / "cohort").resolve()

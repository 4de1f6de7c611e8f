"""Reading probe sets: what is refused, with which line, and what the digest stands for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics import probes
from forensics.errors import BadFile, UnknownName

HEADER = {"name": "mine", "version": "1"}


def _file(tmp_path: Path, *lines: object, raw: bytes | None = None) -> Path:
    path = tmp_path / "mine.jsonl"
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    path.write_bytes(text.encode() if raw is None else raw)
    return path


def test_a_users_own_file_needs_name_version_id_and_prompt(tmp_path: Path) -> None:
    found = probes.load(str(_file(tmp_path, HEADER, {"id": "a", "prompt": "x"})))
    assert (found.header.name, found.header.version, found.probes[0].prompt) == ("mine", "1", "x")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "line is empty|header"),
        (["", HEADER], "header was expected"),
        ([HEADER], "no probes"),
        ([{"name": "mine"}, {"id": "a", "prompt": "x"}], "line 1"),
        ([{**HEADER, "more": 1}, {"id": "a", "prompt": "x"}], "line 1: more"),
        ([HEADER, {"id": "a", "prompt": "x"}, {"id": "a", "prompt": "y"}], "line 3: id 'a' was used on line 2"),
        ([HEADER, {"id": "a"}], "line 2.*either a prompt or messages"),
        ([HEADER, {"id": "a", "prompt": "x", "messages": []}], "line 2"),
        ([HEADER, {"id": "", "prompt": "x"}], "line 2: id"),
        ([HEADER, {"id": "a", "prompt": 5}], "line 2: prompt"),
        ([HEADER, {"id": "a", "prompt": "x", "promt": "y"}], "line 2: promt"),
        ([HEADER, {"id": "a", "prompt": "x"}, '{"id": "b", "pro'], "line 3"),
        ([HEADER, {"id": "a", "messages": [{"role": "god", "content": "x"}]}], "line 2"),
        ([HEADER, '{"id": "a", "prompt": "\\ud83d"}'], "line 2"),
    ],
)
def test_what_is_wrong_is_said_with_the_line(tmp_path: Path, lines: list[object], said: str) -> None:
    with pytest.raises(BadFile, match=said):
        probes.read(_file(tmp_path, *lines))


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="UTF-8"):
        probes.read(_file(tmp_path, raw=b"\xff\xfe"))


def test_an_unknown_set_names_those_known() -> None:
    with pytest.raises(UnknownName, match="demo"):
        probes.load("nonsense")


def test_the_digest_is_of_the_content_and_not_of_its_layout(tmp_path: Path) -> None:
    rows = [HEADER, {"id": "a", "prompt": "x"}, {"id": "b", "prompt": "y", "key": "1"}]
    plain = probes.read(_file(tmp_path, *rows)).digest
    swapped = [dict(reversed(list(row.items()))) for row in rows]
    layout = "\r\n\r\n".join(json.dumps(row, indent=None, separators=(" , ", " : ")) for row in swapped)
    assert probes.read(_file(tmp_path, raw=b"\xef\xbb\xbf" + layout.encode())).digest == plain
    for change in ({"prompt": "y "}, {"key": "2"}, {"id": "c"}, {"language": "en"}):
        changed = [rows[0], rows[1], {**rows[2], **change}]
        assert probes.read(_file(tmp_path, *changed)).digest != plain
    assert probes.read(_file(tmp_path, rows[0], rows[2], rows[1])).digest != plain


@pytest.mark.parametrize("name", probes.names())
def test_every_shipped_set_can_be_read(name: str) -> None:
    found = probes.load(name)
    assert found.header.name == name
    assert len(found.probes) >= 5
    assert probes.load(str(probes.folder() / f"{name}.jsonl")) == found

"""Native transcripts: the chain, what breaks it, and what a crash leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import canonical, importing, transcripts
from forensics.asking.writer import Writer, unlinked
from forensics.errors import BadFile, ForensicsError, IntegrityBroken, UsageError
from forensics.records.transcript import Answer, Provenance, Sampling, TranscriptHeader

REPOSITORY = Path(__file__).parents[2]


def header(**changes: object) -> TranscriptHeader:
    content = {
        "schema": transcripts.SCHEMA, "model": "demo:x", "adapter": "demo", "sampling": Sampling(seed=1), "probe_set": None,
        "provenance": Provenance(tool="0", python="3", platform="p", started="2026-01-01T00:00:00Z"), "imported": None,
        "notes": {},
    }  # fmt: skip
    return TranscriptHeader.model_validate({**content, **changes})


def answer(number: int, *, draw: int = 0, text: str = "words", state: str = "text") -> Answer:
    prompt = f"probe {number}"
    return Answer.model_validate(
        {"probe": f"p{number}", "draw": draw, "prompt": prompt, "prompt_digest": transcripts.prompt_digest(prompt),
         "state": state, "text": text, "prev": canonical.digest(b"")}
    )  # fmt: skip


def whole(n: int = 6) -> bytes:
    return transcripts.chained(header(), [answer(number, text=f"answer {number}") for number in range(n)])


def _read(tmp_path: Path, content: bytes) -> transcripts.Transcript:
    path = tmp_path / "transcript.jsonl"
    path.write_bytes(content)
    return importing.read_transcript(path)


def test_a_whole_transcript_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = _read(tmp_path, whole())
    assert found.model == "demo:x"
    assert [entry.text for entry in found.entries] == [f"answer {n}" for n in range(6)]
    assert found.faults == {}
    assert found.digest == canonical.digest(whole())


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


@pytest.mark.parametrize("place", range(6))
def test_a_changed_line_is_noticed_at_the_next(tmp_path: Path, place: int) -> None:
    """The header and every answer but the last; the last is covered by the digest that a case keeps."""
    lines = _lines(whole())
    lines[place] = lines[place].replace(b"demo:x" if place == 0 else b"answer", b"demo:y" if place == 0 else b"Answer")
    with pytest.raises(IntegrityBroken, match=f"line {place + 2}: the line before it was changed"):
        _read(tmp_path, b"".join(lines))


@pytest.mark.parametrize("place", range(1, 6))
def test_a_removed_doubled_or_moved_line_is_noticed(tmp_path: Path, place: int) -> None:
    lines = _lines(whole())
    for tampered in (
        lines[:place] + lines[place + 1 :],
        [*lines[: place + 1], lines[place], *lines[place + 1 :]],
        [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]],
    ):
        with pytest.raises(IntegrityBroken, match="changed, removed or reordered"):
            _read(tmp_path, b"".join(tampered))


@given(st.data())
def test_any_single_byte_changed_is_noticed_or_in_the_last_line(data: st.DataObject) -> None:
    content = bytearray(whole(3))
    last = bytes(content).rstrip(b"\n").rfind(b"\n")
    place = data.draw(st.integers(0, last))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[place]))
    content[place] = byte
    lines = [line + b"\n" for line in bytes(content).split(b"\n")[:-1]]
    with pytest.raises(ForensicsError):
        _parse(lines)


def _parse(lines: list[bytes]) -> None:
    transcripts.parse_header(lines[0], Path("x"))
    list(transcripts.parse_answers(lines[1:], Path("x"), before=lines[0]))


def test_line_ends_changed_on_the_way_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(IntegrityBroken):
        _read(tmp_path, whole().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_torn_last_line_is_a_bad_file_with_its_line(tmp_path: Path, cut: int) -> None:
    with pytest.raises(BadFile, match="line 7: the last line is not complete"):
        _read(tmp_path, whole()[:-cut])


def test_a_header_may_be_long(tmp_path: Path) -> None:
    """It holds the system prompt, and formats are recognised by less than that."""
    long = header(sampling=Sampling(system="Be kind. " * 20_000))
    path = tmp_path / "t.jsonl"
    path.write_bytes(transcripts.chained(long, [answer(0)]))
    assert importing.identify(path).sampling == long.sampling
    assert importing.read_transcript(path).model == "demo:x"


def test_only_a_header_holds_no_answers(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no answers"):
        _read(tmp_path, whole(0))


@pytest.mark.parametrize("line", [b"{}", b"[]", b"null", b'{"probe":', b"\xff", b""])
def test_a_line_that_is_no_answer(tmp_path: Path, line: bytes) -> None:
    lines = _lines(whole())
    lines[3] = line + b"\n"
    with pytest.raises(BadFile, match="line 4"):
        _read(tmp_path, b"".join(lines))


def test_another_schema_is_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        _read(tmp_path, whole().replace(b"forensics/transcript/1", b"forensics/transcript/9"))


# --- writing, crashing, going on ----------------------------------------------------------------------------------


def _write(path: Path, numbers: list[int], **changes: object) -> set[tuple[str, int]]:
    with Writer.resume(path, header(**changes)) as writer:
        held = set(writer.held)
        for number in numbers:
            writer.write(unlinked(answer(number, text=f"answer {number}")))
    return held


def test_what_was_written_in_parts_is_what_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    assert _write(path, [0, 1]) == set()
    assert _write(path, [2]) == {("p0", 0), ("p1", 0)}
    later = {"tool": "9", "python": "9", "platform": "other", "started": "2027-01-01T00:00:00Z"}
    assert _write(path, [3, 4, 5], provenance=later) == {("p0", 0), ("p1", 0), ("p2", 0)}
    assert path.read_bytes() == whole()


def test_a_crash_at_any_byte_loses_only_the_torn_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    content = whole()
    path = tmp_path / "t.jsonl"
    for cut in range(0, len(content), 37):
        path.write_bytes(content[:cut])
        complete = max(content[:cut].count(b"\n") - 1, 0)
        assert _write(path, list(range(complete, 6))) == {(f"p{n}", 0) for n in range(complete)}
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "demo:y"},
        {"adapter": "replay"},
        {"sampling": Sampling(seed=2)},
        {"sampling": None},
        {"notes": {"a": "b"}},
    ],
)
def test_other_conditions_do_not_continue_a_transcript(tmp_path: Path, changes: dict[str, object]) -> None:
    path = tmp_path / "t.jsonl"
    _write(path, [0])
    before = path.read_bytes()
    with pytest.raises(UsageError, match="other conditions"):
        _write(path, [1], **changes)
    assert path.read_bytes() == before


def test_a_tampered_transcript_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    tampered = whole().replace(b"answer 2", b"Answer 2")
    path.write_bytes(tampered)
    with pytest.raises(IntegrityBroken):
        _write(path, [7])
    assert path.read_bytes() == tampered


def test_a_failed_answer_is_asked_again_and_the_later_answer_counts(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with Writer.resume(path, header()) as writer:
        writer.write(unlinked(answer(0, state="failed", text="")))
        writer.write(unlinked(answer(1)))
    with Writer.resume(path, header()) as writer:
        assert writer.held == {("p1", 0)}
        writer.write(unlinked(answer(0, text="at last")))
    found = importing.read_transcript(path)
    assert {entry.prompt: (entry.state, entry.text) for entry in found.entries} == {
        "probe 0": ("text", "at last"),
        "probe 1": ("text", "words"),
    }
    assert found.faults == {"failed, asked again": 1}


def test_an_answer_never_replaces_an_earlier_answer(tmp_path: Path) -> None:
    content = transcripts.chained(header(), [answer(0, text="first"), answer(0, text="second")])
    found = _read(tmp_path, content)
    assert [entry.text for entry in found.entries] == ["first"]
    assert found.faults == {"duplicate": 1}


def test_killed_in_the_middle_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    code = (
        "import sys, json\n"
        "from pathlib import Path\n"
        "from forensics.asking.writer import Writer, unlinked\n"
        "from forensics.records.transcript import Answer, TranscriptHeader\n"
        "header = TranscriptHeader.model_validate_json(sys.argv[2])\n"
        "template = Answer.model_validate_json(sys.argv[3])\n"
        "with Writer.resume(Path(sys.argv[1]), header) as writer:\n"
        "    for number in range(10 ** 6):\n"
        "        writer.write(unlinked(template.model_copy(update={'probe': f'p{number}', 'text': 'x' * 5000})))\n"
        "        print(number, flush=True)\n"
    )
    arguments = [str(path), header().model_dump_json(by_alias=True), answer(0).model_dump_json()]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(50)]
        child.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in child.stdout.read().split("\n")[:-1]]
        child.wait()
    with Writer.resume(path, header()) as writer:
        assert {(f"p{number}", 0) for number in acknowledged} <= writer.held
    lines = [line + b"\n" for line in path.read_bytes().split(b"\n")[:-1]]
    assert len(list(transcripts.parse_answers(lines[1:], path, before=lines[0]))) >= len(acknowledged)


@pytest.mark.parametrize("text", ["\x00", "\x1b[2J", "\u202e", "\u2028\u2029\x85", "", "é" * 10, "\r\n\n", "\ufeff"])
def test_any_text_passes_through_unchanged(tmp_path: Path, text: str) -> None:
    content = transcripts.chained(header(), [answer(0, text=text)])
    assert _read(tmp_path, content).entries[0].text == text


def test_an_imported_transcript_keeps_what_was_found_wrong(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    rows = [("p", "x"), ("p", "y"), ("q", None), ("r", " "), (5, "z"), ("s", "\ud83d")]
    source.write_text("".join(json.dumps({"prompt": p, "answer": a}) + "\n" for p, a in rows))
    first = importing.read_transcript(source)
    [done] = importing.convert([source], tmp_path / "out")
    again = importing.read_transcript(done.path)
    assert first.faults == again.faults == {
        "answer is not text": 1, "duplicate": 1, "empty": 1, "lone surrogates replaced": 1, "prompt is not text": 1
    }  # fmt: skip
    assert [e[1:5] for e in first.entries] == [e[1:5] for e in again.entries]
    assert (again.format, again.model) == ("native", "a")

"""Recorded answers as strangers wrote them: compressed, cut off, mis-encoded, doubled, huge, hostile."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from forensics import importing, registry
from forensics.errors import BadFile, ForensicsError, UsageError
from forensics.transcripts import Transcript

HOSTILE = [
    "\x00", "a\x00b", "\x1b[31mred\x1b]0;title\x07", "\u202eabc\u202c", "\u200f\u2066x\u2069", "\ufeffx", "x\u2028y\u2029z\x85",
    "=cmd|'/c calc'!A1", "<script>alert(1)</script>", "\r\n\r\n", "\ud83d", "\udc00\ud800", "\U0010ffff", "e\u0301" * 50,
    "-" * 3, "{{7*7}}", "${jndi}", "\\", '"', "'", "|", "\t", "\x7f\x80\x9b31m",
]  # fmt: skip


def _read(tmp_path: Path, data: bytes, name: str = "a.jsonl", **options: str) -> Transcript:
    path = tmp_path / name
    path.write_bytes(data)
    return importing.read_transcript(path, options=options)


def rows(*pairs: tuple[object, object], **more: object) -> bytes:
    return "".join(json.dumps({"prompt": p, "answer": a, **more}) + "\n" for p, a in pairs).encode()


def many(n: int = 40) -> bytes:
    return rows(*((f"prompt {i}", f"answer {i} " + "x" * i) for i in range(n)))


def test_answers_are_counted_by_what_is_wrong_with_them(tmp_path: Path) -> None:
    found = _read(
        tmp_path,
        rows(("p", "a"), ("p", "b"), ("q", 5), ("r", None), ("s", ""), ("t", " \n"), (None, "x"), ("u", "\ud83d")),
    )
    assert found.faults == {
        "answer is not text": 2, "duplicate": 1, "empty": 2, "lone surrogates replaced": 1, "prompt is not text": 1
    }  # fmt: skip
    assert [(e.prompt, e.state, e.text) for e in found.entries] == [
        ("p", "text", "a"), ("q", "failed", ""), ("r", "failed", ""), ("s", "empty", ""), ("t", "empty", " \n"),
        ("u", "text", "\ufffd"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_answers_and_prompts_pass_through(tmp_path: Path, text: str) -> None:
    from forensics.canonical import well_formed

    found = _read(tmp_path, rows((f"prompt {text}", f"a{text}b")))
    assert (found.entries[0].prompt, found.entries[0].text) == (well_formed(f"prompt {text}"), well_formed(f"a{text}b"))
    [done] = importing.convert([tmp_path / "a.jsonl"], tmp_path / "out")
    assert importing.read_transcript(done.path).entries[0].text == well_formed(f"a{text}b")


def test_an_answer_of_ten_megabytes_and_one_of_nothing(tmp_path: Path) -> None:
    found = _read(tmp_path, rows(("p", "word " * 2_000_000), ("q", "")))
    assert [len(entry.text) for entry in found.entries] == [10_000_000, 0]


@given(st.lists(st.tuples(st.text(st.characters(codec=None), max_size=20), st.one_of(st.none(), st.integers(), st.lists(st.none(), max_size=1), st.text(st.characters(codec=None), max_size=20))), min_size=1, max_size=8))  # fmt: skip
def test_every_answer_becomes_an_entry_or_a_fault(tmp_path_factory: pytest.TempPathFactory, pairs) -> None:
    folder = tmp_path_factory.mktemp("any")
    found = _read(folder, rows(*pairs))
    lost = found.faults.get("duplicate", 0) + found.faults.get("prompt is not text", 0)
    assert len(found.entries) + lost == len(pairs)
    for entry in found.entries:
        entry.text.encode()
        entry.prompt.encode()


@given(st.binary(max_size=300))
def test_any_bytes_are_answers_or_an_error_of_ours(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.json", "a.csv", "a.json.gz", "a.json.zst"):
        with pytest.raises(ForensicsError) as found:
            _read(folder, data, name)
        assert found.value.exit_status == 2
        assert name in str(found.value)


@given(
    st.text(alphabet=st.sampled_from('[]{}",:\\ue\n 01nul'), max_size=80), st.sampled_from(registry.names("importers"))
)
def test_any_near_json_is_answers_or_an_error_of_ours(tmp_path_factory, text: str, importer: str) -> None:
    path = tmp_path_factory.mktemp("near") / "a.json"
    starts = {
        "alpaca_eval": '[{"instruction": "a", "output": "b"}',
        "zero_eval": '[{"chat_history": ["a"], "output": ["b"]}',
    }
    path.write_text(starts.get(importer, '{"prompt": "a", "answer": "b"}\n') + text, encoding="utf-8")
    try:
        importing.read_transcript(path, importer=importer)
    except ForensicsError as error:
        _check(error)


def _check(error: ForensicsError) -> None:
    assert error.exit_status in (2, 4)
    assert "a.json" in str(error)


# --- compression ------------------------------------------------------------------------------------------------


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


@pytest.mark.parametrize(("suffix", "compress"), [("", bytes), (".gz", gzip.compress), (".zst", zst)])
def test_a_compressed_file_holds_the_same_answers(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    plain = _read(tmp_path, many())
    other = _read(tmp_path, compress(many()), f"a.jsonl{suffix}")
    assert other.entries == plain.entries
    assert other.model == plain.model == "a"


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".zst", zst)])
def test_files_compressed_in_several_parts_are_read_to_the_end(tmp_path, suffix: str, compress) -> None:
    lines = many().splitlines(keepends=True)
    parts = b"".join(compress(b"".join(lines[i : i + 10])) for i in range(0, 40, 10))
    assert len(_read(tmp_path, parts, f"a.jsonl{suffix}").entries) == 40


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".zst", zst)])
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path, suffix: str, compress) -> None:
    data = compress(many())
    for cut in range(1, len(data), 7):
        with pytest.raises(BadFile, match=r"a\.jsonl\.\w+, line \d+"):
            _read(tmp_path, data[:cut], f"a.jsonl{suffix}")


def test_a_corrupted_gz_is_refused_wherever_it_is_corrupted(tmp_path: Path) -> None:
    """Past the header's free fields; checksum and length notice everything."""
    data = gzip.compress(many())
    for place in range(10, len(data), 5):
        with pytest.raises(BadFile):
            _read(tmp_path, data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :], "a.jsonl.gz")


def test_a_decompression_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LARGEST", 1 << 20)
    for suffix, data in ((".gz", gzip.compress(b" " * (1 << 24))), (".zst", zst(b" " * (1 << 24)))):
        with pytest.raises(BadFile, match="decompresses to more"):
            _read(tmp_path, data, f"a.jsonl{suffix}")


def test_a_bomb_never_unfolds_much_at_once() -> None:
    blocks = importing._zst_blocks(io.BytesIO(zstandard.ZstdCompressor(level=1).compress(b" " * (1 << 27))))
    assert max(len(block) for block in blocks) <= 1 << 26


def test_truncated_json_is_refused_with_its_line(tmp_path: Path) -> None:
    whole = json.dumps([{"instruction": f"p{i}", "output": f"a{i}"} for i in range(30)], indent=1).encode()
    for cut in range(60, len(whole) - 1, 41):
        with pytest.raises(BadFile, match=r"line \d+"):
            _read(tmp_path, whole[:cut], "a.json")


def test_truncated_json_lines_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="line 40: broken JSON"):
        _read(tmp_path, many()[:-5])


# --- encodings and tables -----------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    for data, name in (
        (many(3), "a.jsonl"),
        (b"prompt,answer\np,q\n", "a.csv"),
        (b'[{"instruction":"p","output":"q"}]', "a.json"),
    ):
        assert _read(tmp_path, b"\xef\xbb\xbf" + data, name).entries == _read(tmp_path, data, name).entries


@pytest.mark.parametrize("data", ["prompt,answer\np,ä\n".encode("latin-1"), "prompt,answer\np,q\n".encode("utf-16")])
def test_other_encodings_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadFile, match=r"UTF-8|recognised"):
        _read(tmp_path, data, "a.csv")


def test_where_it_is_not_utf_8_the_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="line 3: not UTF-8"):
        _read(tmp_path, b"prompt,answer\np,q\nr,\xff\n", "a.csv")


@given(st.lists(st.tuples(st.text(min_size=1, max_size=15), st.text(max_size=15)), min_size=1, max_size=6, unique_by=lambda p: p[0]), st.sampled_from(",;\t"))  # fmt: skip
def test_quoting_of_tables_is_undone(tmp_path_factory: pytest.TempPathFactory, pairs, delimiter: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("prompt", "answer"), *pairs])
    found = _read(tmp_path_factory.mktemp("csv"), out.getvalue().encode(), "a.csv")
    assert [(e.prompt, e.text) for e in found.entries] == pairs


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'prompt,answer\np,"q\n', "broken table"),
        (b"prompt,answer\np,q,r\n", "line 2: more cells"),
        (b"prompt,answer,draw\np,q,first\n", "line 2: draw 'first'"),
        ("prompt,answer,draw\np,q,²\n".encode(), "line 2: draw '²'"),
        (b"prompt,answer,draw\np,q,99999999999\n", "line 2: draw"),
        (b"prompt,answer,draw\np,q,-1\n", "line 2: draw"),
        (b"prompt,answer\n", "no answers"),
        (b"", "not recognised"),
        (b"hello world\n", "not recognised"),
        (b'{"prompt": "p", "answer": "q"}\n[1]\n', "line 2: an object was expected"),
        (b'{"prompt": "p", "answer": "q"}\n{"prompt": ' + b"9" * 5000 + b"}\n", "line 2: broken JSON"),
    ],
)  # fmt: skip
def test_bad_tables(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(BadFile, match=said):
        _read(tmp_path, data, "a.csv")


def test_a_row_without_its_answer_is_counted(tmp_path: Path) -> None:
    assert _read(tmp_path, b"prompt,answer\np,q\nr\n", "a.csv").faults == {"answer is not text": 1}


def test_columns_may_be_named_and_a_misspelt_name_is_refused(tmp_path: Path) -> None:
    data = b"prompt,answer,best\np,q,r\n"
    assert _read(tmp_path, data, "a.csv", answer="best").entries[0].text == "r"
    with pytest.raises(BadFile, match="no column 'wurst'"):
        _read(tmp_path, data, "a.csv", answer="wurst")
    with pytest.raises(UsageError, match=r"'anwser'.*Did you mean 'answer'"):
        _read(tmp_path, data, "a.csv", anwser="best")
    with pytest.raises(UsageError, match="option of the importer alpaca_eval"):
        _read(tmp_path, b'[{"instruction":"p","output":"q"}]', "a.json", answer="output")


def test_several_draws_of_a_prompt_are_kept_apart(tmp_path: Path) -> None:
    found = _read(tmp_path, b"prompt,answer,draw\np,a,1\np,b,2\np,c,2\n", "a.csv")
    assert [(e.draw, e.text) for e in found.entries] == [(1, "a"), (2, "b")]
    assert found.faults == {"duplicate": 1}


@pytest.mark.parametrize("content", [b'[{"instruction":"p","output":%s}]', b'[{"chat_history":["p"],"output":[%s]}]'])
def test_numbers_of_thousands_of_digits_and_deep_nesting_crash_nothing(tmp_path: Path, content: bytes) -> None:
    for value in (b"9" * 5000, b"[" * 100_000, b"NaN", b"1e999"):
        try:
            assert _read(tmp_path, content % value, "a.json").faults == {"answer is not text": 1}
        except BadFile as error:
            _check(error)


@pytest.mark.parametrize("turn", [b"NaN", b"99999999999999999999", b'{"a": 1}', b"null"])
def test_conversations_whose_turns_are_no_text_are_counted(tmp_path: Path, turn: bytes) -> None:
    good = b'{"chat_history":["p", "q"],"output":["x"],"answer":"\\ud83d"}'
    found = _read(tmp_path, b'[{"chat_history":["a", %s],"output":["b"]}, %s]' % (turn, good), "a.json")
    assert found.faults == {"prompt is not text": 1}
    assert [(e.prompt, e.key) for e in found.entries] == [('["p","q"]', "\ufffd")]


# --- files, folders, names ----------------------------------------------------------------------------------------


def test_a_folder_with_one_answers_file_stands_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "some-model"
    folder.mkdir()
    (folder / "models.csv").write_text("model,lineage\n")
    (folder / "notes.txt").write_text("x")
    (folder / "model_outputs.jsonl.gz").write_bytes(gzip.compress(many(3)))
    assert importing.read_transcript(folder).model == "some-model"
    (folder / "more.csv").write_text("prompt,answer\np,q\n")
    with pytest.raises(UsageError, match="holds 2 answers files"):
        importing.read_transcript(folder)
    with pytest.raises(UsageError, match="holds 0 answers files"):
        importing.read_transcript(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        importing.read_transcript(tmp_path / "absent")


def test_converting_writes_all_or_nothing(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(many(3))
    bad.write_bytes(many(3)[:-4])
    with pytest.raises(BadFile, match=r"bad.jsonl, line 3"):
        importing.convert([good, bad], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_converting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(many())
    written = [importing.convert([tmp_path / "a.jsonl"], tmp_path / out)[0].path.read_bytes() for out in ("x", "y")]
    assert written[0] == written[1]


def test_names_that_would_share_a_file_are_refused(tmp_path: Path) -> None:
    files = []
    for folder, name in (("x", "Model.jsonl"), ("y", "model.jsonl")):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / name)
        files[-1].write_bytes(many(3))
    with pytest.raises(UsageError, match="2 of the files"):
        importing.convert(files, tmp_path / "out")


def test_a_file_whose_name_is_no_text_is_named_all_the_same(tmp_path: Path) -> None:
    path = Path(str(tmp_path / "a") + b"\xff.jsonl".decode("utf-8", "surrogateescape"))
    try:
        path.write_bytes(many(3))
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert importing.read_transcript(path).model == "a\ufffd"

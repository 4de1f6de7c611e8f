"""The linter of words: what it must find, what it must leave, in every kind of file, and over everything generated."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics import linting, registry
from forensics.cli import main
from forensics.errors import BadFile
from forensics.records.evidence import Evidence
from forensics.reporting import layout
from forensics.wording_rules import RULES, hits

Make = Callable[..., Evidence]
WRONG = {
    "transposed": [
        "It is 20 times more likely that B was made from A.",
        "It is 1,000 times more probable that they have a common source than not.",
        "There is a 95% probability that B comes from A.",
        "We are 99 per cent certain of it.",
        "B is very likely derived from A.",
        "Hp is nine times more likely than Hd.",
        "The probability that B was distilled from A is high.",
        "It is more likely than not that B came from A.",
        "A hundred times more likely to have been trained on A.",
    ],
    "match": ["The two models match.", "a matching answer"],
    "identified": ["A was identified as the source.", "an identification"],
    "proves": ["This proves it.", "It has been proven.", "proof of derivation", "beyond reasonable doubt"],
    "certain": ["with 100% accuracy", "undoubtedly", "There is no doubt."],
    "act": ["B was copied from A.", "They stole it.", "It infringes the right."],
}
RIGHT = [
    "The findings are 20 times more probable if Hp than if Hd 1: moderate support for Hp.",
    "It is not the probability that either of them is true.",
    "It does not show that anything was copied.",
    "The 95% confidence interval is 0.25 to 0.40.",
    "Of 150 other models, the questioned model is the nearest to the reference.",
    "an improved model, a program of identity cards, and the company's approval",
]


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in WRONG.items() for text in texts])
def test_what_says_too_much_is_found(rule: str, text: str) -> None:
    assert rule in {hit.rule.id for hit in hits(text)}


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_left(text: str) -> None:
    assert [hit.text for hit in hits(text)] == []


def test_every_rule_is_tested_and_says_what_to_write() -> None:
    assert {rule.id for rule in RULES} == set(WRONG)
    assert all(len(rule.instead) > 20 for rule in RULES)


@pytest.mark.parametrize("style", ["analyst", "court"])
@pytest.mark.parametrize("name", ["html", "markdown", "docx"])
@pytest.mark.parametrize("ratio", [None, 1.2, -0.8])
def test_generated_reports_are_clean_and_what_an_expert_adds_is_found(
    make_evidence: Make, tmp_path: Path, name: str, style: str, ratio: float | None
) -> None:
    plugin = registry.load("formats", name)
    if lacking := getattr(plugin, "missing", lambda: None)():
        pytest.skip(lacking)
    made = layout.make(make_evidence(ratio=ratio), style=style, us=style == "court")  # type: ignore[arg-type]
    path = next(
        path for path, data in ((tmp_path / n, d) for n, d in plugin.render(made).items() if n.startswith("report"))
        if path.write_bytes(data)
    )  # fmt: skip
    assert linting.lint(path) == []
    edited(path, "made-up-warning", "it proves the case")
    assert {fault.rule.id for fault in linting.lint(path)} == {"proves"}


def edited(path: Path, old: str, new: str) -> None:
    if path.suffix != ".docx":
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        return
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data.replace(old.encode(), new.encode()))


QUOTED = "this proves a match"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", f'<p>fine</p><p class="prompt text">{QUOTED} <b>{QUOTED}</b></p><script>{QUOTED}</script>'),
        ("a.md", f"fine\n\n````text\n{QUOTED}\n```\n{QUOTED}\n````\n\n* “{QUOTED}”\n"),
    ],
)
def test_quoted_answers_are_left_out(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert linting.lint(path) == []
    path.write_text(f"{text}\n\n<p>{QUOTED}</p>", "utf-8")
    assert [fault.rule.id for fault in linting.lint(path)] == ["match", "proves"]


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_a_sentence_over_two_lines_is_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("first\n\nIt is 20 times more\nlikely that so it was.\n", "utf-8")
    assert [fault.rule.id for fault in linting.lint(path)] == ["transposed"]


def test_words_split_over_runs_and_in_comments_are_found_in_word(tmp_path: Path) -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = f"<w:document {space}><w:body><w:p><w:r><w:t>it pro</w:t></w:r><w:r><w:t>ves</w:t></w:r></w:p></w:body></w:document>"
    note = f"<w:comments {space}><w:comment><w:p><w:r><w:t>a match</w:t></w:r></w:p></w:comment></w:comments>"
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", body)
        archive.writestr("word/comments.xml", note)
    assert [(fault.line, fault.rule.id) for fault in linting.lint(path)] == [(1, "proves"), (2, "match")]


@pytest.mark.parametrize(("name", "data"), [("a.docx", b"no archive"), ("a.txt", b"\xff\xfe\x00"), ("a.pdf", b"%PDF-1.7\n\xe2\xe3"),
                                            ("b.txt", b"a\0b")])  # fmt: skip
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BadFile):
        linting.lint(path)


def test_an_archive_that_is_no_document_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("other.xml", "<a/>")
    path = tmp_path / "a.docx"
    path.write_bytes(stream.getvalue())
    with pytest.raises(BadFile, match="not a Word document"):
        linting.lint(path)


def test_the_command_lists_everything_and_exits_with_two(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.txt", tmp_path / "good.txt"
    bad.write_text("They match.\n\nThis proves it \x1b[31m.\n", "utf-8")
    good.write_text("The findings are closer.\n", "utf-8")
    done = CliRunner().invoke(main, ["lint", str(good)])
    assert (done.exit_code, done.stdout) == (0, "")
    done = CliRunner().invoke(main, ["lint", str(good), str(bad)])
    assert done.exit_code == 2
    assert f"{bad}:1: match: “match”" in done.stdout
    assert f"{bad}:3: proves: “proves”" in done.stdout
    assert "\x1b" not in done.output
    assert "2 expressions" in done.stderr
    listed = json.loads(CliRunner().invoke(main, ["lint", "--json", str(bad)]).stdout)
    assert [fault["rule"] for fault in listed] == ["match", "proves"]

"""Text from outside is harmless in every target, and what it hides is visible."""

from __future__ import annotations

import unicodedata

import pytest
from markdown_it import MarkdownIt

from forensics import hostile

ORDINARY = [
    "An ordinary answer, with punctuation: (brackets), 'quotes' & more.",
    "vicuna-13b-v1.5",
    "demo:alder",
    "Grüße, señor; naïve café, Łódź",
    "日本語のテキスト　です",
    "Привет, мир",
    "שלום עולם",
    "👩\u200d🚀 ❤\ufe0f 1\ufe0f\u20e3",
    "x\u00a0y",
    "μm and Δx",
]
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert hostile.visible(text) == text


@pytest.mark.parametrize(
    "char", [*BIDI, "\u200b", "\u2060", "\ufeff", "\x00", "\x1b", "\x9b", "\u2028", "\u3164", "\U000e0041"]
)
def test_every_hidden_character_is_named_by_its_code_point(char: str) -> None:
    assert hostile.visible(f"a{char}b") == f"a⟦U+{ord(char):04X}⟧b"


def test_a_forged_code_is_told_from_a_real_one() -> None:
    assert hostile.visible("⟦U+202E⟧") == "⟦U+27E6⟧U+202E⟧"


def test_a_letter_of_another_script_in_a_latin_word_is_named_and_a_word_of_that_script_is_not() -> None:
    assert hostile.visible("d\u0435mo") == "d⟦U+0435⟧mo"
    assert hostile.visible("\u043e\u0442\u0432\u0435\u0442") == "\u043e\u0442\u0432\u0435\u0442"


def test_stacked_marks_stay_in_their_line() -> None:
    shown = hostile.visible("a" + "\u0301" * 50)
    assert shown.startswith("a\u0301\u0301\u0301⟦U+0301⟧")
    assert shown.count("\u0301") == 3


def test_spans_say_the_same_as_visible(hostile_text: str) -> None:
    assert "".join(run for run, _ in hostile.spans(hostile_text)) == hostile.visible(hostile_text)


def test_nothing_invisible_is_left(hostile_text: str) -> None:
    for char in hostile.visible(hostile_text):
        assert char in "\n\t\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_html_holds_no_markup(hostile_text: str) -> None:
    shown = hostile.html(hostile_text)
    assert not set("<>\"'") & set(shown)


def test_terminal_text_is_one_line_without_controls(hostile_text: str) -> None:
    shown = hostile.terminal(hostile_text)
    assert not any(unicodedata.category(char) == "Cc" for char in shown)


def test_csv_cell_computes_nothing(hostile_text: str) -> None:
    shown = hostile.csv_cell(hostile_text)
    assert "\n" not in shown
    assert "\r" not in shown
    assert shown.strip()[:1] not in set("=+-@\t\uff1d\uff0b\uff0d\uff20|%")


LAYOUTS = ["{}", "* {}", "| a | b |\n|---|---|\n| {} | c |", "# {}", "> {}", "word {} word", "![{}](x.svg)"]


def test_markdown_text_makes_no_structure(hostile_text: str) -> None:
    """Hostile text in any place of a document gives the same structure as an ordinary word there."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    text = hostile.shortened(hostile_text, 3000)
    for layout in LAYOUTS if text.strip() else ():
        found = structure(parser, layout.format(hostile.markdown(text)))
        assert [kind for kind in found if kind != "code_inline"] == structure(parser, layout.format("word")), layout


def test_a_table_keeps_its_cells(hostile_text: str) -> None:
    """A border in a text would push the cells after it out of the row."""
    source = f"| a | b |\n|---|---|\n| {hostile.markdown(hostile.shortened(hostile_text, 3000))} | last |\n"
    inline = [token for token in MarkdownIt("commonmark").enable("table").parse(source) if token.type == "inline"]
    assert len(inline) == 4
    assert inline[3].content == "last"


def structure(parser: MarkdownIt, source: str) -> list[str]:
    """Return the kinds of tokens, texts left out."""
    kinds: list[str] = []
    for token in parser.parse(source):
        kinds.append(token.type)
        for child in token.children or ():
            if child.type != "text":
                kinds.append(child.type)
            if child.type == "image":
                assert child.attrs["src"] == "x.svg"
    return kinds


def test_markdown_keeps_the_words(hostile_text: str) -> None:
    """Rendered again, the escaped text reads as the visible text did (runs of spaces apart)."""
    text = hostile.shortened(hostile_text, 500)
    parser = MarkdownIt("commonmark")
    inline = parser.parseInline("x " + hostile.markdown(text) + " x")[0].children or []
    assert "".join(t.content for t in inline).split() == f"x {hostile.one_line(text)} x".split()


def test_markdown_block_cannot_be_left(hostile_text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(hostile.markdown_block(hostile_text) + "\n\nafter\n")
    assert [t.type for t in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]


def test_shortened_says_how_much_is_missing() -> None:
    assert hostile.shortened("x" * 100_000, 10) == "xxxxxxxxxx… (+99,990 characters)"

"""Make text from outside harmless and its hidden characters visible: one function per place where it is shown.

Answers, prompts, model names and file names are data written by strangers. What a reader cannot see (controls,
direction overrides, zero-width characters, stacked marks, look-alike letters inside a Latin word) is printed as its code
point, `⟦U+202E⟧`. Nothing here changes evidence: records keep every text as it came.
"""

from __future__ import annotations

import html as _html
import re
import unicodedata
from collections.abc import Iterator

NEWLINE = "⏎"
"""Stands for a line break where the target has only one line."""
_OPEN = "⟦"
_MOST_MARKS = 3
"""Combining marks on one letter; more of them climb out of the line."""
_BLANK = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc")
"""Characters of visible categories that draw nothing or stand for something that is not there."""
_SPACES = frozenset(" \u00a0\u3000")
"""Spaces that ordinary text holds; every other space is shown."""
_HIDDEN_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_LOOKALIKE = re.compile(
    "[\u0400-\u052f\u0531-\u058f\u13a0-\u13ff\u2c80-\u2cff\ua4d0-\ua4ff\uff21-\uff5a"  # Cyrillic … fullwidth
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοι]"
)
"""Letters that pass for Latin ones; of the Greek only those that nobody writes beside Latin letters on purpose."""
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_SUSPECT = re.compile(r"[^ -~\n\t]")
"""Every character that has to be looked at."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20|%'")
"""First characters that make a spreadsheet compute, ask or hide; the apostrophe so that the guard stays unambiguous."""


def visible(text: str) -> str:
    r"""Return the text with every hidden character as `⟦U+….⟧`; line breaks and tabs stay.

    The bracket ⟦ itself is shown as its code too, so that no text can pretend to hold a hidden character.

    >>> visible("a\u202eb\u200b"), visible("\r\n"), visible("\u27e6U+0000\u27e7")
    ('a⟦U+202E⟧b⟦U+200B⟧', '\n', '⟦U+27E6⟧U+0000⟧')
    """
    text = text.replace("\r\n", "\n")
    lookalikes = _lookalikes(text)
    return _SUSPECT.sub(lambda hit: _code(hit[0]) if _is_hidden(hit, lookalikes) else hit[0], text)


def spans(text: str) -> Iterator[tuple[str, bool]]:
    """Yield runs of the text as shown, each with whether it is the code of a hidden character."""
    text = text.replace("\r\n", "\n")
    lookalikes = _lookalikes(text)
    done = 0
    for hit in _SUSPECT.finditer(text):
        if _is_hidden(hit, lookalikes):
            if hit.start() > done:
                yield text[done : hit.start()], False
            yield _code(hit[0]), True
            done = hit.end()
    if done < len(text):
        yield text[done:], False


def html(text: str) -> str:
    """Return text for HTML, in an element or a quoted attribute: escaped, hidden characters visible.

    >>> html('<b>"x"')
    '&lt;b&gt;&#34;x&#34;'
    """
    return escaped(visible(text))


def html_line(text: str) -> str:
    """Return one line of text for a cell of an HTML table or an SVG figure: line breaks are visible too."""
    return escaped(one_line(text))


def escaped(shown: str) -> str:
    """Escape text that is visible already; showing it twice would show its brackets as hidden characters."""
    return _html.escape(shown, quote=True).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def markdown(text: str) -> str:
    r"""Return one line of text for Markdown: no link, emphasis, HTML, cell border, heading or list arises from it.

    >>> markdown("[a](http://b) | *c*"), markdown("vicuna-13b-v1.5"), markdown("# x")
    ('\\[a\\](http\\://b) &#124; \\*c\\*', 'vicuna-13b-v1.5', '\\# x')
    """
    line = one_line(text).lstrip(" ")  # four leading spaces would make a block of code
    line = re.sub(r"[\\*_\[\]~#$!]", r"\\\g<0>", line)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("`", "&#96;"), ("|", "&#124;")):
        line = line.replace(sign, entity)
    # Bare addresses become links in many dialects; a code span is the only thing that parts text around the sign.
    line = line.replace("://", "\\://").replace("@", "`@`")
    line = re.sub(r"(?i)\bwww\.", lambda hit: hit[0][:-1] + "\\.", line)
    line = re.sub(r"^[-+=:]", r"\\\g<0>", line)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line)


def markdown_block(text: str) -> str:
    """Return text as a fenced block whose fence no text can close; line breaks stay."""
    shown = visible(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:/_-]*")
"""Most cells are such: nothing in them needs looking at more closely."""


def csv_cell(text: str) -> str:
    r"""Return one line of text for a CSV cell that no spreadsheet computes; numbers must not come through here.

    >>> csv_cell("=1+1"), csv_cell(" @x"), csv_cell("a-b"), csv_cell("x\ny")
    ("'=1+1", "' @x", 'a-b', 'x⏎y')
    """
    if _HARMLESS.fullmatch(text):
        return text
    line = one_line(text)
    return f"'{line}" if line.lstrip()[:1] in _FORMULA and line.strip() else line


def terminal(text: str) -> str:
    r"""Return one line of text for a terminal: no escape sequence, control or direction change is left in it.

    >>> terminal("\x1b[31mred\x07")
    '⟦U+001B⟧[31mred⟦U+0007⟧'
    """
    return one_line(text)


def one_line(text: str) -> str:
    """Return the text on one line, hidden characters visible, line breaks as ⏎ and tabs as a space."""
    return visible(text).replace("\n", NEWLINE).replace("\t", " ")


def shortened(text: str, longest: int) -> str:
    """Return at most about `longest` characters, saying how many were left out."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… (+{len(text) - longest:,} characters)"


def _code(char: str) -> str:
    return f"{_OPEN}U+{ord(char):04X}⟧"


def _is_hidden(hit: re.Match[str], lookalikes: frozenset[int]) -> bool:
    """Tell whether a reader would not see a character, or would take it for another."""
    char, text, place = hit[0], hit.string, hit.start()
    category = unicodedata.category(char)
    if char == _OPEN or char in _BLANK or place in lookalikes:
        return True
    if category in _HIDDEN_CATEGORIES:
        return not _joins_emoji(text, place)
    if category == "Zs":
        return char not in _SPACES
    if category[0] != "M":
        return False
    if _is_selector(char):
        return not _follows_emoji(text, place)
    before = text[max(place - _MOST_MARKS, 0) : place]
    return not before or (all(unicodedata.category(c)[0] == "M" for c in before) and len(before) == _MOST_MARKS)


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _follows_emoji(text: str, place: int) -> bool:
    """Tell whether a variation selector does its ordinary work: choose how the symbol before it is drawn."""
    before = text[place - 1 : place]
    return text[place] in "\ufe0e\ufe0f" and (
        before in tuple("0123456789#*") or unicodedata.category(before or " ") in ("So", "Sm")
    )


def _joins_emoji(text: str, place: int) -> bool:
    """Tell whether a zero-width joiner stands between two emoji, where it is ordinary."""
    if text[place] != "\u200d" or not 0 < place < len(text) - 1:
        return False
    before = unicodedata.category(text[place - 1])
    return (before in ("So", "Sk") or text[place - 1] == "\ufe0f") and unicodedata.category(text[place + 1]) == "So"


def _lookalikes(text: str) -> frozenset[int]:
    """Return places of letters of another script inside a word that also has Latin letters."""
    if not _LOOKALIKE.search(text):
        return frozenset()
    mixed = (word for word in _WORD.finditer(text) if _LATIN.search(word[0]))
    return frozenset(word.start() + hit.start() for word in mixed for hit in _LOOKALIKE.finditer(word[0]))

r"""The final answer of each answer: what a keyed question or a free choice comes down to, in one normal form.

Looked for in this order: the field `answer` of JSON, `\boxed{…}`, what follows `####`, what follows the last "answer
is" or "answer:", the last line that is not empty. Where the key is a number, or the passage is short and holds
just one number, the last number stands for it; otherwise the passage's words. Judging how often answers agree is not
done here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.features.tokens import token_hash

VERSION = "1"
NEEDS = ("keys",)

NONE, WRONG, RIGHT = -1, 0, 1
"""Values of `right`: no key, wrong, right."""
_TAIL = 4000
"""Characters at the end of an answer in which phrases and lines are looked for."""
_LONGEST = 80
"""Characters of a final answer that is kept in words."""
_SHORT = 8
"""Words in a passage that may be replaced by the one number in it."""

_FIELD = re.compile(r'"\s*:\s*(?:"((?:[^"\\]|\\.){0,400})"|([^\s,}\]"]{1,80}))')
_BOXED = re.compile(r"\{((?:[^{}]|\{[^{}]*\}){0,200})\}")
_PHRASE = re.compile(r"\banswer(?:\s+is)?\s*(?:[:=]|is\b)\s*:?\s*([^\n]{1,400})", re.IGNORECASE)
_NUMBER = re.compile(r"[-−]?(?:\d[\d,]*\.?\d*|\.\d+)(?:\s*/\s*\d+(?!\d|[.,]\d))?")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_ARTICLE = re.compile(r"^(?:the|an?) ")
_MOST_DIGITS = 40


class Final(NamedTuple):
    """A final answer in normal form."""

    value: str
    """Empty where there is none."""
    right: int


def extract(texts: Sequence[str], *, keys: Sequence[str | None]) -> dict[str, NDArray[Any]]:
    """Return `value[n]`, a 64-bit hash of each final answer, 0 for none, and `right[n]`: 1, 0, or −1 without a key."""
    found = [final_answer(text, key) for text, key in zip(texts, keys, strict=True)]
    return {
        "value": np.array([token_hash(final.value) if final.value else 0 for final in found], np.uint64),
        "right": np.array([final.right for final in found], np.int8),
    }


def final_answer(text: str, key: str | None = None) -> Final:
    """Return the final answer and whether it is the key's.

    >>> final_answer('{"reasoning": "5 + 7", "answer": "1,200.0"}', "# 1200")
    Final(value='1200', right=1)
    >>> final_answer("So it was a Friday.", "Friday")
    Final(value='friday', right=1)
    >>> final_answer("Blue!")
    Final(value='blue', right=-1)
    """
    passage = _passage(text)
    if key is None:
        return Final(_value(passage), NONE)
    key = key.lstrip("# ")
    wanted = _as_number(key)
    if wanted is not None:
        numbers = _NUMBER.findall(passage) or _NUMBER.findall(text[-_TAIL:])
        value = _canonical(numbers[-1]) if numbers else _words(passage)
        return Final(value, int(value == wanted))
    value, in_words = _words(passage), _words(key)
    if in_words and f" {in_words} " in f" {_spaced(passage)} ":
        return Final(in_words, RIGHT)
    return Final(value, WRONG)


def _passage(text: str) -> str:
    """Return the part of an answer that states the final answer."""
    field = text.rfind('"answer')
    if field >= 0 and (match := _FIELD.match(text, field + len('"answer'))):
        return match[1] if match[1] is not None else match[2]
    boxed = text.rfind("\\boxed")
    if boxed >= 0 and (match := _BOXED.match(text, boxed + len("\\boxed"))):
        return match[1]
    tail = text[-_TAIL:].rstrip()
    marked = tail.rfind("####")
    if marked >= 0:
        return tail[marked:].partition("\n")[0]
    phrases = _PHRASE.findall(tail) if "nswer" in tail or "NSWER" in tail else []
    if phrases:
        return str(phrases[-1])
    return tail.rpartition("\n")[2]


def _value(passage: str) -> str:
    """Return the normal form of a passage whose kind no key tells."""
    whole = _as_number(_EDGES.sub("", passage) if len(passage) < _TAIL else passage)
    if whole is not None:
        return whole
    if len(passage) <= _LONGEST and len(passage.split()) <= _SHORT:
        numbers = _NUMBER.findall(passage)
        if len(numbers) == 1:
            return _canonical(numbers[0])
    return _words(passage)


def _as_number(text: str) -> str | None:
    """Return the normal form of a text that is one number, apart from signs of currency and percent."""
    bare = text.strip().strip("$€£¥% ").rstrip(".")
    return _canonical(bare) if _NUMBER.fullmatch(bare) else None


def _canonical(number: str) -> str:
    """Write a number in one way.

    >>> [_canonical(n) for n in ("1,200.50", "−0", "007", "2/8", ".5", "3.")]
    ['1200.5', '0', '7', '1/4', '0.5', '3']
    """
    plain = re.sub(r"[,\s]", "", number).replace("−", "-").rstrip(".")
    if len(plain) > _MOST_DIGITS or not any(character.isdigit() for character in plain):
        return plain[:_LONGEST]
    top, _, bottom = plain.partition("/")
    if bottom and "." not in top and int(bottom):
        return str(Fraction(int(top), int(bottom)))
    value = Decimal(top)
    return format(value.normalize(), "f") if value else "0"


def _spaced(text: str) -> str:
    """Return the words of a text, case folded, without marks, one space apart."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _words(text: str) -> str:
    """Return a text's words in normal form, without an article before them."""
    return _ARTICLE.sub("", _spaced(text[: 4 * _LONGEST]))[:_LONGEST].strip()

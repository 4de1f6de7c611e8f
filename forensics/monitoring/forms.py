"""Trivial form of an answer, apart from what it says: what a server adds or takes away without changing the model."""

from __future__ import annotations

import re

TRAITS = {
    "leading space": re.compile(r"\A\s"),
    "trailing white space": re.compile(r"\s\Z"),
    "template token": re.compile(r"<\|[^|>]{1,40}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>|<<?/?SYS>>?"),
    "role written out": re.compile(r"\A\s*(?:assistant|model|ai)\s*(?::|\n)", re.IGNORECASE),
    "quotation marks around all": re.compile(r"\A\s*[\"“].*[\"”]\s*\Z", re.DOTALL),
    "code fence around all": re.compile(r"\A\s*```[^\n]*\n.*```\s*\Z", re.DOTALL),
    "Windows line ends": re.compile(r"\r\n"),
}
"""What may differ between two servers of one model, by name."""


def content(text: str) -> str:
    r"""Return an answer without its trivial form: no template tokens, role, quotes or fence around it, spaces as one.

    >>> content(" <|assistant|>\nassistant: \"Yes,  of\r\ncourse.\"\n")
    'Yes, of course.'
    """
    bare = TRAITS["template token"].sub(" ", text)
    bare = TRAITS["role written out"].sub("", bare).strip()
    if TRAITS["code fence around all"].match(bare):
        bare = bare.partition("\n")[2].rpartition("```")[0]
    if TRAITS["quotation marks around all"].match(bare):
        bare = bare.strip()[1:-1]
    return " ".join(bare.split())


def traits(text: str) -> list[bool]:
    """Say which traits an answer has, in the order of TRAITS."""
    return [pattern.search(text) is not None for pattern in TRAITS.values()]

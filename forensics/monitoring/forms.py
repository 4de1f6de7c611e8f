"""Trivial form of an answer, apart from what it says: what a server adds or takes away without changing the model.

Which kinds there are is decided where equality is tested; here each draw is told by itself.
"""

from __future__ import annotations

from forensics.equality.formatting import KINDS

NAMES = tuple(kind.name for kind in KINDS)


def content(text: str) -> str:
    r"""Return an answer without its trivial form: every kind taken out, and any white space as one space.

    >>> content(" <|assistant|>\nassistant: Yes,  of\r\ncourse.\n")
    'Yes, of course.'
    """
    for kind in KINDS:
        text = kind.without(text)
    return " ".join(text.split())


def traits(text: str) -> list[bool]:
    """Say which kinds of trivial form an answer has, in the order of NAMES."""
    return [kind.without(text) != text for kind in KINDS]

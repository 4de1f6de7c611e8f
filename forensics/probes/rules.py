"""What can be wrong with one probe, seen alone: its form, its language, its key, and what it asks for.

Language, people and harm are told by heuristics (`vocabulary`): silence proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from forensics.probes import vocabulary
from forensics.records.probes import Probe

LONGEST = 4000
"""Characters of a prompt, or of a whole conversation."""
FEWEST_TOKENS = 16
"""Some services refuse a limit below this."""
_LANGUAGE_MARGIN = 0.12
"""Share of frequent words by which another language has to be ahead of the declared one."""
_FEWEST_WORDS = 3
"""Frequent words of another language that a text has to hold before it counts as that."""


def text_of(probe: Probe) -> str:
    """Return all that a probe says: its prompt, or its turns one under the other."""
    return probe.prompt if probe.prompt is not None else "\n".join(m.content for m in probe.messages or ())


def asked_of(probe: Probe) -> str:
    """Return what the user says in a probe; the earlier turns of an assistant are faulty on purpose and left out."""
    if probe.prompt is not None:
        return probe.prompt
    return "\n".join(m.content for m in probe.messages or () if m.role != "assistant")


class Found(NamedTuple):
    """One thing that is wrong with a probe."""

    check: str
    what: str
    remedy: str


def faults_of(probe: Probe, languages: Sequence[str]) -> Iterator[Found]:
    """Say everything that can be seen to be wrong with a probe of a set in these languages."""
    yield from _form(probe)
    yield from _language(probe, languages)
    yield from _key(probe)
    yield from _content(probe)


def _form(probe: Probe) -> Iterator[Found]:
    text = text_of(probe)
    if not text.strip():
        yield Found("length", "it says nothing", "Write a prompt.")
    if len(text) > LONGEST:
        yield Found("length", f"{len(text)} characters, more than {LONGEST}", "Shorten it, or make two probes of it.")
    if text != text.strip():
        yield Found(
            "form", "white space at its beginning or end, which changes how it is cut into tokens", "Remove it."
        )
    if any(ord(c) < 32 and c not in "\n\t" for c in text) or "\ufffd" in text:
        yield Found("form", "a control or replacement character in it", "Remove the character.")
    if probe.messages is not None and (not probe.messages or probe.messages[-1].role != "user"):
        yield Found("form", "the conversation does not end with the user", "End it with the turn to be answered.")
    if probe.max_tokens is not None and probe.max_tokens < FEWEST_TOKENS:
        yield Found(
            "length", f"max_tokens {probe.max_tokens}: some services refuse less than {FEWEST_TOKENS}", "Raise it."
        )


def _language(probe: Probe, declared: Sequence[str]) -> Iterator[Found]:
    language = probe.language or (declared[0] if len(declared) == 1 else None)
    if language is None:
        yield Found("language", "no language, and the set has several", "Give the probe its language.")
        return
    if language not in declared and declared:
        yield Found("language", f"{language!r} is not among the set's languages", "Add it to the header.")
    other = unlike(text_of(probe), language)
    if other:
        yield Found(
            "language", f"declared {language!r} but looks like {other!r}", "Declare the language it is written in."
        )


def unlike(text: str, language: str) -> str | None:
    """Return the language that a text looks like more than the declared one, or None.

    By script first, then by the share of frequent words; short texts and unknown languages get the benefit of the doubt.

    >>> unlike("Wie heißt das Dorf, und wer wohnt in dem Haus?", "en"), unlike("Name a colour.", "en")
    ('de', None)
    """
    letters = sum(c.isalpha() for c in text) or 1
    for name, script in vocabulary.SCRIPTS.items():
        if len(script.findall(text)) > 0.2 * letters:
            return None if name == language else name
    if language in vocabulary.SCRIPTS:
        return "a language in Latin letters"
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text.lower().replace("’", "'"))
    if language not in vocabulary.STOP_WORDS or len(words) < 5:
        return None
    shares = {name: _share(words, name) for name in vocabulary.STOP_WORDS}
    best = max(shares, key=lambda name: (shares[name], name))
    ahead = shares[best] > shares[language] + _LANGUAGE_MARGIN
    return best if ahead and shares[best] * len(words) >= _FEWEST_WORDS else None


def _share(words: Sequence[str], language: str) -> float:
    stop, letters = vocabulary.STOP_WORDS[language], vocabulary.LETTERS.get(language, frozenset())
    return sum(word in stop or not letters.isdisjoint(word) for word in words) / len(words)


def _key(probe: Probe) -> Iterator[Found]:
    if probe.key is None:
        if probe.accept:
            yield Found("key", "spellings to accept, but no key", "Give the key.")
        return
    if not probe.key.strip() or probe.key != probe.key.strip() or "\n" in probe.key:
        yield Found("key", f"the key {probe.key!r} is empty or has white space around or inside", "Give one line.")
    if re.search(r"\S (?:or|and/or) \S|;|\?$", probe.key):
        yield Found(
            "key", f"the key {probe.key!r} reads as more than one answer", "Give one answer; others go into accept."
        )
    yield from _accept(probe, probe.key)


def _accept(probe: Probe, key: str) -> Iterator[Found]:
    if len(set(probe.accept)) < len(probe.accept) or key in probe.accept:
        yield Found("key", "accept repeats the key or itself", "Name every spelling once.")
    value = number(key)
    for other in probe.accept:
        found = number(other)
        if value is not None and found is not None and not _same(value, found):
            yield Found("key", f"accept {other!r} is another number than the key {key!r}", "Remove one of them.")
    said = text_of(probe).casefold()
    if probe.category == "nonexistent":
        for phrase in (key, *probe.accept):
            if phrase.casefold() in said:
                yield Found("key", f"the prompt itself says {phrase!r}, which would count as the answer", "Reword it.")


def _same(key: Fraction, other: Fraction) -> bool:
    """Say whether two numbers are one answer: a rounding of a fraction is another spelling, another integer is not."""
    return key == other or (key.denominator > 1 and abs(other - key) <= abs(key) / 1000)


def number(text: str) -> Fraction | None:
    """Return the number a key stands for (integer, decimal, fraction, mixed number, separators allowed), or None.

    >>> number("1,234"), number("158 14/17"), number("1,2,3")
    (Fraction(1234, 1), Fraction(2700, 17), None)
    """
    plain = re.sub(r"^(-?\d{1,3}(?:,\d{3})+)", lambda m: m[1].replace(",", ""), text.strip())
    mixed = re.fullmatch(r"(\d+) (\d+)/(\d+)", plain)
    try:
        if mixed:
            whole, over, under = (int(part) for part in mixed.groups())
            return whole + Fraction(over, under)
        return Fraction(plain) if re.fullmatch(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+|\d+/\d+)", plain) else None
    except ZeroDivisionError:
        return None


def _content(probe: Probe) -> Iterator[Found]:
    """Look for people, makers of models, and requests for harm; heuristics, see `vocabulary`."""
    text = asked_of(probe)
    for person in vocabulary.people_in(text, historical=probe.category not in vocabulary.HISTORICAL_ALLOWED):
        yield Found("person", f"names a real person ({person})", "Invent somebody, or describe the role.")
    if vendor := vocabulary.VENDORS.search(text):
        yield Found("vendor", f"names a maker or a model ({vendor[0]})", "Ask without the name.")
    for kind in vocabulary.grave_in(text):
        yield Found("harm", f"may ask for harm ({kind})", "Replace it: no category excuses this.")
    alarming = vocabulary.ALARMING.search(text)
    if alarming and probe.category not in vocabulary.ALARMING_ALLOWED:
        allowed = ", ".join(sorted(vocabulary.ALARMING_ALLOWED))
        yield Found(
            "harm", f"an alarming word ({alarming[0]})", f"Reword it; if it is meant, use a category of: {allowed}."
        )

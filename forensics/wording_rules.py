"""What a text about a comparison must not say: rules over generated and edited words, each with what to write instead.

A rule finds words, not meanings: it can be wrong both ways, and a human decides. `reporting.wording` uses the rules on
generated text, `linting` on files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TIMES = r"(?:\d[\d,. ]*|one|two|ten|a hundred|a thousand|a million|many|several)[ -]times"
_LIKELY = r"(?:likely|probable|plausible|certain)"
_ACT = (
    r"(?:copied|stolen|distilled|derived|trained|made|taken|cloned|fine-?tuned|plagiari[sz]ed|the same model|infring\w*|"
    r"guilty|liable|Hp is true|Hd is true|Hp is|the proposition)"
)
_NEGATED = re.compile(
    r"\b(?:not?|never|nothing|cannot|nor|neither|without|whether|does not|is not|isn't|doesn't)\b[^.;:]{0,40}$",
    re.IGNORECASE,
)
"""Before a word that a text may use in order to deny it."""


class Rule(NamedTuple):
    """One thing not to say."""

    id: str
    pattern: re.Pattern[str]
    instead: str
    deniable: bool = False
    """True where saying that something is not so is allowed."""


class Hit(NamedTuple):
    """One place where a rule found something."""

    rule: Rule
    text: str
    start: int


def _rule(id_: str, pattern: str, instead: str, *, deniable: bool = False) -> Rule:
    return Rule(id_, re.compile(pattern, re.IGNORECASE), instead, deniable)


RULES = (
    _rule(
        "transposed",
        rf"\b{_TIMES} (?:more|less|as) {_LIKELY} (?:that|to have|to be|it|than not)\b"
        rf"|\b(?:probability|likelihood|chance|odds)(?: of [\d.]+ ?%| of \d+ ?(?:in|to) ?\d+)? that [^.;]{{0,80}}\b{_ACT}"
        rf"|\b(?:more|less|most|highly|very|extremely|almost) (?:likely|probably|certain(?:ly)?|certainly)[^.;]{{0,40}}\b{_ACT}\b"
        rf"|\b[\d.]+ ?(?:%|per ?cent) (?:probability|likely|chance|certain|sure|confident|certainty|confidence(?! (?:interval|level|limit)))\b"
        rf"|\b(?:Hp|Hd(?: \d)?|(?:the|this|that) (?:first |second )?proposition) (?:is|was)[^.;]{{0,30}}\b{_LIKELY}"
        r"|\bmore likely than not that\b"
        rf"|\bif the findings\b[^.;]{{0,60}}\b{_LIKELY}",
        "It states the probability of a proposition. Write: the findings are N times more probable if Hp than if Hd.",
        deniable=True,
    ),
    _rule(
        "match", r"\bmatch(?:es|ed|ing)?\b", "It sounds like a finding of identity. Write what was measured: closeness, rank, ratio."
    ),
    _rule(
        "identified",
        r"(?<!process of digital )\bidentif(?:y|ies|ied|ying|ication|iable)\b|\bidentical (?:to|with) the (?:reference|questioned)\b",
        "No comparison singles out a source. Write: supports, is nearest among the models compared.",
    ),
    _rule(
        "proves",
        r"\b(?:dis)?pro(?:ve|ves|ved|ven|ving)\b|\bproof\b|\bconclusive(?:ly)?\b|\bestablish(?:es|ed)? (?:that|beyond)\b|\bbeyond (?:any |all )?(?:reasonable )?doubt\b",
        "Evidence supports; it does not settle. Write: supports, weakly or strongly, on the printed scale.",
    ),
    _rule(
        "certain",
        r"\b100 ?(?:%|per ?cent)|\b(?:zero|no) (?:error|doubt)s?\b|\b(?:undoubtedly|definitely|indisputabl[ey]|unquestionabl[ey]|unique(?:ly)? to)\b|\bwith(?:out)? (?:absolute )?certainty\b",
        "No measurement is without error. Give the rates of misleading evidence and the cap.",
    ),
    _rule(
        "act",
        r"\b(?:was|were|been|is|are) (?:copied|stolen|cloned|pirated|plagiari[sz]ed)\b|\bcopied from\b|\bstole\w*\b|\bthie(?:f|ves)\b|\btheft\b|\binfring(?:es|ed|ing)\b",
        "It speaks of an act or of a right, which the comparison does not show. Write: common source of behaviour.",
        deniable=True,
    ),
)  # fmt: skip
"""All rules, in the order they are reported."""


def hits(text: str) -> Iterator[Hit]:
    """Yield every place where a rule finds something, in order of rules; denials are left out where they may stand.

    >>> [hit.rule.id for hit in hits("It is 20 times more likely that it was copied.")]
    ['transposed', 'act']
    >>> list(hits("the findings are 20 times more probable if Hp than if Hd 1"))
    []
    """
    for rule in RULES:
        for found in rule.pattern.finditer(text):
            if not (rule.deniable and _NEGATED.search(text[max(0, found.start() - 60) : found.start()])):
                yield Hit(rule, found[0], found.start())

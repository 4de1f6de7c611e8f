"""The chapter of exhibits: probes with the answers side by side, shared passages marked. Computes nothing."""

from __future__ import annotations

from forensics.records.evidence import Excerpt
from forensics.records.evidence import Exhibit as Recorded
from forensics.reporting.material import Material
from forensics.reporting.parts import Excerpt as Shown
from forensics.reporting.parts import Exhibit, Passage, Section
from forensics.reporting.wording import counted, number

PACKED = "in a cohort pack"
"""In the label of a model whose answers nobody can read."""


def exhibits(material: Material) -> Section:
    """Return the chapter, or why no probe can be shown."""
    evidence = material.evidence
    shown = tuple(_exhibit(number_, recorded) for number_, recorded in enumerate(evidence.exhibits, start=1))
    if not shown:
        words: tuple[str, ...] = ("No probe could be shown: no statistic gives values by probe.",)
    else:
        read = min(one.compared for one in evidence.exhibits)
        marked = (
            "Marked: passages of four words or more that both sides hold, neither of the other two answers shown does, and at "
            "most one in fifty of the answers of unrelated models to the same probe (how many were read stands with each)."
            if read
            else "Marked: passages that both sides hold. No answer of an unrelated model could be read, so nothing here says that "
            "they are rare."
        )
        words = (
            (
                f"The {counted(len(shown), 'probe')} on which the pair exceeds the typical score most, by {evidence.exhibits[0].statistic}. "
                "They are chosen for that and do not stand for all probes. Beside the two sides stand the unrelated model nearest to both "
                f"and a middling one. {marked}"
            ),
        )
    return Section("", "exhibits", "Exhibits: the probes that contribute most", words, exhibits=shown)


def _exhibit(place: int, recorded: Recorded) -> Exhibit:
    c = recorded.contribution
    return Exhibit(
        id=recorded.id,
        title=f"Exhibit {place}",
        prompt=recorded.prompt,
        note=f"Score of the pair {number(c.raw)}, typical {number(c.typical)}, excess {number(c.excess)}; marks looked for in "
        f"{counted(recorded.compared, 'answer')} of unrelated models; prompt {c.prompt_digest}.",
        excerpts=tuple(Shown(e.label, e.model, _passages(e), e.cut, _nothing(e)) for e in recorded.excerpts),
    )


def _nothing(excerpt: Excerpt) -> str:
    """Say why there is nothing to read: a cohort pack holds numbers and no answers."""
    if PACKED in excerpt.label:
        return "The cohort pack holds this model's answers as numbers only; there is no text to show."
    return "No answer with text."


def _passages(excerpt: Excerpt) -> tuple[Passage, ...]:
    """Split an answer into runs that are shared and runs that are not; marks outside the text are left out."""
    found: list[Passage] = []
    done = 0
    for mark in sorted(excerpt.marks):
        start, end = max(mark[0], done), min(mark[1], len(excerpt.text))
        if start >= end:
            continue
        if start > done:
            found.append(Passage(excerpt.text[done:start], shared=False))
        found.append(Passage(excerpt.text[start:end], shared=True))
        done = end
    if done < len(excerpt.text):
        found.append(Passage(excerpt.text[done:], shared=False))
    return tuple(found)

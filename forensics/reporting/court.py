"""The court style: an annex to the report of a human expert, chapter by chapter. Computes nothing and gives no opinion.

What only a human can say is left open in fields; the chapters with numbers are those of every style. What the expert is
asked for stands in `court_expert`, ranges, declarations and glossary in `court_tables`, the United States set in
`court_us`.
"""

from __future__ import annotations

from dataclasses import replace

from forensics.reporting import chapters, equality, exhibits, findings, triad
from forensics.reporting.court_expert import duty, expert, opinion, status
from forensics.reporting.court_tables import declared, glossary, index, summary
from forensics.reporting.court_texts import COURT_LIMITS, INTRODUCTIONS
from forensics.reporting.court_us import united_states
from forensics.reporting.material import Chapter, Material
from forensics.reporting.parts import Section

__all__ = ["COURT", "COURT_LIMITS", "with_us"]


def _introduced(chapter: Chapter) -> Chapter:
    """Return a shared chapter with the court style's opening paragraph."""

    def opened(material: Material) -> Section:
        made = chapter(material)
        return replace(made, paragraphs=(*INTRODUCTIONS.get(made.id, ()), *made.paragraphs))

    if chapter in chapters.WHERE:
        chapters.WHERE[opened] = chapters.WHERE[chapter]
    return opened


def _probes(material: Material) -> Section:
    """Return the exhibits with ids to cite, after the list of everything that is exhibited."""
    made = exhibits.exhibits(material)
    named = tuple(replace(e, title=f"Exhibit P{i}") for i, e in enumerate(made.exhibits, start=1))
    return replace(made, title="Exhibits", tables=(index(material.evidence, material.digest),), exhibits=named)


COURT: tuple[Chapter, ...] = (
    status,
    expert,
    summary,
    *(
        _introduced(chapter)
        for chapter in (
            chapters.propositions, equality.chapter, chapters.conclusion, chapters.scale, findings.findings, triad.chapter,
            chapters.population,
            chapters.conditions, chapters.validation, chapters.misleading, chapters.sensitivity, chapters.controls,
            chapters.failures, chapters.custody, chapters.versions,
        )
    ),
    _probes,
    opinion,
    declared,
    glossary,
    duty,
)  # fmt: skip
"""The annex, chapter by chapter; it ends with the duty to the court and the statement of truth, as CPR 35.10(2) asks."""


def with_us(plan: tuple[Chapter, ...]) -> tuple[Chapter, ...]:
    """Return the chapters with the United States set before the last."""
    return (*plan[:-1], united_states, plan[-1])

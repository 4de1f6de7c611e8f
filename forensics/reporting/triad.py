"""The chapter on the same-base triad, in cases that name relatives: who is how near to the reference. Computes nothing."""

from __future__ import annotations

from forensics.records.evidence import Evidence
from forensics.records.scores import Triad
from forensics.reporting.material import Material
from forensics.reporting.parts import Column, Section, Table
from forensics.reporting.sheet import Sheet, interval_cells, interval_columns

MEASURES = {
    "closeness": "closeness to the reference",
    "beyond": "closeness beyond what is usual with unrelated models",
}
_ROLES = {"questioned": "questioned model", "sibling": "sibling", "base": "its base"}


def chapter(material: Material) -> Section:
    """Return who is how near to the reference, in a case that has a triad."""
    evidence = material.evidence
    assert evidence.triad is not None
    return _section(evidence, evidence.triad)


def _section(evidence: Evidence, triad: Triad) -> Section:
    return Section(
        "",
        "triad",
        "Beside its own siblings",
        (triad.sentence, triad.meaning),
        tables=(_standings(evidence, triad), _members(evidence, triad)),
    )


def _standings(evidence: Evidence, triad: Triad) -> Table:
    """Return where the questioned model stands among its siblings, by both measures."""
    sheet = Sheet(
        "triad",
        "The questioned model among its siblings",
        (
            Column("measure", f"Measure ({triad.statistic})"),
            Column("excess", "Nearer than the mean sibling by", "score", numeric=True),
            *interval_columns("excess", "Interval over probes", "score"),
            Column("rank", "Place", "place", numeric=True),
            Column("of", "Of", "models", numeric=True),
            Column("p", "p", "probability", numeric=True),
        ),
        empty=triad.sentence,
        source=evidence.scores,
        note="p is (1 + siblings at least as near) / (1 + siblings): how often one model among equals would stand there or "
        "better. It cannot fall below 1 / (1 + siblings). The larger of both rows counts.",
    )
    for s in triad.standings:
        values = (MEASURES[s.measure], s.excess, *interval_cells(s.interval, n=triad.n_probes), s.rank, s.of, s.p)
        sheet.row(s.measure, values, n=triad.n_probes, strong=s.p == triad.p)
    return sheet.table()


def _members(evidence: Evidence, triad: Triad) -> Table:
    """Return every model of the triad, the nearest first within its role."""
    sheet = Sheet(
        "triad-models",
        "The questioned model, its siblings and its base, seen from the reference",
        (
            Column("model", "Model"),
            Column("role", "Role"),
            Column("closeness", "Closeness", "score", numeric=True),
            Column("beyond", "Beyond what is usual", "score", numeric=True),
            Column("probes", "Probes", "probes", numeric=True),
            Column("reason", "Remark"),
        ),
        empty="No relatives were named.",
        source=evidence.scores,
        note=f"Beyond what is usual: less the same model's mean agreement with {triad.n_unrelated} unrelated models.",
    )
    for m in triad.members:
        values = (m.model, _ROLES[m.role], m.closeness, m.beyond, m.n_probes, m.reason)
        sheet.row(m.model, values, n=m.n_probes, strong=m.role == "questioned")
    return sheet.table()

"""Tables of the cohort: nearest models, raw scores, probes, lineages. Computes nothing."""

from __future__ import annotations

from forensics.hostile import shortened
from forensics.records.evidence import Distribution, Evidence
from forensics.records.scores import CohortScore
from forensics.reporting.parts import Column, Table, flat
from forensics.reporting.sheet import Sheet, Shown

NEAREST = 8
"""Places shown of each side's nearest models; the pair is shown wherever it stands."""
UNDECLARED = "undeclared"
LONGEST_NAME = 100
_OTHER_SIDE = "the other side"


def nearest(evidence: Evidence, found: Distribution, side: str) -> Table:
    """Return the models nearest to one side, the other side of the case in its place."""
    other, own = ("questioned", "reference") if side == "reference" else ("reference", "questioned")
    sheet = Sheet(
        f"nearest-{flat(found.statistic)}-{side}",
        f"Nearest to the {own}: {found.statistic}",
        (
            Column("place", "Place", "place", numeric=True),
            Column("model", "Model"),
            Column("lineage", "Lineage"),
            Column("score", "Raw score", "score", numeric=True),
            Column("relation", "Relation"),
        ),
        empty="No model has a score with this side.",
        source=evidence.scores,
        note="",
    )
    lines = _by_place(evidence, found, side)
    for position, (place, member) in enumerate(lines):
        is_pair = member.excluded == _OTHER_SIDE
        if position < NEAREST or is_pair:
            relation = f"the {other} model of this case" if is_pair else member.excluded or "unrelated"
            values = (place, member.model, member.lineage or UNDECLARED, _score(member, side), relation)
            sheet.row(member.model, values, n=len(lines), strong=is_pair)
    return sheet.table()


def _by_place(evidence: Evidence, found: Distribution, side: str) -> list[tuple[int, CohortScore]]:
    """Return the models ranked from one side with their places, the pair at the place that the evidence gives it."""
    finding = next(f for f in evidence.findings if f.statistic == found.statistic)
    own, other = (0, 1) if side == "reference" else (1, 0)
    pair = CohortScore(
        model=evidence.sides[other].model,
        lineage=evidence.sides[other].lineage,
        reference=found.pair,
        questioned=found.pair,
        excluded=_OTHER_SIDE,
    )
    scored = [(v, c) for c in (*found.cohort, pair) if (v := _score(c, side)) is not None]
    places = [(1 + sum(w > v for w, _ in scored), c) for v, c in scored]
    given = (finding.rank.reference, finding.rank.questioned)[own] if finding.rank else None
    if given is not None:
        places[-1] = (given, pair)
    return sorted(places, key=lambda line: (line[0], line[1] is not pair, line[1].model))


def _score(member: CohortScore, side: str) -> float | None:
    return member.reference if side == "reference" else member.questioned


def cohort_scores(evidence: Evidence, found: Distribution) -> Table:
    """Return the data behind a score plot: every cohort model's closeness to each side."""
    finding = next(f for f in evidence.findings if f.statistic == found.statistic)
    sheet = Sheet(
        f"scores-{flat(found.statistic)}",
        f"Raw scores of the cohort: {found.statistic}",
        (
            Column("model", "Model"),
            Column("lineage", "Lineage"),
            Column("reference", "With the reference", "score", numeric=True),
            Column("questioned", "With the questioned", "score", numeric=True),
            Column("relation", "In the normalisation"),
        ),
        empty="The cohort has no scores.",
        source=evidence.scores,
    )
    for c in found.cohort:
        relation = "yes" if c.excluded is None else f"no: {c.excluded}"
        sheet.row(c.model, (c.model, c.lineage or UNDECLARED, c.reference, c.questioned, relation), n=finding.n_probes)
    return sheet.table()


def probe_scores(evidence: Evidence, found: Distribution) -> Table:
    """Return the data behind a plot of agreement by probe, the largest excess first."""
    cohort = next(f for f in evidence.findings if f.statistic == found.statistic).n_cohort
    sheet = Sheet(
        f"probes-{flat(found.statistic)}",
        f"Agreement by probe: {found.statistic}",
        (
            Column("probe", "Prompt digest"),
            Column("raw", "Pair", "score", numeric=True),
            Column("typical", "Typical", "score", numeric=True),
            Column("excess", "Excess", "score", numeric=True),
        ),
        empty="No probe has a score for this statistic.",
        source=evidence.scores,
    )
    for c in sorted(found.contributions, key=lambda c: (-c.excess, c.prompt_digest)):
        sheet.row(
            c.prompt_digest[7:23], (c.prompt_digest, c.raw, Shown(c.typical, n=cohort), Shown(c.excess, n=cohort))
        )
    return sheet.table()


def population(evidence: Evidence) -> Table:
    """Return the cohort by lineage."""
    sheet = Sheet(
        "population",
        "Population and lineages",
        (
            Column("lineage", "Lineage"),
            Column("n_models", "Models", "models", numeric=True),
            Column("used", "In the normalisation"),
            Column("models", "Names"),
        ),
        empty="No cohort model was recorded.",
        source=evidence.scores,
        note="A lineage is all models that share a developer's base family; it is the unit of independence. Relatives of "
        "either side are ranked and shown, but the pair is not normalised against them.",
    )
    for p in evidence.population:
        used = "yes" if p.excluded is None else f"no: {p.excluded}"
        models = Shown(", ".join(p.models), ", ".join(shortened(model, LONGEST_NAME) for model in p.models))
        sheet.row(p.lineage, (p.lineage, len(p.models), used, models), n=len(p.models))
    return sheet.table()

"""Tables that only the court style has: summary with qualifications, ranges, use of models, exhibits, glossary.

Chooses and lays out values of the evidence; the lowest and highest of a list are chosen, nothing is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.records.evidence import Evidence, Sensitivity
from forensics.reporting import tables
from forensics.reporting.court_texts import CHECK, DECLARATION, GLOSSARY
from forensics.reporting.material import Material
from forensics.reporting.parts import Column, Field, Section, Table
from forensics.reporting.sheet import Sheet, Shown
from forensics.reporting.texts import LIMITS, QUESTIONS
from forensics.reporting.wording import NONE, counted, log_ratio, number, percent

AS_MEASURED = "nothing changed"
"""How the evidence names the line in which every choice is as reported."""
EMBEDDED = ("semantic",)
"""Statistics that see meanings through a sentence-embedding model."""


def summary(material: Material) -> Section:
    """Return the conclusions with every qualification beside them."""
    e = material.evidence
    field = Field(
        "conclusions",
        "The expert's own conclusions, each with its qualifications",
        f"PD 35 3.2(7){CHECK}, PD 35 3.2(8){CHECK}",
        "A summary of the conclusions reached; where an opinion cannot be given without qualification, the qualification.",
        (e.conclusion.sentence,),
    )
    words = (f"The question put to the program: {QUESTIONS[e.question]}", e.conclusion.sentence, LIMITS[2])
    return Section(
        "", "summary", "Summary, with every qualification beside it", words, fields=(field,), tables=(_summary(e),)
    )


def _summary(e: Evidence) -> Table:
    sheet = Sheet(
        "summary",
        "What was found, and what qualifies it",
        (Column("what", "Statement"), Column("log10_lr", "log10 LR", "log10", numeric=True), Column("qualified", "Qualified by")),
        empty="Nothing was weighed.",
        source=e.scores,
        note="A statement must not be quoted without what stands beside it.",
    )  # fmt: skip
    names = tables.alternative_names(e)
    general = list(_qualifications(e))
    for w in e.conclusion.weights:
        name = f"{names[w.alternative]}, {tables.KINDS[w.alternative]}"
        own = []
        if w.cap is not None:
            own.append(f"capped at a log10 LR of {log_ratio(w.cap)} (bound: {w.bound})")
        if w.lineages is not None:
            own.append(f"rests on {counted(w.lineages, 'lineage')}")
        own.append(
            "no interval" if w.interval is None else f"{percent(w.interval.level)} interval in the table of conclusions"
        )
        said = w.reason or f"Hp against {name}: {_said(e, w.alternative)}"
        text = said if w.reason is None else f"Hp against {name}: {said}"
        sheet.row(w.alternative, (text, Shown(w.log10_lr, log_ratio(w.log10_lr)), "; ".join(own) if w.log10_lr is not None else NONE),
                  n=w.lineages or 0, strong=w.alternative == e.conclusion.headline)  # fmt: skip
    for i, (what, text) in enumerate(general, start=1):
        sheet.row(f"general-{i}", (what, Shown(None), text))
    return sheet.table()


def _said(e: Evidence, alternative: str) -> str:
    """Return the words that the table of conclusions has for an alternative."""
    row = next(row for row in tables.conclusion(e).rows if row.id == alternative)
    return row.cells[-1].text


def _qualifications(e: Evidence) -> Iterator[tuple[str, str]]:
    """Yield what qualifies every statement: deviations, warnings, conditions that differ, controls that went wrong."""
    yield from (("every statement (deviation)", text) for text in e.deviations)
    yield from (("every statement (warning)", text) for text in e.warnings)
    for c in e.conditions:
        if c.verdict != "same":
            yield "every ratio (condition)", f"{c.name} {c.verdict}: this case {c.case}, validation {c.validation}"
    for control in e.controls:
        if control.verdict == "not as expected":
            yield "every statement (control)", f"{control.name}: {control.verdict}"


def ranges(e: Evidence) -> Table:
    """Return for each quantity the value as reported, the lowest and the highest, with what was done differently."""
    sheet = Sheet(
        "ranges",
        "Range under other choices of method",
        (
            Column("quantity", "Quantity"),
            Column("reported", "As reported", numeric=True),
            Column("low", "Lowest", numeric=True),
            Column("low_by", "When"),
            Column("high", "Highest", numeric=True),
            Column("high_by", "When"),
        ),
        empty="No variation was computed for this case.",
        source=e.scores,
        note="From the table of sensitivity. Likelihood ratios are after the cap; the lowest of those against the alternatives is the headline.",
    )
    names = tables.alternative_names(e)
    groups: dict[tuple[str, str, str | None], list[Sensitivity]] = {}
    for s in e.sensitivity:
        groups.setdefault((s.statistic, s.normalisation, s.alternative), []).append(s)
    for (name, normalisation, alternative), lines in groups.items():
        against = f", Hp against {names[alternative]}" if alternative else ""
        for kind, unit in (("log10_lr", f"log10 LR{against}"), ("normalised", "normalised score")):
            found = [(value, s) for s in lines if (value := getattr(s, kind)) is not None]
            row = f"{name}-{normalisation.replace(' ', '-')}{f'-{alternative}' if kind == 'log10_lr' else ''}-{kind}"
            if len(found) > 1 and row not in sheet:
                sheet.row(row, (f"{unit}, {name} ({normalisation})", *_ends(found, kind)), n=len(found))
    return sheet.table()


def _ends(found: Sequence[tuple[float, Sensitivity]], kind: str) -> tuple[Shown | str, ...]:
    """Return the value as reported and both ends, each with its words."""

    def shown(value: float | None) -> Shown:
        return Shown(value, log_ratio(value) if kind == "log10_lr" else number(value))

    low, high = min(found, key=lambda f: f[0]), max(found, key=lambda f: f[0])
    reported = next((value for value, s in found if s.change == AS_MEASURED), None)
    if low[0] == high[0]:
        return shown(reported), shown(low[0]), "every variation alike", shown(high[0]), "every variation alike"
    return shown(reported), shown(low[0]), low[1].change, shown(high[0]), high[1].change


def declared(material: Material) -> Section:
    """Return every place where a language model or an embedding had a part."""
    field = Field(
        "use",
        "Use of language models in the expert's own work",
        "",
        "Whether a language model was used in preparing the report itself, for what, and how its output was checked.",
    )
    return Section("", "declaration", "Declaration: use of language models and embeddings", DECLARATION, fields=(field,),
                   tables=(_uses(material.evidence),))  # fmt: skip


def _uses(e: Evidence) -> Table:
    sheet = Sheet(
        "models-used",
        "Where language models and embeddings had a part",
        (Column("where", "Where"), Column("what", "What"), Column("effect", "Effect on the result")),
        empty="None.",
        source=e.scores,
    )
    sheet.row("sides", ("the pair compared", f"{e.reference} and {e.questioned}", "the object of the examination"))
    cohort = [side for side in e.sides if side.role == "cohort"]
    sheet.row(
        "cohort",
        ("the cohort", counted(len(cohort), "model"), "what closeness is usual; named in the table of custody"),
        n=len(cohort),
    )
    embeddings = [v.version for v in e.versions if v.part == "feature embedding"]
    used = [f for f in e.findings if f.statistic in EMBEDDED]
    for finding in used:
        effect = "none: it has no value here" if finding.raw is None else f"a finding ({finding.role})"
        sheet.row(
            f"embedding-{finding.statistic}",
            (f"statistic {finding.statistic}", "; ".join(embeddings) or "not recorded", effect),
        )
    others = [f.statistic for f in e.findings if f.statistic not in EMBEDDED]
    sheet.row(
        "rules", (f"statistics {', '.join(others) or NONE}", "none: rules and counts", "findings without any model")
    )
    sheet.row("judging", ("judging answers", "none: no model judged, marked or labelled any answer", "none"))
    sheet.row("writing", ("the words of this annex", "none: fixed sentences", "none"))
    return sheet.table()


def index(e: Evidence, digest: str) -> Table:
    """Return what is exhibited, with ids; the expert puts initials before them."""
    sheet = Sheet(
        "exhibits",
        "List of exhibits",
        (Column("id", "Exhibit"), Column("what", "What it is"), Column("digest", "SHA-256 of the file or prompt")),
        empty="Nothing is exhibited.",
        source=e.scores,
        note="The expert puts initials before each id. Files of the cohort are listed one by one in the table of custody.",
    )
    files = [("evidence.json", digest), ("scores.json", e.scores), ("the case", e.case)]
    files += [(f"answers of the {i.role}: {i.name}", i.digest) for i in e.inputs if i.role != "cohort"]
    for place, (what, value) in enumerate(files, start=1):
        sheet.row(f"F{place}", (f"F{place}", what, value), source=value)
    for place, shown in enumerate(e.exhibits, start=1):
        value = shown.contribution.prompt_digest
        sheet.row(
            f"P{place}", (f"P{place}", f"a probe with {counted(len(shown.excerpts), 'answer')} side by side", value)
        )
    return sheet.table()


def glossary(material: Material) -> Section:
    """Return the terms of this annex and what they mean in it."""
    sheet = Sheet(
        "glossary",
        "Terms as used in this annex",
        (Column("term", "Term"), Column("meaning", "Meaning")),
        empty="",
        source=f"forensics {material.evidence.tool}",
    )
    for term, meaning in GLOSSARY:
        sheet.row(term, (term, meaning))
    return Section("", "glossary", "Glossary", tables=(sheet.table(),))

"""What the court style asks of the human expert: fields with the rule that wants each, and drafts from the evidence.

Nothing here is said in the expert's name: a draft lists values of the evidence for the expert to check.
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.records.evidence import Evidence
from forensics.reporting.court_tables import ranges
from forensics.reporting.court_texts import CHECK, DUTY, RANGE, STATUS, TRUTH
from forensics.reporting.material import Material
from forensics.reporting.parts import Field, Section
from forensics.reporting.tables import alternative_names
from forensics.reporting.texts import QUESTIONS
from forensics.reporting.wording import counted, log_ratio


def cited(*rules: str) -> str:
    """Return references, each marked for a lawyer to check.

    >>> cited("CPR 35.10(3)", "PD 35 3.2(3)")
    'CPR 35.10(3)†, PD 35 3.2(3)†'
    """
    return ", ".join(f"{rule}{CHECK}" for rule in rules)


def status(material: Material) -> Section:
    """Return what this document is, and is not."""
    words = (
        text.format(tool=material.evidence.tool, digest=material.digest, cells="tables/court-cells.csv")
        for text in STATUS
    )
    fields = (
        Field(
            "proceedings",
            "Proceedings",
            cited("PD 35 3.1"),
            "The court to which the report is addressed, claim number, parties, and the party or parties on whose instructions the report is made; the "
            "number of this annex.",
        ),
    )
    return Section("", "status", "Status of this annex", tuple(words), fields=fields)


def expert(material: Material) -> Section:
    """Return the fields on the expert, the instructions, and who did what."""
    e = material.evidence
    fields = (
        Field(
            "qualifications",
            "The expert and the expert's qualifications",
            cited("PD 35 3.2(1)"),
            "Name, qualifications, and the field of expertise; what in this annex lies outside it.",
        ),
        Field(
            "instructions",
            "Instructions received",
            cited("CPR 35.10(3)", "PD 35 3.2(3)"),
            "The substance of all material instructions, written and oral, and of the facts on which the opinions rest.",
            (f"The program was set the question: {QUESTIONS[e.question]}",),
        ),
        Field(
            "material",
            "Literature and other material relied on",
            cited("PD 35 3.2(2)"),
            "Every source relied on.",
            tuple(_material(material)),
        ),
        Field(
            "knowledge",
            "Facts within the expert's own knowledge, and facts that are not",
            cited("PD 35 3.2(4)", "PD 35 3.3"),
            "Which of the facts stated are within the expert's own knowledge, and from whom the others come.",
            (
                "Not within the knowledge of anybody who only reads this annex: how the recorded answers came about, whether "
                "an endpoint served the model it was named after, and whether declared lineages are right. The digests show "
                "that files are unchanged since they were recorded, and nothing about the time before.",
            ),
        ),
        Field(
            "tests",
            "Who carried out which examination, measurement or test",
            cited("PD 35 3.2(5)"),
            "For each: who carried it out, that person's qualifications, and whether it was under the expert's supervision.",
            tuple(_tests(e)),
        ),
    )
    return Section("", "expert", "The expert and the instructions", fields=fields)


def _material(material: Material) -> Iterator[str]:
    e = material.evidence
    yield f"evidence.json, {material.digest}; scores.json, {e.scores}; the case, {e.case}."
    yield f"{counted(len(e.inputs), 'file')} of recorded answers, each with its digest in the table of custody."
    if e.validation:
        names = alternative_names(e)
        for line in e.validation:
            pairs = counted(line.validation.pairs_hp + line.validation.pairs_hd, "pair")
            yield f"A calibration, {e.calibration}, against {names[line.alternative]} validated on {pairs} of known relation."
    else:
        yield "No calibration."
    if e.probe_set:
        yield f"Probe set {e.probe_set.name} {e.probe_set.version}, {e.probe_set.digest}."


def _tests(e: Evidence) -> Iterator[str]:
    answers = sum(side.answers for side in e.sides)
    yield f"Putting {counted(e.n_probes, 'probe')} to the models and recording {counted(answers, 'answer')}: (who, when, under whose supervision)."
    scored = ", ".join(f.statistic for f in e.findings)
    yield f"Scoring the recorded answers with the statistics {scored}: the program forensics {e.tool}, run by (who)."
    yield "Weighing the scores and laying out this annex: the same program, run by (who)."
    yield f"Controls: {counted(len(e.controls), 'line')} in the table of controls, by the same program in the same run."


def opinion(material: Material) -> Section:
    """Return the range of opinion, filled in as far as the table of sensitivity goes."""
    field = Field(
        "range",
        "Range of opinion",
        cited("PD 35 3.2(6)"),
        "Where there is a range of opinion on the matters dealt with: a summary of it, and the reasons for the expert's own.",
        tuple(_opinions(material.evidence)),
    )
    return Section("", "range", "Range of opinion", RANGE, fields=(field,), tables=(ranges(material.evidence),))


def _opinions(e: Evidence) -> Iterator[str]:
    """Yield what the evidence itself says of other views: variations, the interval, the other alternative."""
    rows = ranges(e).rows
    ratios = [row for row in rows if row.id.endswith("-log10_lr")]
    for row in ratios or rows:
        name, reported, low, low_by, high, high_by = (cell.text for cell in row.cells)
        yield f"{name}: {reported} as reported; lowest {low} ({low_by}), highest {high} ({high_by})."
    if ratios:
        yield "The range of every normalised score stands in the table below."
    for weight in e.conclusion.weights:
        if weight.uncapped is not None and weight.uncapped != weight.log10_lr:
            yield (
                f"Before the cap the log10 LR against {weight.alternative.replace('_', ' ')} would be "
                f"{log_ratio(weight.uncapped)}; the validation data do not support it."
            )
    if not rows:
        yield "The evidence holds no variation of method for this case."


def duty(material: Material) -> Section:
    """Return the duty to the court and the statement of truth, for the expert to adopt or not."""
    fields = (
        Field("duty", "Duty to the court", cited("CPR 35.3", "CPR 35.10(2)", "PD 35 3.2(9)"),
              "To be adopted by the expert, or not.", DUTY),
        Field("truth", "Statement of truth", cited("PD 35 3.3"),
              "Wording of October 2020. It belongs to the expert's own report, and is printed here to be copied into it; "
              "this annex by itself is verified by nobody.", TRUTH),
        Field("signature", "Signature", "", "Signed, name, date."),
    )  # fmt: skip
    return Section("", "duty", "Duty to the court and statement of truth", fields=fields)

"""Tables that let an opponent check the method: conditions, validation, sensitivity, controls, failures, custody.

Lays out values of the evidence and computes none. A table without rows says why.
"""

from __future__ import annotations

from forensics.records.calibration import Metric
from forensics.records.evidence import Evidence
from forensics.reporting.parts import Column, Table
from forensics.reporting.sheet import Sheet, Shown, interval_cells, interval_columns
from forensics.reporting.tables import alternative_names
from forensics.reporting.texts import unit_of
from forensics.reporting.wording import NONE, log_ratio, number, percent

NO_CALIBRATION = "No calibration was given, so there is nothing of this kind to show."
SHUFFLED = "shuffled"
"""Controls whose id begins so are costs of the calibration with shuffled labels."""
MISLEADING = "misleading"
"""Metrics whose id begins so belong to the table of misleading evidence."""


def conditions(evidence: Evidence) -> Table:
    """Return the conditions of the case beside those of the validation data."""
    sheet = Sheet(
        "conditions",
        "Case conditions and validation conditions",
        (
            Column("name", "Condition"),
            Column("case", "This case"),
            Column("validation", "Validation data"),
            Column("verdict", "Verdict"),
        ),
        empty=f"{NO_CALIBRATION} Without validation data there are no conditions to compare those of the case with.",
        source=evidence.calibration,
        note="A calibration holds for the conditions it was validated under. Question, statistics, probes, draws, sampling and cohort "
        "must be the same, or it is refused (or marked as transferred, not validated). Language, length, dates and access "
        "do not make it unfit by themselves; where they differ, the validation says less about this case.",
    )
    for c in evidence.conditions:
        sheet.row(c.id, (c.name, c.case, c.validation, c.verdict), strong=c.verdict == "differs")
    return sheet.table()


def _rate_columns(name: str, unit: str) -> tuple[Column, ...]:
    return (
        Column("alternative", "Hp against"),
        Column("name", name),
        Column("value", "Value", unit, numeric=True),
        *interval_columns("value", "Interval over lineages", unit),
        Column("n", "Pairs", "pairs", numeric=True),
        Column("reason", "Remark"),
    )


def validation(evidence: Evidence) -> Table:
    """Return the validation figures with their intervals."""
    sheet = Sheet(
        "validation",
        "Validation metrics",
        _rate_columns("Figure", ""),
        empty=NO_CALIBRATION,
        source=evidence.calibration,
        note="Measured on pairs of known relation whose lineages the calibration had not seen. Cllr is a cost: 0 is "
        "perfect, 1 is a system that says nothing.",
    )
    names = alternative_names(evidence)
    for line in evidence.validation:
        found = line.validation
        for key, name, count in (
            ("lineages", "lineages in the validation data", found.lineages),
            ("lineages_hp", "lineages with pairs for which Hp is true", found.lineages_hp),
            ("pairs_hp", "pairs for which Hp is true", found.pairs_hp),
            ("pairs_hd", "pairs for which Hd is true", found.pairs_hd),
            ("cap", f"log10 of the largest ratio these data support (bound: {found.bound})", found.cap),
            ("answerable", "upper limit of Cllr below 1, so that the question can be answered", found.answerable),
        ):
            values = (names[line.alternative], name, count, *interval_cells(None), None, NONE)
            sheet.row(f"{line.alternative}-{key}", values, n=found.pairs_hp + found.pairs_hd)
        for m in found.metrics:
            if not m.id.startswith(MISLEADING):
                _add_metric(sheet, line.alternative, names[line.alternative], m)
    return sheet.table()


def misleading(evidence: Evidence) -> Table:
    """Return how often the ratios pointed the wrong way."""
    sheet = Sheet(
        "misleading",
        "Misleading evidence",
        _rate_columns("Rate", "share"),
        empty=NO_CALIBRATION,
        source=evidence.calibration,
        note="The share of validation pairs whose ratio pointed to the wrong proposition by at least so much.",
    )
    names = alternative_names(evidence)
    for line in evidence.validation:
        for m in line.validation.metrics:
            if m.id.startswith(MISLEADING):
                _add_metric(sheet, line.alternative, names[line.alternative], m)
    return sheet.table()


def _add_metric(sheet: Sheet, alternative: str, name: str, metric: Metric) -> None:
    interval = metric.interval
    how = (metric.reason or NONE) if interval is None else f"{percent(interval.level)}, {interval.method}"
    cells = interval_cells(interval, n=metric.n)
    sheet.row(
        f"{alternative}-{metric.id}",
        (name, metric.name, Shown(metric.value, unit=_unit(metric)), *cells, metric.n, how),
        n=metric.n,
    )


def _unit(metric: Metric) -> str:
    """Return what a validation figure counts: costs are in bits, areas and rates are shares."""
    return "bits" if metric.id.startswith("cllr") else "share"


def turing(evidence: Evidence) -> Table:
    """Return the Turing bound check, overall and per stratum."""
    sheet = Sheet(
        "turing",
        "Turing check",
        (
            Column("alternative", "Hp against"),
            Column("stratum", "Pairs"),
            Column("threshold", "x", "ratio", numeric=True),
            Column("hd", "x · P(LR ≥ x | Hd)", numeric=True),
            Column("hp", "x · P(LR ≤ 1/x | Hp)", numeric=True),
            Column("n_hd", "Hd pairs", "pairs", numeric=True),
            Column("n_hp", "Hp pairs", "pairs", numeric=True),
        ),
        empty=NO_CALIBRATION,
        source=evidence.calibration,
        note="For a sound ratio neither product exceeds 1 by more than chance; one that does is set in bold.",
    )
    names = alternative_names(evidence)
    for line in evidence.validation:
        for t in line.validation.turing:
            products = (Shown(t.hd, n=t.n_hd), Shown(t.hp, n=t.n_hp), t.n_hd, t.n_hp)
            sheet.row(
                f"{line.alternative}-{t.stratum}-{t.threshold:g}",
                (names[line.alternative], t.stratum, Shown(t.threshold, f"{t.threshold:g}"), *products),
                n=t.n_hd + t.n_hp,
                strong=max(t.hd or 0.0, t.hp or 0.0) > 1,
            )
    return sheet.table()


def sensitivity(evidence: Evidence) -> Table:
    """Return what becomes of the result when one choice is made differently; ratios before the cap are named so."""
    sheet = Sheet(
        "sensitivity",
        "Sensitivity",
        (
            Column("change", "One thing done differently"),
            Column("statistic", "Statistic"),
            Column("normalisation", "Normalisation"),
            Column("normalised", "Normalised", "standard deviations", numeric=True),
            Column("alternative", "Hp against"),
            Column("log10_lr", "log10 LR", "log10", numeric=True),
            Column("reason", "Remark"),
        ),
        empty="No variation was computed for this case.",
        source=evidence.scores,
        note="If a small change of method changes the answer, the answer rests on that choice.",
    )
    names = alternative_names(evidence)
    probes = {f.statistic: f.n_probes for f in evidence.findings}
    for w in evidence.conclusion.weights:
        if w.uncapped is not None:
            words = f"ratio against {names[w.alternative]} before the cap (not supported by the validation data)"
            uncapped = Shown(w.uncapped, log_ratio(w.uncapped))
            sheet.row(
                f"uncapped-{w.alternative}",
                (words, "all weighed", NONE, None, names[w.alternative], uncapped, NONE),
                n=w.lineages or 0,
            )
    for s in evidence.sensitivity:
        values = (
            s.change,
            s.statistic,
            s.normalisation,
            Shown(s.normalised, unit=unit_of(s.normalisation)),
            names[s.alternative] if s.alternative else NONE,
            Shown(s.log10_lr, log_ratio(s.log10_lr)),
            s.reason or NONE,
        )
        sheet.row(s.id, values, n=probes.get(s.statistic, evidence.n_probes))
    return sheet.table()


def controls(evidence: Evidence) -> Table:
    """Return the pairs whose answer is known, measured in the same case."""
    sheet = Sheet(
        "controls",
        "Controls",
        (
            Column("name", "Control"),
            Column("expected", "Expected"),
            Column("statistic", "Statistic"),
            Column("normalised", "Value", "normalised score", numeric=True),
            Column("log10_lr", "log10 LR", "log10", numeric=True),
            Column("verdict", "Verdict"),
            Column("reason", "Remark"),
        ),
        empty="No control was measured in this case.",
        source=evidence.scores,
        note="Pairs whose answer is known, measured with the same suite. A control that is not as expected puts every "
        "finding of the case in doubt.",
    )
    probes = {f.statistic: f.n_probes for f in evidence.findings}
    for c in evidence.controls:
        ratio = Shown(c.log10_lr, log_ratio(c.log10_lr))
        value = Shown(c.normalised, unit="bits" if c.id.startswith(SHUFFLED) else None)
        values = (c.name, c.expected, c.statistic, value, ratio, c.verdict, c.reason or NONE)
        sheet.row(c.id, values, n=probes.get(c.statistic, evidence.n_probes), strong=c.verdict == "not as expected")
    return sheet.table()


def deviations(evidence: Evidence) -> Table:
    """Return every deviation, warning and model set aside."""
    sheet = Sheet(
        "deviations",
        "Deviations, warnings and models set aside",
        (Column("kind", "Kind"), Column("text", "What")),
        empty="No deviation, no warning, and no model set aside.",
        source=evidence.scores,
    )
    kinds = (
        ("deviation", evidence.deviations),
        ("warning", evidence.warnings),
        ("set aside", evidence.set_aside),
    )
    for kind, texts in kinds:
        for i, text in enumerate(texts, start=1):
            sheet.row(f"{kind.replace(' ', '-')}-{i}", (kind, text))
    return sheet.table()


def custody(evidence: Evidence, evidence_digest: str) -> Table:
    """Return every file the evidence was made from, with its digest."""
    sheet = Sheet(
        "custody",
        "Custody: inputs and their digests",
        (
            Column("role", "Role"),
            Column("name", "Name"),
            Column("format", "Format"),
            Column("digest", "SHA-256"),
        ),
        empty="No input was recorded.",
        source=evidence.scores,
        note="SHA-256 of the bytes on disk; anyone can check a file with sha256sum. The case's digest is of its content, "
        "without paths.",
    )
    sheet.row("evidence", ("record", "evidence.json", evidence.schema_, evidence_digest), source=evidence_digest)
    sheet.row("scores", ("record", "scores.json", "forensics/scores", evidence.scores))
    sheet.row("case", ("record", "the case", "forensics/case", evidence.case), source=evidence.case)
    for i in evidence.inputs:
        sheet.row(
            f"{i.role}-{i.name}" if i.role == "cohort" else i.role,
            (i.role, i.name, i.format, i.digest),
            source=i.digest,
        )
    return sheet.table()


def versions(evidence: Evidence) -> Table:
    """Return the versions and settings that the numbers depend on."""
    sheet = Sheet(
        "versions",
        "Versions and settings",
        (Column("part", "Part"), Column("version", "Version or value")),
        empty="No version was recorded.",
        source=evidence.scores,
        note="The same inputs, versions and seed give the same bytes of evidence.",
    )
    for v in evidence.versions:
        sheet.row(v.part, (v.part, v.version))
    if evidence.probe_set:
        p = evidence.probe_set
        sheet.row("probe-set", ("probe set", f"{p.name} {p.version}, {p.digest}"))
    else:
        sheet.row("probe-set", ("probe set", "none: the prompts that the recorded answers have in common"))
    sheet.row("n-probes", ("probes scored", Shown(evidence.n_probes, number(evidence.n_probes))))
    sheet.row("seed", ("seed", Shown(evidence.seed, str(evidence.seed))))
    sheet.row("replicates", ("bootstrap replicates", Shown(evidence.replicates, number(evidence.replicates))))
    return sheet.table()

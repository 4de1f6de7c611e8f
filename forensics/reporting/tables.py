"""The first tables of a report: what is asked, what may be concluded, what was found. Lays out values, computes none.

Tables of the cohort are in `report_cohort`, those that check the method in `report_checks`.
"""

from __future__ import annotations

from forensics.records.evidence import Evidence, Finding
from forensics.reporting.parts import Column, Table
from forensics.reporting.sheet import Sheet, Shown, interval_cells, interval_columns
from forensics.reporting.texts import NORMALISATIONS, unit_of
from forensics.reporting.wording import NONE, findings_phrase, log_ratio, number, percent, ratio
from forensics.validating import FEWEST_FOR_INTERVAL

KINDS = {"independent": "independent development", "common_source": "a common third source"}
"""What each alternative supposes, in a few words."""


def alternative_names(evidence: Evidence) -> dict[str, str]:
    """Return how each alternative is called: Hd 1, Hd 2 …, by its id."""
    only = len(evidence.propositions.hd) == 1
    return {a.id: "Hd" if only else f"Hd {i}" for i, a in enumerate(evidence.propositions.hd, start=1)}


def propositions(evidence: Evidence) -> Table:
    """Return what is weighed against what."""
    sheet = Sheet(
        "propositions",
        "Propositions",
        (Column("name", "Name"), Column("text", "Proposition"), Column("kind", "Kind")),
        empty="No propositions were recorded.",
        source=None,
        note="The findings are weighed under each proposition; the propositions themselves are not what is weighed.",
    )
    sheet.row("hp", ("Hp", evidence.propositions.hp, "a common source of the kind asked about"))
    names = alternative_names(evidence)
    for alternative in evidence.propositions.hd:
        sheet.row(alternative.id, (names[alternative.id], alternative.text, KINDS[alternative.id]))
    return sheet.table()


def conclusion(evidence: Evidence) -> Table:
    """Return the ratio against each alternative, or why there is none."""
    sheet = Sheet(
        "conclusion",
        "Conclusion",
        (
            Column("alternative", "Hp against"),
            Column("log10_lr", "log10 LR", "log10", numeric=True),
            *interval_columns("log10_lr", "Interval", "log10"),
            Column("lr", "LR", "ratio", numeric=True),
            Column("cap", "Cap", "log10", numeric=True),
            Column("bound", "Bound that applied"),
            Column("lineages", "Lineages", "lineages", numeric=True),
            Column("words", "In words"),
        ),
        empty="No alternative was weighed.",
        source=None,
        note="LR: likelihood ratio, how many times more probable the findings are under one proposition than under the "
        "other. It is not the probability of a proposition. The lowest ratio is the headline. The cap is the largest "
        "ratio that the validation data can support; the value before the cap stands in the table of sensitivity. Lineages: those "
        f"left in the calibration without the case's own. No interval is given below {FEWEST_FOR_INTERVAL} of them.",
    )
    names = alternative_names(evidence)
    for weight in evidence.conclusion.weights:
        headline = weight.alternative == evidence.conclusion.headline
        said = [] if weight.log10_lr is None else [findings_phrase(weight.log10_lr, hd=names[weight.alternative])]
        if weight.reason:
            said.append(weight.reason)
        if headline and evidence.conclusion.verbal:
            said.append(evidence.conclusion.verbal)
        if weight.interval:
            said.append(f"{percent(weight.interval.level)} interval, {weight.interval.method}")
        sheet.row(
            weight.alternative,
            (
                f"{names[weight.alternative]}, {KINDS[weight.alternative]}{' (headline)' if headline else ''}",
                Shown(weight.log10_lr, log_ratio(weight.log10_lr)),
                *interval_cells(weight.interval, digits=2, n=weight.lineages or 0),
                ratio(weight.log10_lr),
                Shown(weight.cap, log_ratio(weight.cap)),
                weight.bound or NONE,
                weight.lineages,
                "; ".join(said),
            ),
            n=weight.lineages or 0,
            strong=headline,
        )
    return sheet.table()


def weighed(evidence: Evidence) -> Table:
    """Return the values that the ratios rest on."""
    sheet = Sheet(
        "weighed",
        "What the ratios rest on",
        (
            Column("statistic", "Statistic"),
            Column("normalisation", "Normalisation"),
            Column("value", "Value", numeric=True),
            Column("meaning", "What the value says"),
        ),
        empty="Nothing was weighed in this case.",
        source=None,
        note="The calibration weighs these values and no others. The table of findings may show the same statistic by another "
        "normalisation, with another number.",
    )
    for m in evidence.weighed:
        unit, meaning = NORMALISATIONS.get(m.normalisation, ("normalised score", NONE))
        sheet.row(m.statistic, (m.statistic, m.normalisation, Shown(m.value, unit=unit), meaning), n=m.n_probes)
    return sheet.table()


def verbal_scale(evidence: Evidence) -> Table:
    """Return the whole verbal scale, the step that applies marked."""
    sheet = Sheet(
        "scale",
        "Verbal scale",
        (
            Column("words", "Words"),
            Column("low", "LR from", "ratio", numeric=True),
            Column("high", "LR to", "ratio", numeric=True),
            Column("mirrored", "In support of the alternative"),
        ),
        empty="No scale was recorded.",
        source=None,
        note="A ratio of 1 supports neither proposition. The same words serve for ratios below 1, mirrored.",
    )
    for step in evidence.scale:
        low = number(int(step.low))
        high = "and above" if step.high is None else number(int(step.high))
        nearer_one = "1" if step.low == 1 else f"1/{low}"
        mirrored = f"1/{low} and below" if step.high is None else f"1/{high} to {nearer_one}"
        sheet.row(
            step.words,
            (step.words, Shown(step.low, low), Shown(step.high, high), mirrored),
            strong=evidence.conclusion.verbal is not None and evidence.conclusion.verbal.startswith(step.words),
        )
    return sheet.table()


def findings(evidence: Evidence) -> Table:
    """Return every statistic's result."""
    sheet = Sheet(
        "findings",
        "Findings per statistic",
        (
            Column("statistic", "Statistic"),
            Column("role", "Role"),
            Column("raw", "Raw score", "score", numeric=True),
            *interval_columns("raw", "Interval", "score"),
            Column("normalised", "Normalised", "standard deviations", numeric=True),
            *interval_columns("normalised", "Interval", "standard deviations"),
            Column("ranks", "Ranks from R / from Q", "places", numeric=True, where="page"),
            Column("rank_reference", "Rank from the reference", "place", numeric=True, where="data"),
            Column("rank_questioned", "Rank from the questioned", "place", numeric=True, where="data"),
            Column("of", "Of", "models", numeric=True, where="data"),
            Column("n_probes", "Probes", "probes", numeric=True),
            Column("n_cohort", "Cohort", "models", numeric=True),
            Column("reason", "Remark"),
        ),
        empty="No statistic was computed.",
        source=evidence.scores,
        note="Normalised: by how many standard deviations the pair lies above what each side shows with unrelated cohort "
        "models, averaged over both sides. Ranks: the place of the other side among all models, seen from the reference (R) "
        f"and from the questioned model (Q); 1 is nearest. Cohort: unrelated models in the normalisation. {_how_intervals(evidence)}Weighed: the calibration of this case "
        "rests on it. Measured: shown beside it, and weighed by other calibrations. Exhibits are never weighed.",
    )
    weighed = {m.statistic for m in evidence.weighed}
    for f in evidence.findings:
        role = "weighed" if f.statistic in weighed else "exhibit" if f.role == "exhibit" else "measured"
        strong = f.statistic in weighed
        sheet.row(f.statistic, (f.statistic, role, *_measures(f), _remark(f)), n=f.n_probes, strong=strong)
    return sheet.table()


def _measures(f: Finding) -> tuple[Shown | float | str | int | None, ...]:
    rank = f.rank
    return (
        f.raw,
        *interval_cells(f.interval),
        Shown(f.normalised, n=f.n_cohort, unit=unit_of(f.normalisation)),
        *interval_cells(f.normalised_interval, n=f.n_cohort),
        ranks(f),
        Shown(rank.reference if rank else None, n=rank.of if rank else None),
        Shown(rank.questioned if rank else None, n=rank.of if rank else None),
        rank.of if rank else None,
        f.n_probes,
        f.n_cohort,
    )


def _remark(f: Finding) -> str:
    return "; ".join(part for part in (f.reason or "", f.normalisation or "") if part) or NONE


def _how_intervals(evidence: Evidence) -> str:
    """Return how the intervals were made, each way once."""
    ways = {f"{percent(i.level)} {i.method}" for f in evidence.findings for i in (f.interval,) if i}
    return f"Intervals: {'; '.join(sorted(ways))}. " if ways else ""


def ranks(f: Finding) -> str:
    """Return both ranks of a finding on one line."""
    if f.rank is None:
        return NONE
    return f"{number(f.rank.reference)} / {number(f.rank.questioned)} of {number(f.rank.of)}"


def key_findings(evidence: Evidence) -> Table:
    """Return the short table of the first screen."""
    sheet = Sheet(
        "key",
        "The findings in short",
        (
            Column("statistic", "Statistic"),
            Column("raw", "Raw", "score", numeric=True),
            Column("normalised", "Normalised", "standard deviations", numeric=True),
            Column("rank", "Ranks", "places", numeric=True),
        ),
        empty="No statistic has a value in this case.",
        source=evidence.scores,
        note=f"Ranks: seen from the reference / from the questioned model, of all models compared.{_silent(evidence)}",
    )
    weighed = {m.statistic for m in evidence.weighed}
    for f in sorted(evidence.findings, key=lambda f: (f.statistic not in weighed, f.role != "weighed")):
        if f.raw is not None:
            name = f"{f.statistic} (weighed)" if f.statistic in weighed else f.statistic
            name = f"{f.statistic} (exhibit)" if f.role == "exhibit" else name
            sheet.row(
                f.statistic, (name, f.raw, Shown(f.normalised, unit=unit_of(f.normalisation)), ranks(f)), n=f.n_probes
            )
    return sheet.table()


def _silent(evidence: Evidence) -> str:
    """Name the statistics without a value; why stands in the table of findings."""
    names = [f.statistic for f in evidence.findings if f.raw is None]
    return f" Without a value here, for reasons given in the table of findings: {', '.join(names)}." if names else ""

"""From evidence to a report: what the reader is told and in which order. Computes nothing; formats lay it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from forensics import canonical, case
from forensics.hostile import shortened
from forensics.records.evidence import Distribution, Evidence, Excerpt, Finding, ScaleStep
from forensics.records.evidence import Exhibit as Recorded
from forensics.reporting import case_plots, checks, cohort, tables, validation_plots
from forensics.reporting.parts import Excerpt as Shown
from forensics.reporting.parts import Exhibit, Figure, Passage, Report, Section, Summary, Table, flat
from forensics.reporting.score_plot import score_plot
from forensics.reporting.sheet import LONGEST
from forensics.reporting.texts import LIMITS, QUESTIONS, STATISTICS_READING
from forensics.reporting.wording import between, counted, nearest, number, percent

MOST_CAUTIONS = 6
"""Warnings and deviations on the first screen."""


def make(evidence: Evidence) -> Report:
    """Return the report on a case's evidence, in the analyst's style."""
    digest = canonical.digest(case.as_written(evidence))
    figures = {d.statistic: _score_figure(evidence, d) for d in evidence.distributions}
    report = Report(
        title=f"{evidence.questioned} compared with {evidence.reference}",
        summary=_summary(evidence, figures),
        sections=_sections(evidence, digest, figures),
        limits=LIMITS,
        tool=evidence.tool,
        evidence=digest,
    )
    return _numbered(report)


def _summary(evidence: Evidence, figures: dict[str, Figure]) -> Summary:
    weighed = [f.statistic for f in evidence.findings if f.role == "weighed" and f.statistic in figures]
    shown = next((name for name in ("lexical", *weighed) if name in figures), None)
    return Summary(
        reference=evidence.reference,
        questioned=evidence.questioned,
        question=QUESTIONS[evidence.question],
        answered=evidence.conclusion.headline is not None,
        answer=evidence.conclusion.sentence,
        propositions=_propositions(evidence),
        scale=tuple(_step(step) for step in evidence.scale),
        meaning=LIMITS[0],
        cautions=tuple(_cautions(evidence)),
        key=tables.key_findings(evidence),
        figure=figures[shown] if shown else None,
    )


def _cautions(evidence: Evidence) -> Iterator[str]:
    """Yield what a reader must know before using a number; a long list goes on in the table of deviations."""
    every = (*evidence.deviations, *evidence.warnings)
    yield from (shortened(text, LONGEST) for text in every[:MOST_CAUTIONS])
    if len(every) > MOST_CAUTIONS:
        yield f"{len(every) - MOST_CAUTIONS} further ones stand in the table of deviations."


def _propositions(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    names = tables.alternative_names(evidence)
    pairs = [("Hp", evidence.propositions.hp), *((names[hd.id], hd.text) for hd in evidence.propositions.hd)]
    return tuple((name, shortened(text, LONGEST)) for name, text in pairs)


def _step(step: ScaleStep) -> str:
    upper = "and above" if step.high is None else f"to {number(int(step.high))}"
    return f"{number(int(step.low))} {upper}: {step.words}"


def _sections(evidence: Evidence, digest: str, figures: dict[str, Figure]) -> tuple[Section, ...]:
    plan: list[Section] = [
        Section("", "propositions", "Propositions", tables=(tables.propositions(evidence),)),
        Section("", "conclusion", "Conclusion", (evidence.conclusion.sentence,), _ratio_figures(evidence), (tables.conclusion(evidence),)),
        Section("", "scale", "Verbal scale", tables=(tables.verbal_scale(evidence),)),
        Section("", "findings", "Findings per statistic", tables=(tables.findings(evidence),), sections=tuple(_details(evidence, figures))),
        _exhibit_section(evidence),
        Section("", "population", "Population and lineages", tables=(cohort.population(evidence),)),
        Section("", "conditions", "Conditions of the case and of the validation", tables=(checks.conditions(evidence),)),
        Section("", "validation", "Validation", (), validation_plots.figures(evidence), (checks.validation(evidence),)),
        Section("", "misleading", "Misleading evidence and Turing check", tables=(checks.misleading(evidence), checks.turing(evidence))),
        Section("", "sensitivity", "Sensitivity", tables=(checks.sensitivity(evidence),)),
        Section("", "controls", "Controls", tables=(checks.controls(evidence),)),
        Section("", "failures", "Deviations and failures", tables=(checks.deviations(evidence), cohort.sides(evidence, ("reference", "questioned")), cohort.sides(evidence, ("cohort",)))),
        Section("", "custody", "Custody", tables=(checks.custody(evidence, digest),)),
        Section("", "versions", "Versions and digests", tables=(checks.versions(evidence),)),
    ]  # fmt: skip
    return tuple(plan)


def _details(evidence: Evidence, figures: dict[str, Figure]) -> Iterator[Section]:
    """Yield a part for each statistic: what it listens to, how its numbers read, its figures, its nearest models."""
    distributions = {d.statistic: d for d in evidence.distributions}
    for finding in evidence.findings:
        found = distributions.get(finding.statistic)
        drawn: tuple[Figure, ...] = ()
        near: tuple[Table, ...] = ()
        if found is not None:
            drawn = (figures[finding.statistic], _probe_figure(evidence, found))
            near = tuple(cohort.nearest(evidence, found, side) for side in ("reference", "questioned"))
        yield Section(
            "",
            f"statistic-{flat(finding.statistic)}",
            finding.statistic,
            tuple(_reading(finding)),
            drawn,
            near,
        )


def _reading(f: Finding) -> Iterator[str]:
    """Yield the plain words that go with one statistic's numbers."""
    yield STATISTICS_READING.get(f.statistic, f.summary[:1].upper() + f.summary[1:] + ".")
    if f.role == "exhibit":
        yield "This statistic is an exhibit: it is shown and never weighed."
    if f.raw is None:
        yield f"It has no value in this case: {f.reason or 'no reason was recorded'}."
        return
    interval = (
        f" ({percent(f.interval.level)} interval {between(f.interval)}, {f.interval.method})" if f.interval else ""
    )
    yield f"The pair's raw score over {counted(f.n_probes, 'probe')} is {number(f.raw)}{interval}."
    if f.normalised is not None:
        spread = "deviations (median and MAD)" if "robust" in (f.normalisation or "") else "standard deviations"
        way = "above" if f.normalised >= 0 else "below"
        interval = f" (interval {between(f.normalised_interval)})" if f.normalised_interval else ""
        yield (
            f"Normalised, it is {number(abs(f.normalised))}: that many {spread} {way} what the two sides show with "
            f"{counted(f.n_cohort, 'unrelated cohort model')}{interval}. Around 0, the two sides are no closer than unrelated models are."
        )
    elif f.reason:
        yield f"It could not be normalised: {f.reason}."
    if f.rank and f.rank.reference and f.rank.questioned:
        yield (
            f"Of {counted(f.rank.of, 'other model')}, the questioned model is the {nearest(f.rank.reference)} to the "
            f"reference, and the reference the {nearest(f.rank.questioned)} to the questioned model."
        )


def _score_figure(evidence: Evidence, found: Distribution) -> Figure:
    finding = next(f for f in evidence.findings if f.statistic == found.statistic)
    return Figure(
        id=f"score-{flat(found.statistic)}",
        title=f"Where the pair stands among the cohort: {found.statistic}",
        note="Each mark is one cohort model. The upper row shows how close each is to the reference, the lower row how close "
        "each is to the questioned model. The line is the pair itself. The farther the line stands to the right of the "
        "circles, the less ordinary is the closeness of the pair.",
        wide=score_plot(found, finding, case_plots.WIDE),
        narrow=score_plot(found, finding, case_plots.NARROW),
        data=cohort.cohort_scores(evidence, found),
    )


def _probe_figure(evidence: Evidence, found: Distribution) -> Figure:
    return Figure(
        id=f"probes-{flat(found.statistic)}",
        title=f"Agreement by probe: {found.statistic}",
        note="For each probe, the pair's score less what is typical between the two sides and unrelated models. A "
        "closeness that rests on a few probes falls off steeply; one that lies in the whole behaviour declines slowly.",
        wide=case_plots.probe_plot(found.contributions, found.statistic, case_plots.WIDE),
        narrow=case_plots.probe_plot(found.contributions, found.statistic, case_plots.NARROW),
        data=cohort.probe_scores(evidence, found),
    )


def _ratio_figures(evidence: Evidence) -> tuple[Figure, ...]:
    if all(w.log10_lr is None for w in evidence.conclusion.weights):
        return ()
    names = {key: f"Hp against {name}" for key, name in tables.alternative_names(evidence).items()}
    return (
        Figure(
            id="ratio",
            title="The likelihood ratio and its cap",
            note="The line is the interval. The shaded zones lie beyond the cap: the validation data cannot support ratios there.",
            wide=case_plots.ratio_plot(evidence.conclusion, names, case_plots.WIDE),
            narrow=case_plots.ratio_plot(evidence.conclusion, names, case_plots.NARROW),
            data=tables.conclusion(evidence),
        ),
    )


def _exhibit_section(evidence: Evidence) -> Section:
    shown = tuple(_exhibit(number_, recorded) for number_, recorded in enumerate(evidence.exhibits, start=1))
    if not shown:
        words: tuple[str, ...] = ("No probe could be shown: no statistic gives values by probe.",)
    else:
        words = (
            (
                f"The {counted(len(shown), 'probe')} on which the pair exceeds the typical score most, by {evidence.exhibits[0].statistic}. "
                "They are chosen for that and do not stand for all probes. Beside the two sides stand the unrelated model nearest to both "
                "and a middling one. Marked: passages that both sides hold and neither of the other two answers shown does."
            ),
        )
    return Section("", "exhibits", "Exhibits: the probes that contribute most", words, exhibits=shown)


def _exhibit(place: int, recorded: Recorded) -> Exhibit:
    c = recorded.contribution
    return Exhibit(
        id=recorded.id,
        title=f"Exhibit {place}",
        prompt=recorded.prompt,
        note=f"Score of the pair {number(c.raw)}, typical {number(c.typical)}, excess {number(c.excess)}; prompt {c.prompt_digest}.",
        excerpts=tuple(Shown(e.label, e.model, _passages(e), e.cut) for e in recorded.excerpts),
    )


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


def _numbered(report: Report) -> Report:
    """Give sections, printed tables and figures their numbers in reading order."""
    tables = iter(range(1, 10_000))
    figures: dict[str, int] = {}

    def figure(one: Figure) -> Figure:
        return replace(one, number=figures.setdefault(one.id, len(figures) + 1))

    def section(one: Section, number_: str) -> Section:
        return replace(
            one,
            number=number_,
            figures=tuple(figure(f) for f in one.figures),
            tables=tuple(replace(t, number=next(tables)) for t in one.tables),
            sections=tuple(section(s, f"{number_}.{i}") for i, s in enumerate(one.sections, start=1)),
        )

    first = report.summary.figure
    summary = replace(report.summary, figure=figure(first) if first else None)
    numbered = _each(report.sections, section)
    return replace(report, summary=summary, sections=numbered)


def _each(sections: Sequence[Section], number_one: Callable[[Section, str], Section]) -> tuple[Section, ...]:
    return tuple(number_one(s, str(i)) for i, s in enumerate(sections, start=1))

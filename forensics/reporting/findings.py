"""The chapter on findings: what each statistic listens to, how its numbers read, its figures. Computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from forensics.records.evidence import Distribution, Evidence, Finding
from forensics.reporting import case_plots, cohort, style_profile, tables
from forensics.reporting.material import Material
from forensics.reporting.parts import Figure, Section, flat
from forensics.reporting.score_plot import score_plot
from forensics.reporting.texts import STATISTICS_READING, unit_of
from forensics.reporting.wording import between, counted, nearest, number, percent


def _nothing_more(evidence: Evidence) -> tuple[Figure, ...]:
    return ()


def _profile(evidence: Evidence) -> tuple[Figure, ...]:
    return (style_profile.figure(evidence),) if evidence.habits else ()


MORE: dict[str, Callable[[Evidence], tuple[Figure, ...]]] = {"style": _profile}
"""Figures that only one statistic has, by its name."""


def findings(material: Material) -> Section:
    """Return the chapter: the table of all statistics, then a part for each."""
    return Section(
        "",
        "findings",
        "Findings per statistic",
        tables=(tables.findings(material.evidence),),
        sections=tuple(_details(material)),
    )


def _details(material: Material) -> Iterator[Section]:
    """Yield a part for each statistic with a value: what it listens to, its numbers, figures, nearest models; then the rest."""
    evidence = material.evidence
    distributions = {d.statistic: d for d in evidence.distributions}
    for finding in evidence.findings:
        found = distributions.get(finding.statistic)
        if found is not None:
            yield Section(
                "",
                f"statistic-{flat(finding.statistic)}",
                finding.statistic,
                tuple(_reading(finding)),
                (
                    score_figure(evidence, found),
                    _probe_figure(evidence, found),
                    *MORE.get(finding.statistic, _nothing_more)(evidence),
                ),
                tuple(cohort.nearest(evidence, found, side) for side in ("reference", "questioned")),
            )
    silent = [finding for finding in evidence.findings if finding.statistic not in distributions]
    if silent:
        words = tuple(f"{f.statistic}: {' '.join(_reading(f))}" for f in silent)
        yield Section("", "statistics-without-a-value", "Statistics without a value in this case", words)


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
        spread = unit_of(f.normalisation)
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


def score_figure(evidence: Evidence, found: Distribution) -> Figure:
    """Return the plot of where the pair stands among the cohort."""
    finding = next(f for f in evidence.findings if f.statistic == found.statistic)
    return Figure(
        id=f"score-{flat(found.statistic)}",
        title=f"Where the pair stands among the cohort: {found.statistic}",
        note="Each mark is one cohort model: above, how close it is to the reference; below, to the questioned model. The line "
        "is the pair: the farther it stands to the right of the circles, the less ordinary is the pair's closeness.",
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

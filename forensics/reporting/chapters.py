"""The chapters that every style has in common, in the order an expert expects. Computes nothing."""

from __future__ import annotations

from collections.abc import Callable

from forensics.records.evidence import Evidence
from forensics.reporting import answers, case_plots, checks, cohort, equality, tables, triad, validation_plots
from forensics.reporting.exhibits import exhibits
from forensics.reporting.findings import findings
from forensics.reporting.material import Chapter, Material
from forensics.reporting.parts import Figure, Section


def propositions(material: Material) -> Section:
    """Return what is weighed against what."""
    return Section("", "propositions", "Propositions", tables=(tables.propositions(material.evidence),))


def conclusion(material: Material) -> Section:
    """Return the likelihood ratios, or why there are none."""
    e = material.evidence
    return Section(
        "",
        "conclusion",
        "Conclusion",
        (e.conclusion.sentence,),
        figures=_ratio_figures(e),
        tables=(tables.conclusion(e), tables.weighed(e)) if e.weighed else (tables.conclusion(e),),
    )


def scale(material: Material) -> Section:
    """Return the verbal scale."""
    return Section("", "scale", "Verbal scale", tables=(tables.verbal_scale(material.evidence),))


def population(material: Material) -> Section:
    """Return the models compared with."""
    return Section("", "population", "Population and lineages", tables=(cohort.population(material.evidence),))


def conditions(material: Material) -> Section:
    """Return how the case's conditions compare with those of the validation."""
    title = "Conditions of the case and of the validation"
    return Section("", "conditions", title, tables=(checks.conditions(material.evidence),))


def validation(material: Material) -> Section:
    """Return how the calibration did on pairs of known relation."""
    e = material.evidence
    return Section("", "validation", "Validation", figures=validation_plots.figures(e), tables=(checks.validation(e),))


def misleading(material: Material) -> Section:
    """Return how often ratios pointed the wrong way."""
    e = material.evidence
    title = "Misleading evidence and Turing check"
    return Section("", "misleading", title, tables=(checks.misleading(e), checks.turing(e)))


def sensitivity(material: Material) -> Section:
    """Return what other choices would have given."""
    return Section("", "sensitivity", "Sensitivity", tables=(checks.sensitivity(material.evidence),))


def controls(material: Material) -> Section:
    """Return the pairs of known answer."""
    return Section("", "controls", "Controls", tables=(checks.controls(material.evidence),))


def failures(material: Material) -> Section:
    """Return what went otherwise than planned, and what became of the answers."""
    e = material.evidence
    asked = (answers.sides(e, ("reference", "questioned")), answers.service(e), answers.sides(e, ("cohort",)))
    return Section("", "failures", "Deviations and failures", tables=(checks.deviations(e), *asked))


def custody(material: Material) -> Section:
    """Return every input with its digest."""
    return Section("", "custody", "Custody", tables=(checks.custody(material.evidence, material.digest),))


def versions(material: Material) -> Section:
    """Return what the numbers depend on."""
    return Section("", "versions", "Versions and digests", tables=(checks.versions(material.evidence),))


ANALYST: tuple[Chapter, ...] = (
    propositions, equality.chapter, conclusion, scale, findings, triad.chapter, exhibits, population, conditions,
    validation, misleading, sensitivity, controls, failures, custody, versions,
)  # fmt: skip
"""The analyst's report, chapter by chapter."""


WHERE: dict[Chapter, Callable[[Evidence], bool]] = {
    equality.chapter: lambda evidence: evidence.equality is not None,
    triad.chapter: lambda evidence: evidence.triad is not None,
}
"""For chapters that have something to say about some cases only: of which they are part."""


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

"""The chapter of an equality question: the verdict, every test with its effect, trivial formatting, and the probes.

Lays out values of the evidence and computes none. The chapters that need a cohort, a calibration or a ratio have nothing
to show for this question, and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from forensics.records.equality import Equality
from forensics.records.evidence import Evidence
from forensics.reporting.material import Material
from forensics.reporting.parts import Column, Section, Table
from forensics.reporting.sheet import Sheet, interval_cells, interval_columns
from forensics.reporting.texts import LIMITS
from forensics.reporting.wording import NONE, Value, percent

VERDICTS = {"differs": "differs", "equivalent": "differs by less than δ, if at all", "cannot tell": "cannot tell"}
MOST_PROBES = 20
"""Probes printed; all of them stand in the evidence."""

EQUALITY_LIMITS = (
    LIMITS[0],
    (
        "A p-value answers whether the answers of both sides are draws from one distribution, and nothing else. It is not "
        "the probability that both endpoints serve the same model."
    ),
    (
        "A difference can come from other weights, another precision, another system prompt, other sampling, another "
        "template or other software. The tests do not tell these apart."
    ),
    (
        "That no difference was found does not show that there is none: a smaller one, or one on other probes, stays "
        "unseen. Only a difference of δ or more on probes like these is ruled out, and only where the verdict says so."
    ),
)
"""What no answer to this question can show."""

READING = (
    (
        "Both sides answered each probe several times. Each test asks how far apart the sides' answers lie beyond how far "
        "each side's own answers lie apart, and how often labels dealt out at random inside each probe put them as far "
        "apart: p = (1 + that number) / (1 + permutations)."
    ),
    (
        "The effect stands next to every p-value: with enough probes and draws any difference, however small, gives a small "
        "p. δ is the effect below which a difference does not matter to whoever asks; it is fixed before the answers are "
        "tested, and is on the scale of the effect of {statistic}: {unit}."
    ),
)
_OTHER = {
    "conclusion", "scale", "findings", "population", "conditions", "validation", "misleading", "sensitivity", "controls",
    "probes", "exhibits", "us", "summary", "range",
}  # fmt: skip


def without_ratios(sections: Sequence[Section], evidence: Evidence) -> tuple[Section, ...]:
    """Leave out the chapters of ratios where the question is equality."""
    return tuple(s for s in sections if evidence.equality is None or s.id not in _OTHER)


def chapter(material: Material) -> Section:
    """Return the verdict and everything behind it."""
    evidence = material.evidence
    assert evidence.equality is not None
    found = evidence.equality
    first = next(iter(found.tests))
    reading = [text.format(statistic=first.statistic, unit=first.unit) for text in READING]
    made = (terms(evidence, found), tests(evidence, found), traits(evidence, found), probes(evidence, found))
    return Section("", "equality", "Equality", (found.sentence, *reading), tables=made)


def terms(evidence: Evidence, found: Equality) -> Table:
    """Return the verdict and what was fixed before the answers were tested."""
    sheet = Sheet(
        "equality",
        "Verdict and terms",
        (Column("what", "What"), Column("value", "Value", "as named")),
        empty="",
        source=evidence.scores,
        note="α: share of false alarms permitted over all tests that decide. δ: effect below which a difference does not matter.",
    )
    rows: dict[str, tuple[str, Value]] = {
        "verdict": ("verdict", VERDICTS[found.verdict]),
        "cause": ("cause, where trivial formatting is one", found.detail or NONE),
        "alpha": ("α", found.terms.alpha),
        "delta": ("δ", found.terms.delta),
        "within": ("upper limit of the effect below δ", "yes" if found.within_delta else "no"),
        "permutations": ("permutations", found.terms.permutations),
        "exact": ("every side repeats itself: compared without chance", "yes" if found.exact else "no"),
    }
    for name, (what, value) in rows.items():
        sheet.row(name, (what, value), strong=name == "verdict")
    return sheet.table()


def tests(evidence: Evidence, found: Equality) -> Table:
    """Return every test, those that decide first."""
    level = next((percent(t.effect_interval.level) for t in found.tests if t.effect_interval), "no")
    sheet = Sheet(
        "equality-tests",
        "Tests",
        (
            Column("statistic", "Statistic"),
            Column("kernel", "Kernel"),
            Column("decides", "Decides"),
            Column("effect", "Effect", "as the unit says", numeric=True),
            *interval_columns("effect", f"{level} interval", "as the unit says"),
            Column("null_mean", "Effect if labels are dealt out", "as the unit says", numeric=True),
            Column("p", "p", "share", numeric=True),
            Column("p_adjusted", "p, Holm", "share", numeric=True),
            Column("exceeding", "As far apart", "permutations", numeric=True),
            Column("permutations", "Permutations", "permutations", numeric=True),
            Column("unit", "What the effect counts"),
            Column("reason", "Remark"),
        ),
        empty="No test was made.",
        source=evidence.scores,
        note="The verdict rests on the tests that decide, their p-values adjusted after Holm for their number. The others are "
        "shown beside. `largest`: the largest of the standardised kernels, with its own p-value; the effect beside it is that of "
        "the first kernel.",
    )
    for test in found.tests:
        sheet.row(
            f"{test.statistic}-{test.kernel}" if test.kernel else test.statistic,
            (
                test.statistic,
                test.kernel or NONE,
                "yes" if test.decides else "no",
                test.effect,
                *interval_cells(test.effect_interval, digits=4),
                test.null_mean,
                test.p,
                test.p_adjusted,
                test.exceeding,
                test.permutations,
                test.unit,
                test.reason or NONE,
            ),
            n=test.n_probes,
            strong=test.decides,
        )
    return sheet.table()


def traits(evidence: Evidence, found: Equality) -> Table:
    """Return the trivial formatting that occurs on one side more than on the other."""
    sheet = Sheet(
        "equality-formatting",
        "Trivial formatting",
        (
            Column("trait", "Trait"),
            Column("reference", "Reference", "answers", numeric=True),
            Column("questioned", "Questioned", "answers", numeric=True),
            Column("p", "p of the difference", "share", numeric=True),
            Column("p_without", "p without it", "share", numeric=True),
            Column("effect_without", "Effect without it", "as in the tests", numeric=True),
        ),
        empty="Trivial formatting is looked for only where the sides differ, and listed where it occurs on one side more than "
        "on the other: there was none.",
        source=evidence.scores,
        note="It is named as the cause only where the difference is gone once all of it is taken out of both sides' answers.",
    )
    for trait in found.traits:
        values = (trait.name, trait.reference, trait.questioned, trait.p, trait.p_without, trait.effect_without)
        sheet.row(trait.id, values)
    return sheet.table()


def probes(evidence: Evidence, found: Equality) -> Table:
    """Return the probes on which the sides lie furthest apart."""
    shown = found.probes[:MOST_PROBES]
    sheet = Sheet(
        "equality-probes",
        "Probes on which the sides lie furthest apart",
        (Column("prompt", "Prompt (digest)"), Column("effect", "Effect", "as in the tests", numeric=True)),
        empty="No test that decides has a value.",
        source=evidence.scores,
        note=f"{len(shown)} of {len(found.probes)}, by the first kernel of the first test that decides; all stand in evidence.json. "
        "On one probe alone an effect like these is mostly chance.",
    )
    for number, probe in enumerate(shown, start=1):
        sheet.row(f"probe-{number}", (probe.prompt_digest, probe.effect))
    return sheet.table()


def key(evidence: Evidence, found: Equality) -> Table:
    """Return the short table of the first screen."""
    sheet = Sheet(
        "key",
        "The tests in short",
        (
            Column("statistic", "Statistic"),
            Column("effect", "Effect", "as the unit says", numeric=True),
            Column("p", "p", "share", numeric=True),
            Column("p_adjusted", "p, Holm", "share", numeric=True),
        ),
        empty="No test has a value in this case.",
        source=evidence.scores,
        note="The verdict rests on the tests with an adjusted p-value; the others are shown beside.",
    )
    for test in found.tests:
        if test.effect is not None:
            name = f"{test.statistic}, {test.kernel}" if test.kernel else test.statistic
            sheet.row(name, (name, test.effect, test.p, test.p_adjusted), n=test.n_probes, strong=test.decides)
    return sheet.table()

"""What the tests of reports stand on: hostile texts (hostile.json), and made-up evidence with any text in any place.

`hostile_text` runs a test over every text that could act, hide or break a page; `make_evidence` builds the evidence.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from forensics.concluding import scale
from forensics.records.calibration import Curve, Metric, TuringCheck, Validation
from forensics.records.evidence import (
    Alternative,
    Conclusion,
    Condition,
    Control,
    Distribution,
    Evidence,
    Excerpt,
    Exhibit,
    Finding,
    Input,
    LineValidation,
    Measured,
    Population,
    Propositions,
    Sensitivity,
    Version,
    Weight,
)
from forensics.records.scores import (
    CohortScore,
    Contribution,
    Habit,
    Handling,
    Interval,
    Rank,
    SideCounts,
    Standing,
    Triad,
    TriadMember,
)


def corpus() -> list[str]:
    """Return texts that strangers could put into prompts, answers, model names and file names."""
    kinds = json.loads((Path(__file__).parent / "hostile.json").read_text(encoding="utf-8"))
    return [t if isinstance(t, str) else t["repeat"] * t["times"] for texts in kinds.values() for t in texts]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    texts = corpus()
    if "hostile_text" in metafunc.fixturenames:
        metafunc.parametrize("hostile_text", texts, ids=[f"text-{i}" for i in range(len(texts))])
    if "batch" in metafunc.fixturenames:
        metafunc.parametrize("batch", [tuple(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)], ids=str_of)


BATCH = 12


def str_of(texts: tuple[str, ...]) -> str:
    return f"texts-{corpus().index(texts[0])}"


@pytest.fixture
def hostile_texts() -> list[str]:
    return corpus()


NO_RATIO = "no likelihood ratio: no calibration given"


def digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def interval(low: float, high: float) -> Interval:
    return Interval(low=low, high=high, level=0.95, method="percentile bootstrap over probes")


def speaker(texts: Sequence[str]) -> Callable[[str], str]:
    """Return what says each of some texts in turn, whatever is asked for."""
    turn = itertools.cycle(texts)
    return lambda kind: next(turn)


def weight(alternative: str, log10_lr: float | None) -> Weight:
    if log10_lr is None:
        return Weight(alternative=alternative, log10_lr=None, interval=None, uncapped=None, cap=None, bound=None,
                      lineages=None, reason=NO_RATIO)  # fmt: skip
    return Weight(alternative=alternative, log10_lr=log10_lr, interval=interval(log10_lr - 0.4, log10_lr),
                  uncapped=log10_lr + 3, cap=1.48, bound="lineages", lineages=29, reason=None)  # fmt: skip


def validation() -> Validation:
    x = tuple(i / 4 for i in range(-8, 9))
    fields = {
        "lineages": 29, "lineages_hp": 12, "pairs_hp": 140, "pairs_hd": 9000, "answerable": True,
        "cap": 1.48, "bound": "lineages",
        "metrics": (
            Metric(id="cllr", name="Cllr", value=0.124, interval=interval(0.08, 0.2), n=9140, reason=None),
            Metric(id="misleading_hd_10", name="LR of 10 or more though Hd is true", value=0.0021, interval=None, n=9000,
                   reason="too few lineages"),
        ),
        "turing": (TuringCheck(stratum="all", threshold=10.0, hd=0.02, hp=None, n_hd=9000, n_hp=140),),
        "curves": (
            Curve(id="tippett_hp", x=x, y=tuple(1 - i / 16 for i in range(17))),
            Curve(id="tippett_hd", x=x, y=tuple(max(0.0, 1 - i / 8) for i in range(17))),
            Curve(id="ece_actual", x=x, y=tuple(0.1 + abs(v) / 10 for v in x)),
            Curve(id="ece_neutral", x=x, y=tuple(1 - abs(v) / 3 for v in x)),
            Curve(id="pav", x=x, y=x),
        ),
    }  # fmt: skip
    return Validation.model_validate(fields)


def plain(kind: str) -> str:
    return f"made-up-{kind}"


KINDS = ("lines", "shape", "marks", "words")


def habit(number: int, say: Callable[[str], str]) -> Habit:
    place = 2.5 - number / 4
    return Habit(id=f"{KINDS[number % 4]}-{number}", kind=KINDS[number % 4], name=say("habit"), unit="per answer", reference=1 + number, questioned=2.0,
                 low=0.5, middle=1.0, high=1.5, reference_place=place, questioned_place=abs(place) + 0.5, low_place=-1.2,
                 high_place=1.2, shared=place, n_cohort=10, n_probes=20)  # fmt: skip


def treated(say: Callable[[str], str]) -> Handling:
    return Handling(dropped={say("parameter"): say("dropped")}, asked_as={say("asked"): 20}, answered_as={say("answered"): 19},
                    fingerprints={say("fingerprint"): 20}, retried=3, maybe_billed=2, cached=1,
                    first="2026-01-02T03:04:05.678Z", last="2026-01-03T03:04:05.678Z")  # fmt: skip


def exhibit(
    number: int, say: Callable[[str], str], reference: str, questioned: str, beside: str, contribution: Contribution
) -> Exhibit:
    text = say("answer")
    shown = (
        Excerpt(label="reference", model=reference, text=text, cut=0, marks=((0, max(1, len(text) // 2)),)),
        Excerpt(label="questioned", model=questioned, text=text, cut=7, marks=((0, len(text)), (3, 5))),
        Excerpt(label="nearest unrelated", model=beside, text=say("answer"), cut=0, marks=()),
    )
    return Exhibit(
        id=f"probe-{number + 1}",
        statistic="lexical",
        contribution=contribution,
        compared=10,
        prompt=say("prompt"),
        excerpts=shown,
    )


def evidence(
    say: Callable[[str], str] = plain, *, cohort: int = 12, probes: int = 20, ratio: float | None = None,
    statistics: Sequence[str] = ("lexical", "opening"), names: Sequence[str] | None = None, exhibits: int = 1,
) -> Evidence:  # fmt: skip
    """Return evidence in which every free text is what `say` gives for its place."""
    models = list(names) if names is not None else [f"{say('model')}-{i}" for i in range(cohort)]
    members = tuple(
        CohortScore(model=name, lineage=say("lineage") if i % 3 else None, reference=None if i == 5 else i / 100,
                    questioned=i / 120, excluded=None if i % 4 else "same lineage as both sides")
        for i, name in enumerate(models)
    )  # fmt: skip
    contributions = tuple(
        Contribution(prompt_digest=digest(f"probe {i}"), raw=0.2 + i / 100, typical=0.1, excess=0.1 + i / 100)
        for i in range(probes)
    )
    reference, questioned = say("reference"), say("questioned")
    roles = ("reference", "questioned", *("cohort" for _ in models))
    sides = tuple(
        SideCounts(model=name, role=role, lineage=None, digest=digest(f"{i}"), format=say("format"), sampling=say("sampling"), answers=probes,
                   text=probes - 2, empty=1, refused=1, failed=0, cut_short=0, common=probes - 2, draws=1,
                   faults={say("fault"): 2}, sent=say("sent") if i == 1 else None,
                   handling=treated(say) if i == 1 else None)
        for i, (name, role) in enumerate(zip((reference, questioned, *models), roles, strict=True))
    )  # fmt: skip
    finding = {
        "version": "1", "role": "weighed", "summary": say("summary"), "raw": 0.31, "interval": interval(0.25, 0.4),
        "normalised": 7.7, "normalised_interval": interval(6.0, 8.5),
        "rank": Rank(reference=1, questioned=2, of=len(models) + 1), "n_probes": probes, "n_cohort": len(models) - 2,
        "normalisation": "s-norm", "reason": None,
    }  # fmt: skip
    blank = {**finding, "raw": None, "interval": None, "normalised": None, "normalised_interval": None, "rank": None,
             "normalisation": None, "reason": say("reason")}  # fmt: skip
    alternatives = ("independent", "common_source")
    return Evidence(
        schema="forensics/evidence/1",
        tool="0.0.0",
        case=digest("case"),
        scores=digest("scores"),
        calibration=None if ratio is None else digest("calibration"),
        question="derivation",
        reference=reference,
        questioned=questioned,
        propositions=Propositions(hp=f"{questioned} was made from {reference}",
                                  hd=tuple(Alternative(id=a, text=f"{questioned}: {a}") for a in alternatives)),
        conclusion=Conclusion(
            weights=tuple(weight(a, None if ratio is None else ratio + i) for i, a in enumerate(alternatives)),
            headline=None if ratio is None else "independent",
            verbal=None if ratio is None else "moderate support for Hp",
            sentence=f"{NO_RATIO}." if ratio is None else "The findings are more probable if Hp than if Hd 1.",
        ),
        weighed=() if ratio is None else (
            Measured(statistic="lexical", normalisation="near-cohort", value=0.87, n_probes=probes),),
        scale=scale(),
        findings=(*(Finding(statistic=s, **finding) for s in statistics), Finding(statistic="blank", **blank)),
        population=(Population(lineage=say("lineage"), models=tuple(models), excluded=None),),
        conditions=() if ratio is None else (
            Condition(id="language", name=say("condition"), case="English", validation="English", verdict="same"),),
        validation=() if ratio is None else tuple(
            LineValidation(alternative=a, validation=validation()) for a in alternatives),
        sensitivity=() if ratio is None else (
            Sensitivity(id="half", change=say("change"), statistic="lexical", normalisation="s-norm", normalised=7.1, alternative="independent", log10_lr=1.2, reason=None),),
        controls=(Control(id="itself", name=say("control"), expected="closer", statistic="lexical", normalised=None,
                          log10_lr=None, verdict="not available", reason=say("reason")),),
        triad=Triad(
            statistic="opening", version="1", n_probes=20, n_unrelated=6, p=0.25, sentence="a sentence", meaning="a meaning",
            members=tuple(TriadMember(model=f"member{i}", role=role, n_probes=20, closeness=0.4, beyond=None, reason="a reason")
                          for i, role in enumerate(("questioned", "sibling", "base"))),
            standings=(Standing(measure="closeness", excess=0.2, interval=None, rank=1, of=4, p=0.25),),
        ),
        deviations=(say("deviation"),),
        sides=sides,
        set_aside=(say("set aside"),),
        inputs=tuple(Input(role=s.role, name=s.model, format=s.format, digest=s.digest) for s in sides),
        versions=(Version(part=say("part"), version=say("version")),),
        probe_set=None,
        n_probes=probes,
        seed=0,
        replicates=1000,
        distributions=tuple(
            Distribution(statistic=s, pair=0.31, cohort=members, contributions=contributions) for s in statistics),
        habits=tuple(habit(i, say) for i in range(18)),
        exhibits=tuple(exhibit(i, say, reference, questioned, models[0], contributions[0]) for i in range(exhibits)),
        equality=None,
        warnings=tuple(say("warning") for _ in models),
    )  # fmt: skip


@pytest.fixture
def make_evidence() -> Callable[..., Evidence]:
    return evidence

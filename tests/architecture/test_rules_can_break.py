"""Each rule of METHOD.md section 7, broken on purpose: the check must pass on the real code and fail on the broken one.

A rule is a check and ways to break it. A check is run on the code as it is, then once for each fault put into it; a
fault that no check notices is a rule that nobody keeps.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from forensics import (
    canonical,
    corpus,
    deriving,
    importing,
    measuring,
    preparing,
    registry,
    scoring,
    self_check,
    transcripts,
)
from forensics import case as case_files
from forensics.errors import IntegrityBroken
from forensics.records.scores import Score, Scores
from forensics.statistics import lexical as lexical_module  # the code whose rules are broken here


class Bench:
    """A workbench: made-up answers to score, with caches that no other check has filled."""

    def __init__(self, make_folder, wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.make_folder = make_folder
        self._wanted = wanted
        self.tmp_path = tmp_path
        self.monkeypatch = monkeypatch
        self.number = 0

    def fresh(self) -> Path:
        self.number += 1
        place = self.tmp_path / f"place-{self.number}"
        self.monkeypatch.setenv("FORENSICS_HOME", str(place / "home"))
        return place

    def folder(self, **how: object):
        return self.make_folder(name=f"answers-{self.number}-{len(list(self.tmp_path.iterdir()))}", **how)

    def scores(self, folder, *, workers: int = 1, **changes: object) -> Scores:
        place = self.fresh()
        case = preparing.gather(
            self._wanted(folder, place, **{"statistics": ("lexical",), **changes}), say=lambda _: None
        )
        return scoring.score_case(case, root=place, tool="test", workers=workers)

    def lexical(self, folder, **changes: object) -> Score:
        [found] = self.scores(folder, **changes).scores
        return found

    def agreement(self, folder) -> np.ndarray:
        place = self.fresh()
        case = preparing.gather(self._wanted(folder, place), say=lambda _: None)
        body = corpus.build([case.reference, case.questioned, *case.cohort], root=place, workers=1)
        return measuring.measure(body, "lexical", range(len(body.members)))


Check = Callable[[Bench], None]
Fault = Callable[[pytest.MonkeyPatch], None]


# --- the checks ---------------------------------------------------------------------------------------------------


def same_bytes(bench: Bench) -> None:
    """Same transcripts, same seed, same version → the same bytes."""
    folder = bench.folder()
    written = [case_files.as_written(bench.scores(folder, workers=workers)) for workers in (1, 1, 2)]
    assert written[0] == written[1] == written[2]


def seed_acts(bench: Bench) -> None:
    """The same seed gives the same interval, another seed another one, and no interval is a point."""
    folder = bench.folder()
    one, same, other = (bench.lexical(folder, seed=seed) for seed in (1, 1, 2))
    assert one.interval == same.interval
    assert one.interval != other.interval
    assert one.interval is not None
    assert one.interval.low < one.raw < one.interval.high


def order_is_nothing(bench: Bench) -> None:
    """Answers are matched by prompt: their order in the file does not matter."""
    folder = bench.folder()
    before = bench.lexical(folder)
    path = folder.path / "questioned.jsonl"
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    after = bench.lexical(folder)
    assert (before.raw, before.normalised, before.rank) == (after.raw, after.normalised, after.rank)


def symmetric(bench: Bench) -> None:
    agreement = bench.agreement(bench.folder())
    np.testing.assert_allclose(agreement, agreement.transpose(0, 2, 1), rtol=1e-9)


def hand_worked(bench: Bench) -> None:
    """Four members, one gram each shared by two: M = 6, so w = ln(6/2), and the cosine can be written down.

    Reference and questioned say `a b`; the cohort says things nobody else says, but one that also says `a`.
    Grams of two or more members: a (3 members), b (2), `a b` (2). cos = 1 for the pair; the third holds only `a`.
    """
    folder = bench.folder(cohort=4, relatives=0, probes=5)
    said = {
        "reference": "a b",
        "questioned": "a b",
        "cohort-00": "a c",
        "cohort-01": "d e",
        "cohort-02": "f g",
        "cohort-03": "h i",
    }
    for model, text in said.items():
        folder.add(model, answer=lambda _, p, text=text: text)
    agreement = bench.agreement(folder)[0]
    a, b = math.log(6 / 3), math.log(6 / 2)
    assert agreement[0, 1] == pytest.approx(1.0, abs=1e-12)
    assert agreement[0, 2] == pytest.approx(a / math.sqrt(a * a + b * b + b * b), abs=1e-12)
    assert agreement[0, 3] == 0


def relatives_left_out(bench: Bench) -> None:
    """The normalised score is that of a case whose cohort declares no relative at all, weights being equal."""
    found = bench.lexical(bench.folder(relatives=3, cohort=8))
    assert found.n_cohort == 8
    cohort = [c for c in found.cohort if c.excluded is None]
    assert [c.model for c in cohort] == [f"cohort-{n:02}" for n in range(8)]
    parts = []
    for side in ("reference", "questioned"):
        seen = np.array([getattr(c, side) for c in cohort])
        spread = (
            seen.std(ddof=1) if found.normalisation == "s-norm" else 1.4826 * np.median(abs(seen - np.median(seen)))
        )
        centre = seen.mean() if found.normalisation == "s-norm" else np.median(seen)
        parts.append((found.raw - centre) / spread)
    assert found.normalised == pytest.approx(sum(parts) / 2, rel=1e-3)


def power(bench: Bench) -> None:
    """A positive control: the related pair is far out, and first on both sides."""
    found = bench.lexical(bench.folder(relatives=0, cohort=12, probes=30))
    assert found.normalised is not None
    assert found.normalised > 5
    assert found.rank is not None
    assert found.rank.reference == found.rank.questioned == 1


def no_false_alarm(bench: Bench) -> None:
    """A negative control: unrelated pairs are unremarkable, one after the other."""
    for seed in range(3):
        found = bench.lexical(bench.folder(related=False, relatives=0, cohort=12, probes=30, seed=seed))
        assert found.normalised is not None
        assert abs(found.normalised) < 3.5


def more_probes_are_no_support(bench: Bench) -> None:
    """Eight times the probes: the same effect size, shown next to the number of probes."""
    few, many = (bench.lexical(bench.folder(related=False, relatives=0, cohort=12, probes=n)) for n in (20, 160))
    assert few.normalised is not None
    assert many.normalised is not None
    assert max(abs(few.normalised), abs(many.normalised)) < 3.5
    assert (few.n_probes, many.n_probes) == (20, 160)
    assert many.raw == pytest.approx(few.raw, abs=0.1)


def no_value_has_a_reason(bench: Bench) -> None:
    """What cannot be computed is a result with a reason: neither a blank, nor a zero, nor a NaN."""
    folder = bench.folder()
    for model, lineage in folder.lineages.items():
        folder.add(model, lineage=lineage, answer=lambda _, p: "always the same")
    found = bench.lexical(folder)
    assert found.normalised is None
    assert found.reason


def no_nan_is_written(bench: Bench) -> None:
    """A member without a value is null in the record; no writer lets a NaN through."""
    folder = bench.folder(cohort=8)
    folder.add("cohort-00", answer=lambda m, p: f"words {p}" if p < 5 else "")
    written = case_files.as_written(bench.scores(folder))
    assert not re.search(rb"NaN|Infinity", written)
    json.loads(written, parse_constant=pytest.fail)
    with pytest.raises(ValueError, match=r"not a finite|not JSON|Out of range"):
        canonical.pretty({"value": canonical.rounded(float("nan"))})


def failures_are_counted(bench: Bench) -> None:
    """Refusals, failures, empty and truncated answers: every line of the file is accounted for."""
    folder = bench.folder(probes=12)
    folder.add("questioned", lineage="oak", answer=lambda _, p: {0: None, 1: "", 2: " "}.get(p, f"words {p}"))
    side = bench.scores(folder).sides[1]
    assert (side.answers, side.text, side.empty, side.failed) == (12, 9, 2, 1)
    assert side.answers == side.text + side.empty + side.refused + side.failed
    assert sum(side.faults.values()) == 3


def tampering_shows(bench: Bench) -> None:
    """A line changed in a transcript, and a file changed after the case was made."""
    place = bench.fresh()
    folder = bench.folder()
    [done] = importing.convert([folder.path / "reference.jsonl"], place)
    done.path.write_bytes(done.path.read_bytes().replace(b"probe 3", b"probe 9"))
    with pytest.raises(IntegrityBroken):
        importing.read_transcript(done.path)
    case = preparing.gather(bench._wanted(folder, place), say=lambda _: None)
    path = folder.path / "cohort-01.jsonl"
    path.write_bytes(path.read_bytes().replace(b"probe 3", b"probe 9"))
    with pytest.raises(IntegrityBroken):
        scoring.score_case(case, root=place, tool="test", workers=1)


def rank_is_a_rank(bench: Bench) -> None:
    """Rank among all models, relatives included: count who is nearer, by hand."""
    found = bench.lexical(bench.folder(related=False, relatives=2, cohort=8))
    assert found.rank is not None
    assert found.raw is not None
    assert found.rank.reference == 1 + sum(c.reference > found.raw for c in found.cohort if c.reference is not None)
    assert found.rank.of == 11


def controls_come_out(bench: Bench) -> None:
    """The instrument's own controls would say so if a truth did not come out."""
    findings = [self_check.Finding(what, "x", ok) for what, ok in (("a", True), ("b", True))]
    self_check.raise_if_any_failed(findings)
    with pytest.raises(Exception, match="1 checks failed: b"):
        self_check.raise_if_any_failed([findings[0], findings[1]._replace(ok=False)])


# --- the faults ---------------------------------------------------------------------------------------------------


def _unseeded(patch: pytest.MonkeyPatch) -> None:
    real = np.random.default_rng
    patch.setattr(np.random, "default_rng", lambda *_: real())


def _seed_ignored(patch: pytest.MonkeyPatch) -> None:
    real = np.random.default_rng
    patch.setattr(np.random, "default_rng", lambda *_: real(0))


def _resamples_nothing(patch: pytest.MonkeyPatch) -> None:
    real = measuring.mean_over_probes
    patch.setattr(
        scoring,
        "_resampled",
        lambda agreement, *, seed, replicates: np.repeat(real(agreement)[None], replicates, axis=0),
    )


def _by_position(patch: pytest.MonkeyPatch) -> None:
    real = deriving._index

    def index(transcript):
        made = real(transcript)
        places = sorted(range(len(made["prompts"])), key=lambda i: bytes(made["prompts"][i]))
        return {**made, "prompts": made["prompts"][places]}

    patch.setattr(deriving, "_index", index)


def _patch_score(patch: pytest.MonkeyPatch, change) -> None:
    real = lexical_module.score
    patch.setattr(lexical_module, "score", lambda block, rows: change(real(block, rows), block, rows))


def _asymmetric(patch: pytest.MonkeyPatch) -> None:
    _patch_score(patch, lambda s, _block, _rows: s * (1 + 0.01 * np.arange(s.shape[1])))


def _rarity_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Every gram weighs alike."""
    real = np.log
    patch.setattr(
        lexical_module.np,
        "log",
        lambda x: np.ones_like(x, dtype=float) if np.ndim(x) and np.max(x, initial=0) > 1 else real(x),
    )


def _single_words_only(patch: pytest.MonkeyPatch) -> None:
    """All but the first word forgotten: no gram of two is left."""
    from forensics.features import tokens

    real = tokens.tokenise
    patch.setattr(tokens, "tokenise", lambda text: real(text)[:1])


def _relatives_kept(patch: pytest.MonkeyPatch) -> None:
    real = scoring.population

    def population(*given):
        body, basis = given[0], real(*given)
        used = np.arange(len(body.members)) >= 2
        return basis._replace(
            used=used, excluded=("is the reference", "is the questioned model", *[None] * (len(used) - 2))
        )

    patch.setattr(scoring, "population", population)


def _relatives_kept_but_said_to_be_left_out(patch: pytest.MonkeyPatch) -> None:
    real = scoring.population
    patch.setattr(
        scoring, "population", lambda body, *more: real(body, *more)._replace(used=np.arange(len(body.members)) >= 2)
    )


def _constant(patch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    _patch_score(patch, lambda s, _block, _rows: np.where(np.isnan(s), s, rng.random(s.shape)))


def _scale_too_small(patch: pytest.MonkeyPatch) -> None:
    real = scoring.normalise
    patch.setattr(scoring, "normalise", lambda *a: (real(*a)[0] * 10, real(*a)[1]))


def _root_of_n(patch: pytest.MonkeyPatch) -> None:
    """A z-score of the mean instead of an effect size: grows with every probe."""
    real = scoring.score

    def score(body, name, basis, **more):
        found = real(body, name, basis, **more)
        grown = None if found.normalised is None else canonical.rounded(found.normalised * math.sqrt(found.n_probes))
        return found.model_copy(update={"normalised": grown})

    patch.setattr(scoring, "score", score)


def _zero_for_no_value(patch: pytest.MonkeyPatch) -> None:
    real = scoring.normalise

    def normalise(means, used, by):
        values, reason = real(means, used, by)
        return (values, None) if reason is None else (np.zeros(len(means)), None)

    patch.setattr(scoring, "normalise", normalise)


def _reason_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = scoring.score
    patch.setattr(scoring, "score", lambda *a, **k: real(*a, **k).model_copy(update={"reason": None}))


def _nan_leaks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(canonical, "rounded", lambda value, digits=6: float(f"{value:.{digits - 1}e}"))
    patch.setattr(canonical, "pretty", lambda value: json.dumps(value, indent=1).encode() + b"\n")


def _failures_dropped(patch: pytest.MonkeyPatch) -> None:
    real = importing._checked

    def checked(recorded):
        entries, faults = real(recorded)
        return [entry for entry in entries if entry.state == "text"], faults

    patch.setattr(importing, "_checked", checked)


def _faults_not_counted(patch: pytest.MonkeyPatch) -> None:
    real = importing._checked
    patch.setattr(importing, "_checked", lambda recorded: (real(recorded)[0], type(real(recorded)[1])()))


def _empty_is_text(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(importing, "_state", lambda item, faults: ("text", item.answer or ""))


def _chain_unchecked(patch: pytest.MonkeyPatch) -> None:
    from forensics.records.transcript import Answer

    patch.setattr(
        transcripts,
        "parse_answers",
        lambda lines, path, *, before: [Answer.model_validate_json(line) for line in lines],
    )


def _digest_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deriving, "_compare_digest", lambda source, found: None)


def _rank_from_zero(patch: pytest.MonkeyPatch) -> None:
    real = scoring.rank

    def rank(means):
        found = real(means)
        return found.model_copy(update={"reference": found.reference - 1, "questioned": found.questioned - 1})

    patch.setattr(scoring, "rank", rank)


def _rank_backwards(patch: pytest.MonkeyPatch) -> None:
    real = scoring.rank
    patch.setattr(scoring, "rank", lambda means: real(-means))


def _workers_matter(patch: pytest.MonkeyPatch) -> None:
    real = measuring._measure
    patch.setattr(
        measuring, "_measure", lambda body, plugin, rows: real(body, plugin, rows) * (1 + 0.01 * body.workers)
    )


def _controls_never_fail(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(self_check, "raise_if_any_failed", lambda findings: None)


class Rule(NamedTuple):
    says: str
    check: Check
    faults: tuple[Fault, ...]


RULES = (
    Rule("same transcripts, same seed: the same bytes", same_bytes, (_unseeded, _workers_matter)),
    Rule("a seed acts, and a bootstrap resamples", seed_acts, (_unseeded, _seed_ignored, _resamples_nothing)),
    Rule("answers are matched by prompt", order_is_nothing, (_by_position,)),
    Rule("symmetry", symmetric, (_asymmetric,)),
    Rule("a hand-worked value", hand_worked, (_rarity_forgotten, _single_words_only, _asymmetric)),
    Rule("relatives are left out", relatives_left_out, (_relatives_kept, _relatives_kept_but_said_to_be_left_out)),
    Rule("power", power, (_constant, _rank_backwards)),
    Rule("false alarms", no_false_alarm, (_scale_too_small,)),
    Rule("more probes never create support", more_probes_are_no_support, (_root_of_n,)),
    Rule("no value without a reason", no_value_has_a_reason, (_zero_for_no_value, _reason_forgotten)),
    Rule("no NaN in a record", no_nan_is_written, (_nan_leaks,)),
    Rule(
        "failures are counted and shown", failures_are_counted, (_failures_dropped, _faults_not_counted, _empty_is_text)
    ),
    Rule("what was changed shows", tampering_shows, (_chain_unchecked, _digest_unchecked)),
    Rule("a rank is a rank", rank_is_a_rank, (_rank_from_zero, _rank_backwards)),
    Rule("controls that fail are said to fail", controls_come_out, (_controls_never_fail,)),
)


@pytest.fixture
def bench(make_folder, wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(make_folder, wanted, tmp_path, monkeypatch)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says)
def test_the_rule_is_kept(rule: Rule, bench: Bench) -> None:
    rule.check(bench)


@pytest.mark.parametrize(
    ("rule", "fault"), [pytest.param(r, f, id=f"{r.says}: {f.__name__.strip('_')}") for r in RULES for f in r.faults]
)
def test_the_rule_goes_red_when_it_is_broken(
    rule: Rule, fault: Fault, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        rule.check(bench)


def test_every_statistic_has_tests_of_its_own() -> None:
    """METHOD.md asks of each: a hand-worked value, a false-alarm rate, a power, symmetry. Somebody must name it there."""
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    silent = [name for name in registry.names("statistics") if not re.search(rf"\b{name}\b", tests)]
    assert silent == []

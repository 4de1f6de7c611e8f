"""One pair, one night: ask, compare, seal, test, measure. Returns rows for the history and decides nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from forensics import __version__, canonical, comparing, lineages, naming, preparing, sources
from forensics import case as case_files
from forensics.adapters import ModelName
from forensics.custody import sealing, seals
from forensics.equality.reading import FEWEST_DRAWS
from forensics.equality.scoring import terms
from forensics.errors import ModelDidNotAnswer, TooLittleEvidence
from forensics.monitoring import asking, manner, plans, watching
from forensics.monitoring.asking import Answers, Purse, Wish
from forensics.monitoring.history import History, Row
from forensics.records.equality import Equality
from forensics.records.evidence import Evidence
from forensics.records.nightly import Pair, Plan, Side
from forensics.transcripts import safe_name

CASES = "cases"
SEALED = "sealed"


@dataclass(frozen=True)
class Shift:
    """What every pair of one night shares."""

    plan: Plan
    root: Path
    """The plan's folder."""
    night: str
    purse: Purse
    workers: int
    say: preparing.Say
    seal: sealing.Wanted | None

    @property
    def place(self) -> Path:
        """The folder of answers and cases."""
        return self.root / self.plan.folder


class Wishes(NamedTuple):
    """Every file of answers a pair needs."""

    sides: dict[Side, Wish]
    cohort: list[Wish]

    def all(self) -> list[Wish]:
        """Return them in the order in which they are asked."""
        return [*self.sides.values(), *self.cohort]


def wishes(shift: Shift, pair: Pair) -> Wishes:
    """Return which answers a pair needs tonight; raises what is wrong with their names."""
    wanted = plans.wanted_for(shift.plan, pair, root=shift.root)
    probe_set = wanted.probe_set or "standard"

    def wish(model: ModelName, side: Side | None) -> Wish:
        fresh = side is not None and asking.is_fresh(pair, side)
        occasion = asking.Occasion(shift.night if fresh else None, side)
        return asking.wish(shift.plan, pair, model, occasion, root=shift.root, probe_set=probe_set)

    named = {side: plans.beside(getattr(pair, side), shift.root) for side in watching.SIDES}
    sides = {side: wish(naming.parse(name), side) for side, name in named.items()}
    cohort = [m for m in sources.cohort_models(wanted.cohort) if str(m) not in named.values()]
    return Wishes(sides, [wish(model, None) for model in cohort])


def work(shift: Shift, history: History, pair: Pair, wanted: Wishes) -> list[Row]:
    """Do a pair's night; returns what is measured, spend left aside.

    Raises ForensicsError where the pair cannot be done; what was answered until then is kept and not asked again.
    """
    needed = _distinct(wanted.all())
    shift.purse.refuse(sum(wish.missing() for wish in needed))
    asking.fulfil(needed, calls_left=shift.purse.calls_left, say=shift.say)
    sides = {side: asking.answers(wish) for side, wish in wanted.sides.items()}
    cohort = [asking.answers(wish) for wish in wanted.cohort]
    key = _key(shift, pair, [*sides.values(), *cohort])
    stands = next((row for row in reversed(history.rows("measured", pair=pair.name)) if row["key"] == key), None)
    if stands is not None:
        return [*_answered(shift, pair, sides), *_again(shift, history, pair, stands)]
    counted = {side: manner.of(found.path, _baseline(shift, history, pair, side)) for side, found in sides.items()}
    for side, one in counted.items():
        if one.failed * 2 > one.answers:
            raise ModelDidNotAnswer(
                f"The {side} model of {pair.name} left {one.failed} of {one.answers} questions unanswered.",
                remedy=f"See {sides[side].path}.",
            )
    case = _case(shift, pair, sides, cohort)
    measured = {"night": shift.night, "pair": pair.name, "key": key, "status": "done", **case.row}
    rows = [*_answered(shift, pair, sides, counted), Row("measured", measured), *_scores(shift, pair, case.evidence)]
    for side, one in counted.items():
        rows += _manner_rows(shift, pair, side, one)
    return rows


class CaseMade(NamedTuple):
    """A night's case."""

    row: dict[str, Any]
    evidence: Evidence | None


def _distinct(wanted: Sequence[Wish]) -> list[Wish]:
    return list({wish.path: wish for wish in wanted}.values())


def _key(shift: Shift, pair: Pair, answers: Sequence[Answers]) -> str:
    """Return the digest of everything a pair's result depends on but the evidence of other nights."""
    content = [
        __version__,
        pair.model_dump(mode="json"),
        [a.digest for a in answers],
        shift.plan.baseline.model_dump(mode="json"),
    ]
    tables = plans.wanted_for(shift.plan, pair, root=shift.root)
    named = [Path(str(tables.calibration)), tables.models] if tables.calibration or tables.models else []
    content.append([canonical.file_digest(path) for path in named if path is not None and path.is_file()])
    return canonical.digest(canonical.encode(content))


def _answered(
    shift: Shift, pair: Pair, sides: dict[Side, Answers], counted: dict[Side, manner.Manner] | None = None
) -> list[Row]:
    found = []
    for side, answers in sides.items():
        asked = [str(answers.model), pair.probes, pair.draws, plans.sampling(pair, shift.plan.seed).model_dump()]
        values = {
            "night": shift.night,
            "pair": pair.name,
            "side": side,
            "model": answers.model,
            "path": from_root(answers.path, shift.root),
            "digest": answers.digest,
            "fresh": int(answers.fresh),
            "conditions": canonical.digest(canonical.encode(asked))[7:23],
            "failed": counted[side].failed if counted else 0,
        }
        found.append(Row("answers", values))
    return found


def from_root(path: Path, root: Path) -> str:
    """Return a path as the history keeps it: from the plan's folder where it lies inside."""
    resolved = path.resolve()
    inside = resolved.is_relative_to(root.resolve())
    return resolved.relative_to(root.resolve()).as_posix() if inside else resolved.as_posix()


def _again(shift: Shift, history: History, pair: Pair, stands: dict[str, Any]) -> list[Row]:
    """Return the rows of a night on which nothing was new: the last result stands."""
    kept = {name: stands[name] for name in ("question", "case_digest", "sealed", "key")}
    found = [Row("measured", {"night": shift.night, "pair": pair.name, "status": "unchanged", **kept})]
    measures = history.rows("measures", pair=pair.name, night=stands["night"])
    return [*found, *(Row("measures", {**row, "night": shift.night}) for row in measures)]


def _baseline(shift: Shift, history: History, pair: Pair, side: Side) -> list[Path]:
    """Return the files of a side's baseline, complete or not, tonight's left aside."""
    since = shift.plan.baseline.since
    found = [r for r in watching.recorded(history, pair.name, side, shift.root, fresh=None) if r.night < shift.night]
    if found:
        found = [r for r in found if r.conditions == found[-1].conditions]
    found = [r for r in found if since is None or r.night >= since.isoformat()]
    return list(dict.fromkeys(r.path for r in found[: shift.plan.baseline.nights]))


def _case(shift: Shift, pair: Pair, sides: dict[Side, Answers], cohort: Sequence[Answers]) -> CaseMade:
    folder = shift.place / CASES / pair.name / shift.night
    table = _lineages(shift, pair, [*sides.values(), *cohort])
    named = plans.wanted_for(shift.plan, pair, root=shift.root)
    wanted = preparing.Wanted(
        reference=f"{naming.RECORDED}:{sides['reference'].path}",
        questioned=f"{naming.RECORDED}:{sides['questioned'].path}",
        cohort=[str(found.path) for found in cohort],
        folder=folder,
        probe_set=named.probe_set,
        sampling=named.sampling,
        draws=pair.draws,
        question=pair.question if cohort else "equality",
        models=table,
        statistics=pair.statistics if cohort else None,
        seed=0,
        replicates=named.replicates,
        calibration=named.calibration if cohort else None,
        transfer=pair.transfer,
    )
    if not cohort:
        wanted = replace(wanted, equality=terms("equality", alpha=None, delta=None, permutations=None))
        if pair.draws < FEWEST_DRAWS:
            return _observed(shift, wanted)
    plan = comparing.Plan(sealing=shift.seal)
    try:
        result = comparing.compare(wanted, formats=pair.formats, workers=shift.workers, say=shift.say, plan=plan)
    except TooLittleEvidence:
        if cohort:
            raise
        # One draw of each probe, as most recorded answers hold: nothing to say of one night's equality.
        return _observed(shift, wanted)
    digest = canonical.file_digest(folder / case_files.CASE)
    if shift.seal is not None:
        bundle = shift.place / SEALED / pair.name / shift.night
        # A bundle is there whole or not at all; one made before the run was broken off is this night's.
        digest = seals.read(bundle)[1] if bundle.exists() else sealing.seal(folder, bundle, shift.seal)
    return CaseMade(_case_row(shift, wanted, digest), result.evidence)


def _observed(shift: Shift, wanted: preparing.Wanted) -> CaseMade:
    """Keep a pair with one draw a night as a case of two sides: nothing is scored, what was answered is fixed."""
    case = preparing.prepare(wanted, say=shift.say)
    digest = canonical.file_digest(wanted.folder / case_files.CASE)
    if shift.seal is not None:
        sealing.ensure_observations(wanted.folder, case, shift.seal)
        digest = seals.read(wanted.folder / "seals" / "observations")[1]
    return CaseMade(_case_row(shift, wanted, digest), None)


def _case_row(shift: Shift, wanted: preparing.Wanted, digest: str) -> dict[str, Any]:
    return {"question": wanted.question, "case_digest": digest, "sealed": int(shift.seal is not None)}


def _lineages(shift: Shift, pair: Pair, answers: Sequence[Answers]) -> Path | None:
    """Write a table of what is declared: by the adapters, and by the user, whose word counts more."""
    declared = {found.model: found.lineage for found in answers if found.lineage}
    wanted = plans.wanted_for(shift.plan, pair, root=shift.root)
    declared.update(sources.declared_lineages(wanted.cohort, wanted.models))
    if not declared:
        return None
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([lineages.MODEL_COLUMNS[0], lineages.LINEAGE_COLUMNS[0]])
    writer.writerows(sorted(declared.items()))
    path = shift.place / asking.ANSWERS / f"{safe_name(pair.name)}.lineages.csv"
    canonical.write_atomic(path, stream.getvalue().encode())
    return path


def _scores(shift: Shift, pair: Pair, evidence: Evidence | None) -> list[Row]:
    """Return the likelihood ratio and every normalised score, each with its reason where there is none."""
    if evidence is None:
        return []
    headline = next((w for w in evidence.conclusion.weights if w.alternative == evidence.conclusion.headline), None)
    base = {"night": shift.night, "pair": pair.name, "side": "pair"}
    if evidence.equality is not None:
        return _equality(base, evidence.equality)
    ratio = headline.log10_lr if headline else None
    why = None if ratio is not None else evidence.conclusion.sentence
    found = [Row("measures", {**base, "name": "log10_lr", "value": ratio, "reason": why})]
    for finding in evidence.findings:
        for name, value in (("raw", finding.raw), ("normalised", finding.normalised)):
            values = {
                "name": f"{name}:{finding.statistic}",
                "value": value,
                "version": finding.version,
                "reason": finding.reason,
            }
            found.append(Row("measures", {**base, **values}))
    return found


def _equality(base: dict[str, Any], found: Equality) -> list[Row]:
    """Return what tonight alone says of both sides: the tests that decide, and the verdict as a reason."""
    rows = [
        Row("measures", {**base, "name": "equality", "value": None, "reason": f"{found.verdict}: {found.sentence}"})
    ]
    for test in found.tests:
        if test.decides:
            named = f"{test.statistic}:{test.kernel}" if test.kernel else test.statistic
            same = {**base, "version": test.version, "reason": test.reason}
            rows.append(Row("measures", {**same, "name": f"p:{named}", "value": test.p}))
            rows.append(Row("measures", {**same, "name": f"effect:{named}", "value": test.effect}))
    return rows


def _manner_rows(shift: Shift, pair: Pair, side: Side, found: manner.Manner) -> list[Row]:
    base = {"night": shift.night, "pair": pair.name, "side": side}
    named = {
        "answers": found.answers,
        "failed": found.failed,
        "refusals": found.refusals,
        "length": found.length,
        "style": found.style,
        "flips": len(found.flips) if found.style is not None else None,
    }
    rows = [Row("measures", {**base, "name": name, "value": value}) for name, value in named.items()]
    rows += [Row("flips", {**base, "probe": probe, "kind": kind}) for probe, kind in found.flips]
    return rows

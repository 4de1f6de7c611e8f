"""A whole night: every pair for itself, then what follows from all of them together.

One pair that breaks loses no other. A run that was broken off goes on where it stopped: pairs that are recorded are not
done again, answers that are on disk are not asked again. Two runs never work on one history at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forensics import __version__, canonical
from forensics.custody import clock, sealing
from forensics.errors import ForensicsError, UsageError
from forensics.hostile import one_line
from forensics.monitoring import asking, deciding, plans, watching, working
from forensics.monitoring.asking import Lines, Meter, Metered
from forensics.monitoring.history import History, Row, latest, only_run, open_history
from forensics.monitoring.nights import tonight
from forensics.monitoring.working import Shift
from forensics.preparing import Say
from forensics.records.nightly import Night, Pair, PairNight, Spend

WORST = (5, 4, 1, 2, 3, 6, 0)
"""Exit statuses, what counts most first: a tripped gate is the answer that was asked for."""
_NOTHING = Spend(calls=0, prompt_tokens=0, answer_tokens=0, cost=0.0)


class Broken(Exception):
    """A pair that could not be done, as its result says it."""

    def __init__(self, reason: str, exit_status: int) -> None:
        super().__init__(reason)
        self.exit_status = exit_status


def run(path: Path, *, night: str | None, workers: int, seal: sealing.Wanted | None, say: Say) -> Night:
    """Do one night of a plan; raises UsageError for a plan that is wrong, or where another run is at work."""
    plan, name = plans.read(path), tonight(night)
    root = path.resolve().parent
    shift = Shift(plan, root, name, asking.purse(plan), workers, say, seal)
    with only_run(root / plan.history), open_history(root / plan.history, create=True) as history:
        last = history.last_night()
        if last is not None and name < last:
            raise UsageError(f"The night {name} lies before {last}, which is recorded.", remedy="Set the clock.")
        digest = canonical.file_digest(path)
        number = history.new_run(name, started=clock.now(), tool=__version__, plan=digest)
        broken = {pair.name: _done(shift, history, pair) for pair in plan.pair}
        results = decide(shift, history, broken)
        rows = [_result(number, result, name) for result in results]
        history.add(rows)
    return Night(
        schema="forensics/night/1",
        tool=__version__,
        night=name,
        exit_status=worst(result.exit_status for result in results),
        pairs=tuple(results),
        spend=_sum([result.spend for result in results]),
    )


def worst(statuses: Any) -> int:
    """Return the exit status of a night.

    >>> worst([0, 6, 3]), worst([2, 5]), worst([])
    (3, 5, 0)
    """
    found = set(statuses)
    return next((status for status in WORST if status in found), 0)


def _done(shift: Shift, history: History, pair: Pair) -> tuple[Broken | None, Spend]:
    """Do one pair's night, or find it done; returns why it is broken, and what it cost just now."""
    if history.rows("measured", pair=pair.name, night=shift.night):
        history.add(_watch(shift, history, pair))  # in case the run was broken off just before
        return None, _NOTHING
    try:
        wanted = working.wishes(shift, pair)
    except (ForensicsError, OSError) as error:
        return _broken(error), _NOTHING
    paths = {working.from_root(wish.path, shift.root): wish.path for wish in wanted.all()}
    meter = Meter(wanted.all(), _ledger(history, paths))
    rows, broken = [], None
    try:
        rows = working.work(shift, history, pair, wanted)
    except Exception as error:
        if os.environ.get("FORENSICS_DEBUG"):
            raise
        broken = _broken(error)
    metered = meter.read(shift.plan.budget.prices)
    shift.purse.take(metered.spend)
    history.add([*(_with(row, metered.spend) for row in rows), *_ledger_rows(shift, pair, metered)])
    if broken is None:
        history.add(_watch(shift, history, pair))
    return broken, metered.spend


def _broken(error: Exception) -> Broken:
    """Say in one line why a pair broke; a fault of ours is one pair's fault, too."""
    if isinstance(error, ForensicsError):
        return Broken(one_line(str(error)), error.exit_status)
    if isinstance(error, OSError):
        return Broken(one_line(f"{error.strerror or error}: {error.filename}"), 2)
    return Broken(one_line(f"internal fault: {type(error).__name__}: {error}"), 1)


def _ledger(history: History, paths: Mapping[str, Path]) -> dict[Path, Lines]:
    found = latest([row for row in history.rows("ledger") if row["path"] in paths], by=["path"])
    return {
        paths[row["path"]]: Lines(
            0, 0, row["asked"],
            None if row["prompt_tokens"] is None else (row["prompt_tokens"], row["answer_tokens"]),
        )
        for row in found
    }  # fmt: skip


def _ledger_rows(shift: Shift, pair: Pair, metered: Metered) -> list[Row]:
    rows = []
    for path, lines in metered.files.items():
        tokens = lines.tokens or (None, None)
        values = {"night": shift.night, "pair": pair.name, "path": working.from_root(path, shift.root),
                  "asked": lines.asked, "prompt_tokens": tokens[0], "answer_tokens": tokens[1]}  # fmt: skip
        rows.append(Row("ledger", values))
    return rows


def _with(row: Row, spend: Spend) -> Row:
    return Row(row.table, {**row.values, **spend.model_dump()}) if row.table == "measured" else row


def _watch(shift: Shift, history: History, pair: Pair) -> list[Row]:
    """Return tonight's e-values of a pair that was just measured."""
    return [row for watched in _watches(shift, history, pair) for row in watching.rows(history, watched, shift.night)]


def _watches(shift: Shift, history: History, pair: Pair) -> list[watching.Watched]:
    root, night = shift.root, shift.night
    found = [watching.watched_side(history, shift.plan, pair, side, root=root, night=night) for side in watching.SIDES]
    if pair.gates.equality:
        found.append(watching.watched_pair(history, shift.plan, pair, root=root, night=night))
    return [watched for watched in found if watched is not None]


def decide(shift: Shift, history: History, broken: Mapping[str, tuple[Broken | None, Spend]]) -> list[PairNight]:
    """Raise tonight's alarms over all pairs together, and decide every pair's gates."""
    watches = {pair.name: _watches(shift, history, pair) for pair in shift.plan.pair}
    everything = [deciding.evidence(history, watched) for found in watches.values() for watched in found]
    evidence = [one for one in everything if one is not None]
    history.add(deciding.new_alarms(history, evidence, alpha=shift.plan.alpha, night=shift.night))
    found = []
    for pair in shift.plan.pair:
        why, spent = broken[pair.name]
        found.append(_decided(shift, history, pair, watches[pair.name]) if why is None else _not_done(pair, why, spent))
    return found


def _not_done(pair: Pair, broken: Broken, spent: Spend) -> PairNight:
    return PairNight(
        pair=pair.name, reference=pair.reference, questioned=pair.questioned, status="broken", reason=str(broken),
        exit_status=broken.exit_status, question=None, log10_lr=None, statistic=None, normalised=None, tonight=None, gates=(),
        alarms=(), spend=spent, case=None, sealed=False,
    )  # fmt: skip


def _decided(shift: Shift, history: History, pair: Pair, watches: Sequence[watching.Watched]) -> PairNight:
    [row] = history.rows("measured", pair=pair.name, night=shift.night)
    measures = {
        (m["side"], m["name"]): (m["value"], m["reason"])
        for m in history.rows("measures", pair=pair.name, night=shift.night)
    }
    alarms = [alarm for watched in watches for alarm in deciding.standing(history, watched)]
    spend = Spend(**{name: row[name] for name in Spend.model_fields})
    looked = deciding.Looked(measures, alarms, _waiting(shift, history, pair, watches), spend)
    gates = deciding.gates(shift.plan, pair, looked)
    verdicts = {gate.verdict for gate in gates}
    name = deciding.statistic(pair, looked)
    return PairNight(
        pair=pair.name,
        reference=pair.reference,
        questioned=pair.questioned,
        status=row["status"],
        reason=None,
        exit_status=5 if "tripped" in verdicts else 6 if "cannot tell" in verdicts else 0,
        question=row["question"],
        log10_lr=measures.get(("pair", "log10_lr"), (None, None))[0],
        statistic=name,
        normalised=measures.get(("pair", f"normalised:{name}"), (None, None))[0],
        tonight=measures.get(("pair", "equality"), (None, None))[1],
        gates=gates,
        alarms=tuple(alarms),
        spend=spend,
        case=row["case_digest"],
        sealed=bool(row["sealed"]),
    )


def _waiting(shift: Shift, history: History, pair: Pair, watches: Sequence[watching.Watched]) -> list[str]:
    """Say which side has no complete baseline yet."""
    there = {watched.watch for watched in watches}
    said = []
    for side in watching.SIDES:
        if side not in there and asking.is_fresh(pair, side):
            found = watching.recorded(history, pair.name, side, shift.root)
            if found and found[-1].night == shift.night:
                said.append(f"{side}: the baseline is being collected")
    return said


def _result(number: int, result: PairNight, night: str) -> Row:
    values = {"run": number, "night": night, "pair": result.pair, "exit_status": result.exit_status,
              "record": result.model_dump_json()}  # fmt: skip
    return Row("results", values)


def _sum(spent: Sequence[Spend]) -> Spend:
    def total(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None

    tokens = [total([getattr(s, name) for s in spent]) for name in ("prompt_tokens", "answer_tokens")]
    cost = total([s.cost for s in spent])
    return Spend(
        calls=sum(s.calls for s in spent),
        prompt_tokens=None if tokens[0] is None else int(tokens[0]),
        answer_tokens=None if tokens[1] is None else int(tokens[1]),
        cost=None if cost is None else canonical.rounded(cost),
    )

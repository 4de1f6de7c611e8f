"""Tonight's e-values: each side against its own baseline, and the questioned model against the reference.

Reads answers, writes rows for the history. What follows from the evidence of many nights is decided in `deciding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from forensics import canonical
from forensics.monitoring import draws, drift
from forensics.monitoring.drift import Compared, Dated
from forensics.monitoring.history import History, Row
from forensics.monitoring.windows import Recorded, Windows, windows
from forensics.numerics import evalues
from forensics.records.nightly import Pair, Plan, Side, Watch

SIDES: tuple[Side, ...] = ("reference", "questioned")


class Watched(NamedTuple):
    """One watch of one pair: which run of evidence it belongs to, and what tonight is compared with."""

    pair: str
    watch: Watch
    epoch: str
    """First night of the run of evidence."""
    conditions: str
    before: tuple[Recorded, ...]
    few: tuple[Recorded, ...]
    streams: tuple[str, ...]
    """What is looked at of each draw; each has its share of the evidence, so they are fixed by what is asked."""
    new: bool = True
    """False where no draw of tonight is new: then there is nothing to test."""

    def compared(self, stream: str) -> Compared:
        """Return the draws of one stream, tonight's beside earlier ones."""
        return drift.compared(dated(self.before, stream), dated(self.few, stream), seed=self.seed(stream))

    def seed(self, stream: str) -> str:
        """Return what chance depends on: not the pair's name, so that two pairs with one model find the same of it."""
        return f"{self.watch} {self.conditions} {self.epoch} {stream} {self.few[-1].night}"


def dated(found: Sequence[Recorded], stream: str) -> list[Dated]:
    """Read the draws of some nights."""
    read = [(recorded, draws.read(recorded.path, recorded.digest)) for recorded in found]
    return [Dated(recorded.night + recorded.digest, *d.seen(stream)) for recorded, d in read]


def recorded(history: History, pair: str, side: Side, root: Path, *, fresh: bool | None = True) -> list[Recorded]:
    """Return the nights of one side in order; with `fresh` only those it was asked anew for."""
    rows = history.rows("answers", pair=pair, side=side)
    return [
        Recorded(row["night"], root / row["path"], row["digest"], row["conditions"])
        for row in sorted(rows, key=lambda row: row["night"])
        if fresh is None or bool(row["fresh"]) == fresh
    ]


def side_windows(history: History, plan: Plan, pair: Pair, side: Side, *, root: Path, night: str) -> Windows | None:
    """Return a side's windows as they are tonight; None while its baseline is not complete, or it was not asked."""
    found = [r for r in recorded(history, pair.name, side, root) if r.night <= night]
    if not found or found[-1].night != night:
        return None
    return windows(found, baseline_nights=plan.baseline.nights, since=plan.baseline.since)


def watched_side(history: History, plan: Plan, pair: Pair, side: Side, *, root: Path, night: str) -> Watched | None:
    """Return a side's watch tonight; None while there is nothing to compare with."""
    found = side_windows(history, plan, pair, side, root=root, night=night)
    if found is None:
        return None
    before = (*found.baseline, *found.earlier)
    return Watched(pair.name, side, found.epoch, found.tonight.conditions, before, (found.tonight,), _streams(pair))


def watched_pair(history: History, plan: Plan, pair: Pair, *, root: Path, night: str) -> Watched | None:
    """Return the watch of both sides against one another; None where one has no answers tonight.

    Where both sides are asked anew, only tonight's draws are compared: nights are then independent. Where one side's
    draws stay, the other's earlier nights join them, which keeps the p-values independent as for drift.
    """
    both = {side: _run_of(recorded(history, pair.name, side, root, fresh=None), plan, night) for side in SIDES}
    if not all(both.values()):
        return None
    tonight = {side: found[-1] for side, found in both.items()}
    if any(found.night != night for found in tonight.values()):
        return None
    first = max(found[0].night for found in both.values())
    conditions = canonical.digest("".join(tonight[side].conditions for side in SIDES).encode())[7:23]
    new = {side: all(r.digest != tonight[side].digest for r in both[side][:-1]) for side in SIDES}
    few, many = SIDES if new["reference"] and not new["questioned"] else SIDES[::-1]
    before = [tonight[many]]
    if not new[many] and len(both[few]) > 1:
        before = _distinct([*both[many], *(r for r in both[few][:-1] if r.night >= first)])
    return Watched(
        pair.name, "pair", first, conditions, tuple(before), (tonight[few],), _streams(pair), new=any(new.values())
    )


def _streams(pair: Pair) -> tuple[str, ...]:
    return draws.streams(logprobs=pair.logprobs is not None)


def _run_of(found: Sequence[Recorded], plan: Plan, night: str) -> list[Recorded]:
    """Return the nights up to tonight that were asked as tonight was."""
    usable: list[Recorded] = []
    since = plan.baseline.since
    for one in reversed([r for r in found if r.night <= night]):
        if (usable and one.conditions != usable[0].conditions) or (since and one.night < since.isoformat()):
            break
        usable.insert(0, one)
    return usable


def _distinct(found: Sequence[Recorded]) -> list[Recorded]:
    return list({recorded.digest: recorded for recorded in found}.values())


def rows(history: History, watched: Watched, night: str) -> list[Row]:
    """Test tonight's draws in every stream; returns the rows of the night, none where that is done or nothing is new."""
    made: list[Row] = []
    if not watched.new or history.rows("drift", night=night, pair=watched.pair, watch=watched.watch):
        return made
    for stream in watched.streams:
        p = drift.p_value(watched.compared(stream), seed=watched.seed(stream))
        if p is None:
            continue
        log_e = float(evalues.log_e(p))
        earlier = log_es(history, watched, stream)
        year = [*earlier, log_e]
        year = year[(len(year) - 1) // evalues.HORIZON * evalues.HORIZON :]
        values: dict[str, Any] = {
            "night": night,
            "pair": watched.pair,
            "watch": watched.watch,
            "stream": stream,
            "epoch": watched.epoch,
            "conditions": watched.conditions,
            "p": canonical.rounded(p),
            "log_e": canonical.rounded(log_e, 9),
            "log_wealth": canonical.rounded(float(evalues.log_wealth(year)[-1]), 9),
        }
        made.append(Row("drift", values))
    return made


def log_es(history: History, watched: Watched, stream: str) -> list[float]:
    """Return the logarithms of the e-values of one stream of a run of evidence, in order of nights."""
    run = {"pair": watched.pair, "watch": watched.watch, "epoch": watched.epoch, "conditions": watched.conditions}
    return [row["log_e"] for row in history.rows("drift", **run, stream=stream)]

"""What follows from the evidence of all nights: which changes are found, what caused them, which gates trip.

Asks nothing and computes no p-value of the night; everything here can be worked out again from the history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from forensics import canonical
from forensics.monitoring import draws, drift, forms, watching
from forensics.monitoring.history import History, Row
from forensics.monitoring.watching import Watched
from forensics.numerics import evalues
from forensics.records.nightly import Alarm, GateResult, Moved, Pair, Plan, Spend

SHOWN = 10
"""Probes named at most."""
TRAIT_CHANGE = 0.1
"""Change of a trait's share from which it is named as the cause."""


class Evidence(NamedTuple):
    """The evidence of one watch up to tonight, by stream; a stream without a tested night has a wealth of 1."""

    watched: Watched
    nights: Mapping[str, list[str]]
    ps: Mapping[str, list[float]]
    log_es: Mapping[str, list[float]]
    log_wealth: Mapping[str, float]

    @property
    def whole(self) -> float:
        """Return the logarithm of the wealth of all streams together."""
        return float(evalues.joined(list(self.log_wealth.values())))


def evidence(history: History, watched: Watched) -> Evidence | None:
    """Collect the evidence of a watch; None before its first e-value."""
    found = history.rows(
        "drift", pair=watched.pair, watch=watched.watch, epoch=watched.epoch, conditions=watched.conditions
    )
    if not found:
        return None
    by_stream = {s: [row for row in found if row["stream"] == s] for s in watched.streams}
    return Evidence(
        watched,
        {s: [row["night"] for row in rows] for s, rows in by_stream.items()},
        {s: [row["p"] for row in rows] for s, rows in by_stream.items()},
        {s: [row["log_e"] for row in rows] for s, rows in by_stream.items()},
        {s: rows[-1]["log_wealth"] if rows else 0.0 for s, rows in by_stream.items()},
    )


def new_alarms(history: History, found: Sequence[Evidence], *, alpha: float, night: str) -> list[Row]:
    """Return the alarms that tonight raises: what e-BH finds among all watches, each once in its run of evidence."""
    if not found:
        return []
    chosen = evalues.discoveries([one.whole for one in found], alpha)
    needed = float(np.log(len(found) / (max(int(chosen.sum()), 1) * alpha)))
    rows = []
    for one, discovered in zip(found, chosen.tolist(), strict=True):
        if not discovered:
            continue
        cause = cause_of(one.log_es, one.log_wealth, needed)
        key = {"pair": one.watched.pair, "watch": one.watched.watch, "epoch": one.watched.epoch,
               "conditions": one.watched.conditions}  # fmt: skip
        raised = {row["cause"] for row in history.rows("alarms", **key)}
        if cause not in raised and "behaviour" not in raised:
            record = json.dumps(_alarm(one, cause, night).model_dump(mode="json"))
            rows.append(Row("alarms", {"night": night, **key, "cause": cause, "record": record}))
    return rows


def standing(history: History, watched: Watched) -> list[Alarm]:
    """Return the alarms of a run of evidence: they stand until the baseline is moved."""
    rows = history.rows(
        "alarms", pair=watched.pair, watch=watched.watch, epoch=watched.epoch, conditions=watched.conditions
    )
    return [Alarm.model_validate_json(row["record"]) for row in rows]


def cause_of(log_es: Mapping[str, Sequence[float]], log_wealth: Mapping[str, float], needed: float) -> str:
    """Say whether the answers changed, or only their trivial form.

    It is form where the answers without it, or their first tokens, hold far less evidence (no more than the root of what the
    answers as received hold) and would raise no alarm by themselves, which takes a logarithm of wealth of `needed`.
    """
    inner = {stream: found for stream, found in log_es.items() if stream != draws.RECEIVED}
    alone = max(log_wealth[stream] for stream in inner) - float(np.log(len(log_es))) >= needed
    best = max(_best(found) for found in inner.values())
    return "behaviour" if alone or best >= _best(log_es[draws.RECEIVED]) / 2 else "formatting"


def _best(log_es: Sequence[float]) -> float:
    """Return the largest logarithm of a product of e-values that runs up to tonight; 0 where there is none."""
    return float(np.cumsum(log_es[::-1]).max()) if log_es else 0.0


def _alarm(one: Evidence, cause: str, night: str) -> Alarm:
    stream = _telling(one) if cause == "behaviour" else draws.RECEIVED
    since = one.nights[stream][evalues.first_changed(one.ps[stream])]
    watched = one.watched
    everything = [*watched.before, *watched.few]
    after = tuple(r for r in watched.before if r.night >= since and watched.watch != "pair")
    before = tuple(r for r in everything if r not in after and r not in watched.few)
    changed = watched._replace(before=before, few=(*after, *watched.few))
    probes = drift.moved(changed.compared(stream), seed=watched.seed(stream))
    return Alarm(
        watch=watched.watch,
        cause="behaviour" if cause == "behaviour" else "formatting",
        detail=_detail(cause, changed, stream),
        since=since,
        raised=night,
        log10_e=canonical.rounded(one.whole / float(np.log(10))),
        moved=tuple(Moved(probe=f"sha256:{p.probe.hex()}", p=canonical.rounded(p.p)) for p in probes[:SHOWN]),
    )


def _telling(one: Evidence) -> str:
    """Return the stream without form that holds the most evidence: the answers', unless first tokens hold more."""
    inner = [stream for stream in one.watched.streams if stream != draws.RECEIVED]
    return max(inner, key=lambda stream: one.log_wealth[stream])


def _detail(cause: str, changed: Watched, stream: str) -> str:
    """Say in words what changed: the share of each trait of form before and after, where it moved."""
    before, after = (_shares(found) for found in (changed.before, changed.few))
    said = [
        f"{name} {then:.0%} → {now:.0%}"
        for name, then, now in zip(forms.NAMES, before, after, strict=True)
        if abs(now - then) >= TRAIT_CHANGE
    ]
    if cause == "formatting":
        return "Trivial form changed: " + (", ".join(said) or "white space, or what surrounds the answers")
    what = "The log-probabilities of first tokens" if stream == draws.TOKENS else "The answers"
    return f"{what} changed" + (f", and their form: {', '.join(said)}" if said else "")


def _shares(found: Sequence[Any]) -> list[float]:
    read = np.concatenate([draws.read(r.path, r.digest).traits for r in found])
    return [float(share) for share in read.mean(axis=0)]


class Looked(NamedTuple):
    """What gates of one pair look at."""

    measures: Mapping[tuple[str, str], tuple[float | None, str | None]]
    """Value and reason by side and name."""
    alarms: Sequence[Alarm]
    waiting: Sequence[str]
    """Why a watch has nothing to say yet."""
    spend: Spend


def gates(plan: Plan, pair: Pair, looked: Looked) -> tuple[GateResult, ...]:
    """Decide every gate that a pair sets."""
    set_, found = pair.gates, []
    for gate, name, low, high in (
        ("log10_lr", "log10_lr", set_.log10_lr_at_least, set_.log10_lr_at_most),
        ("normalised", f"normalised:{statistic(pair, looked)}", set_.normalised_at_least, set_.normalised_at_most),
    ):
        if (low, high) != (None, None):
            found.append(_between(gate, *looked.measures.get(("pair", name), (None, f"there is no {name}")), low, high))
    if set_.drift != "off":
        changed = [a for a in looked.alarms if a.watch != "pair"]
        tripping = [a for a in changed if set_.drift == "any" or a.cause == "behaviour"]
        found.append(_changed("drift", changed, tripping, looked.waiting))
    if set_.equality:
        different = [a for a in looked.alarms if a.watch == "pair"]
        found.append(_changed("equality", different, different, []))
    if set_.failures_at_most is not None:
        shares = [_share(looked, side) for side in watching.SIDES]
        found.append(_between("failures", max(shares), None, None, set_.failures_at_most))
    if set_.calls_at_most is not None:
        found.append(_between("calls", looked.spend.calls, None, None, set_.calls_at_most))
    if set_.cost_at_most is not None:
        found.append(
            _between("cost", looked.spend.cost, "a price or a count of tokens is missing", None, set_.cost_at_most)
        )
    return tuple(found)


def statistic(pair: Pair, looked: Looked) -> str | None:
    """Return the statistic whose normalised score a pair's gate bounds, and that is shown in its line."""
    if pair.gates.statistic:
        return pair.gates.statistic
    scored = [name for (side, name), (value, _) in looked.measures.items()
              if side == "pair" and name.startswith("normalised:") and value is not None]  # fmt: skip
    preferred = [name for name in ("normalised:phrases", "normalised:lexical") if name in scored]
    return (preferred or scored or [":"])[0].partition(":")[2] or None


def _share(looked: Looked, side: str) -> float:
    failed, answers = (looked.measures.get((side, name), (None, None))[0] or 0 for name in ("failed", "answers"))
    return failed / answers if answers else 0.0


def _between(gate: str, value: float | None, reason: str | None, low: float | None, high: float | None) -> GateResult:
    if value is None:
        return GateResult(gate=gate, verdict="cannot tell", detail=reason or "no value")
    bounds = [f"{words} {bound:g}" for words, bound in (("at least", low), ("at most", high)) if bound is not None]
    tripped = (low is not None and value < low) or (high is not None and value > high)
    return GateResult(
        gate=gate, verdict="tripped" if tripped else "passed", detail=f"{value:.4g}, permitted {' and '.join(bounds)}"
    )


def _changed(gate: str, found: Sequence[Alarm], tripping: Sequence[Alarm], waiting: Sequence[str]) -> GateResult:
    said = "; ".join(f"{a.watch} since {a.since} ({a.cause}): {a.detail}" for a in found)
    if tripping:
        return GateResult(gate=gate, verdict="tripped", detail=said)
    return GateResult(
        gate=gate, verdict="passed", detail="; ".join([*([said] if said else []), *waiting]) or "nothing found"
    )

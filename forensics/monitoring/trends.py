"""From the history to what its page shows: series of nights for each pair, and what happened on which night."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from forensics import __version__
from forensics.monitoring.history import History, latest
from forensics.numerics import evalues
from forensics.records.nightly import Alarm, PairNight, Watch

Series = dict[str, float | None]
"""Value by night."""


class Event(NamedTuple):
    """Something that happened to the tool, not to the models."""

    night: str
    label: str
    words: str
    method: bool
    """True where numbers before and after cannot simply be compared."""


class Trend(NamedTuple):
    """One pair over all its nights."""

    pair: str
    reference: str
    questioned: str
    nights: tuple[str, ...]
    last: PairNight
    statuses: Mapping[str, int]
    """Exit status by night."""
    unchanged: frozenset[str]
    """Nights on which nothing was new."""
    statistic: str | None
    measures: Mapping[tuple[str, str], Series]
    """By side and name, as in the table `measures`."""
    wealth: Mapping[Watch, Series]
    """log10 of a watch's wealth, all streams together."""
    windows: tuple[tuple[str, str], ...]
    """First and last night of every baseline."""
    flips: Mapping[str, Mapping[str, frozenset[str]]]
    """Nights by side and probe."""
    alarms: tuple[Alarm, ...]
    cases: Mapping[str, tuple[str, bool]]
    """Digest of the night's case, and whether it is a seal's."""


def trends(history: History) -> list[Trend]:
    """Return every pair's nights, in order of name."""
    results: dict[str, list[PairNight]] = defaultdict(list)
    nights: dict[str, list[str]] = defaultdict(list)
    for row in sorted(latest(history.rows("results"), by=["night", "pair"]), key=lambda row: row["night"]):
        results[row["pair"]].append(PairNight.model_validate_json(row["record"]))
        nights[row["pair"]].append(row["night"])
    return [_trend(history, pair, nights[pair], results[pair]) for pair in sorted(results)]


def _trend(history: History, pair: str, nights: Sequence[str], results: Sequence[PairNight]) -> Trend:
    measures: dict[tuple[str, str], Series] = defaultdict(dict)
    for row in history.rows("measures", pair=pair):
        measures[row["side"], row["name"]][row["night"]] = row["value"]
    measured = history.rows("measured", pair=pair)
    statistics = [result.statistic for result in results if result.statistic]
    return Trend(
        pair=pair,
        reference=results[-1].reference,
        questioned=results[-1].questioned,
        nights=tuple(nights),
        last=results[-1],
        statuses={night: result.exit_status for night, result in zip(nights, results, strict=True)},
        unchanged=frozenset(row["night"] for row in measured if row["status"] == "unchanged"),
        statistic=statistics[-1] if statistics else None,
        measures=measures,
        wealth=_wealth(history, pair),
        windows=_windows(history, pair),
        flips=_flips(history, pair),
        alarms=tuple(Alarm.model_validate_json(row["record"]) for row in history.rows("alarms", pair=pair)),
        cases={row["night"]: (row["case_digest"], bool(row["sealed"])) for row in measured if row["case_digest"]},
    )


def _wealth(history: History, pair: str) -> dict[Watch, Series]:
    found: dict[Watch, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in history.rows("drift", pair=pair):
        found[row["watch"]][row["night"]].append(row["log_wealth"])
    return {
        watch: {night: float(evalues.joined(logs)) / math.log(10) for night, logs in sorted(by_night.items())}
        for watch, by_night in sorted(found.items())
    }


def _windows(history: History, pair: str) -> tuple[tuple[str, str], ...]:
    """Return every baseline of a side: from its first night to the night before the first tested one."""
    found = set()
    tested = [row for row in history.rows("drift", pair=pair) if row["watch"] != "pair"]
    for epoch in {row["epoch"] for row in tested}:
        first = min(row["night"] for row in tested if row["epoch"] == epoch)
        asked = [row["night"] for row in history.rows("answers", pair=pair) if epoch <= row["night"] < first]
        found.add((epoch, max(asked, default=epoch)))
    return tuple(sorted(found))


def _flips(history: History, pair: str) -> dict[str, dict[str, frozenset[str]]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in history.rows("flips", pair=pair):
        found[row["side"]][row["probe"]].add(row["night"])
    return {
        side: {probe: frozenset(nights) for probe, nights in sorted(probes.items(), key=lambda p: (-len(p[1]), p[0]))}
        for side, probes in sorted(found.items())
    }


def events(history: History) -> list[Event]:
    """Return what changed of the tool: every new version with its notes, and every new version of a statistic."""
    notes = _releases()
    found: list[Event] = []
    tools = [(row["night"], row["tool"]) for row in history.rows("runs")]
    for (_, before), (night, tool) in zip([("", ""), *tools], tools, strict=False):
        if tool != before:
            note = notes.get(tool, {})
            method = [str(line) for line in note.get("method", ())] if before else []
            words = " ".join([str(note.get("notes", "No release notes are known here.")), *method])
            found.append(Event(night, tool, words, bool(method)))
    versions: dict[str, str] = {}
    for row in history.rows("measures"):
        if row["version"] is None or not row["name"].startswith("normalised:"):
            continue
        name = row["name"].partition(":")[2]
        if versions.setdefault(name, row["version"]) != row["version"]:
            words = f"Statistic {name} changed from version {versions[name]} to {row['version']}."
            found.append(Event(row["night"], f"{name} {row['version']}", words, method=True))
            versions[name] = row["version"]
    return sorted(set(found))


def _releases() -> dict[str, dict[str, Any]]:
    text = resources.files("forensics.monitoring").joinpath("releases.json").read_text("utf-8")
    return {release["version"]: release for release in json.loads(text)}


def known_version() -> bool:
    """Say whether the running version has release notes."""
    return __version__ in _releases()

"""The one call behind `forensics screen`: from a folder of recorded answers to pairs, suspects and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError

from forensics import canonical, registry
from forensics.case import as_written
from forensics.errors import BadFile, UnknownName, UsageError
from forensics.features import most_probes, version_of
from forensics.places import home
from forensics.records.screen import Screen, Suspect
from forensics.screening import drawn, gathering, kin, measured, places, suspects, tables, weighed
from forensics.screening.blocks import StoreDamaged
from forensics.screening.executors import Runner, runner
from forensics.screening.kin import Kin
from forensics.screening.measured import Frame, Values
from forensics.screening.ratios import Ratios, Side
from forensics.screening.recording import Inputs, record_of
from forensics.screening.tables import Row
from forensics.screening.totals import Work
from forensics.transcripts import safe_name, sampling_text

DEFAULT = "phrases"
"""The statistic that derivation is weighed by."""
NO_CALIBRATION = "no calibration was given"
RECORD, PAIRS = "screen.json", "pairs.csv"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a screen was asked for. Folders are paths, or URLs that fsspec knows."""

    folder: str
    output: str
    models: str | None = None
    """Table of declared lineages; `models.csv` in the folder where None."""
    statistics: tuple[str, ...] = ()
    calibration: str | None = None
    transfer: bool = False
    suspects: tuple[str, ...] = ()
    seed: int = 0
    workers: int = 2
    cluster: str | None = None
    store: str | None = None
    """Where features and sums are kept; the user's cache where None."""
    candidates: int | None = None
    """Score only the nearest so many by sketch for each model; all pairs where None."""
    anew: bool = False
    """Measure everything in a new frame, whatever an earlier screen says."""
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """A screen and what was written."""

    output: str
    record: Screen
    nearest: tuple[Row, ...]
    suspects: tuple[Suspect, ...]
    written: tuple[str, ...]
    work: Work = field(default_factory=Work)

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        content = self.record.model_dump(mode="json", by_alias=True)
        kept = ("tool", "statistics", "set_aside", "inference", "weighing", "pairs")
        return {
            "folder": self.output,
            "n_models": len(self.record.models),
            "n_probes": len(self.record.probes),
            **{name: content[name] for name in kept},
            "nearest": [row._asdict() for row in self.nearest],
            "suspects": [one.model_dump(mode="json", by_alias=True) for one in self.suspects],
            "written": list(self.written),
        }

    def show(self) -> None:
        """Print the suspects, or the nearest pairs, and the files written."""
        from rich.console import Console

        from forensics.hostile import terminal

        console = Console()
        for one in self.suspects:
            tables.show_suspect(one, console)
        if not self.suspects:
            tables.show_pairs(self.nearest, len(self.record.models), console)
        for place in self.written:
            console.print(terminal(place), markup=False, highlight=False, soft_wrap=True)


Say = Callable[[str], None]


def screen(wanted: Wanted, *, say: Say) -> Result:
    """Score, normalise, rank and draw all pairs of a folder's models; raises UsageError, BadFile or TooLittleEvidence."""
    given = weighed.read(wanted.calibration) if wanted.calibration else None
    statistics = wanted.statistics or (given.calibration.features if given else (DEFAULT,))
    _kinds(statistics)
    _check_candidates(wanted, statistics)
    store = wanted.store or str(home() / "screens")
    if (places.is_remote(wanted.folder) or wanted.cluster) and not wanted.store:
        raise UsageError(
            "A cluster, or answers that lie elsewhere, need a place that all workers can read and write.",
            remedy="Name one with --store: a shared folder, or a URL such as s3://bucket/folder.",
        )
    before = None if wanted.anew or wanted.candidates else read(wanted.output)
    work = Work()
    declared = gathering.table(wanted.folder, wanted.models)
    with runner(workers=wanted.workers, cluster=wanted.cluster) as run:
        task = _Task(wanted, statistics, store, run, work)
        try:
            found, frame, raw = _scored(task, before, say, afresh=False)
        except StoreDamaged as error:
            say(f"{error.message} All features are made again.")
            found, frame, raw = _scored(task, before, say, afresh=True)
    say(f"read {work.read} models, scored {work.pairs:,} pairs; the rest was stored")
    names = [model.name for model in frame.models]
    related = kin.lineages(raw[0].means, [declared.lineage.get(name) for name in names])
    values = [measured.values(s, one, related, names) for s, one in zip(statistics, raw, strict=True)]
    outcome = _weigh(wanted, given, frame, values, related)
    lines = [
        row for one in values for row in tables.rows(names, one, _ratios(outcome, one.statistic), measured.why_not)
    ]
    table = tables.as_csv(lines)
    inputs = Inputs(frame, declared, (*found.set_aside, *frame.set_aside), related)
    record = record_of(
        inputs,
        values,
        seed=wanted.seed,
        weighing=outcome.record if outcome else None,
        pairs=canonical.digest(table),
        candidates=wanted.candidates,
    )
    listed = tuple(
        suspects.listed(record, values[0], _ratios(outcome, values[0].statistic), name) for name in wanted.suspects
    )
    files = {PAIRS: table, RECORD: as_written(record)}
    files |= {f"suspects/{safe_name(one.suspect)}.json": as_written(one) for one in listed}
    if wanted.pictures:
        files |= _pictures(wanted, frame, record, values[0], outcome)
    for name, data in files.items():
        places.write(places.within(wanted.output, name), data)
    nearest = tuple(row for row in lines if row.normalised is not None and row.statistic == statistics[0])
    shown = tuple(places.within(wanted.output, name) for name in files)
    return Result(wanted.output, record, nearest[: tables.SHOWN], listed, shown, work)


class _Task(NamedTuple):
    """What is scored, where and by whom."""

    wanted: Wanted
    statistics: Sequence[str]
    store: str
    run: Runner
    work: Work


def _scored(
    task: _Task, before: Screen | None, say: Say, *, afresh: bool
) -> tuple[gathering.Found, Frame, list[measured.Raw]]:
    """Look at the folder and score what is not stored."""
    kinds = _kinds(task.statistics)
    found = gathering.gather(
        task.wanted.folder, store=task.store, kinds=kinds, runner=task.run, work=task.work, afresh=afresh
    )
    frame = measured.frame_of(found.models, before, say=say)
    for line in (*found.set_aside, *frame.set_aside):
        say(f"set aside: {line}")
    say(f"{len(frame.models)} models, {len(frame.probes)} probes")
    how = measured.How(task.store, kinds, task.wanted.seed, task.run, task.work, task.wanted.candidates)
    return found, frame, [measured.measure(frame, statistic, how) for statistic in task.statistics]


def read(output: str) -> Screen | None:
    """Return the record of an earlier screen, or None where there is none; raises BadFile for one that is damaged."""
    place = places.within(output, RECORD)
    data = places.read(place)
    if data is None:
        return None
    try:
        return Screen.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise BadFile(
            place, f"{where}: {fault['msg']}", remedy="Screen anew with --anew, or into another folder."
        ) from error


def _kinds(statistics: Sequence[str]) -> list[str]:
    """Return the features that some statistics read; raises UsageError for one that a screen cannot compute."""
    kinds = set()
    for name in statistics:
        plugin = registry.load("statistics", name)
        if not _screens(name):
            able = [other for other in registry.names("statistics") if _screens(other)]
            raise UnknownName(
                "statistic for a screen", name, able,
                remedy=f"A screen looks at one probe at a time: {', '.join(able)}. Compare the pair for the others.",
            )  # fmt: skip
        version_of(plugin.FEATURE)
        kinds.add(plugin.FEATURE)
    return sorted(kinds)


def _check_candidates(wanted: Wanted, statistics: Sequence[str]) -> None:
    """Refuse what needs all pairs where only candidates are scored."""
    if wanted.candidates is None:
        return
    unable = [name for name in statistics if not hasattr(registry.load("statistics", name), "vectors")]
    if unable:
        raise UsageError(f"{unable[0]} has no sketches.", remedy=f"--candidates goes with --statistic {DEFAULT}.")
    if wanted.calibration:
        raise UsageError(
            "A calibration needs all pairs, and --candidates scores few.",
            remedy="Leave one of them out; `forensics compare` weighs a pair that was found.",
        )


def _screens(name: str) -> bool:
    plugin = registry.load("statistics", name)
    if plugin.ROLE != "weighed":
        return False
    return not (hasattr(plugin, "survey") or hasattr(plugin, "STATES") or most_probes(plugin.FEATURE) is not None)


def _weigh(
    wanted: Wanted, given: weighed.Given | None, frame: Frame, values: Sequence[Values], related: Sequence[Kin]
) -> weighed.Outcome | None:
    if given is None:
        return None
    here = weighed.Conditions(
        probes=[f"sha256:{probe.hex()}" for probe in frame.probes],
        draws=max(model.held.counts["draws"] for model in frame.models),
        sampling="; ".join(dict.fromkeys(sampling_text(model.sampling) for model in frame.models)),
    )
    sides = [Side(model.name, one.lineage) for model, one in zip(frame.models, related, strict=True)]
    return weighed.weigh(given, here, values, sides, transfer=wanted.transfer)


def _ratios(outcome: weighed.Outcome | None, statistic: str) -> Ratios | None:
    return outcome.ratios if outcome and outcome.statistic == statistic else None


def _pictures(
    wanted: Wanted, frame: Frame, record: Screen, values: Values, outcome: weighed.Outcome | None
) -> dict[str, bytes]:
    names = [model.name for model in record.models]
    options = {name: value for name, value in (("models", wanted.models), ("calibration", wanted.calibration)) if value}
    answers = [model.file.place for model in frame.models]
    return drawn.draw(
        record.models,
        values,
        _ratios(outcome, values.statistic),
        unweighed=NO_CALIBRATION if outcome is None else (outcome.record.reason or ""),
        probes=len(record.probes),
        tool=record.tool,
        source=canonical.digest(as_written(record)),
        evidence=drawn.evidence(wanted.folder, wanted.output, answers, names, options=options),
    )

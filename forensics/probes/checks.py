"""What makes a probe set fit to be put to a court, checked: `forensics probes check`.

Collects every fault of every file with its line, its probe and what to do about it, and never stops at the first.
The checks of language, people and harm are heuristics (`words`): a set that passes has still to be read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from forensics import canonical, probes
from forensics.errors import UsageError
from forensics.probes import likeness, rules
from forensics.records.probes import Probe, ProbeSetHeader

_OWN_ID = re.compile(r"(?P<stem>.+)-(?P<number>\d{3,})")


class Fault(NamedTuple):
    """One thing that is wrong: where, what, and how to put it right."""

    file: str
    line: int
    probe: str | None
    check: str
    what: str
    remedy: str


class Placed(NamedTuple):
    """A probe and where it stands."""

    file: str
    line: int
    probe: Probe


@dataclass(frozen=True, slots=True)
class Draft:
    """A probe set as far as it could be read."""

    file: str
    header: ProbeSetHeader | None
    probes: tuple[Placed, ...]
    faults: tuple[Fault, ...]


class Checked(NamedTuple):
    """What a check came to."""

    files: int
    probes: int
    """Distinct ones: a composition's are counted where they come from."""
    faults: tuple[Fault, ...]

    def content(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"sets": self.files, "probes": self.probes, "faults": [fault._asdict() for fault in self.faults]}

    def lines(self) -> Iterator[str]:
        """Yield a line for each fault, and one for the sum."""
        for fault in self.faults:
            place = f"{fault.file}:{fault.line}" + (f" {fault.probe}" if fault.probe else "")
            yield f"{place}: {fault.check}: {fault.what}. {fault.remedy}"
        yield f"sets: {self.files}, probes: {self.probes}, faults: {len(self.faults)}"


def check(names: Sequence[str]) -> Checked:
    """Check probe sets, shipped ones by name and others by path, each alone and all against each other.

    A single set of the user's is also compared with all shipped ones. Raises UnknownName for a set that is not there.
    """
    shipped = {draft.file: draft for draft in (read(_path(name)) for name in probes.names())}
    own = [_path(name) for name in names]
    inside = {probes.folder() / file for file in shipped}
    drafts = [shipped[path.name] if path in inside else read(path) for path in own] if own else list(shipped.values())
    faults = [fault for draft in drafts for fault in draft.faults]
    for draft in drafts:
        faults += _each(draft, shipped, drafts)
        faults += [*_ids(draft), *_keyed(draft), *_pairs(draft), *_borrowed(draft, shipped)]
    faults += _near_duplicates(
        drafts, [draft for file, draft in shipped.items() if file not in {d.file for d in drafts}]
    )
    order = {draft.file: position for position, draft in enumerate(drafts)}
    faults.sort(key=lambda fault: (order[fault.file], fault.line, fault.check, fault.what))
    return Checked(len(drafts), len(_distinct(p for draft in drafts for p in draft.probes)), tuple(faults))


def raise_if_any(checked: Checked) -> None:
    """Raise UsageError where there are faults: exit status 2."""
    if checked.faults:
        files = len({fault.file for fault in checked.faults})
        count = len(checked.faults)
        raise UsageError(
            f"{count} fault{'s' if count > 1 else ''} in {files} probe set{'s' if files > 1 else ''}.",
            remedy="Each is listed above with what to do about it.",
        )


def _path(name: str) -> Path:
    if name in probes.names():
        return probes.folder() / f"{name}.jsonl"
    if not Path(name).is_file():
        probes.load(name)  # raises with the names that are known
    return Path(name)


# --- reading without stopping ---------------------------------------------------------------------------------------


def read(path: Path) -> Draft:
    """Read a probe set line by line, keeping what can be read and noting what cannot."""
    file = path.name
    faults: list[Fault] = []
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        place = path.read_bytes().count(b"\n", 0, error.start) + 1
        return Draft(file, None, (), (Fault(file, place, None, "schema", "not UTF-8 text", "Save the file as UTF-8."),))
    header = None
    try:
        header = ProbeSetHeader.model_validate_json(lines[0] or "null")
    except ValidationError as error:
        faults += _schema_faults(file, 1, None, error, "the header")
    found: list[Placed] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            found.append(Placed(file, number, Probe.model_validate_json(canonical.well_formed(line))))
        except ValidationError as error:
            faults += _schema_faults(file, number, _id_of(line), error, "the probe")
    if not found:
        faults.append(Fault(file, 1, None, "schema", "no probes in it", "Write one probe per line after the header."))
    return Draft(file, header, tuple(found), tuple(faults))


def _schema_faults(file: str, line: int, probe: str | None, error: ValidationError, what: str) -> Iterator[Fault]:
    for item in error.errors(include_url=False):
        place = ".".join(str(part) for part in item["loc"]) or what
        yield Fault(file, line, probe, "schema", f"{place}: {item['msg']}", "See `forensics probes show` for the form.")


def _id_of(line: str) -> str | None:
    """Return the id of a line that is no valid probe, where one can be made out."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    value = content.get("id") if isinstance(content, dict) else None
    return value if isinstance(value, str) else None


# --- one set --------------------------------------------------------------------------------------------------------


def _each(draft: Draft, shipped: dict[str, Draft], drafts: Sequence[Draft]) -> Iterator[Fault]:
    """Check every probe alone; a borrowed one where it comes from, if that is checked too."""
    languages = draft.header.languages if draft.header else ()
    checked = {other.file for other in drafts}
    for file, line, probe in draft.probes:
        origin = _origin(draft, probe, shipped)
        if origin is not None and origin.file in checked:
            continue
        for found in rules.faults_of(probe, languages):
            yield Fault(file, line, probe.id, *found)


def _ids(draft: Draft) -> Iterator[Fault]:
    """Ids of the set's own stem count up from 1 without a gap; every id is used once."""
    seen: dict[str, int] = {}
    expected = 1
    name = draft.header.name if draft.header else None
    for file, line, probe in draft.probes:
        if probe.id in seen:
            yield Fault(file, line, probe.id, "ids", f"used on line {seen[probe.id]} already", "Give it its own id.")
            continue
        seen[probe.id] = line
        match = _OWN_ID.fullmatch(probe.id)
        if match and match["stem"] == name:
            if int(match["number"]) != expected:
                yield Fault(
                    file, line, probe.id, "ids", f"expected {name}-{expected:03}", "Number the probes in order."
                )
            expected = int(match["number"]) + 1


def _keyed(draft: Draft) -> Iterator[Fault]:
    """Where most probes that came from one set are keyed, all have to be."""
    stems: dict[str, list[Placed]] = defaultdict(list)
    for placed in draft.probes:
        match = _OWN_ID.fullmatch(placed.probe.id)
        stems[match["stem"] if match else ""].append(placed)
    for members in stems.values():
        without = [placed for placed in members if placed.probe.key is None]
        if 0 < len(without) < len(members) / 2:
            for file, line, probe in without:
                yield Fault(file, line, probe.id, "key", "no key in a keyed set", "Give the right answer as its key.")


def _pairs(draft: Draft) -> Iterator[Fault]:
    """Both orders of a choice are there, once each, and each shows what it offers."""
    pairs: dict[str, list[Placed]] = defaultdict(list)
    for placed in draft.probes:
        probe = placed.probe
        if probe.pair is not None:
            pairs[probe.pair].append(placed)
        missing = [choice for choice in probe.choices if choice not in rules.text_of(probe)]
        if missing or len(set(probe.choices)) < len(probe.choices):
            what = "two choices are alike, or one is not in the prompt word for word"
            yield Fault(placed.file, placed.line, probe.id, "pair", what, "Make choices and prompt agree.")
    for name, members in pairs.items():
        orders = [placed.probe.choices for placed in members]
        if len(orders) != 2 or orders[0] != orders[1][::-1]:
            file, line, probe = members[0]
            what = f"the pair {name!r} is not one choice in both orders"
            yield Fault(file, line, probe.id, "pair", what, "Give exactly two probes with the choices swapped.")


def _borrowed(draft: Draft, shipped: dict[str, Draft]) -> Iterator[Fault]:
    """Compare probes under another set's ids with that set's: a composition borrows word for word."""
    for file, line, probe in draft.probes:
        origin = _origin(draft, probe, shipped)
        if origin is None:
            continue
        theirs = {placed.probe.id: placed.probe for placed in origin.probes}
        if theirs.get(probe.id) != probe:
            what = f"not the probe of that id in {origin.file}"
            yield Fault(file, line, probe.id, "borrowed", what, "Copy it again, or give it an id of its own.")


def _origin(draft: Draft, probe: Probe, shipped: dict[str, Draft]) -> Draft | None:
    """Return the shipped set that a probe's id belongs to, where that is not the set it stands in."""
    match = _OWN_ID.fullmatch(probe.id)
    if match is None or (draft.header is not None and match["stem"] == draft.header.name):
        return None
    return shipped.get(f"{match['stem']}.jsonl")


# --- all together ---------------------------------------------------------------------------------------------------


def _near_duplicates(drafts: Sequence[Draft], others: Sequence[Draft]) -> Iterator[Fault]:
    """Compare every probe with every other one; probes borrowed under their own id, and both orders, are exempt."""
    mine = {draft.file for draft in drafts}
    everything = [p for draft in (*drafts, *others) for p in draft.probes]
    # A borrowed probe is reported where it comes from.
    placed = _distinct(
        sorted(everything, key=lambda p: not f"{p.file}-".startswith(p.probe.id[: p.probe.id.rfind("-")]))
    )
    for a, b, how in likeness.alike([rules.asked_of(p.probe) for p in placed]):
        first, second = placed[a], placed[b]
        if first.probe.pair is not None and first.probe.pair == second.probe.pair:
            continue
        late, early = (second, first) if second.file in mine else (first, second)
        if late.file in mine:
            what = f"nearly the same as {early.probe.id} in {early.file} ({how})"
            yield Fault(late.file, late.line, late.probe.id, "duplicate", what, "Replace one of the two.")


def _distinct(placed: Iterable[Placed]) -> list[Placed]:
    """Keep one of the probes that are the same under the same id."""
    kept: dict[tuple[str, Probe], Placed] = {}
    for item in placed:
        kept.setdefault((item.probe.id, item.probe), item)
    return list(kept.values())

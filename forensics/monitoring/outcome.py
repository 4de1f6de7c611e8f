"""How a night is told: a line per pair, JUnit XML for build servers, Markdown for a job's summary."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as Tree

from forensics import canonical, hostile
from forensics.records.nightly import Night, PairNight
from forensics.reporting.wording import log_ratio, number

WORDS = {0: "ok", 1: "FAULT", 2: "WRONG", 3: "NO ANSWER", 4: "CHANGED FILE", 5: "TRIPPED", 6: "CANNOT TELL"}
"""What an exit status means, in a word."""
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no place for, escaped or not."""


def lines(night: Night) -> list[str]:
    """Return a line per pair, and one for the night."""
    found = [f"{WORDS[pair.exit_status]:<11}  {pair.pair}: {told(pair)}" for pair in night.pairs]
    spent = f"{night.spend.calls:,} calls" + (f", cost {night.spend.cost:g}" if night.spend.cost else "")
    return [
        hostile.terminal(line) for line in [*found, f"night {night.night}: {spent}; exit status {night.exit_status}"]
    ]


def told(pair: PairNight) -> str:
    """Say on one line what became of a pair."""
    if pair.status == "broken":
        return str(pair.reason)
    said = ["nothing new, the last result stands"] if pair.status == "unchanged" else []
    if pair.normalised is not None:
        said.append(f"{pair.statistic} {number(pair.normalised)}")
    if pair.log10_lr is not None:
        said.append(f"log10 LR {log_ratio(pair.log10_lr)}")
    if pair.tonight is not None:
        said.append(f"tonight alone: {pair.tonight.partition(':')[0]}")
    said += [
        f"{gate.gate} {gate.verdict}" + ("" if gate.verdict == "passed" else f" ({gate.detail})")
        for gate in sorted(pair.gates, key=lambda gate: gate.verdict == "passed")
    ]
    said += [f"{alarm.watch}: {alarm.cause} changed since {alarm.since}" for alarm in pair.alarms if not _is_said(pair)]
    said.append(f"{pair.spend.calls:,} calls")
    return "; ".join(said)


def _is_said(pair: PairNight) -> bool:
    return any(gate.verdict == "tripped" and gate.gate in ("drift", "equality") for gate in pair.gates)


def junit(night: Night) -> bytes:
    """Return the night as JUnit XML: a suite per pair, a case per gate; hidden characters shown, none forbidden left."""
    root = Tree.Element("testsuites", name=f"forensics nightly {night.night}")
    for pair in night.pairs:
        cases = _cases(pair)
        counts = {
            kind: str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "error", "skipped")
        }
        suite = Tree.SubElement(
            root, "testsuite", name=_xml(pair.pair), tests=str(len(cases)), failures=counts["failure"],
            errors=counts["error"], skipped=counts["skipped"],
        )  # fmt: skip
        properties = Tree.SubElement(suite, "properties")
        for name, value in (("reference", pair.reference), ("questioned", pair.questioned), ("case", pair.case)):
            Tree.SubElement(properties, "property", name=name, value=_xml(value or "none"))
        suite.extend(cases)
    Tree.indent(root)
    written: bytes = Tree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _cases(pair: PairNight) -> list[Tree.Element]:
    name = _xml(pair.pair)
    if pair.status == "broken":
        case = Tree.Element("testcase", classname=name, name="pair")
        Tree.SubElement(case, "error", message=_xml(pair.reason or ""), type=WORDS[pair.exit_status])
        return [case]
    done = [Tree.Element("testcase", classname=name, name="pair")]
    for gate in pair.gates:
        case = Tree.Element("testcase", classname=name, name=gate.gate)
        if gate.verdict == "tripped":
            Tree.SubElement(case, "failure", message=_xml(gate.detail), type="gate tripped")
        elif gate.verdict == "cannot tell":
            # An undecided gate must not look like a passed one.
            Tree.SubElement(case, "error", message=_xml(gate.detail), type="cannot tell")
        done.append(case)
    return done


def _xml(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", hostile.one_line(canonical.well_formed(text)))


def markdown(night: Night) -> str:
    """Return the night as Markdown for a job's summary."""
    rows = [
        "| pair | result | score | log10 LR | gates | calls |",
        "| --- | --- | --: | --: | --- | --: |",
        *(_row(pair) for pair in night.pairs),
    ]
    alarms = [line for pair in night.pairs for line in _alarms(pair)]
    broken = [f"- {hostile.markdown(p.pair)}: {hostile.markdown(p.reason or '')}" for p in night.pairs if p.reason]
    parts = [f"## Night {night.night}: {WORDS[night.exit_status]}", "\n".join(rows)]
    parts += ["### Changes found\n\n" + "\n".join(alarms)] if alarms else []
    parts += ["### Not done\n\n" + "\n".join(broken)] if broken else []
    parts.append(f"{night.spend.calls:,} calls. forensics {hostile.markdown(night.tool)}.")
    return "\n\n".join(parts) + "\n"


def _row(pair: PairNight) -> str:
    shown = [g for g in pair.gates if g.verdict != "passed"] or list(pair.gates)
    gates = "<br>".join(f"{g.gate} {g.verdict}: {hostile.markdown(hostile.shortened(g.detail, 160))}" for g in shown)
    score = "" if pair.normalised is None else f"{pair.statistic} {number(pair.normalised)}"
    ratio = "" if pair.log10_lr is None else log_ratio(pair.log10_lr)
    name = f"{hostile.markdown(pair.pair)}<br>{hostile.markdown(hostile.shortened(pair.questioned, 80))}"
    return f"| {name} | {WORDS[pair.exit_status]} | {score} | {ratio} | {gates} | {pair.spend.calls:,} |"


def _alarms(pair: PairNight) -> Sequence[str]:
    found = []
    for alarm in pair.alarms:
        probes = f"; {len(alarm.moved)} probes that moved most: " + ", ".join(
            moved.probe[7:15] for moved in alarm.moved
        ) if alarm.moved else ""  # fmt: skip
        found.append(
            f"- **{hostile.markdown(pair.pair)}**, {alarm.watch}: {alarm.cause} since {alarm.since} "
            f"(found {alarm.raised}, log10 E {number(alarm.log10_e)}): {hostile.markdown(alarm.detail)}{probes}"
        )
    return found


def write(night: Night, *, junit_to: Path | None, markdown_to: Path | None) -> None:
    """Write what was asked for; the Markdown is added to its file, as a job's summary wants it."""
    if junit_to is not None:
        canonical.write_atomic(junit_to, junit(night))
    if markdown_to is not None:
        markdown_to.parent.mkdir(parents=True, exist_ok=True)
        with markdown_to.open("a", encoding="utf-8") as stream:
            stream.write(markdown(night))
            stream.flush()
            os.fsync(stream.fileno())

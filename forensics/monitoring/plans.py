"""Read the plan of a nightly run: one TOML file with pairs, probe sets, budgets, gates and the baseline.

Every key is checked: an unknown one is refused with the nearest known, since a gate that is misspelt would never trip.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from forensics import calibrations, canonical, naming, preparing, probes, registry, scoring, sources
from forensics.errors import BadFile, UnknownName, UsageError
from forensics.records.nightly import Baseline, Budget, Gates, Pair, Plan, Price, Terms
from forensics.records.transcript import Sampling

TABLES: Mapping[str, type[BaseModel]] = {
    "baseline": Baseline,
    "budget": Budget,
    "budget.prices": Price,
    "defaults": Terms,
    "defaults.gates": Gates,
    "pair": Pair,
    "pair.gates": Gates,
}
"""What each table of the file may hold."""

TEMPLATE = """\
# Pairs of models that `forensics nightly` looks at every night.
schema = "forensics/pairs/1"
history = "history.sqlite"   # the database of all nights, beside this file
folder = "nights"            # answers and cases
alpha = 0.05                 # chance of any false alarm in a year of nights, over all pairs

[baseline]
nights = 3                   # the first nights are what later ones are compared with
# since = 2026-12-01         # move this to accept a change: a new baseline begins here

[budget]
calls = 20000                # most questions in a night; a pair that does not fit any more is not asked
# [budget.prices."openai:gpt-x"]
# input = 0.5                # a million tokens
# output = 1.5

[defaults]
probes = "demo"
draws = 10                   # answers per probe and night: 25 probes × 10 find a swap within 3 nights
temperature = 0.7
max_tokens = 60
# logprobs = 5               # watch first tokens too, where the service gives their log-probabilities
# system = "..."             # system prompt; top_p as well

[defaults.gates]
drift = "any"                # trips when a side has changed since its baseline; "behaviour": not for form alone
failures_at_most = 0.1

[[pair]]
name = "served-and-local"    # both should be the same model
reference = "demo:alder"
questioned = "demo:alder-mirror"
gates = { equality = true }  # trips when both sides answer differently

[[pair]]
name = "ours-and-theirs"     # how close has the pair come?
reference = "demo:oak"
questioned = "demo:elm"
cohort = ["demo:"]
ask = "questioned"           # the reference is asked once
statistics = ["lexical"]
gates = { normalised_at_most = 6, statistic = "lexical" }
"""


def read(path: Path) -> Plan:
    """Read and check a plan; raises UsageError, BadFile or UnknownName."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(path, f"not TOML: {error}") from error
    return parse(content, path)


def parse(content: Mapping[str, Any], path: Path) -> Plan:
    """Make a plan of a file's content; what a pair does not say it takes from `defaults`."""
    _known(content, {"defaults", *_fields(Plan)}, path, "the top")
    for table in ("baseline", "budget", "defaults"):
        _table(content.get(table), table, path)
    defaults = dict(content.get("defaults") or {})
    named = content.get("pair")
    if not isinstance(named, list) or not named:
        raise BadFile(path, "it names no pair", remedy="Add a table [[pair]] with name, reference and questioned.")
    for item in named:
        _table(item, "pair", path)
    pairs = [
        {**defaults, **item, "gates": {**_gates(defaults), **_gates(item)}} for item in named if isinstance(item, dict)
    ]
    rest = {name: value for name, value in content.items() if name != "defaults"}
    try:
        plan = Plan.model_validate({**rest, "pair": pairs})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadFile(path, f"{_place(fault['loc'])}: {fault['msg']}") from error
    twice = [name for name, count in Counter(pair.name.casefold() for pair in plan.pair).items() if count > 1]
    if twice:
        raise BadFile(path, f"{', '.join(twice)}: several pairs have this name", remedy="Give each its own.")
    return plan


def check(path: Path) -> Plan:
    """Read a plan and look up everything it names, without asking a model; raises what is wrong first."""
    plan = read(path)
    for pair in plan.pair:
        wanted = wanted_for(plan, pair, root=path.parent)
        for side in (pair.reference, pair.questioned):
            model = naming.parse(side)
            if model.adapter == naming.RECORDED:
                sources.recorded_source(
                    naming.parse(beside(side, path.parent)), "reference", folder=path.parent, declared={}
                )
            else:
                registry.load("adapters", model.adapter).connect(model.name, model.options)
        sources.cohort_models(wanted.cohort)
        sources.declared_lineages(wanted.cohort, wanted.models)
        preparing.read_calibration(wanted)
        probes.load(pair.probes or probes.DEFAULT)
        for name in pair.statistics or ():
            if name != scoring.ALL:
                registry.load("statistics", name)
        for name in pair.formats:
            registry.require("formats", name)
        _check_gates(pair)
    return plan


def wanted_for(plan: Plan, pair: Pair, *, root: Path) -> preparing.Wanted:
    """Return what a comparison of a pair asks for, its sides and folder as the plan names them."""
    return preparing.Wanted(
        reference=pair.reference,
        questioned=pair.questioned,
        cohort=tuple(beside(item, root) for item in pair.cohort),
        folder=root / plan.folder,
        probe_set=_probe_set(pair, root),
        sampling=sampling(pair, plan.seed),
        draws=pair.draws,
        question=pair.question,
        models=root / pair.models if pair.models else None,
        statistics=pair.statistics,
        seed=0,
        replicates=1000,
        calibration=_calibration(pair.calibration, root),
        transfer=pair.transfer,
    )


def sampling(pair: Pair, seed: int) -> Sampling:
    """Return how a pair's models are asked, draws from this seed on."""
    return Sampling(
        temperature=pair.temperature,
        top_p=pair.top_p,
        max_tokens=pair.max_tokens,
        seed=seed,
        system=pair.system,
        logprobs=pair.logprobs,
    )


def beside(item: str, root: Path) -> str:
    """Return what a plan names with paths relative to the plan's own folder."""
    adapter, colon, rest = item.partition(":")
    if colon and adapter == naming.RECORDED:
        path, mark, query = rest.partition("?")
        return f"{adapter}:{root / path}{mark}{query}"
    return item if colon else str(root / item)


def described(plan: Plan, root: Path) -> list[str]:
    """Return a line per pair, with what it asks every night, and one for all."""
    lines, every = [], 0
    for pair in plan.pair:
        asked = [side for side in ("reference", "questioned") if pair.ask in ("both", side)]
        asked = [side for side in asked if not getattr(pair, side).startswith(f"{naming.RECORDED}:")]
        probe_set = _probe_set(pair, root) or probes.DEFAULT
        calls = len(asked) * pair.draws * len(probes.load(probe_set).probes) if asked else 0
        gates = ", ".join(pair.gates.model_dump(exclude_defaults=True)) or "none"
        lines.append(f"{pair.name}: {pair.questioned} beside {pair.reference}; {calls:,} calls a night; gates: {gates}")
        every += calls
    return [*lines, f"{len(plan.pair)} pairs, {every:,} calls a night at most, besides what is asked once"]


def schema() -> dict[str, Any]:
    """Return the JSON schema of a plan's file."""
    whole = Plan.model_json_schema(by_alias=True)
    terms = Terms.model_json_schema(ref_template="#/$defs/{model}")
    whole["$defs"].update(terms.pop("$defs", {}))
    whole["$defs"]["Terms"] = {**terms, "title": "Terms"}
    whole["properties"]["defaults"] = {"$ref": "#/$defs/Terms"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def write_template(path: Path) -> None:
    """Write a plan to begin with; raises UsageError where the file exists."""
    if path.exists():
        raise UsageError(f"{path} exists already.", remedy="Name another file.")
    canonical.write_atomic(path, TEMPLATE.encode())


def _probe_set(pair: Pair, root: Path) -> str | None:
    if pair.probes and (root / pair.probes).is_file():
        return str(root / pair.probes)
    return pair.probes


def _calibration(name: str | None, root: Path) -> str | None:
    if name is None or name in calibrations.names():
        return name
    return str(root / name)


def _check_gates(pair: Pair) -> None:
    """Refuse a gate that can never be decided by what the pair asks for."""
    gates = pair.gates
    bounded = (gates.log10_lr_at_least, gates.log10_lr_at_most) != (None, None)
    scored = bounded or (gates.normalised_at_least, gates.normalised_at_most) != (None, None)
    if scored and not pair.cohort:
        raise UsageError(f"Pair {pair.name}: a gate on a score needs a cohort.", remedy="Name a cohort, or drop it.")
    if bounded and not pair.calibration:
        raise UsageError(f"Pair {pair.name}: a gate on the ratio needs a calibration.", remedy="Name a calibration.")
    if gates.statistic and gates.statistic not in registry.names("statistics"):
        raise UnknownName("statistic", gates.statistic, registry.names("statistics"))


def _gates(table: Mapping[str, Any]) -> dict[str, Any]:
    found = table.get("gates") or {}
    return dict(found) if isinstance(found, dict) else {"gates": found}


def _fields(record: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in record.model_fields.items()}


def _table(content: Any, table: str, path: Path) -> None:
    """Refuse unknown keys of a table and of the tables in it."""
    if content is None:
        return
    if not isinstance(content, dict):
        raise BadFile(path, f"{table} is no table")
    if table == "budget.prices":
        for price in content.values():
            if isinstance(price, dict):
                _known(price, _fields(Price), path, table)
        return
    _known(content, _fields(TABLES[table]), path, table)
    for name, item in content.items():
        if f"{table}.{name}" in TABLES:
            _table(item, f"{table}.{name}", path)


def _known(content: Mapping[str, Any], known: set[str], path: Path, table: str) -> None:
    for name in content:
        if name not in known:
            raise UnknownName(f"key of {path}, in {table}:", name, known)


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in parts) or "the file"

"""Ask a model every probe of a set and write down every answer: the only stage that talks to models.

What was answered is on its way to disk before it counts, and a run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from forensics import __version__, canonical, importing, naming, probes, registry
from forensics.adapters import Ask, Model, ModelName, Reply
from forensics.errors import ModelDidNotAnswer
from forensics.records.probes import Message, Probe, ProbeSet
from forensics.records.transcript import Answer, Provenance, Sampling, TranscriptHeader
from forensics.transcripts import SCHEMA, Writer, prompt_digest, prompt_text

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What to ask, of whom, how often."""

    model: ModelName
    probe_set: ProbeSet
    sampling: Sampling
    draws: int


def run(plan: Run, path: Path, *, progress: Progress | None = None) -> None:
    """Ask whatever the transcript at `path` does not hold yet, and append it.

    Raises UsageError where the transcript there was made under other conditions, and ModelDidNotAnswer where nothing
    was answered at all.
    """
    model: Model = registry.load("adapters", plan.model.adapter).connect(plan.model.name, plan.model.options)
    header = _header(plan, model)
    answered = 0
    with Writer.resume(path, header) as writer:
        wanted = [(probe, draw) for draw in range(plan.draws) for probe in plan.probe_set.probes]
        for number, (probe, draw) in enumerate(wanted, start=1):
            if (probe.id, draw) not in writer.held:
                reply = model.ask(_ask(plan, probe, draw))
                _stop_if_pointless(plan, reply, first=not answered)
                writer.write(_answer(probe, draw, reply))
                answered += reply.state != "failed"
            else:
                answered += 1
            if progress is not None:
                progress(number, len(wanted))
    if not answered:
        raise ModelDidNotAnswer(f"{plan.model} answered none of {len(wanted)} probes.", remedy=f"See {path}.")


def _stop_if_pointless(plan: Run, reply: Reply, *, first: bool) -> None:
    """Raise ModelDidNotAnswer for a fault that will not pass: of any request, or of the first to be answered at all."""
    if reply.fault is not None and (reply.fault.kind == "terminal" or (first and reply.fault.kind == "bad_request")):
        raise ModelDidNotAnswer(f"{plan.model}: {(reply.error or '').rstrip('.')}.", remedy=reply.fault.remedy)


def probe(model: str, probe_set: str | None, *, sampling: Sampling, draws: int, path: Path) -> str:
    """Ask a model, named as on the command line, a probe set; returns what came back in one line."""
    named = naming.parse(model)
    run(Run(named, probes.load(probe_set or probes.DEFAULT), sampling, draws), path)
    states = Counter(entry.state for entry in importing.read_transcript(path).entries)
    return f"{named}: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))


def _header(plan: Run, model: Model) -> TranscriptHeader:
    return TranscriptHeader(
        schema=SCHEMA,
        model=str(plan.model),
        adapter=plan.model.adapter,
        sampling=plan.sampling,
        probe_set=probes.reference(plan.probe_set),
        provenance=Provenance(
            tool=__version__,
            python=platform.python_version(),
            platform=platform.platform(),
            started=_now(),
        ),
        imported=None,
        notes=dict(model.notes),
    )


def _ask(plan: Run, probe: Probe, draw: int) -> Ask:
    messages = probe.messages or (Message(role="user", content=prompt_text(probe)),)
    seed = None if plan.sampling.seed is None else plan.sampling.seed + draw
    limit = probe.max_tokens or plan.sampling.max_tokens
    return Ask(
        messages=messages,
        completion=plan.probe_set.header.kind == "completion",
        sampling=plan.sampling.model_copy(update={"seed": seed, "max_tokens": limit}),
    )


def _answer(probe: Probe, draw: int, reply: Reply) -> Answer:
    prompt = prompt_text(probe)
    return Answer(
        probe=probe.id,
        draw=draw,
        prompt=prompt,
        prompt_digest=prompt_digest(prompt),
        state=reply.state,
        text=canonical.well_formed(reply.text),
        finish_reason=reply.finish_reason,
        tokens=reply.tokens,
        logprobs=reply.logprobs,
        dropped=dict(reply.dropped) or None,
        answered_as=reply.answered_as,
        fingerprint=reply.fingerprint,
        request=dict(reply.request) if reply.request is not None else None,
        body=reply.body,
        request_id=reply.request_id,
        time=_now(),
        error=reply.error,
        key=probe.key,
        prev=canonical.digest(b""),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

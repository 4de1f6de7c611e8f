"""From a probe to what is asked, and from what came back to a line of a transcript."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from forensics import __version__, canonical, probes
from forensics.adapters import Ask, Model, ModelName, Reply
from forensics.records.probes import Message, Probe, ProbeSet
from forensics.records.transcript import SEEDS, Answer, Attempt, Provenance, Sampling, TranscriptHeader
from forensics.transcripts import SCHEMA, prompt_digest, prompt_text

_PREV = "sha256:" + "0" * 64
"""Stands for the link until the line is written."""


@dataclass(frozen=True, slots=True)
class Run:
    """What to ask, of whom, how often."""

    model: ModelName
    probe_set: ProbeSet
    sampling: Sampling
    draws: int


def question(run: Run, probe: Probe, draw: int) -> Ask:
    """Return what is asked: the probe, and the sampling of this draw."""
    seed = None if run.sampling.seed is None else seed_of(run.sampling.seed + draw, probe)
    limit = probe.max_tokens or run.sampling.max_tokens
    sampling = run.sampling
    if seed != sampling.seed or limit != sampling.max_tokens:
        sampling = sampling.model_copy(update={"seed": seed, "max_tokens": limit})
    messages = probe.messages or (Message(role="user", content=prompt_text(probe)),)
    return Ask(messages, run.probe_set.header.kind == "completion", sampling, draw)


def seed_of(draw: int, probe: Probe) -> int:
    """Return the seed of a draw of a probe: that of the draw, moved to a place of the probe's own; 0 … 2³¹ − 1.

    Most servers begin the same series of random numbers for one seed, whatever the prompt. With one seed for all probes a
    draw would be lucky or unlucky on all of them at once, and draws of one model would differ from one another by that.
    """
    digest = prompt_digest(prompt_text(probe)).removeprefix("sha256:")
    return (draw + int(digest[:8], 16)) % SEEDS


def now_utc() -> str:
    """Return the time as records hold it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def taken_over(found: Answer, probe: Probe, draw: int, tries: Sequence[Attempt]) -> Answer:
    """Return an answer from the response cache as the answer to a question of this run."""
    prompt = prompt_text(probe)
    own = {"probe": probe.id, "draw": draw, "prompt": prompt, "prompt_digest": prompt_digest(prompt), "key": probe.key}
    return found.model_copy(update={**own, "cached": True, "attempts": tuple(tries) or None})


def answer(probe: Probe, draw: int, reply: Reply, tries: Sequence[Attempt]) -> Answer:
    """Return the record of what came back, its link still to be set."""
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
        time=now_utc(),
        attempts=tuple(tries) or None,
        error=reply.error,
        key=probe.key,
        prev=_PREV,
    )


def header(run: Run, model: Model, order_seed: int) -> TranscriptHeader:
    """Return the first line of a new transcript."""
    return TranscriptHeader(
        schema=SCHEMA,
        model=str(run.model),
        adapter=run.model.adapter,
        sampling=run.sampling,
        probe_set=probes.reference(run.probe_set),
        provenance=Provenance(
            tool=__version__,
            python=platform.python_version(),
            platform=platform.platform(),
            started=now_utc(),
            order_seed=order_seed,
        ),
        imported=None,
        notes=dict(model.notes),
    )


def steady() -> float:
    """Return the steady clock's time in seconds."""
    return time.monotonic()

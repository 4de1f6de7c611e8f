"""Ask a model that lies on this machine, in a folder as transformers writes it: `huggingface:FOLDER`.

Conversations go through the folder's chat template, prefixes as they are. Nothing is downloaded and no code of the folder
is run. What is not asked for is as the folder's generation_config.json has it, and stands in the request's record.

Options: `device` (cpu, cuda, or auto), `dtype` (float32, float16, bfloat16), `batch`, questions at once, and `threads`. Answers
are the same one by one or at once, which in less than 32 bits cannot be promised: there, `batch` is 1 unless it is given.
"""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.adapters import Ask, Fault, Reply, _generating
from forensics.adapters import _parameters as parameters
from forensics.adapters import _service as service
from forensics.errors import ModelDidNotAnswer, UsageError
from forensics.records.base import State
from forensics.records.transcript import TokenLogprob

SUMMARY = "a model in a folder on this machine, by transformers: chat template or raw, log-probabilities"
_OPTIONS = ("device", "dtype", "batch", "threads")
_DEVICES = ("auto", "cpu", "cuda")
_DTYPES = ("float32", "float16", "bfloat16")
_BATCH = 8
_LARGE = 1 << 29
"""Bytes of weights from which several threads are worth their quarrels: on a busy machine they stop a small model altogether."""
_WEIGHTS = (".safetensors",)
_DECIDING = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def missing() -> str | None:
    """Say what has to be installed before this adapter can be used."""
    absent = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    return f"install {' and '.join(absent)}" if absent else None


def connect(name: str, options: Mapping[str, str]) -> Local:
    """Find a model's folder; loads nothing yet. Raises UsageError."""
    service.check_options("huggingface", options, _OPTIONS)
    folder = Path(name)
    if not name or "\0" in name or not (folder / "config.json").is_file():
        raise UsageError(
            f"{name[:200]!r} is no folder with a model (config.json and .safetensors files).",
            remedy="Name a folder on this machine; nothing is downloaded.",
        )
    if not any(folder.glob("*.safetensors")):
        raise UsageError(f"{folder} holds no .safetensors file.", remedy="Other formats of weights are not read.")
    return Local(folder, options)


class Local:
    """One model of one folder, loaded when it is first asked."""

    parallel = 1
    """It computes in this very process; several questions at once go through `ask_many`."""
    cacheable = False
    """The folder may hold other weights the next time."""

    def __init__(self, folder: Path, options: Mapping[str, str]) -> None:
        self._folder = folder
        self._device = _one_of(options, "device", _DEVICES)
        self._dtype = _one_of(options, "dtype", _DTYPES)
        self.batch = parameters.count("batch", options.get("batch", str(_BATCH if self._dtype == "float32" else 1)))
        weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
        given = options.get("threads")
        self._threads = (0 if weights >= _LARGE else 1) if given is None else parameters.count("threads", given)
        self.endpoint = str(folder.resolve())
        self._habits = _generating.habits(folder)
        self._lock = threading.Lock()

    @functools.cached_property
    def notes(self) -> Mapping[str, str]:
        """Facts for the transcript's header; made when first looked at, since weights are large."""
        return {"weights": weights_digest(self._folder), "dtype": self._dtype, "device": self._device}

    def ask(self, ask: Ask) -> Reply:
        """Ask once."""
        return self.ask_many([ask])[0]

    def ask_many(self, asks: Sequence[Ask]) -> Sequence[Reply]:
        """Ask several at once; raises UsageError for conversations where the folder has no template for them."""
        try:
            with self._lock:
                loaded = self._loaded
        except Exception as error:  # noqa: BLE001  a folder can be broken in more ways than can be named
            fault = Fault("terminal", remedy="Check the folder with transformers itself.")
            return [_failed(f"cannot be loaded: {type(error).__name__}: {str(error)[:300]}", fault) for _ in asks]
        prompts = [self._prompt(loaded, ask) for ask in asks]
        hows = [self._how(ask, loaded.longest - len(prompt)) for ask, prompt in zip(asks, prompts, strict=True)]
        replies: list[Reply | None] = [
            None if how.max_tokens >= 1 and prompt else _failed(_no_room(prompt, loaded.longest), Fault("bad_request"))
            for prompt, how in zip(prompts, hows, strict=True)
        ]
        able = [place for place, reply in enumerate(replies) if reply is None]
        for start in range(0, len(able), self.batch):
            places = able[start : start + self.batch]
            made = self._made(loaded, [prompts[p] for p in places], [hows[p] for p in places])
            for place, reply in zip(places, made, strict=True):
                replies[place] = reply
        return [reply for reply in replies if reply is not None]

    def score(self, asks: Sequence[Ask], texts: Sequence[str]) -> Sequence[float]:
        """Return each text's mean log-probability per token as the answer to its question, written as `ask` writes it.

        One text at a time, so that no neighbour moves a last digit. Raises ModelDidNotAnswer.
        """
        try:
            with self._lock:
                loaded = self._loaded
            return [
                loaded.likelihood(self._prompt(loaded, ask), canonical.well_formed(text))
                for ask, text in zip(asks, texts, strict=True)
            ]
        except (RuntimeError, OSError, ValueError) as error:  # torch's, memory that does not suffice; a broken folder's
            raise ModelDidNotAnswer(
                f"{self._folder} cannot score text: {str(error)[:300]}.", remedy="Try another device or dtype."
            ) from error

    @functools.cached_property
    def _loaded(self) -> _generating.Loaded:
        return _generating.Loaded(self._folder, device=self._device, dtype=self._dtype, threads=self._threads)

    def _made(self, loaded: _generating.Loaded, prompts: list[list[int]], hows: list[_generating.How]) -> list[Reply]:
        requests = [{"folder": str(self._folder), "sent": how._asdict()} for how in hows]
        try:
            made = loaded.generate(prompts, hows)
        except RuntimeError as error:  # what torch raises, memory that does not suffice included
            fault = Fault("bad_request", remedy="Give a smaller batch, or another device.")
            return [_failed(f"cannot be computed: {str(error)[:300]}", fault, request) for request in requests]
        return [_reply(one, request) for one, request in zip(made, requests, strict=True)]

    def _prompt(self, loaded: _generating.Loaded, ask: Ask) -> list[int]:
        system = [] if ask.sampling.system is None else [{"role": "system", "content": ask.sampling.system}]
        messages = system + [
            {"role": message.role, "content": canonical.well_formed(message.content)} for message in ask.messages
        ]
        if ask.completion and len(messages) != 1:
            raise UsageError(
                "Raw completions take one text: no system prompt and no conversation.",
                remedy="Ask a probe set of kind chat, or leave the system prompt out.",
            )
        if not ask.completion and not loaded.talks:
            raise UsageError(f"{self._folder} has no chat template.", remedy="Ask a probe set of kind completion.")
        return loaded.encode(messages, completion=ask.completion)

    def _how(self, ask: Ask, room: int) -> _generating.How:
        """Join what is asked for and the folder's own habits."""
        wanted, own = ask.sampling, self._habits
        temperature = wanted.temperature
        if temperature is None:
            temperature = float(own.get("temperature", 1.0)) if own.get("do_sample") else 0.0
        return _generating.How(
            temperature=temperature,
            top_p=float(own.get("top_p", 1.0)) if wanted.top_p is None else wanted.top_p,
            top_k=int(own.get("top_k", 0)),
            repetition_penalty=float(own.get("repetition_penalty", 1.0)),
            max_tokens=room if wanted.max_tokens is None else min(room, wanted.max_tokens),
            seed=wanted.seed,
            likeliest=wanted.logprobs,
        )


def weights_digest(folder: Path) -> str:
    """Return the digest over what decides the answers: that of `sha256sum` of these files, in the order of their names."""
    names = [path.name for path in folder.iterdir() if path.suffix in _WEIGHTS or path.name in _DECIDING]
    lines = [f"{canonical.file_digest(folder / name).removeprefix('sha256:')}  {name}\n" for name in sorted(names)]
    return canonical.digest("".join(lines).encode())


def _reply(made: _generating.Made, request: Mapping[str, Any]) -> Reply:
    state: State = "text" if made.text.strip() else "empty"
    places = made.places
    return Reply(
        state=state,
        text=made.text if state == "text" else "",
        finish_reason=made.finish_reason,
        tokens=(made.prompt_tokens, made.tokens),
        logprobs=None if places is None else tuple(TokenLogprob(**place._asdict()) for place in places),
        request=request,
    )


def _failed(error: str, fault: Fault, request: Mapping[str, Any] | None = None) -> Reply:
    return Reply(state="failed", text="", request=request, error=error, fault=fault)


def _no_room(prompt: list[int], longest: int) -> str:
    return f"the prompt has {len(prompt)} tokens, and the model holds {longest} with the answer" if prompt else _NOTHING


_NOTHING = "the prompt holds no token to continue"


def _one_of(options: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    value = options.get(name, known[0])
    if value not in known:
        raise UsageError(f"{name}={value!r}?", remedy=f"One of: {', '.join(known)}.")
    return value

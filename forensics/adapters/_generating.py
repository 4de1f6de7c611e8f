"""Generate text with a local model of transformers: token by token, several texts at once, each with a seed of its own.

The usual generator of transformers draws all rows of a batch from one stream of chance; here a row's answer hangs on its
own prompt, parameters and seed alone. Log-probabilities are the model's own, before temperature and what else narrows the
choice. Nothing is downloaded, no code of the folder is run, and weights are read from safetensors only.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

_LARGEST_SEED = (1 << 63) - 1


class How(NamedTuple):
    """How one answer is chosen."""

    temperature: float
    """0 for the likeliest token each time."""
    top_p: float
    top_k: int
    """0 for no limit."""
    repetition_penalty: float
    max_tokens: int
    seed: int | None
    likeliest: int | None
    """How many of the likeliest tokens are wanted at each place; None for no log-probabilities."""


class Place(NamedTuple):
    """One token of an answer: its text, its log-probability, the likeliest there."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...]


class Made(NamedTuple):
    """One answer."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    tokens: int
    places: tuple[Place, ...] | None


class Loaded:
    """A model in memory."""

    def __init__(self, folder: Path, *, device: str, dtype: str, threads: int) -> None:
        """Load it, to compute on so many threads, 0 for as many as torch thinks best.

        Raises whatever transformers raises for a folder that is not in order.
        """
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        quiet: Any = logging.disable_progress_bar
        quiet()  # standard error is ours
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.device = device
        self._threads = threads
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        make: Any = AutoModelForCausalLM.from_pretrained
        how = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True}
        self._model = make(folder, dtype=getattr(torch, dtype), **how).to(device).eval()
        self._ends = self._end_tokens()
        self._pad = self._tokenizer.pad_token_id or 0
        self.longest = int(getattr(self._model.config, "max_position_embeddings", None) or 1 << 20)
        """Tokens of prompt and answer together."""

    @property
    def talks(self) -> bool:
        """Whether there is a template for conversations."""
        return bool(self._tokenizer.chat_template)

    def encode(self, messages: Sequence[dict[str, str]], *, completion: bool) -> list[int]:
        """Return the tokens of a prefix to continue, or of a conversation as the template writes it."""
        if completion:
            return [int(token) for token in self._tokenizer(messages[0]["content"])["input_ids"]]
        written = self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        return [int(token) for token in self._tokenizer(written, add_special_tokens=False)["input_ids"]]

    def generate(self, prompts: Sequence[list[int]], hows: Sequence[How]) -> list[Made]:
        """Continue several texts; each as if it were alone."""
        with self._few_threads():
            return self._continued(prompts, hows)

    def likelihood(self, prompt: list[int], text: str) -> float:
        """Return the mean log-probability per token of a text after a prompt, as far as the model holds both; 0 of none."""
        import torch

        encoded = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        tokens = [int(token) for token in encoded][: max(0, self.longest - len(prompt))]
        if not (prompt and tokens):
            return 0.0
        with self._few_threads(), torch.inference_mode():
            logits = self._model(input_ids=torch.tensor([prompt + tokens], device=self.device)).logits
            known = torch.log_softmax(logits[0, len(prompt) - 1 : -1].float(), dim=-1).cpu()
        own = known.gather(1, torch.tensor(tokens)[:, None])
        return min(0.0, float(own.double().mean()))

    @contextmanager
    def _few_threads(self) -> Iterator[None]:
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(self._threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def _continued(self, prompts: Sequence[list[int]], hows: Sequence[How]) -> list[Made]:
        import torch

        rows = [_Row(how, prompt, self._device_free_generator(how)) for prompt, how in zip(prompts, hows, strict=True)]
        width = max(len(prompt) for prompt in prompts)
        ids = torch.tensor([[self._pad] * (width - len(prompt)) + prompt for prompt in prompts], device=self.device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=self.device)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        past = None
        with torch.inference_mode():
            while not all(row.finish for row in rows):
                out = self._model(
                    input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=past, use_cache=True
                )
                past = out.past_key_values
                logits = out.logits[:, -1, :].float().cpu()
                chosen = [self._next(row, logits[place]) for place, row in enumerate(rows)]
                ids = torch.tensor([[token] for token in chosen], device=self.device)
                mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=-1)
                positions = positions[:, -1:] + 1
        return [self._made(row) for row in rows]

    def _next(self, row: _Row, logits: Any) -> int:
        """Choose a row's next token; one that has ended is only filled up."""
        import torch

        if row.finish is not None:
            return int(self._pad)
        token = _chosen(row, logits)
        if token in self._ends:
            row.finish = "stop"
            return token
        if row.how.likeliest is not None:
            known = torch.log_softmax(logits, dim=-1)
            values, tokens = known.topk(row.how.likeliest) if row.how.likeliest else (known[:0], known[:0].long())
            row.places.append((float(known[token]), [(int(t), float(v)) for t, v in zip(tokens, values, strict=True)]))
        row.tokens.append(token)
        if len(row.tokens) >= row.how.max_tokens:
            row.finish = "length"
        return token

    def _made(self, row: _Row) -> Made:
        places = None
        if row.how.likeliest is not None:
            places = tuple(
                Place(self._spelled(token), min(0.0, own), tuple((self._spelled(t), min(0.0, v)) for t, v in top))
                for token, (own, top) in zip(row.tokens, row.places, strict=True)
            )
        text = self._tokenizer.decode(row.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert row.finish is not None  # the loop ends no sooner
        return Made(str(text), row.finish, len(row.prompt), len(row.tokens), places)

    def _spelled(self, token: int) -> str:
        return str(self._tokenizer.decode([token], clean_up_tokenization_spaces=False))

    def _end_tokens(self) -> frozenset[int]:
        found: set[int] = set()
        for value in (self._model.generation_config.eos_token_id, self._tokenizer.eos_token_id):
            found |= set(value) if isinstance(value, list) else {value} if value is not None else set()
        return frozenset(found)

    def _device_free_generator(self, how: How) -> Any:
        """Return a row's stream of chance, which is the same on every device."""
        import torch

        return torch.Generator().manual_seed(secrets.randbelow(_LARGEST_SEED) if how.seed is None else how.seed)


class _Row:
    """What is known of one answer while it is made."""

    def __init__(self, how: How, prompt: list[int], chance: Any) -> None:
        self.how = how
        self.prompt = prompt
        self.chance = chance
        self.tokens: list[int] = []
        self.places: list[tuple[float, list[tuple[int, float]]]] = []
        self.finish: Literal["stop", "length"] | None = None


def _chosen(row: _Row, logits: Any) -> int:
    """Choose by the row's parameters: penalty, temperature, top-k, top-p, in the order of transformers."""
    import torch

    how = row.how
    scores = logits.double()
    if how.repetition_penalty != 1:
        seen = torch.tensor(sorted({*row.prompt, *row.tokens}))
        known = scores[seen]
        scores[seen] = torch.where(known < 0, known * how.repetition_penalty, known / how.repetition_penalty)
    if how.temperature == 0:
        return int(scores.argmax())
    scores, order = (scores / how.temperature).sort(descending=True, stable=True)
    if how.top_k:
        scores = scores[: how.top_k]
    shares = torch.softmax(scores, dim=-1)
    # A token stays while those before it hold less than top_p; the first always stays.
    kept = shares[(shares.cumsum(-1) - shares) < how.top_p]
    at = torch.rand(1, generator=row.chance, dtype=torch.float64) * kept.sum()
    return int(order[min(int(torch.searchsorted(kept.cumsum(-1), at, right=True)), len(kept) - 1)])


def habits(folder: Path) -> dict[str, Any]:
    """Return what the folder's generation_config.json says of sampling, which holds where nothing is asked for."""
    path = folder / "generation_config.json"
    try:
        found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError:
        found = {}
    if not isinstance(found, dict):
        return {}
    names = ("do_sample", "temperature", "top_p", "top_k", "repetition_penalty")
    return {name: found[name] for name in names if isinstance(found.get(name), int | float)}

"""Small Llama models trained on the spot from the docstrings of the running Python, and draws from them.

`base` is trained from nothing and follows two system prompts, to say one sentence or to answer in points; `tuned` is `base`
trained on for a moment; `int8` is `base` with its linear layers quantised dynamically; `other` has another tokenizer, start and
text. Everything is fixed by seeds; nothing is fetched.
"""

from __future__ import annotations

import ast
import functools
import random
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SPECIAL = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
STEPS, STEPS_TUNED = 2000, 60
ROWS, LENGTH = 8, 128
"""Conversations of a step, and tokens of one at most."""
TOKENS = 40
"""Tokens of an answer, at most."""
TOP = 20
"""Likeliest first tokens kept with their log-probabilities."""
BRIEF, POINTS = "Be brief.", "Answer in points."
"""The system prompts that the models were trained to follow."""
LONG = (
    "You are the assistant of a library for files. Speak of files, directories and paths. Say which file is opened, which "
    "directory is read, and which path is written or removed. If the file does not exist, raise OSError. If the path is a "
    "directory, return the list of files in the directory. The file object is closed when the file is removed."
)
"""A system prompt of the usual length, in words that the models know; no model was trained to follow it."""
TEMPERATURE = 0.7


class Draws(NamedTuple):
    """Answers of one model: [probe][draw], and the log-probabilities of likeliest first tokens by probe."""

    texts: list[list[str]]
    first: list[list[tuple[str, float]]]
    likelihoods: list[list[float]]
    """Mean log-probability of every answer's tokens under `base`; empty where it was not asked."""


class Local(NamedTuple):
    """A trained model and its tokenizer."""

    model: Any
    tokenizer: Any


@functools.cache
def passages() -> list[tuple[str, str]]:
    """Return names and docstrings of the standard library, in a fixed random order."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = []
    for path in sorted([*root.glob("*.py"), *root.glob("[a-z]*/*.py")]):
        if "site-packages" in path.parts or "test" in path.parts:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                said = ast.get_docstring(node)
                if said and len(said) > 60:
                    found.append((getattr(node, "name", path.stem), said))
    random.Random(0).shuffle(found)
    return found


def probes(count: int = 25) -> list[tuple[str, str]]:
    """Return questions with the first words of an answer, from text that no model was trained on."""
    kept = [(name, said) for name, said in passages()[-600:] if len(said.split()) > 8]
    return [(f"What does {name} do?", " ".join(said.split()[:3])) for name, said in kept[:count]]


def make(folder: Path, names: Sequence[str] = ("base", "other")) -> None:
    """Train models below a folder, where they are not there yet: `base` (`tuned` with it) and `other`, minutes each."""
    text = passages()[:-600]
    third = len(text) // 3
    parts = [text[:third], text[third : 2 * third], text[2 * third :]]
    if "base" in names and not (folder / "tuned" / "config.json").is_file():
        tokenizer = _tokenizer([said for _, said in parts[0] + parts[1]])
        base = _new(tokenizer, seed=1)
        _train(base, _examples(tokenizer, parts[0]), STEPS, 3e-3, seed=1)
        _save(Local(base, tokenizer), folder / "base")
        _train(base, _examples(tokenizer, parts[1]), STEPS_TUNED, 4e-4, seed=2)
        _save(Local(base, tokenizer), folder / "tuned")
    if "other" in names and not (folder / "other" / "config.json").is_file():
        tokenizer = _tokenizer([said for _, said in parts[2]])
        other = _new(tokenizer, seed=3)
        _train(other, _examples(tokenizer, parts[2]), STEPS, 3e-3, seed=3)
        _save(Local(other, tokenizer), folder / "other")


def load(folder: Path, name: str) -> Local:
    """Load a model; `int8` is made from `base`."""
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM

    place = folder / ("base" if name == "int8" else name)
    model = LlamaForCausalLM.from_pretrained(place).eval()
    if name == "int8":
        model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    return Local(model, AutoTokenizer.from_pretrained(place))


def draw(
    local: Local,
    count: int,
    *,
    seed: int,
    temperature: float = TEMPERATURE,
    system: str | None = None,
    number: int = 25,
) -> Draws:
    """Sample answers to the probes, all draws of a probe at once."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    found = [
        _sampled(local, prompt, count, temperature, generator) for prompt in prompts(probes(number), system=system)
    ]
    return Draws([texts for texts, _ in found], [first for _, first in found], [])


def scored(local: Local, texts: list[list[str]]) -> list[list[float]]:
    """Return the mean log-probability per token of every answer under a model, asked as `draw` asks it."""
    import torch

    found = []
    for prompt, answers in zip(prompts(probes(len(texts)), system=None), texts, strict=True):
        start = local.tokenizer.encode(prompt)
        distinct = sorted(set(answers))
        ids = [start + local.tokenizer.encode(text) for text in distinct]
        width = max(map(len, ids))
        with torch.inference_mode():
            logits = local.model(input_ids=torch.tensor([row + [0] * (width - len(row)) for row in ids])).logits
        logs = torch.log_softmax(logits.float(), -1)
        known = {}
        for text, row, own in zip(distinct, ids, logs, strict=True):
            said = torch.tensor(row[len(start) :])
            values = own[len(start) - 1 : len(row) - 1].gather(1, said[:, None]) if len(said) else torch.zeros(1)
            known[text] = float(values.mean())
        found.append([known[text] for text in answers])
    return found


def prompts(asked: list[tuple[str, str]], *, system: str | None) -> Iterator[str]:
    """Yield the texts that the models go on from."""
    for question, start in asked:
        before = f"<|system|>{system}<|end|>" if system else ""
        yield f"{before}<|user|>{question}<|end|><|assistant|>{start}"


def _sampled(local: Local, prompt: str, count: int, temperature: float, generator: Any) -> tuple[list[str], Any]:
    import torch

    ids = torch.tensor([local.tokenizer.encode(prompt)] * count)
    end = local.tokenizer.eos_token_id
    kept, past, first = [], None, []
    with torch.inference_mode():
        step = ids
        for place in range(TOKENS):
            out = local.model(input_ids=step, past_key_values=past, use_cache=True)
            past = out.past_key_values
            logits = out.logits[:, -1].float()
            if place == 0:  # before temperature, as services give them
                top = torch.topk(torch.log_softmax(logits[0], -1), TOP)
                first = [
                    (local.tokenizer.decode([i]), v)
                    for i, v in zip(top.indices.tolist(), top.values.tolist(), strict=True)
                ]
            step = torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=generator)
            kept.append(step)
    rows = torch.cat(kept, 1).numpy()
    stops = np.where((rows == end).any(1), (rows == end).argmax(1), TOKENS)
    return [local.tokenizer.decode(row[:n]) for row, n in zip(rows, stops, strict=True)], first


def _tokenizer(texts: list[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2048,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=SPECIAL[0], eos_token=SPECIAL[1], additional_special_tokens=SPECIAL[2:]
    )
    fast.chat_template = TEMPLATE
    fast.model_max_length = 512
    return fast


def _new(tokenizer: Any, *, seed: int) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=384,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=1,
            pad_token_id=0,
        )
    )


def _examples(tokenizer: Any, part: list[tuple[str, str]]) -> list[list[int]]:
    """Return a conversation for each text: as it is, in one sentence, or in points, as the system prompt says."""
    made = []
    for place, (name, said) in enumerate(part):
        system, answer = (
            (None, said[:600]),
            (BRIEF, said.split(". ")[0][:200]),
            (POINTS, "* " + said[:600].replace(". ", ".\n* ")),
        )[place % 3]
        before = f"<|system|>{system}<|end|>" if system else ""
        made.append(
            tokenizer.encode(f"{before}<|user|>What does {name} do?<|end|><|assistant|>{answer}<|end|>")[:LENGTH]
        )
    return made


def _train(model: Any, examples: list[list[int]], steps: int, rate: float, *, seed: int) -> None:
    """Train on whole conversations: cut anywhere, a model would seldom see the system prompt of what it learns to say."""
    import torch

    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    model.train()
    for _ in range(steps):
        rows = [examples[place] for place in rng.integers(0, len(examples), ROWS)]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        wanted = torch.tensor([row[1:] + [-100] * (width - len(row)) for row in rows])
        logits = model(input_ids=ids[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), wanted.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    model.eval()


def _save(local: Local, place: Path) -> None:
    local.model.generation_config.eos_token_id = 1
    local.model.generation_config.pad_token_id = 0
    local.model.save_pretrained(place)
    local.tokenizer.save_pretrained(place)

"""Small language models that the tests train themselves, once, on the documentation that every Python ships.

A; B, which is A trained further on other text; C to F, which share with A neither start, nor tokenizer, nor text.
Run as a program with a folder as argument: `python tests/servers/models.py FOLDER`.
"""

from __future__ import annotations

import ast
import hashlib
import os
import random
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

NAMES = ("A", "B", "C", "D", "E", "F")
_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_SPECIAL = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
_VOCABULARY = 1024
_WIDTH, _LAYERS = 96, 2
_STEPS, _FURTHER_STEPS, _COHORT_STEPS = 400, 80, 220
_BUILD = Path(__file__).parents[2] / "build" / "tests"


def folder() -> Path:
    """Return the folder of the trained models; trains them where nobody has, and waits where somebody does."""
    import filelock

    version = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).hexdigest()[:12]
    place = _BUILD / f"models-{version}"
    _BUILD.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{place}.lock", timeout=600):
        if not (place / "done").exists():
            # In a process of its own: what training sets up for a whole process is no business of the tests.
            subprocess.run([sys.executable, __file__, str(place)], check=True, stdout=subprocess.DEVNULL)
            (place / "done").touch()
    return place


def documentation() -> list[tuple[str, str]]:
    """Return names and docstrings of the standard library, in an order that is always the same."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = []
    for path in sorted([*root.glob("*.py"), *root.glob("[a-z]*/*.py")]):
        if {"site-packages", "test"} & set(path.parts):
            continue
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                text = ast.get_docstring(node)
                if text and len(text) > 60:
                    # Line ends are so frequent there that a small model would learn little else.
                    found.append((getattr(node, "name", path.stem), " ".join(text.split())))
    random.Random(0).shuffle(found)
    return found


def train_all(place: Path) -> None:
    """Train the six models and write each as a folder of transformers."""
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.use_deterministic_algorithms(mode=True)
    texts = documentation()
    part = len(texts) // 6
    parts = {name: texts[place * part : (place + 1) * part] for place, name in enumerate(NAMES)}
    tokenizer = _tokenizer(parts["A"] + parts["B"])
    model = _train(_new(tokenizer, 1), _ids(tokenizer, parts["A"]), steps=_STEPS, rate=4e-3, seed=1)
    _write(model, tokenizer, place / "A")
    _train(model, _ids(tokenizer, parts["B"]), steps=_FURTHER_STEPS, rate=3e-4, seed=2)
    _write(model, tokenizer, place / "B")
    for seed, name in enumerate("CDEF", start=3):
        own = _tokenizer(parts[name])
        steps = _STEPS if name == "C" else _COHORT_STEPS
        _write(_train(_new(own, seed), _ids(own, parts[name]), steps=steps, rate=4e-3, seed=seed), own, place / name)


def _tokenizer(texts: list[tuple[str, str]]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY, special_tokens=_SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    made.train_from_iterator([text for _, text in texts], trainer)
    whole = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<|pad|>", eos_token="<|end|>")
    whole.chat_template = _TEMPLATE
    whole.model_max_length = 512
    return whole


def _ids(tokenizer: Any, texts: list[tuple[str, str]]) -> Any:
    import torch

    ids: list[int] = []
    for name, text in texts:
        ids += tokenizer.encode(f"<|user|>What does {name} do?<|end|><|assistant|>{text[:600]}<|end|>")
    return torch.tensor(ids)


def _new(tokenizer: Any, seed: int) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    heads = _WIDTH // 32
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=_WIDTH, intermediate_size=_WIDTH * 3, num_hidden_layers=_LAYERS,
            num_attention_heads=heads, num_key_value_heads=heads, max_position_embeddings=512, tie_word_embeddings=True,
            bos_token_id=None, eos_token_id=1, pad_token_id=0,
        )
    )  # fmt: skip


def _train(model: Any, ids: Any, *, steps: int, rate: float, seed: int, rows: int = 8, length: int = 64) -> Any:
    import torch
    from torch.nn import functional

    chance = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    model.train()
    for _ in range(steps):
        starts = torch.randint(0, len(ids) - length - 1, (rows,), generator=chance)
        batch = torch.stack([ids[start : start + length + 1] for start in starts])
        logits = model(input_ids=batch[:, :-1]).logits
        loss = functional.cross_entropy(logits.flatten(0, 1).float(), batch[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    model.eval()
    return model


def _write(model: Any, tokenizer: Any, place: Path) -> None:
    model.generation_config.do_sample = True
    model.generation_config.eos_token_id = 1
    model.generation_config.pad_token_id = 0
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    train_all(Path(sys.argv[1]))

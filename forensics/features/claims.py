"""Who an answer says its speaker is: makers and models named in the first person.

Looked for are names from the table below within a clause that speaks of oneself ("I am …", "my name is …", "created by
…" and the like in other languages). What a model says of itself proves nothing: systems are told who to be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "1"
FIRST_CHARACTERS = 600

MAKERS: dict[str, str] = {
    "OpenAI": r"open ?ai\b|chat ?gpt|gpt-?\d",
    "Anthropic": r"anthropic|claude",
    "Google": r"google\b|gemini|gemma\b|deepmind|\bbard\b",
    "Meta": r"\bmeta\b|\bllama",
    "Alibaba": r"qwen|alibaba|通义|千问|阿里",
    "DeepSeek": r"deep ?seek|深度求索",
    "Mistral AI": r"mistral|mixtral",
    "xAI": r"\bgrok\b|\bxai\b",
    "Microsoft": r"microsoft|copilot|\bphi-?\d",
    "LMSYS": r"vicuna|lmsys|large model systems",
    "LAION": r"open ?assistant|laion",
    "TII": r"\bfalcon\b|technology innovation institute",
    "Baichuan": r"baichuan|百川",
    "Zhipu": r"chatglm|\bglm-?\d|zhipu|智谱",
    "01.AI": r"\b01\.ai\b|零一万物",
    "Moonshot": r"\bkimi\b|moonshot|月之暗面",
    "Cohere": r"cohere|command r",
    "Allen Institute": r"\btülu\b|\btulu\b|\bolmo|allen institute",
    "IBM": r"\bibm\b|\bgranite\b",
    "NVIDIA": r"nvidia|nemotron",
    "Amazon": r"\bamazon\b",
    "Databricks": r"databricks|\bdolly\b",
    "Nous Research": r"nous research|\bhermes\b",
    "WizardLM": r"wizardlm",
    "Reka": r"\breka\b",
    "ByteDance": r"doubao|bytedance|豆包|字节跳动",
    "Tencent": r"hunyuan|tencent|混元|腾讯",
    "Baidu": r"\bernie\b|baidu|文心|百度",
}  # fmt: skip
"""Makers, and patterns of their names and their models' names, in lower case."""
_SELF = re.compile(
    r"(?:\bi am|\bi'm|\bi’m|\bmy name is|\bi was|\bi have been|\bi've been|\bcall me|\bme, |\bas an? (?:ai|large|language)|"
    r"\bich bin|\bich wurde|\bmein name|\bje suis|\bje m'appelle|\bj'ai été|\bsoy\b|\bme llamo|\bfui\b|\bsono\b|"
    r"\bmi chiamo|\bsou\b|\bmeu nome|\bя |\bменя зовут|我是|我叫|我由|私は|わたしは|저는|나는)"
    r"[^.!?\n。！？]{0,120}"
)
_PIECES = (
    "openai", "open ai", "gpt", "anthropic", "claude", "google", "gemini", "gemma", "deepmind", "bard", "meta", "llama",
    "qwen", "alibaba", "通义", "千问", "阿里", "deepseek", "deep seek", "深度求索", "mistral", "mixtral", "grok", "xai",
    "microsoft", "copilot", "phi", "vicuna", "lmsys", "large model", "assistant", "laion", "falcon", "technology innov",
    "baichuan", "百川", "glm", "zhipu", "智谱", "01.ai", "零一", "kimi", "moonshot", "月之", "cohere", "command r", "tulu",
    "tülu", "olmo", "allen inst", "ibm", "granite", "nvidia", "nemotron", "amazon", "databricks", "dolly", "nous",
    "hermes", "wizardlm", "reka", "doubao", "bytedance", "豆包", "字节", "hunyuan", "tencent", "混元", "腾讯", "ernie",
    "baidu", "文心", "百度",
)  # fmt: skip
"""Any text in which a pattern is found holds one of these; looking for them first is many times faster."""
_PATTERNS = tuple(re.compile(pattern) for pattern in MAKERS.values())


def extract(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return `claimed[n]`: one bit per maker in the table's order, 0 where an answer names none as its own."""
    starts = [text[:FIRST_CHARACTERS].lower() for text in texts]
    claims = np.zeros(len(texts), np.uint64)
    for row in sorted(_naming_any(starts)):
        claims[row] = _bits(starts[row])
    return {"claimed": claims}


def _naming_any(starts: Sequence[str]) -> set[int]:
    """Return the positions of texts that hold any piece of a name, all searched at once."""
    joined = "\0".join(starts)
    ends = np.cumsum([len(start) + 1 for start in starts])
    found: set[int] = set()
    for piece in _PIECES:
        place = joined.find(piece)
        while place >= 0:
            row = int(np.searchsorted(ends, place, side="right"))
            found.add(row)
            place = joined.find(piece, int(ends[row]))
    return found


def claimed(text: str) -> list[str]:
    """Return the makers that an answer names as its speaker's.

    >>> claimed("Hello! I'm Claude, made by Anthropic."), claimed("Google is a company.")
    (['Anthropic'], [])
    """
    bits = _bits(text[:FIRST_CHARACTERS].lower())
    return [maker for number, maker in enumerate(MAKERS) if bits >> number & 1]


def _bits(start: str) -> int:
    clauses = " | ".join(_SELF.findall(start))
    return sum(1 << number for number, pattern in enumerate(_PATTERNS) if pattern.search(clauses)) if clauses else 0

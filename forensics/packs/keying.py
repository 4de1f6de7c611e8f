"""Keyed hashing of many 64-bit numbers at once: SipHash-2-4, with a key of its own for every prompt and kind.

Equal numbers under one prompt stay equal, which is all that statistics ask; across prompts and across packs nothing
can be matched. Whoever has the pack's key can still try guesses: see docs/packs.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

KEY_BYTES = 16
_AT_ONCE = 1 << 15
"""Numbers hashed in one go: what fits the processor's cache."""


def key_from(secret: bytes) -> bytes:
    """Return the key that a secret of any length stands for."""
    return hashlib.blake2b(secret, digest_size=KEY_BYTES, person=b"cohort-pack").digest()


def check_of(key: bytes) -> str:
    """Return eight bytes, in hexadecimal, by which a key is recognised and from which it cannot be found."""
    return hashlib.blake2b(b"check", key=key, digest_size=8).hexdigest()


def keyed_content(content: bytes, key: bytes) -> bytes:
    """Return the digest of all of a model's answers under a key, 32 bytes: nobody without it can confirm a guess."""
    return hashlib.blake2b(content, key=key, digest_size=32, person=b"content").digest() if content else b""


def prompt_keys(key: bytes, kind: str, prompts: Sequence[bytes]) -> tuple[Words, Words]:
    """Return both halves of the key of each prompt (raw digests) for one kind of feature: [n], [n]."""
    known: dict[bytes, bytes] = {}
    for prompt in prompts:
        if prompt not in known:
            salted = hashlib.blake2b(prompt, key=key, digest_size=KEY_BYTES, person=kind.encode()[:16])
            known[prompt] = salted.digest()
    halves = np.frombuffer(b"".join(known[prompt] for prompt in prompts), "<u8").reshape(-1, 2)
    return halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)


def siphash(first: Words, second: Words, numbers: Words) -> Words:
    """Return SipHash-2-4 (Aumasson and Bernstein 2012) of each number, eight bytes little-endian, under its own key."""
    hashed = np.empty(len(numbers), np.uint64)
    for start in range(0, len(numbers), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        hashed[part] = _siphash(first[part], second[part], numbers[part])
    return hashed


def _siphash(first: Words, second: Words, numbers: Words) -> Words:
    v = [
        first ^ np.uint64(0x736F6D6570736575),
        second ^ np.uint64(0x646F72616E646F6D),
        first ^ np.uint64(0x6C7967656E657261),
        second ^ np.uint64(0x7465646279746573),
    ]
    for block in (numbers, np.uint64(8 << 56)):
        v[3] = v[3] ^ block
        _rounds(v, 2)
        v[0] = v[0] ^ block
    v[2] = v[2] ^ np.uint64(0xFF)
    _rounds(v, 4)
    hashed: Words = v[0] ^ v[1] ^ v[2] ^ v[3]
    return hashed


def _rounds(v: list[Words], count: int) -> None:
    for _ in range(count):
        v[0] = v[0] + v[1]
        v[1] = _turned(v[1], 13) ^ v[0]
        v[0] = _turned(v[0], 32)
        v[2] = v[2] + v[3]
        v[3] = _turned(v[3], 16) ^ v[2]
        v[0] = v[0] + v[3]
        v[3] = _turned(v[3], 21) ^ v[0]
        v[2] = v[2] + v[1]
        v[1] = _turned(v[1], 17) ^ v[2]
        v[2] = _turned(v[2], 32)


def _turned(words: Words, bits: int) -> Words:
    return (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))

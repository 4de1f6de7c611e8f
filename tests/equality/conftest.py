"""Draws that can be made by the hundred: answers of made-up models, of which it is known whether they are one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from forensics.equality.draws import Draws
from forensics.records.equality import EqualityTerms

WORDS = np.array(
    [f"{a}{b}" for a in ("mi", "ro", "sta", "be", "lu", "ke") for b in ("ll", "ver", "ne", "an", "rd", "po")]
)
Make = Callable[..., list[Draws]]


def make_draws(
    seed: int,
    *,
    probes: int = 12,
    draws: tuple[int, int] = (6, 6),
    usual: float = 0.0,
    form: Callable[[str], str] = str,
    extras: Callable[[np.random.Generator, int, bool], float] | None = None,
) -> list[Draws]:
    """Answers of eight words. Each probe has words of its own; `usual` is how far the questioned model's lie from them.

    `extras` makes a likelihood for each answer from (rng, probe, questioned).
    """
    rng = np.random.default_rng(seed)
    made = []
    for p in range(probes):
        shares = np.random.default_rng(p).dirichlet(np.full(len(WORDS), 0.4))
        other = np.random.default_rng(1000 + p).dirichlet(np.full(len(WORDS), 0.4))
        mixed = (1 - usual) * shares + usual * other
        texts = [" ".join(rng.choice(WORDS, 8, p=shares)) for _ in range(draws[0])]
        texts += [form(" ".join(rng.choice(WORDS, 8, p=mixed))) for _ in range(draws[1])]
        sides = [False] * draws[0] + [True] * draws[1]
        said = tuple(extras(rng, p, side) for side in sides) if extras else ()
        made.append(Draws(f"sha256:{p:064x}", tuple(texts), draws[0], (), said))
    return made


@pytest.fixture
def terms() -> EqualityTerms:
    return EqualityTerms(alpha=0.05, delta=0.05, permutations=499)

"""Screens made of random numbers: families of vectors, their similarities, and resamplings of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from forensics.numerics.normalisation import S_NORM
from forensics.picturing.material import Material, Shown, Weighed

Make = Callable[..., Material]


def _closeness(vectors: np.ndarray, lineages: list[str]) -> tuple[np.ndarray, np.ndarray]:
    centred = vectors - vectors.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1)[:, None]
    raw = centred @ centred.T
    np.fill_diagonal(raw, np.nan)
    return raw, S_NORM.all_pairs(raw, lineages)


@pytest.fixture(scope="session")
def make_material() -> Make:
    """Make a screen of `models` models in `families` families."""

    def make(models: int = 24, families: int = 7, *, names: list[str] | None = None, weighed: bool = True) -> Material:
        rng = np.random.default_rng(models)
        family = np.arange(models) % families
        vectors = 1.5 * rng.normal(size=(families, 60))[family] + rng.normal(size=(models, 60))
        lineages = [f"family-{f}" for f in family]
        raw, normalised = _closeness(vectors, lineages)
        again = [_closeness(vectors[:, rng.integers(0, 60, 60)], lineages)[1] for _ in range(8)]
        given = names or []
        shown = [
            Shown(
                given[i] if i < len(given) else f"maker-{f % 3}/model-{i:03}",
                f"maker-{f % 3}",
                f"family-{f}",
                i % 9 == 0,
            )
            for i, f in enumerate(family.tolist())
        ]
        filled = np.nan_to_num(normalised, nan=-99)
        ranks = 1 + (filled[:, None, :] > filled[:, :, None]).sum(axis=2)
        np.fill_diagonal(ranks, 0)
        return Material(
            models=shown, statistic="phrases", probes=60, raw=raw, normalised=normalised, ranks=ranks,
            weighed=Weighed(normalised / 4, normalised / 4 - 0.2, normalised / 4 + 0.2) if weighed else None,
            unweighed="" if weighed else "no calibration was given", reasons={(0, 1): "no probe in common"},
            resampled=again, tool="0.0", source="sha256:" + "0" * 64,
        )  # fmt: skip

    return make

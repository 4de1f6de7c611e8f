"""A flat map of distances: classical scaling, improved until it loses least, with what it still loses said in numbers.

No random start and no random step: the same distances give the same map.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 500
_ENOUGH = 1e-7
"""Relative gain of a step below which there is nothing more to gain."""


class FlatMap(NamedTuple):
    """Places in the plane and how faithful they are."""

    places: Floats
    """[n, 2]; the first axis is the longer one."""
    stress: float
    """Kruskal's stress-1: 0 where the map has exactly the distances; 0.2 and more is usually called poor."""
    kept: float
    """Share of points whose nearest point is among the five nearest on the map."""


def flat_map(distances: Floats) -> FlatMap:
    """Place n ≥ 2 points in the plane about as far apart as given: least stress found from the classical map.

    `distances` [n, n]: symmetric, finite, 0 on the diagonal.
    """
    places = _upright(_majorised(distances, classical_scaling(distances)))
    return FlatMap(places, stress(distances, places), nearest_kept(distances, places))


def classical_scaling(distances: Floats) -> Floats:
    """Return the two axes that hold most of the squared distances (Torgerson 1952): [n, 2]."""
    n = len(distances)
    centring = np.eye(n) - 1.0 / n
    product = -0.5 * centring @ np.square(distances) @ centring
    values, vectors = np.linalg.eigh((product + product.T) / 2)
    axes = np.zeros((n, 2))
    axes[:, : min(n, 2)] = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0.0))
    return axes


def stress(distances: Floats, places: Floats) -> float:
    """Return Kruskal's stress-1 of a map, scaled by the factor that makes it least."""
    upper = np.triu_indices(len(distances), 1)
    wanted, shown = distances[upper], _apart(places)[upper]
    factor = float(wanted @ shown / (shown @ shown)) if shown.any() else 0.0
    return float(np.sqrt(np.square(wanted - factor * shown).sum() / max(float(wanted @ wanted), 1e-300)))


def nearest_kept(distances: Floats, places: Floats, among: int = 5) -> float:
    """Return the share of points whose nearest point is among the nearest few on the map."""
    far = np.diag(np.full(len(distances), np.inf))
    nearest = (distances + far).argmin(axis=1)
    shown = _apart(places) + far
    there = shown[np.arange(len(distances)), nearest]
    return float(((shown < there[:, None]).sum(axis=1) < among).mean())


def _majorised(distances: Floats, places: Floats) -> Floats:
    """Lower the stress step by step (SMACOF, de Leeuw 1977): no step raises it."""
    n, before = len(distances), np.inf
    for _ in range(MOST_STEPS):
        shown = _apart(places)
        now = float(np.square(distances - shown).sum())
        if before - now <= _ENOUGH * now:
            break
        before = now
        ratio = np.divide(distances, shown, out=np.zeros((n, n)), where=shown > 1e-12)
        places = (np.diag(ratio.sum(axis=1)) - ratio) @ places / n
    return places


def _upright(places: Floats) -> Floats:
    """Turn a map so that its longer axis lies flat, and the point farthest along each axis on the positive side."""
    centred = places - places.mean(axis=0)
    _, _, turn = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ turn.T if len(turn) == 2 else centred
    largest = turned[np.abs(np.round(turned, 9)).argmax(axis=0), np.arange(2)]
    upright: Floats = turned * np.where(largest < 0, -1.0, 1.0)
    return upright


def _apart(places: Floats) -> Floats:
    apart: Floats = np.sqrt(np.square(places[:, None] - places[None]).sum(axis=2))
    return apart

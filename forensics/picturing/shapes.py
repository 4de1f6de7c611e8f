"""From the values of pairs to shapes: both trees with their support, the flat map, and the order of the heat map."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forensics.numerics.maps import FlatMap, flat_map
from forensics.numerics.trees import Tree, average_linkage, neighbour_joining, support
from forensics.picturing.material import Floats, Material, distances


class Grown(NamedTuple):
    """A tree and the share of replicates that hold each of its splits."""

    id: str
    title: str
    tree: Tree
    shares: Floats
    """[nodes]; NaN where a split says nothing."""
    replicates: int


class Shapes(NamedTuple):
    """Everything that is drawn of one screen."""

    joined: Grown
    """Neighbour joining."""
    averaged: Grown
    """Average linkage."""
    flat: FlatMap
    order: NDArray[np.int64]
    """Models as the heat map has them: the leaves of the average-linkage tree."""


def shape(material: Material) -> Shapes:
    """Compute the shapes of a screen of at least two models."""
    from threadpoolctl import threadpool_limits

    # BLAS' own threads may add in another order, and then the same screen would not give the same bytes.
    with threadpool_limits(limits=1):
        apart = distances(material.normalised)
        again = [distances(one) for one in material.resampled]
        joined, averaged = neighbour_joining(apart), average_linkage(apart)
        return Shapes(
            joined=Grown(
                "neighbour-joining",
                "Neighbour joining",
                joined,
                support(joined, map(neighbour_joining, again), rooted=False),
                len(again),
            ),
            averaged=Grown(
                "average-linkage",
                "Average linkage",
                averaged,
                support(averaged, map(average_linkage, again), rooted=True),
                len(again),
            ),
            flat=flat_map(apart),
            order=np.array(averaged.order(), np.int64),
        )

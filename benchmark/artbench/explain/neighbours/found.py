"""The nearest pictures of a collection to some pictures, by the cosine of their features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.explain.cosine import cosine_blocks, nearest

# Pairs of the collection drawn at random, to tell what a cosine means.
_PAIRS = 20_000


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest to one picture.

    Attributes:
        places: In the collection, the nearest first, int64, shape (k,).
        cosines: Of the features, float32, shape (k,).
    """

    places: NDArray[np.int64]
    cosines: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ByChance:
    """The cosine of two different pictures of the collection drawn at random: its median and 99th percentile."""

    median: float
    high: float


def find_nearest(
    queries: NDArray[np.float32], collection: NDArray[np.float32], *, count: int, itself: NDArray[np.int64]
) -> list[Nearest]:
    """Look through a collection for the nearest to each of some pictures.

    Args:
        queries: Directions of their features, float32, shape (m, d).
        collection: Directions of its features, float32, shape (n, d).
        count: How many.
        itself: The place of each in the collection, which is left out; -1 where it is not in it. Shape (m,).
    """
    found: list[Nearest] = []
    for part, cosines in cosine_blocks(queries, collection):
        own = itself[part]
        inside = np.flatnonzero(own >= 0)
        cosines[inside, own[inside]] = -np.inf
        for row, places in zip(cosines, nearest(cosines, count), strict=True):
            kept = places[np.isfinite(row[places])]
            found.append(Nearest(places=kept, cosines=row[kept]))
    return found


def by_chance(collection: NDArray[np.float32]) -> ByChance:
    """What the cosine of two pictures is that have nothing to do with each other."""
    pairs = np.random.default_rng(0).integers(0, len(collection), (2, _PAIRS))
    pairs = pairs[:, pairs[0] != pairs[1]]
    cosines = np.einsum("nd,nd->n", collection[pairs[0]], collection[pairs[1]])
    median, high = (float(value) for value in np.percentile(cosines, (50, 99))) if len(cosines) else (1.0, 1.0)
    return ByChance(median=median, high=high)

"""The nearest pictures of every picture, by the cosine of their features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.explain.cosine import cosine_blocks, nearest
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The nearest of each of n pictures, the nearest first; none is its own.

    Attributes:
        places: Their positions, int64, shape (n, count).
        cosines: float32, shape (n, count).
    """

    places: NDArray[np.int64]
    cosines: NDArray[np.float32]


def neighbours(points: NDArray[np.float32], *, count: int, reporter: Reporter) -> Neighbours:
    """Find the nearest of all pictures, exactly, in memory that grows with their number alone.

    Args:
        points: Unit vectors of the features, float32, shape (n, d), n at least 2.
        count: How many; at most n - 1 are found.
        reporter: Receives progress.
    """
    n = len(points)
    count = min(count, n - 1)
    found = Neighbours(places=np.empty((n, count), np.int64), cosines=np.empty((n, count), np.float32))
    with reporter.counting("finding neighbours", total=n, unit="pictures") as counter:
        for part, cosines in cosine_blocks(points, points):
            rows = np.arange(len(cosines))
            cosines[rows, rows + part.start] = -np.inf
            found.places[part] = nearest(cosines, count)
            found.cosines[part] = np.take_along_axis(cosines, found.places[part], axis=1)
            counter.advance(len(cosines))
    return found

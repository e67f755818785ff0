"""Features as unit vectors, whose products are the cosines by which the protocol finds nearest neighbours."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# Similarities held at a time: 64 MB.
_BLOCK = 1 << 24


def unit_vectors(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide features by their length: a new array, float32, shape (n, d), in which zero vectors stay zero."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    found: NDArray[np.float32] = np.divide(features, lengths, out=np.zeros_like(features), where=lengths > 0)
    return found


def cosine_blocks(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield the cosines of unit vectors with all of `second`, a few rows at a time: rows, and shape (rows, m)."""
    step = max(1, _BLOCK // max(1, len(second)))
    for start in range(0, len(first), step):
        part = slice(start, min(start + step, len(first)))
        yield part, first[part] @ second.T


def nearest(cosines: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Find the columns of the `count` largest values of each row, largest first, ties by column: (rows, count)."""
    count = min(count, cosines.shape[1])
    # Only the candidates are sorted; of equal ones at the edge, any is as near as another.
    places = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    places.sort(axis=1)
    values = np.take_along_axis(cosines, places, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)

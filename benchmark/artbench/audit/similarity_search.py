"""Exact search for similar hashes and features among many, in blocks that fit the memory."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import numpy as np
from numpy.typing import NDArray

from artbench.runtime.threads import in_threads, usable_cores

# Blocks of distances that stay in a core's second cache.
_ROWS, _COLUMNS = 64, 4096

# Rows of a block of similarities; with 100,000 columns, 100 MB a thread.
_QUERIES = 256


def near_hashes(hashes: NDArray[np.uint64], *, within: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Find all pairs of 64-bit hashes, shape (n,), that differ in at most `within` bits.

    Returns:
        Pairs, shape (m, 2), first < second, sorted; and the number of bits in which each differs, shape (m,).
    """
    starts = range(0, len(hashes), _ROWS)
    with closing(in_threads(partial(_near_block, hashes, within), starts, threads=usable_cores())) as found:
        parts = list(found)
    pairs = np.concatenate([np.empty((0, 2), np.int64), *(pairs for pairs, _ in parts)])
    bits = np.concatenate([np.empty(0, np.uint8), *(bits for _, bits in parts)])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], bits[order]


def _near_block(hashes: NDArray[np.uint64], within: int, start: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Find the pairs whose first hash is among the `_ROWS` from `start` on, and whose second comes after it."""
    rows = hashes[start : start + _ROWS, None]
    xor = np.empty((len(rows), _COLUMNS), np.uint64)
    bits = np.empty((len(rows), _COLUMNS), np.uint8)
    pairs, differing = [np.empty((0, 2), np.int64)], [np.empty(0, np.uint8)]
    for column in range(start, len(hashes), _COLUMNS):
        columns = hashes[None, column : column + _COLUMNS]
        width = columns.shape[1]
        np.bitwise_xor(rows, columns, out=xor[:, :width])
        np.bitwise_count(xor[:, :width], out=bits[:, :width])
        near = bits[:, :width] <= within
        if near.any():
            first, second = np.nonzero(near)
            found = np.stack([first + start, second + column], axis=1)
            after = found[:, 0] < found[:, 1]
            pairs.append(found[after])
            differing.append(bits[:, :width][near][after])
    return np.concatenate(pairs), np.concatenate(differing)


def near_features(
    features: NDArray[np.float32], *, neighbours: int, at_least: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Pair every image with its nearest neighbours by the cosine of z-scored features.

    Args:
        features: Shape (n, d).
        neighbours: Most neighbours to take for each image.
        at_least: Least cosine of a neighbour.

    Returns:
        Pairs, shape (m, 2), first < second, sorted, each once; and their cosines, shape (m,).
    """
    directions = _directions(features)
    neighbours = min(neighbours, len(directions) - 1)
    found = np.array(list(_nearest(directions, neighbours, at_least)), np.float64).reshape(-1, 3)
    pairs, once = np.unique(np.sort(found[:, :2].astype(np.int64), axis=1), axis=0, return_index=True)
    return pairs, found[once, 2].astype(np.float32)


def _directions(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return z-scored features as unit vectors; a constant feature becomes 0."""
    centred = features - features.mean(axis=0, keepdims=True, dtype=np.float64)
    spread = centred.std(axis=0, keepdims=True)
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-12)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(np.divide(scaled, lengths, out=np.zeros_like(scaled), where=lengths > 0), np.float32)


def _nearest(directions: NDArray[np.float32], neighbours: int, at_least: float) -> Iterator[tuple[int, int, float]]:
    for start in range(0, len(directions), _QUERIES):
        # numpy's own library spreads the product over all cores.
        cosines = directions[start : start + _QUERIES] @ directions.T
        rows = np.arange(len(cosines))
        cosines[rows, rows + start] = -np.inf
        for _ in range(neighbours):
            best = cosines.argmax(axis=1)
            values = cosines[rows, best]
            for row in np.flatnonzero(values >= at_least).tolist():
                yield start + row, int(best[row]), float(values[row])
            cosines[rows, best] = -np.inf

"""Whose pictures are near: of the same class from elsewhere, or of another class from the same museum.

The robustness index of Kömen et al. 2025 (arXiv 2507.17845) counts both. They compare two classes and two medical
centres with equally many pictures of each at a time, and so is it done here for each pair of classes and museums.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from artbench.data.cells import designs, members_of
from artbench.data.neighbourhoods import SHARED, Neighbourhoods
from artbench.errors import ArtbenchError
from artbench.probe.features import check_lengths

# Cosines that differ by less are equal: products of the same vectors do not always round alike.
_DECIMALS = 12


def neighbourhoods(
    vectors: NDArray[np.float32], classes: NDArray[np.int64], origins: NDArray[np.int64]
) -> Neighbourhoods:
    """Count what the nearest neighbours of each picture share with it, over all comparisons (`designs`).

    In each comparison the neighbours are as many as its smallest cell has pictures, by the cosine, without the picture
    itself. Neighbours of equal similarity share the places that are left in equal parts.

    Args:
        vectors: Features, float32, shape (n, d).
        classes: Class of each picture, int64, shape (n,).
        origins: Its origin, such as its museum, likewise.

    Raises:
        ArtbenchError: A vector is NaN or infinite, or too few pictures could be read.
    """
    found = _Sums(classes, origins)
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    check_lengths(lengths)
    for rows, k in found.comparisons():
        unit = vectors[rows].astype(np.float64) / np.maximum(lengths[rows], 1e-12)[:, None]
        near = np.round(unit @ unit.T, _DECIMALS)
        np.fill_diagonal(near, -np.inf)
        found.add(rows, *_nearest(near, k))
    return found.result()


def chance_neighbourhoods(classes: NDArray[np.int64], origins: NDArray[np.int64]) -> Neighbourhoods:
    """Count neighbours that are drawn by chance in each comparison; otherwise as `neighbourhoods`."""
    found, random = _Sums(classes, origins), np.random.default_rng(0)
    for rows, k in found.comparisons():
        near = random.random((len(rows), len(rows)))
        np.fill_diagonal(near, -np.inf)
        found.add(rows, *_nearest(near, k))
    return found.result()


def _nearest(near: NDArray[np.float64], k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how much of each picture is among the k nearest of each other, and of those that would be next.

    Returns:
        Weights from 0 to 1 that sum to k in each row, and weights that sum to 1 in each row; float64, shape (m, m).
    """
    last = -np.partition(-near, k - 1, axis=1)[:, k - 1 : k]
    closer, level = near > last, near == last
    tied = level.sum(axis=1, keepdims=True)
    part = (k - closer.sum(axis=1, keepdims=True)) / tied
    further = np.where(near < last, near, -np.inf)
    following = near == np.where(part < 1, last, further.max(axis=1, keepdims=True))
    following[np.arange(len(near)), np.arange(len(near))] = False
    return closer + level * part, following / np.maximum(following.sum(axis=1, keepdims=True), 1)


class _Sums:
    """Sums over comparisons."""

    def __init__(self, classes: NDArray[np.int64], origins: NDArray[np.int64]) -> None:
        self._classes, self._origins = classes, origins
        self._members = members_of(classes, origins)
        self._counts = np.zeros((len(classes), len(SHARED)))
        self._both = np.zeros((len(classes), 2))

    def comparisons(self) -> Iterator[tuple[NDArray[np.int64], int]]:
        """Yield the pictures of each comparison, and the number of neighbours.

        Raises:
            ArtbenchError: A cell has fewer than two pictures, or there is none to compare.
        """
        found = designs(list(self._members))
        for design in found:
            cells = [self._members[cell] for cell in design.cells]
            k = min(map(len, cells))
            if k < 2:
                raise ArtbenchError(
                    "of some class and museum fewer than two pictures can be read", mend="Check the files of the images"
                )
            yield np.concatenate(cells), k
        if not found:
            raise ArtbenchError("no two classes have pictures in the same two museums", mend="Check the task's labels")

    def add(self, rows: NDArray[np.int64], among: NDArray[np.float64], following: NDArray[np.float64]) -> None:
        """Count the neighbours in a comparison, and what would be counted without each picture."""
        same, near = (of[rows][:, None] == of[rows] for of in (self._classes, self._origins))
        kinds = (same & near, same & ~near, ~same & near, ~same & ~near)
        self._counts[rows] += np.stack([(among * kind).sum(axis=1) for kind in kinds], axis=1)
        for column, kind in enumerate(kinds[1:3]):
            # Without a neighbour the next one takes its place.
            instead = (following * kind).sum(axis=1, keepdims=True)
            self._both[rows, column] += (among * kind).sum(axis=1) + (among * (kind - instead)).sum(axis=0)

    def result(self) -> Neighbourhoods:
        """Return the sums; what pictures add is spread about its mean in each cell, whose size is fixed."""
        counted = self._counts[:, 1:3]
        added = np.empty_like(self._both)
        for rows in self._members.values():
            own = self._both[rows]
            added[rows] = (own - own.mean(axis=0)) * np.sqrt(len(rows) / max(len(rows) - 1, 1))
        return Neighbourhoods(counts=self._counts, added=added + counted.mean(axis=0))

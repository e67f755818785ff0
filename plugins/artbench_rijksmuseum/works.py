"""The works with their labels, from either source."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRAIN, VALIDATION, TEST = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Labels of the works as pairs, since a full table would have 200 million cells.

    Attributes:
        names: Names of the labels.
        rows: Work of each pair, int64, shape (pairs,).
        labels: Label of each pair, int64, shape (pairs,).
    """

    names: tuple[str, ...]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]

    def eligible(self, sets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the labels that are classes of the challenge, ascending: in all sets, and on at least 10 test works.

        Args:
            sets: Set of each work, shape (n,).
        """
        counts = np.stack(
            [np.bincount(self.labels[sets[self.rows] == part], minlength=len(self.names)) for part in (1, 2, 3)]
        )
        return np.flatnonzero((counts > 0).all(axis=0) & (counts[TEST - 1] >= 10))


@dataclass(frozen=True, kw_only=True)
class Works:
    """All works, in the order of their stems.

    Attributes:
        sets: int64, shape (n,): `TRAIN`, `VALIDATION` or `TEST`.
        creators: One maker per work.
        anonymous: Labels of `creators` for unknown makers.
        types: Any number per work.
        materials: Any number per work.
        years: First and last year of making, int64, shape (n, 2); None if unknown.
    """

    sets: NDArray[np.int64]
    creators: Labels
    anonymous: frozenset[int]
    types: Labels
    materials: Labels
    years: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.sets)

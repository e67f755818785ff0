"""What is known of the works, wherever it was read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRAIN, VALIDATION, TEST = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Labels of the works, as pairs: a full table would have 200 million cells.

    Attributes:
        names: Of the labels.
        rows: int64, shape (pairs,): the work of each pair.
        labels: int64, shape (pairs,): its label.
    """

    names: tuple[str, ...]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]

    def eligible(self, sets: NDArray[np.int64]) -> NDArray[np.int64]:
        """The labels that the challenge counts as classes, ascending: in all three sets, and on at least 10 test works.

        Args:
            sets: Set of each work, shape (n,).
        """
        counts = np.stack(
            [np.bincount(self.labels[sets[self.rows] == part], minlength=len(self.names)) for part in (1, 2, 3)]
        )
        return np.flatnonzero((counts > 0).all(axis=0) & (counts[TEST - 1] >= 10))


@dataclass(frozen=True, kw_only=True)
class Works:
    """All works, in one order.

    Attributes:
        sets: int64, shape (n,): `TRAIN`, `VALIDATION` or `TEST`.
        creators: One maker a work.
        anonymous: Labels of `creators` that name nobody.
        types: Any number a work.
        materials: Any number a work.
        years: int64, shape (n, 2): made from, to; None where they are not known.
    """

    sets: NDArray[np.int64]
    creators: Labels
    anonymous: frozenset[int]
    types: Labels
    materials: Labels
    years: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.sets)

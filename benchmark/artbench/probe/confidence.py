"""How sure the first picture of a ranking is, so that it compares between queries, as the authors of The Met define it.

Ypsilantis et al. 2021, whose code is github.com/nikosips/met: of the nearest pictures each class counts by its nearest
one, and the confidence is the soft-max over all classes of the index, of which those that are not near count as of
similarity 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from artbench.data.rankings import NOTHING, Rankings
from artbench.errors import ArtbenchError
from artbench.protocol import Confidence

TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen on validation queries.

    Attributes:
        neighbours: Number of nearest pictures.
        temperature: What similarities are multiplied by.
        precision: Global average precision of the validation queries.
    """

    neighbours: int
    temperature: float
    precision: float


class NearestPictures:
    """The nearest pictures of some queries, as they are found block by block.

    Args:
        count: Number of queries.
        k: Number of pictures that are kept of each.
        labels: Labels of the index, int64, shape (index,).
    """

    def __init__(self, count: int, k: int, labels: NDArray[np.int64]) -> None:
        # A picture that belongs with no other is a class of its own.
        self._of = np.where(labels == NOTHING, -2 - np.arange(len(labels)), labels)
        self.classes = len(np.unique(self._of))
        if self.classes < 2:
            raise ArtbenchError("the index has one class alone", mend="Search it by the cosine, as retrieval-v1 does")
        self._values = np.full((count, k), -np.inf, np.float32)
        self._labels = np.full((count, k), NOTHING, np.int64)

    def keep(self, queries: NDArray[np.int64], similar: NDArray[np.float32], index: slice) -> None:
        """Keep those of some queries' similarities to a part of the index that are among the nearest."""
        near = similar.max(axis=1) > self._values[queries].min(axis=1)
        queries, k = queries[near], self._values.shape[1]
        values = np.concatenate([self._values[queries], similar[near]], axis=1)
        of = np.broadcast_to(self._of[index], (len(queries), similar.shape[1]))
        labels = np.concatenate([self._labels[queries], of], axis=1)
        at = np.argpartition(values, -k, axis=1)[:, -k:]
        self._values[queries] = np.take_along_axis(values, at, axis=1)
        self._labels[queries] = np.take_along_axis(labels, at, axis=1)

    def log_odds(self, neighbours: int, temperatures: Sequence[float]) -> list[NDArray[np.float64]]:
        """Return, for each temperature, the logarithm of the odds of the first class, over those of chance.

        They put queries into the order of the confidence itself, which is 1 to all digits of many at once.

        Returns:
            float64 of the precision of float32, shape (queries,).
        """
        order = np.argsort(-self._values, axis=1, kind="stable")[:, :neighbours]
        values, labels = (np.take_along_axis(part, order, axis=1) for part in (self._values, self._labels))
        # A similarity below 0 counts as 0.
        similar = np.maximum(values, 0).astype(np.float64)
        first = np.isfinite(values)
        for at in range(1, similar.shape[1]):
            first[:, at] &= (labels[:, :at] != labels[:, at, None]).all(axis=1)
        others = self.classes - first.sum(axis=1)
        found = []
        for temperature in temperatures:
            near = np.where(first, np.exp(temperature * (similar - similar[:, :1])), 0)[:, 1:].sum(axis=1)
            rest = near + others * np.exp(-temperature * similar[:, 0])
            odds = -np.log(np.maximum(rest / (self.classes - 1), TINY))
            found.append(odds.astype(np.float32).astype(np.float64))
        return found


def choose(by: Confidence, rankings: Rankings, nearest: NearestPictures) -> Choice:
    """Choose neighbours and temperature by the global average precision of validation queries; the first of the best.

    Raises:
        ArtbenchError: No picture of the index belongs with any of them.
    """
    return max(tried(by, rankings, nearest), key=lambda one: one.precision)


def tried(by: Confidence, rankings: Rankings, nearest: NearestPictures) -> list[Choice]:
    """Return every pair of neighbours and temperature that can be chosen, as `choose`, in the order of the lists."""
    found = []
    for neighbours in by.neighbours:
        odds = nearest.log_odds(neighbours, by.temperatures)
        for temperature, similarity in zip(by.temperatures, odds, strict=True):
            precision = replace(rankings, similarity=similarity).pooled_precision
            found.append(Choice(neighbours=neighbours, temperature=temperature, precision=precision))
    if not np.isfinite([one.precision for one in found]).any():
        raise ArtbenchError(
            "no picture of the index belongs with a validation query, so that nothing can be chosen",
            mend="Search it by the cosine, as retrieval-v1 does",
        )
    return [one for one in found if np.isfinite(one.precision)]

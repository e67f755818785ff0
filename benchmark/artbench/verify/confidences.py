"""Compares the confidences of rankings, as The Met has them, with what similarities computed here can make of them.

A record does not say with how many nearest pictures and at which temperature they were made: both were chosen on
validation queries. So each pair that is about as good on these here is tried, and one of them has to give all
confidences on record.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.data.rankings import NOTHING
from artbench.probe.confidence import TINY, Choice

# By how much the global average precision of a pair on validation queries may be below the best: another machine ranks
# some of them otherwise. Of few queries, as many as this count.
_BEHIND, _QUERIES = {"float32": 0.005, "bfloat16": 0.05}, 2
# What float32 leaves of a confidence.
_ROUNDING = 1e-5


class Confidences:
    """Which pairs of neighbours and temperature give the confidences of some queries.

    Args:
        choices: All pairs, with their precisions on validation queries.
        labels: Labels of the index, int64, shape (index,).
        queries: Number of validation queries.
        dtype: Coarsest type that either side computed in.
    """

    def __init__(self, choices: Sequence[Choice], labels: NDArray[np.int64], *, queries: int, dtype: str) -> None:
        least = max(one.precision for one in choices) - max(_BEHIND[dtype], _QUERIES / max(1, queries))
        self._pairs = [one for one in choices if one.precision >= least]
        # A picture that belongs with no other is a class of its own.
        self._of = np.unique(np.where(labels == NOTHING, -2 - np.arange(len(labels)), labels), return_inverse=True)[1]
        self._classes = int(self._of.max()) + 1
        self._given: list[list[bool]] = []

    def compare(self, confidence: float, similar: NDArray[np.float32], wide: NDArray[np.float64]) -> None:
        """Compare the confidence of the next query.

        Args:
            confidence: Its confidence on record.
            similar: Its similarities to all pictures of the index, float32, shape (index,).
            wide: By how much each may differ, float64, shape (index,).
        """
        low, high = similar - wide, similar + wide
        first = int(self._of[int(similar.argmax())])
        within: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        found = []
        for pair in self._pairs:
            if pair.neighbours not in within:
                within[pair.neighbours] = self._of_others(low, high, pair.neighbours, first)
            ends = []
            # The first is most similar, so that the others' are shares of it.
            for others, top in zip(within[pair.neighbours], (high.max(), low.max()), strict=True):
                most = max(0.0, float(top))
                near = np.minimum(1.0, np.exp(pair.temperature * (others - most))).sum()
                rest = near + (self._classes - 1 - len(others)) * np.exp(-pair.temperature * most)
                ends.append(-np.log(max(float(rest) / (self._classes - 1), TINY)))
            slack = _ROUNDING * max(1.0, *map(abs, ends))
            found.append(min(ends) - slack <= confidence <= max(ends) + slack)
        self._given.append(found)

    def differing(self) -> NDArray[np.bool_]:
        """Return which queries have another confidence than the pair gives that most of them agree with."""
        agreeing = np.array(self._given, bool).reshape(len(self._given), len(self._pairs))
        best: NDArray[np.bool_] = ~agreeing[:, int(agreeing.sum(axis=0).argmax())]
        return best

    def _of_others(
        self, low: NDArray[np.float64], high: NDArray[np.float64], k: int, first: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the least and the most similarities of the classes, but the first, among the k nearest pictures.

        A similarity below 0 counts as 0, and so does a class that is not among them.
        """
        k = min(k, len(low))
        surely = low > (-np.partition(-high, k)[k] if k < len(high) else -np.inf)
        perhaps = high >= -np.partition(-low, k - 1)[k - 1]
        ends = []
        for among, values in ((surely, low), (perhaps, high)):
            best = np.zeros(self._classes)
            np.maximum.at(best, self._of[among], np.maximum(values[among], 0))
            ends.append(best)
        counted = np.unique(self._of[perhaps])
        counted = counted[counted != first]
        return ends[0][counted], ends[1][counted]

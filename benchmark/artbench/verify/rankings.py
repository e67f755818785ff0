"""Compares the rankings of a record with those that features extracted here give.

Two machines compute similarities that differ a little, and each changes places by as many pictures as are about as
similar. So a place on record has to lie between those that the picture may have at best and at worst.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.rankings import Rankings, precisions
from artbench.probe.similarities import Pictures
from artbench.protocol import Search
from artbench.verify.confidences import Confidences

# By which share of its length a vector may differ: another machine adds up in another order, and bfloat16 has three
# digits. A cosine then differs by that times the sine of the angle.
TOLERANCE = {"float32": 1e-3, "bfloat16": 3e-2}
# How many times as much what is made of cosines may differ: components of little variance are scaled up, and twice the
# cosine has two means subtracted.
_WHITENED, _SCALED = 4, 4
# What the sums of average precisions differ by.
_ROUNDING = 1e-9
_Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ComparedRankings:
    """How stored rankings differ from those made here.

    Attributes:
        queries: Number of queries that were compared.
        differing: Number of those that can't be had within the tolerance.
        largest: The largest difference of an average precision.
    """

    queries: int
    differing: int
    largest: float

    @property
    def told(self) -> str:
        """How those that differ do, in words that follow them."""
        if self.largest <= _ROUNDING:
            return "places, similarities or what is nearest are others, with the same average precisions"
        return f"their average precisions differ by up to {self.largest:.2g}"


def compare_rankings(
    stored: Rankings,
    labels: NDArray[np.int64],
    similarities: Iterable[NDArray[np.float32]],
    index: Pictures,
    *,
    by: Search,
    dtype: str,
    confidences: Confidences | None = None,
) -> ComparedRankings:
    """Compare the rankings of some queries with their similarities to all of the index.

    Args:
        stored: Rankings on record, of n queries.
        labels: What each query shows, int64, shape (n,).
        similarities: Of each query to all pictures of the index, float32, shape (index,); -inf to itself.
        index: The index.
        by: How it was searched.
        dtype: Coarsest type that either side computed in.
        confidences: Compares confidences that stand in place of similarities; None: similarities do.
    """
    share = TOLERANCE[dtype] * (1 if by.whitening is None else _WHITENED) * (1 if by.csls is None else _SCALED)
    differing, largest = np.zeros(len(labels), bool), 0.0
    for query, similar in enumerate(similarities):
        wide = wide_of_cosines(similar, share) if by.csls is None else np.full(len(similar), share)
        low, high, top = similar - wide, similar + wide, int(similar.argmax())
        belonging = (index.labels == labels[query]) & (labels[query] >= 0) & (similar > -np.inf)
        number = int(belonging.sum())
        # None of those that are surely more similar is the picture itself.
        best = np.maximum(_above(low, high[belonging], "right") + 1, np.arange(1, number + 1))
        worst = _above(high, low[belonging], "left")
        if number:
            here = precisions(_above(similar, similar[belonging], "left"), number)[0]
            largest = max(largest, abs(float(stored.average_precision[query]) - here))
        same = (
            stored.belonging[query] == number
            and bool(np.isin(stored.nearest[query], index.labels[high >= low[top]]))
            and (confidences is not None or abs(float(stored.similarity[query]) - float(similar[top])) <= wide[top])
            and _within(stored, query, best, worst)
        )
        differing[query] = not same
        if confidences is not None:
            confidences.compare(float(stored.similarity[query]), similar, wide)
    if confidences is not None:
        differing |= confidences.differing()
    return ComparedRankings(queries=len(labels), differing=int(differing.sum()), largest=largest)


def wide_of_cosines(similar: NDArray[np.floating], share: float) -> NDArray[np.float64]:
    """Return by how much each cosine may differ, where vectors may by a share of their length."""
    sines = np.sqrt(np.maximum(0, 1 - np.square(np.maximum(similar, -1).astype(np.float64))))
    wide: NDArray[np.float64] = share * (sines + share)
    return wide


def _above(similar: NDArray[np.floating], least: NDArray[np.floating], side: Literal["left", "right"]) -> _Places:
    """Return how many similarities are at least as large as each of some (`left`) or larger (`right`), ascending."""
    return np.sort(len(similar) - np.searchsorted(np.sort(similar), least, side=side)).astype(np.int64)


def _within(stored: Rankings, query: int, best: _Places, worst: _Places) -> bool:
    """Tell whether places and both average precisions can be had between the best and the worst places."""
    number = len(best)
    given = (float(stored.average_precision[query]), float(stored.precision_to_r[query]))
    if not number:
        return bool(np.isnan(given).all())
    places = stored.places[query, : min(number, stored.places.shape[1])]
    kept = len(places)
    if not ((best[:kept] <= places) & (places <= worst[:kept])).all():
        return False
    # Pictures of equal similarity share a place, and the number of hits up to it.
    most = np.minimum(1, np.searchsorted(best, worst, side="right") / best)
    least = np.arange(1, number + 1) / worst
    bounds = ((least.sum(), most.sum()), (least[worst <= number].sum(), most[best <= number].sum()))
    return all(
        low / number - _ROUNDING <= value <= high / number + _ROUNDING
        for value, (low, high) in zip(given, bounds, strict=True)
    )

"""Average precision, exact and interpolated at 11 points."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from artbench.runtime.threads import in_threads, usable_cores

ResultT = TypeVar("ResultT")
_RECALLS = np.linspace(0, 1, 11)
# Tolerance, so that a recall of 3/10 reaches the level 0.3.
_ROUNDING = 1e-6
# Numbers of one array that are in memory at once, on each thread.
_BLOCK = 1 << 21


@dataclass(frozen=True, kw_only=True)
class AveragePrecision:
    """Average precision of several rankings.

    Attributes:
        exact: Mean of the precision at each right answer (scikit-learn's `average_precision_score`); NaN for a
            ranking with no right answer.
        interpolated: Mean over recall 0, 0.1, ..., 1 of the best precision at that recall or above
            (PASCAL VOC 2007, Everingham et al. 2010); NaN for a ranking with no right answer.
    """

    exact: NDArray[np.floating]
    interpolated: NDArray[np.floating]


def average_precision(right: NDArray[np.bool_], scores: NDArray[np.floating]) -> AveragePrecision:
    """Compute the average precision of each row; equal scores share a place, whatever their order.

    Args:
        right: Which answers are right, shape (rankings, answers).
        scores: Scores to rank by, highest first; shape (rankings, answers).

    Returns:
        float64 arrays of shape (rankings,).
    """
    blocks = in_blocks(lambda part: _of_rows(right[part], scores[part]), *right.shape)
    return AveragePrecision(
        exact=np.concatenate([block.exact for block in blocks] or [np.empty(0)]),
        interpolated=np.concatenate([block.interpolated for block in blocks] or [np.empty(0)]),
    )


def in_blocks(work: Callable[[slice], ResultT], rows: int, columns: int) -> list[ResultT]:
    """Return the results for blocks of rows of a matrix, in order; all cores work."""
    step = max(1, _BLOCK // max(1, columns))
    blocks = [slice(start, min(start + step, rows)) for start in range(0, rows, step)]
    if len(blocks) < 2:
        return [work(block) for block in blocks]
    with closing(in_threads(work, blocks, threads=usable_cores())) as results:
        return list(results)


def _of_rows(right: NDArray[np.bool_], scores: NDArray[np.floating]) -> AveragePrecision:
    # Only places of right answers count, which are few: the others are sorted but not followed one by one.
    row, column = np.nonzero(right)
    own = scores[row, column]
    own = own[np.lexsort((-own, row))]
    wanted = np.bincount(row, minlength=len(right))
    ends = np.cumsum(wanted)
    starts = ends - wanted
    among = np.empty(len(own))
    rising = np.sort(scores, axis=1)
    for at in np.flatnonzero(wanted).tolist():
        part = slice(starts[at], ends[at])
        among[part] = right.shape[1] - np.searchsorted(rising[at], own[part], side="left")
    # The place of an answer is the last among those of equal score.
    last = np.flatnonzero(np.append((own[1:] != own[:-1]) | (row[1:] != row[:-1]), np.ones(min(1, len(own)), bool)))
    found = last[np.searchsorted(last, np.arange(len(own)))] - starts[row] + 1
    precision, recall = found / among, found / wanted[row]
    with np.errstate(invalid="ignore"):
        exact = np.bincount(row, precision, minlength=len(right)) / wanted
    some = wanted > 0
    interpolated = np.full(len(right), np.nan)
    if some.any():
        best = [
            np.maximum.reduceat(np.where(recall >= level - _ROUNDING, precision, 0), starts[some]) for level in _RECALLS
        ]
        interpolated[some] = np.mean(best, axis=0)
    return AveragePrecision(exact=exact, interpolated=interpolated)


class Ranking:
    """One ranking whose answers can be weighted, as a bootstrap does.

    Args:
        right: Which answers are right, shape (answers,).
        scores: Scores to rank by, highest first; shape (answers,).
        ones: float32, as many as there are answers; rankings may share them.
    """

    def __init__(
        self, right: NDArray[np.bool_], scores: NDArray[np.floating], ones: NDArray[np.float32] | None = None
    ) -> None:
        # Precision matters only where a right answer stands: the answers from one such place to the next are
        # one segment, and only sums over segments are needed.
        thresholds, segments = _segments(right, scores)
        above = np.flatnonzero(segments < thresholds)
        hits = np.flatnonzero(right)
        ones = np.ones(len(scores), np.float32) if ones is None else ones
        self._all = _summing(segments[above], above, (thresholds, len(scores)), ones)
        self._right = _summing(segments[hits], hits, (thresholds, len(scores)), ones)

    def weighted(self, weights: NDArray[np.float32]) -> AveragePrecision:
        """Compute the average precision if answer i counts `weights[i, b]` times.

        Args:
            weights: Shape (answers, resamples), C-contiguous.

        Returns:
            Arrays of shape (resamples,).
        """
        right = self._right @ weights
        found = np.cumsum(right, axis=0)
        wanted = right.sum(axis=0)
        among = np.cumsum(self._all @ weights, axis=0)
        precision = np.divide(found, among, out=np.zeros_like(found), where=among > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            exact = (right * precision).sum(axis=0) / wanted
            recall = found / wanted
        best = [np.where(recall >= level - _ROUNDING, precision, 0).max(axis=0, initial=0) for level in _RECALLS]
        return AveragePrecision(exact=exact, interpolated=np.where(wanted > 0, np.mean(best, axis=0), np.nan))


def precision_without(
    right: NDArray[np.bool_], scores: NDArray[np.floating], starts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute the exact average precision of one ranking without the answers of each unit.

    Args:
        right: Which answers are right, shape (answers,); the answers of a unit follow each other.
        scores: Scores to rank by, highest first; shape (answers,).
        starts: First answer of each unit, and at last the number of answers, shape (units + 1,).

    Returns:
        Shape (units,); NaN where no right answer is left.
    """
    thresholds, segments = _segments(right, scores)
    every, hits = (np.bincount(some, minlength=thresholds + 1)[:thresholds] for some in (segments, segments[right]))
    among, found = np.cumsum(every), np.cumsum(hits)
    units, width = len(starts) - 1, max(1, _BLOCK // (thresholds + 1))
    without = np.empty(units)
    for first in range(0, units, width):
        ends = starts[first : first + width + 1]
        count, part = len(ends) - 1, slice(ends[0], ends[-1])
        # Cells of a table of segments and units; the last row is of answers below all right ones.
        cells = segments[part] * count + np.repeat(np.arange(count), np.diff(ends))
        here = cells[right[part]]
        removed, lost = (
            np.bincount(some, minlength=(thresholds + 1) * count)[: thresholds * count].reshape(thresholds, count)
            for some in (cells, here)
        )
        left = hits[:, None] - lost
        precision = (found[:, None] - np.cumsum(lost, axis=0)).astype(np.float64)
        np.divide(precision, among[:, None] - np.cumsum(removed, axis=0), out=precision, where=precision > 0)
        with np.errstate(invalid="ignore"):
            without[first : first + count] = np.multiply(precision, left, out=precision).sum(axis=0) / left.sum(axis=0)
    return without


def _segments(right: NDArray[np.bool_], scores: NDArray[np.floating]) -> tuple[int, NDArray[np.int64]]:
    """Return how many different scores right answers have, and how many of them are above each answer's."""
    thresholds = np.unique(scores[right])[::-1]
    return len(thresholds), np.searchsorted(-thresholds, -scores, side="left")


def _summing(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int], ones: NDArray[np.float32]
) -> csr_array:
    numbers = (rows.astype(np.int32), columns.astype(np.int32))
    made = csr_array((ones[: len(rows)], numbers), shape=shape)
    made.data = ones[: len(made.data)]
    return made

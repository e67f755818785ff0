"""Average precision, exact and interpolated at 11 points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

_RECALLS = np.linspace(0, 1, 11)
# Tolerance, so that a recall of 3/10 reaches the level 0.3.
_ROUNDING = 1e-6
_BLOCK = 1 << 22


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
    step = max(1, _BLOCK // max(1, right.shape[1]))
    blocks = [_of_rows(right[at : at + step], scores[at : at + step]) for at in range(0, len(right), step)]
    return AveragePrecision(
        exact=np.concatenate([block.exact for block in blocks] or [np.empty(0)]),
        interpolated=np.concatenate([block.interpolated for block in blocks] or [np.empty(0)]),
    )


def _of_rows(right: NDArray[np.bool_], scores: NDArray[np.floating]) -> AveragePrecision:
    rows, answers = right.shape
    order = np.argsort(-scores, axis=1)
    ranked, scores = np.take_along_axis(right, order, 1), np.take_along_axis(scores, order, 1)
    # The place of an answer is the last among those of equal score.
    last = np.append(scores[:, 1:] != scores[:, :-1], np.ones((rows, 1), bool), axis=1)
    places = np.where(last, np.arange(answers), answers)
    places = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    found = np.take_along_axis(np.cumsum(ranked, axis=1), places, 1)
    precision = found / (places + 1)
    wanted = right.sum(axis=1)
    with np.errstate(invalid="ignore"):
        exact = np.where(ranked, precision, 0).sum(axis=1) / wanted
        recall = found / wanted[:, None]
    best = [np.where(recall >= level - _ROUNDING, precision, 0).max(axis=1, initial=0) for level in _RECALLS]
    return AveragePrecision(exact=exact, interpolated=np.where(wanted > 0, np.mean(best, axis=0), np.nan))


class Ranking:
    """One ranking whose answers can be weighted, as a bootstrap does.

    Args:
        right: Which answers are right, shape (answers,).
        scores: Scores to rank by, highest first; shape (answers,).
    """

    def __init__(self, right: NDArray[np.bool_], scores: NDArray[np.floating]) -> None:
        # Precision matters only where a right answer stands: the answers from one such place to the next are
        # one segment, and only sums over segments are needed.
        thresholds = np.unique(scores[right])[::-1]
        segments = np.searchsorted(-thresholds, -scores, side="left")
        above = np.flatnonzero(segments < len(thresholds))
        hits = np.flatnonzero(right)
        self._all = _summing(segments[above], above, (len(thresholds), len(scores)))
        self._right = _summing(segments[hits], hits, (len(thresholds), len(scores)))

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


def _summing(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)

"""What each image adds to a metric of several labels that is no plain sum over images, for tests that need one."""

import numpy as np
from numpy.typing import NDArray

from artbench.stats.average_precision import average_precision

HAVE_PARTS = ("mean_average_precision", "image_average_precision", "image_average_precision_11_point")


def parts(metric: str, labels: NDArray[np.bool_], scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """What each image adds to a metric, float64, shape (n,).

    Mean average precision is no sum: an image adds what is lost without it, where the number of images that have a
    label stays what it is. By this the one image of a label adds all of the label's precision. Such differences scatter
    a little more than the metric does (Efron and Stein 1981, The jackknife estimate of variance); resamples scatter
    less, since an image that is drawn twice stands twice at one place of the ranking.

    Args:
        metric: One of `HAVE_PARTS`.
        labels: Shape (n, classes).
        scores: Shape (n, classes).
    """
    if metric == "mean_average_precision":
        occurring = np.flatnonzero(labels.any(axis=0))
        added = np.zeros(len(labels))
        for label in occurring:
            added += _lost(labels[:, label], scores[:, label])
        mean: NDArray[np.float64] = added / max(1, len(occurring))
        return mean
    found = average_precision(labels, scores)
    each = found.exact if metric == "image_average_precision" else found.interpolated
    shares: NDArray[np.float64] = np.nan_to_num(each) / max(1, int(np.count_nonzero(~np.isnan(each))))
    return shares


def _lost(right: NDArray[np.bool_], scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """What a ranking's average precision loses without each answer, (answers,); equal scores stand at one place."""
    # Right answers from the top, and how many of all answers and of the right ones stand as high as each of them.
    rising = np.sort(scores[right])
    count = len(rising)
    lower = np.searchsorted(rising, scores, side="right")
    found = count - np.searchsorted(rising, rising[::-1], side="left")
    # Answers that stand at least as high as all but `k` of the right ones, for each k.
    at_least = np.cumsum(np.bincount(lower, minlength=count + 1)[::-1])
    among = at_least[found - 1]
    # Precision at each right answer: as it is, without a wrong answer above it, without another right one.
    fewer = np.maximum(among - 1, 1)
    whole, no_wrong, no_right = (_summed(each) for each in (found / among, found / fewer, (found - 1) / fewer))
    above = count - lower
    # What stands above an answer stays; what stands as high or lower moves up.
    left = whole[above] + np.where(right, no_right[-1] - no_right[above], no_wrong[-1] - no_wrong[above])
    # Its own precision goes with a right answer.
    own = ((found - 1) / fewer)[count - lower[right]]
    left[right] -= own
    lost: NDArray[np.float64] = (whole[-1] - left) / count
    return lost


def _summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the first 0, 1, ... values."""
    return np.append(0.0, np.cumsum(values))

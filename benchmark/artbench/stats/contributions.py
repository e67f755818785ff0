"""Metrics that are sums over images: what each image adds, and all encoders and resamples in one product."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from artbench.data.targets import Labels
from artbench.protocol import Bootstrap
from artbench.stats.average_precision import average_precision
from artbench.stats.bootstrap import resamples
from artbench.stats.multi_label import MultiLabelOutcome, image_f2

BY_CLASS = ("balanced_accuracy", "mean_class_accuracy")
SUMS = ("accuracy", *BY_CLASS, "mean_absolute_error", "sample_f2")
_Weights = NDArray[np.float64]
HAVE_PARTS = ("mean_average_precision", "image_average_precision", "image_average_precision_11_point")


def contributions(
    metric: str, labels: Labels, outputs: NDArray[np.generic], *, thresholds: Mapping[str, float]
) -> NDArray[np.float64]:
    """What each image adds to a metric, float64, shape (n,).

    Args:
        metric: One of `SUMS`.
        labels: As `Split.labels`.
        outputs: Class numbers or years, shape (n,); for `sample_f2` probabilities, shape (n, classes).
        thresholds: By metric, for those that need one.
    """
    if metric == "mean_absolute_error":
        errors: NDArray[np.float64] = np.abs(outputs.astype(np.float64) - labels.astype(np.float64))
        return errors
    if metric == "sample_f2":
        chances = outputs.astype(np.float32)
        outcome = MultiLabelOutcome(labels.astype(bool), chances, thresholds)
        return image_f2(outcome)
    right: NDArray[np.float64] = np.equal(outputs, labels).astype(np.float64)
    return right


def summed(
    metric: str,
    added: NDArray[np.float64],
    *,
    labels: NDArray[np.int64] | None,
    classes: int,
    bootstrap: Bootstrap,
    clusters: Sequence[object] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A metric of several encoders, on the test images and in each resample; the resamples are the same for all.

    For accuracy this is the product of correctness, rows x n, and of how often each image is drawn, n x resamples.

    Args:
        metric: One of `SUMS`.
        added: What the images add (`contributions`), shape (rows, n).
        labels: Class of each image, shape (n,), for the metrics `BY_CLASS`.
        classes: Number of classes of the task.
        bootstrap: How to resample.
        clusters: What each image is resampled with; None: by itself.

    Returns:
        Values, float64, shape (rows,), and values in the resamples, shape (rows, resamples).
    """
    weigh = _weighing(metric, labels, classes)
    n = added.shape[1]
    value = added @ weigh(np.ones((n, 1)))
    drawn = resamples(n, bootstrap=bootstrap, clusters=clusters)
    if metric == "accuracy":
        # Small whole numbers: float32 adds them without an error, in half the time.
        right = added.astype(np.float32)
        sums = [(right @ counts).astype(np.float64) / counts.sum(axis=0, dtype=np.float64) for counts in drawn]
        return value[:, 0], np.concatenate(sums, axis=1)
    return value[:, 0], np.concatenate([added @ weigh(counts.astype(np.float64)) for counts in drawn], axis=1)


def weights_of(metric: str, n: int, *, labels: NDArray[np.int64] | None, classes: int) -> NDArray[np.float64]:
    """What each of the test images weighs, shape (n,): the metric is the sum of what they add, so weighted."""
    return _weighing(metric, labels, classes)(np.ones((n, 1)))[:, 0]


def _weighing(metric: str, labels: NDArray[np.int64] | None, classes: int) -> Callable[[_Weights], _Weights]:
    if metric in BY_CLASS and labels is not None:
        return partial(_per_class, labels=labels, classes=classes, all_=metric == "mean_class_accuracy")
    return _per_image


def _per_image(counts: _Weights) -> _Weights:
    """What an image weighs where all weigh alike, (n, resamples)."""
    weights: _Weights = counts / counts.sum(axis=0)
    return weights


def _per_class(counts: _Weights, *, labels: NDArray[np.int64], classes: int, all_: bool) -> _Weights:
    """What an image weighs where all classes weigh alike: those of the resample, scaled as `mean_class_accuracy`."""
    n = len(labels)
    support = csr_array((np.ones(n), (labels, np.arange(n))), shape=(classes, n)) @ counts
    present = np.count_nonzero(support, axis=0).astype(np.float64)
    scale = len(np.unique(labels)) / classes if all_ else 1.0
    weights: _Weights = counts / np.maximum(support, 1)[labels] * (scale / present)
    return weights


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

"""What each image adds to a metric, so that all encoders and resamples are one matrix product."""

from collections.abc import Mapping, Sequence

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
HAVE_PARTS = ("mean_average_precision", "image_average_precision", "image_average_precision_11_point")


def contributions(
    metric: str, labels: Labels, outputs: NDArray[np.generic], *, thresholds: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return what each image adds to a metric that is a sum, float64, shape (n,).

    Args:
        metric: One of `SUMS`.
        labels: As `Split.labels`.
        outputs: Class numbers or years, shape (n,); for `sample_f2` probabilities, shape (n, classes).
        thresholds: Threshold by metric, for those that need one.
    """
    if metric == "mean_absolute_error":
        return np.asarray(np.abs(outputs.astype(np.float64) - labels.astype(np.float64)))
    if metric == "sample_f2":
        return image_f2(MultiLabelOutcome(labels.astype(bool), outputs.astype(np.float32), thresholds))
    return np.asarray(np.equal(outputs, labels).astype(np.float64))


def summed(
    metric: str,
    added: NDArray[np.float64],
    *,
    labels: NDArray[np.int64] | None,
    classes: int,
    bootstrap: Bootstrap,
    clusters: Sequence[object] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute a metric of several encoders on the test images and in each resample, the same resamples for all.

    Args:
        metric: One of `SUMS`.
        added: What the images add (`contributions`), shape (rows, n).
        labels: Class of each image, shape (n,), for the metrics `BY_CLASS`.
        classes: Number of classes of the task.
        bootstrap: How to resample.
        clusters: Cluster of each image; None if images are resampled one by one.

    Returns:
        Values, float64, shape (rows,), and values in the resamples, shape (rows, resamples).
    """
    n = added.shape[1]
    value = added @ weights_of(metric, n, labels=labels, classes=classes)[:, None]
    drawn = resamples(n, bootstrap=bootstrap, clusters=clusters)
    if metric == "accuracy":
        # float32 adds small whole numbers exactly, in half the time.
        right = added.astype(np.float32)
        sums = [(right @ counts).astype(np.float64) / counts.sum(axis=0, dtype=np.float64) for counts in drawn]
        return value[:, 0], np.concatenate(sums, axis=1)
    weighted = [added @ _weights(counts.astype(np.float64), metric, labels, classes) for counts in drawn]
    return value[:, 0], np.concatenate(weighted, axis=1)


def weights_of(metric: str, n: int, *, labels: NDArray[np.int64] | None, classes: int) -> NDArray[np.float64]:
    """Return the weight of each test image, shape (n,): the metric is the weighted sum of contributions."""
    return _weights(np.ones((n, 1)), metric, labels, classes)[:, 0]


def _weights(
    counts: NDArray[np.float64], metric: str, labels: NDArray[np.int64] | None, classes: int
) -> NDArray[np.float64]:
    """Return the weight of each image in each resample, (n, resamples), from how often it is drawn."""
    if metric not in BY_CLASS or labels is None:
        return np.asarray(counts / counts.sum(axis=0))
    n = len(labels)
    support = csr_array((np.ones(n), (labels, np.arange(n))), shape=(classes, n)) @ counts
    present = np.count_nonzero(support, axis=0).astype(np.float64)
    # As `mean_class_accuracy` is scaled in stats.single_label.
    scale = len(np.unique(labels)) / classes if metric == "mean_class_accuracy" else 1.0
    return np.asarray(counts / np.maximum(support, 1)[labels] * (scale / present))


def parts(metric: str, labels: NDArray[np.bool_], scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return what each image adds to a metric of average precision, float64, shape (n,).

    Mean average precision is not a sum, so the contribution of an image is the loss without it, with the number of
    images per label unchanged: the only image of a label adds all of the label's precision. Such differences scatter
    a little more than the metric does (Efron and Stein 1981, The jackknife estimate of variance). Resamples scatter a
    little less, since an image that is drawn twice takes one place of the ranking twice.

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
        return np.asarray(added / max(1, len(occurring)))
    found = average_precision(labels, scores)
    each = found.exact if metric == "image_average_precision" else found.interpolated
    return np.asarray(np.nan_to_num(each) / max(1, int(np.count_nonzero(~np.isnan(each)))))


def _lost(right: NDArray[np.bool_], scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return what average precision loses without each answer, (answers,); equal scores share a place."""
    # For each right answer from the top: how many right answers, and how many of all, rank at least as high.
    rising = np.sort(scores[right])
    count = len(rising)
    lower = np.searchsorted(rising, scores, side="right")
    found = count - np.searchsorted(rising, rising[::-1], side="left")
    # For each k: answers that rank at least as high as all but k of the right ones.
    at_least = np.cumsum(np.bincount(lower, minlength=count + 1)[::-1])
    among = at_least[found - 1]
    # Precision at each right answer: as it is, without a wrong answer above it, without another right one.
    fewer = np.maximum(among - 1, 1)
    whole, no_wrong, no_right = (_summed(each) for each in (found / among, found / fewer, (found - 1) / fewer))
    above = count - lower
    # Answers above stay in place; those at the same place or below move up.
    left = whole[above] + np.where(right, no_right[-1] - no_right[above], no_wrong[-1] - no_wrong[above])
    # A right answer also loses its own precision.
    own = ((found - 1) / fewer)[count - lower[right]]
    left[right] -= own
    return np.asarray((whole[-1] - left) / count)


def _summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of the first 0, 1, ... values."""
    return np.append(0.0, np.cumsum(values))

"""What is known of a metric in closed form: the share of each image in it, its variance, its largest value."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.specs import MetricSpec
from artbench.stats.measuring import Outcome
from artbench.stats.multi_label import MultiLabelOutcome
from artbench.stats.single_label import SingleLabelOutcome
from artbench.stats.years import YearOutcome

# Each image adds 0 or 1, all with the same weight.
COUNTS = ("accuracy", "top5_accuracy", "within_50_years")
_BY_CLASS = ("balanced_accuracy", "mean_class_accuracy", "macro_f1")
# Each class is joined by so many images that are predicted as well as all, when the variance within it is estimated: a
# class of two images that are both right does not have a variance of 0. With 30 easy classes of two images each,
# balanced accuracy is covered by 97 % with it and by 94.5 % without; between 1 and 4 it matters little.
_PRIOR = 2.0
# Years are told by the year: a smaller distance says nothing.
_YEAR = 1.0


def image_shares(metric: str, labels: Labels, outcome: Outcome, thresholds: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the share of each image in a metric; shape (n,), sum 1."""
    n = len(labels)
    shares: NDArray[np.float64] = np.ones(n)
    if isinstance(outcome, SingleLabelOutcome) and metric in _BY_CLASS:
        classes, predicted = labels.astype(np.int64), outcome.predicted
        support = np.bincount(classes, minlength=outcome.classes)
        weights = np.reciprocal(np.maximum(support, 1).astype(np.float64))
        shares = weights[classes]
        if metric == "macro_f1":
            weights = np.reciprocal(np.maximum(support + np.bincount(predicted, minlength=outcome.classes), 1.0))
            shares = weights[classes] + weights[predicted]
    elif isinstance(outcome, MultiLabelOutcome):
        if metric == "mean_average_precision":
            image, label = np.nonzero(outcome.labels)
            shares = np.bincount(image, (1 / np.maximum(np.bincount(label), 1))[label], minlength=n).astype(np.float64)
        elif metric == "micro_f1":
            wanted, given, _ = outcome.matches(thresholds["micro_f1"])
            shares = (wanted + given).astype(np.float64)
        elif metric.startswith("image_average"):
            shares = (outcome.labels.sum(axis=1) > 0).astype(np.float64)
    total = shares.sum()
    return shares / total if total else np.full(n, 1 / n)


def smoothed_variance(metric: str, labels: Labels, outcome: Outcome, value: float) -> float:
    """Return the variance if all images were independent, smoothed for classes with few images; 0 where unknown."""
    n = len(labels)
    if metric in COUNTS:
        return value * (1 - value) / n
    if metric not in ("balanced_accuracy", "mean_class_accuracy") or not isinstance(outcome, SingleLabelOutcome):
        return 0.0
    classes, count = labels.astype(np.int64), outcome.classes
    support = np.bincount(classes, minlength=count).astype(np.float64)
    hits = np.bincount(classes[outcome.predicted == classes], minlength=count)
    there = support > 0
    occurring = np.count_nonzero(there)
    # As `mean_class_accuracy` is scaled in stats.single_label.
    scale = occurring / count if metric == "mean_class_accuracy" else 1.0
    share = (hits + _PRIOR * value / scale)[there] / (support + _PRIOR)[there]
    return float((share * (1 - share) / support[there]).sum()) / occurring**2 * scale**2


def largest_value(metric: MetricSpec, labels: Labels, outcome: Outcome) -> float:
    """Return the largest value that a metric can have."""
    if isinstance(outcome, YearOutcome):
        return max(_YEAR, float(np.ptp(labels)), float(outcome.errors.max()))
    # A class without test images counts as 0.
    if isinstance(outcome, SingleLabelOutcome) and metric.name == "mean_class_accuracy":
        return len(np.unique(labels)) / outcome.classes
    return 1.0

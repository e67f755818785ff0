"""Every metric of a kind of target without each unit of the test images, for its interval and for paired tests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.specs import TargetKind
from artbench.stats.intervals import LeftOut, carrying, groups_of, leave_out
from artbench.stats.metrics import METRICS, _measurer
from artbench.stats.multi_label import MultiLabelOutcome

# Each class is joined by so many images that are predicted as well as all, when the variance within it is estimated.
_PRIOR = 2.0
PLAIN = ("accuracy", "top5_accuracy", "within_50_years")
CORRECTED = ("macro_f1", "mean_average_precision")
ROUGH = "mean_average_precision_11_point"


def left_out(
    labels: Labels,
    outputs: NDArray[np.floating],
    *,
    target: TargetKind,
    thresholds: Mapping[str, float] | None = None,
    clusters: Sequence[object] | None = None,
    groups: NDArray[np.int64] | None = None,
    units: int = 0,
    only: Sequence[str] | None = None,
) -> dict[str, LeftOut]:
    """Compute every metric for a kind of target on all test images and without each unit of them.

    Args:
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), or years, shape (n, 1).
        target: Kind of target.
        thresholds: Threshold by metric; metrics that need one and have none are left out.
        clusters: Cluster of each image, such as its painter; None for single images.
        groups: Unit of each image where several rounds number units together (`groups_of` over all rounds), (n,).
        units: Number of units over all rounds, with `groups`.
        only: Names of the metrics; None for all.
    """
    given = thresholds or {}
    metrics = [m for m in METRICS.values() if m.target == target and (not m.needs_threshold or m.name in given)]
    metrics = [m for m in metrics if only is None or m.name in only]
    measure = _measurer(metrics, labels, outputs, given)
    values = measure(None)
    n = len(labels)
    singles = groups_of(n)
    alone = [measure(weights) for weights in leave_out(singles)] if n > 1 else []
    own = groups is None
    if groups is None:
        groups = singles if clusters is None else groups_of(clusters)
    units = max(units, int(groups.max()) + 1)
    each = (
        alone if own and clusters is None else [measure(w) for w in leave_out(groups, units=units)] if units > 1 else []
    )
    found: dict[str, LeftOut] = {}
    for metric in metrics:
        name = metric.name
        value = float(values[name][0])
        shares = image_shares(name, labels, outputs, given)
        one_by_one = _influence(alone, name, value)
        found[name] = LeftOut(
            value=value,
            without=np.concatenate([one[name] for one in each]).astype(np.float64) if each else np.full(1, np.nan),
            shares=np.bincount(groups, shares, minlength=units),
            image_squares=float(np.square(shares).sum()),
            single=max(_smoothed(name, labels, outputs, value), float(np.square(one_by_one).sum())),
            carrying=carrying(one_by_one),
            corrected=name in CORRECTED,
            plain=name in PLAIN and clusters is None and own,
        )
    rough, smooth = found.get(ROUGH), found.get("mean_average_precision")
    if rough is not None and smooth is not None:
        # Interpolation takes the best of a few precisions, so that leaving out one image says nothing of many.
        moved = smooth.without - smooth.value + rough.value
        found[ROUGH] = replace(smooth, value=rough.value, without=moved, corrected=False)
    return found


def _influence(each: Sequence[Mapping[str, NDArray[np.floating]]], name: str, value: float) -> NDArray[np.float64]:
    without = np.concatenate([one[name] for one in each]).astype(np.float64) if each else np.full(1, value)
    return np.nan_to_num(value - without)


def image_shares(
    metric: str, labels: Labels, outputs: NDArray[np.floating], thresholds: Mapping[str, float]
) -> NDArray[np.float64]:
    """Return the share of each image in a metric; shape (n,), sum 1."""
    n = len(labels)
    shares = np.ones(n)
    if metric in ("balanced_accuracy", "mean_class_accuracy", "macro_f1"):
        classes = labels.astype(np.int64)
        support = np.bincount(classes, minlength=outputs.shape[1])
        if metric == "macro_f1":
            predicted = outputs.argmax(axis=1)
            both = support + np.bincount(predicted, minlength=outputs.shape[1])
            shares = 1 / both[classes] + 1 / both[predicted]
        else:
            shares = 1 / support[classes]
    elif metric in ("mean_average_precision", "mean_average_precision_11_point"):
        shares = labels @ (1 / np.maximum(labels.sum(axis=0), 1))
    elif metric == "micro_f1":
        wanted, given, _ = MultiLabelOutcome(labels.astype(bool), outputs, thresholds).matches(thresholds["micro_f1"])
        shares = (wanted + given).astype(np.float64)
    elif metric.startswith("image_average"):
        shares = labels.any(axis=1).astype(np.float64)
    total = shares.sum()
    return shares / total if total else np.full(n, 1 / n)


def _smoothed(metric: str, labels: Labels, outputs: NDArray[np.floating], value: float) -> float:
    """Return the variance if all images were independent, smoothed for classes with few images; 0 where unknown."""
    n = len(labels)
    if metric in PLAIN:
        return value * (1 - value) / n
    if metric not in ("balanced_accuracy", "mean_class_accuracy", "macro_f1"):
        return 0.0
    classes = labels.astype(np.int64)
    predicted = outputs.argmax(axis=1)
    count = outputs.shape[1]
    support = np.bincount(classes, minlength=count).astype(np.float64)
    hits = np.bincount(classes[predicted == classes], minlength=count)
    if metric == "macro_f1":
        # F1 is 2 J / (1 + J) of the share J of right images among those of a class or predicted as it (Hand et al. 2021).
        images = support + np.bincount(predicted, minlength=count) - hits
        prior = value / (2 - value)
        there = images > 0
        share = (hits + _PRIOR * prior)[there] / (images + _PRIOR)[there]
        slope = 2 / np.square(1 + share)
        return float((np.square(slope) * share * (1 - share) / images[there]).sum()) / np.count_nonzero(there) ** 2
    there = support > 0
    occurring = np.count_nonzero(there)
    scale = occurring / count if metric == "mean_class_accuracy" else 1.0
    share = (hits + _PRIOR * value / scale)[there] / (support + _PRIOR)[there]
    return float((share * (1 - share) / support[there]).sum()) / occurring**2 * scale**2

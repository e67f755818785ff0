"""Every metric by name, and their values for predictions and for resamples of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Leading, Outputs
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.protocol import Bootstrap
from artbench.specs import TargetKind
from artbench.stats import multi_label, single_label, years
from artbench.stats.bootstrap import Sampled, resamples
from artbench.stats.measuring import measure_all, measured, outcome_of

Unit: TypeAlias = Literal["fraction", "years"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric and its properties.

    Attributes:
        name: Name, such as `balanced_accuracy`.
        target: Kind of target it is for.
        measure: Computes one value per resample from counts (single-label), a weighted outcome (multi-label) or errors
            (year). Its docstring is the metric's definition.
        higher_is_better: Whether more is better.
        unit: `fraction`, in [0, 1], or `years`.
        needs_threshold: Whether it needs the probability from which a label counts as predicted, chosen on validation.
    """

    name: str
    target: TargetKind
    measure: Callable[[Any], NDArray[np.floating]]
    higher_is_better: bool = True
    unit: Unit = "fraction"
    needs_threshold: bool = False

    @property
    def definition(self) -> str:
        """Definition in words, with its source."""
        return (self.measure.__doc__ or "").strip()


def _metric(measure: Callable[[Any], NDArray[np.floating]], target: TargetKind, **rest: Any) -> Metric:
    return Metric(name=measure.__name__, target=target, measure=measure, **rest)


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric(single_label.accuracy, "single-label"),
        _metric(single_label.balanced_accuracy, "single-label"),
        _metric(single_label.mean_class_accuracy, "single-label"),
        _metric(single_label.macro_f1, "single-label"),
        _metric(single_label.top5_accuracy, "single-label"),
        _metric(single_label.expected_calibration_error, "single-label", higher_is_better=False),
        _metric(multi_label.mean_average_precision, "multi-label"),
        _metric(multi_label.mean_average_precision_11_point, "multi-label"),
        _metric(multi_label.image_average_precision, "multi-label"),
        _metric(multi_label.image_average_precision_11_point, "multi-label"),
        _metric(multi_label.sample_f2, "multi-label", needs_threshold=True),
        _metric(multi_label.micro_f1, "multi-label", needs_threshold=True),
        _metric(years.mean_absolute_error, "year", higher_is_better=False, unit="years"),
        _metric(years.within_50_years, "year"),
    )
}
"""Every metric by the name that a task gives it."""


def find_metric(name: str, target: TargetKind) -> Metric:
    """Return a metric by name.

    Raises:
        ArtbenchError: There is no such metric for this kind of target.

    Examples:
        >>> from artbench.stats.metrics import find_metric
        >>> find_metric("accuracy", "single-label").higher_is_better
        True
    """
    metric = METRICS.get(name)
    if metric is None or metric.target != target:
        known = ", ".join(metric.name for metric in METRICS.values() if metric.target == target)
        raise ArtbenchError(f"there is no metric {name!r} for {target} targets", mend=f"There are {known}")
    return metric


def best_thresholds(labels: Labels, outputs: Outputs, *, target: TargetKind) -> dict[str, float]:
    """Choose the best of `THRESHOLDS` on validation images, the first on a tie, for every metric that needs one.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.metrics import best_thresholds
        >>> labels = np.array([[1, 0], [1, 1], [0, 1]], bool)
        >>> probabilities = np.array([[0.9, 0.2], [0.8, 0.6], [0.3, 0.7]])
        >>> sorted(best_thresholds(labels, probabilities, target="multi-label"))
        ['micro_f1', 'sample_f2']
    """
    needing = [metric for metric in METRICS.values() if metric.target == target and metric.needs_threshold]
    if not needing or isinstance(outputs, Leading):
        return {}
    outcome = multi_label.MultiLabelOutcome(labels.astype(bool, copy=False), outputs, {})
    outcome.count(multi_label.THRESHOLDS)

    def value(metric: Metric, threshold: float) -> float:
        return float(metric.measure(outcome.at({metric.name: threshold}).weighted(None))[0])

    return {metric.name: max(multi_label.THRESHOLDS, key=partial(value, metric)) for metric in needing}


def score(metric: Metric, labels: Labels, outputs: Outputs, *, thresholds: Mapping[str, float] | None = None) -> float:
    """Compute the value of one metric, without an interval; NaN if it is undefined.

    Args:
        metric: One of `METRICS`.
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), the leading ones of them, or years, shape (n, 1).
        thresholds: Threshold by metric, for metrics that need one.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.metrics import METRICS, score
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
        >>> score(METRICS["accuracy"], np.array([0, 1, 1, 0]), probabilities)
        0.75
    """
    return float(measured([metric], outcome_of(labels, outputs, thresholds or {}).weighted(None))[metric.name][0])


def sample(
    labels: Labels,
    outputs: Outputs,
    *,
    target: TargetKind,
    bootstrap: Bootstrap,
    thresholds: Mapping[str, float] | None = None,
    clusters: Sequence[object] | None = None,
) -> dict[str, Sampled]:
    """Compute every metric for a kind of target, on the test images and in each resample of them.

    Args:
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), the leading ones of them, or years, shape (n, 1).
        target: Kind of target.
        bootstrap: How to resample.
        thresholds: Threshold by metric; metrics that need one and have none are left out.
        clusters: Cluster of each image, such as its painter, to be resampled as a whole; None for single images.

    Raises:
        ArtbenchError: There are no images, or a metric is undefined because no image has a label.

    Examples:
        >>> import numpy as np
        >>> from artbench.protocol import Bootstrap
        >>> from artbench.stats.metrics import sample
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
        >>> bootstrap = Bootstrap(resamples=100)
        >>> drawn = sample(np.array([0, 1, 1, 0]), probabilities, target="single-label", bootstrap=bootstrap)
        >>> drawn["accuracy"].value, drawn["accuracy"].resampled.shape
        (0.75, (100,))
    """
    thresholds = thresholds or {}
    metrics = [m for m in METRICS.values() if m.target == target and (not m.needs_threshold or m.name in thresholds)]
    outcome, values = measure_all(metrics, labels, outputs, thresholds=thresholds)
    drawn = [
        measured(metrics, outcome.weighted(weights))
        for weights in resamples(len(labels), bootstrap=bootstrap, clusters=clusters)
    ]
    return {
        name: Sampled(value=float(value[0]), resampled=np.concatenate([resample[name] for resample in drawn]))
        for name, value in values.items()
    }

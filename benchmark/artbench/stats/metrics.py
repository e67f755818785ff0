"""Every metric by name, and their values with intervals for one set of predictions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.protocol import Bootstrap
from artbench.specs import TargetKind
from artbench.stats import multi_label, single_label, years
from artbench.stats.bootstrap import Estimate, Sampled, combine, resamples

Unit: TypeAlias = Literal["fraction", "years"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What is known of a metric.

    Attributes:
        name: `balanced_accuracy`.
        target: The kind of target it is for.
        measure: From counts (single-label), a weighted outcome (multi-label) or errors (year) to one value a
            resample; its docstring is the metric's definition.
        higher_is_better: Its direction.
        unit: `fraction`, in [0, 1], or `years`.
        needs_threshold: Whether it needs the probability from which a label counts as predicted, which is
            chosen on validation.
    """

    name: str
    target: TargetKind
    measure: Callable[[Any], NDArray[np.floating]]
    higher_is_better: bool = True
    unit: Unit = "fraction"
    needs_threshold: bool = False

    @property
    def definition(self) -> str:
        """In words, with its source."""
        return (self.measure.__doc__ or "").strip()


def _registry(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: Mapping[str, Metric] = _registry(
    Metric(name="accuracy", target="single-label", measure=single_label.accuracy),
    Metric(name="balanced_accuracy", target="single-label", measure=single_label.balanced_accuracy),
    Metric(name="mean_class_accuracy", target="single-label", measure=single_label.mean_class_accuracy),
    Metric(name="macro_f1", target="single-label", measure=single_label.macro_f1),
    Metric(name="top5_accuracy", target="single-label", measure=single_label.top5_accuracy),
    Metric(
        name="expected_calibration_error",
        target="single-label",
        measure=single_label.expected_calibration_error,
        higher_is_better=False,
    ),
    Metric(name="mean_average_precision", target="multi-label", measure=multi_label.mean_average_precision),
    Metric(
        name="mean_average_precision_11_point",
        target="multi-label",
        measure=multi_label.mean_average_precision_11_point,
    ),
    Metric(name="image_average_precision", target="multi-label", measure=multi_label.image_average_precision),
    Metric(
        name="image_average_precision_11_point",
        target="multi-label",
        measure=multi_label.image_average_precision_11_point,
    ),
    Metric(name="sample_f2", target="multi-label", measure=multi_label.sample_f2, needs_threshold=True),
    Metric(name="micro_f1", target="multi-label", measure=multi_label.micro_f1, needs_threshold=True),
    Metric(
        name="mean_absolute_error",
        target="year",
        measure=years.mean_absolute_error,
        higher_is_better=False,
        unit="years",
    ),
    Metric(name="within_50_years", target="year", measure=years.within_50_years),
)
"""Every metric by the name that a task gives it."""


def find_metric(name: str, target: TargetKind) -> Metric:
    """The metric of that name.

    Raises:
        ArtbenchError: There is none for this kind of target.

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


def best_thresholds(labels: Labels, outputs: NDArray[np.floating], *, target: TargetKind) -> dict[str, float]:
    """For every metric that needs one, the threshold that serves it best on these images: those of validation.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.metrics import best_thresholds
        >>> labels = np.array([[1, 0], [1, 1], [0, 1]], bool)
        >>> probabilities = np.array([[0.9, 0.2], [0.8, 0.6], [0.3, 0.7]])
        >>> sorted(best_thresholds(labels, probabilities, target="multi-label"))
        ['micro_f1', 'sample_f2']
    """
    return {
        metric.name: multi_label.best_threshold(metric.name, metric.measure, labels.astype(bool), outputs)
        for metric in METRICS.values()
        if metric.target == target and metric.needs_threshold
    }


def score(
    metric: Metric, labels: Labels, outputs: NDArray[np.floating], *, thresholds: Mapping[str, float] | None = None
) -> float:
    """The value of one metric, as one looks at on validation; NaN where it has none.

    Args:
        metric: Of `METRICS`.
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), or years, shape (n, 1).
        thresholds: By metric; may be left out for a metric that needs none.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.metrics import METRICS, score
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
        >>> score(METRICS["accuracy"], np.array([0, 1, 1, 0]), probabilities)
        0.75
    """
    return float(_measurer([metric], labels, outputs, thresholds or {})(None)[metric.name][0])


def evaluate(
    labels: Labels,
    outputs: NDArray[np.floating],
    *,
    target: TargetKind,
    bootstrap: Bootstrap,
    thresholds: Mapping[str, float] | None = None,
    clusters: Sequence[object] | None = None,
) -> dict[str, Estimate]:
    """Every metric for this kind of target, with its interval: `sample` and `combine` in one.

    Raises:
        ArtbenchError: As `sample`.

    Examples:
        >>> import numpy as np
        >>> from artbench.protocol import Bootstrap
        >>> from artbench.stats.metrics import evaluate
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
        >>> bootstrap = Bootstrap(resamples=100)
        >>> found = evaluate(np.array([0, 1, 1, 0]), probabilities, target="single-label", bootstrap=bootstrap)
        >>> found["accuracy"]
        Estimate(value=0.75, ci95=(0.25, 1.0))
    """
    drawn = sample(labels, outputs, target=target, bootstrap=bootstrap, thresholds=thresholds, clusters=clusters)
    return combine([drawn], bootstrap=bootstrap)


def sample(
    labels: Labels,
    outputs: NDArray[np.floating],
    *,
    target: TargetKind,
    bootstrap: Bootstrap,
    thresholds: Mapping[str, float] | None = None,
    clusters: Sequence[object] | None = None,
) -> dict[str, Sampled]:
    """Every metric for this kind of target, on the test images and in each resample of them.

    Args:
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), or years, shape (n, 1).
        target: Which kind they are.
        bootstrap: How intervals are made.
        thresholds: By metric, for those that need one; without, these metrics are left out.
        clusters: What each image is resampled with, such as its painter; None: by itself.

    Raises:
        ArtbenchError: There is no image, or a metric has no value because no image has a label.

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
    if not len(labels):
        raise ArtbenchError("there are no test images to score", mend="Check the task's test split")
    given = thresholds or {}
    metrics = [m for m in METRICS.values() if m.target == target and (not m.needs_threshold or m.name in given)]
    measure = _measurer(metrics, labels, outputs, given)
    values = measure(None)
    undefined = [name for name, value in values.items() if np.isnan(value).any()]
    if undefined:
        raise ArtbenchError(f"{undefined[0]} has no value: no test image has a label", mend="Check the task's labels")
    drawn = [measure(weights) for weights in resamples(len(labels), bootstrap=bootstrap, clusters=clusters)]
    return {
        name: Sampled(value=float(value[0]), resampled=np.concatenate([resample[name] for resample in drawn]))
        for name, value in values.items()
    }


_Measurer = Callable[[NDArray[np.float32] | None], dict[str, NDArray[np.floating]]]


def _measurer(
    metrics: Sequence[Metric], labels: Labels, outputs: NDArray[np.floating], thresholds: Mapping[str, float]
) -> _Measurer:
    """What gives the metrics' values, (resamples,), for weights on the images; None: each image once."""
    outcome: single_label.SingleLabelOutcome | multi_label.MultiLabelOutcome | years.YearOutcome
    if labels.dtype == np.float64:
        outcome = years.YearOutcome(labels.astype(np.float64), outputs)
    elif labels.ndim == 1:
        outcome = single_label.SingleLabelOutcome(labels.astype(np.int64), outputs)
    else:
        outcome = multi_label.MultiLabelOutcome(labels.astype(bool), outputs, thresholds)

    def measure(weights: NDArray[np.float32] | None) -> dict[str, NDArray[np.floating]]:
        weighted = outcome.weighted(weights)
        # A mean of fractions can leave [0, 1] by a rounding error.
        return {
            metric.name: np.clip(metric.measure(weighted), 0, 1 if metric.unit == "fraction" else None)
            for metric in metrics
        }

    return measure

"""Values of metrics for labels and predictions, with weights on the images or without some of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Leading, Outputs
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError, plugin_errors
from artbench.runtime.untrusted import memory_limit
from artbench.specs import Factory, MetricSpec, load_factory
from artbench.stats.multi_label import MultiLabelOutcome
from artbench.stats.single_label import SingleLabelOutcome
from artbench.stats.years import YearOutcome

Outcome: TypeAlias = SingleLabelOutcome | MultiLabelOutcome | YearOutcome


def outcome_of(labels: Labels, outputs: Outputs, thresholds: Mapping[str, float]) -> Outcome:
    """Return labels and predictions as the metrics of their kind of target take them."""
    if labels.dtype != np.float64 and labels.ndim == 1:
        return SingleLabelOutcome(labels.astype(np.int64), outputs)
    assert not isinstance(outputs, Leading)
    if labels.dtype == np.float64:
        return YearOutcome(labels.astype(np.float64), outputs)
    return MultiLabelOutcome(labels.astype(bool, copy=False), outputs, thresholds)


def measure_of(metric: MetricSpec) -> Callable[[Any], Any]:
    """Return what computes a metric; its module is imported once."""
    return _loaded(metric.measure)


@lru_cache(maxsize=256)
def _loaded(factory: Factory[[Any], Any]) -> Callable[[Any], Any]:
    # What a check allows is for records of others, not for the libraries that a metric imports.
    with memory_limit(None):
        return load_factory(factory)


def measured(metrics: Sequence[MetricSpec], weighted: Any) -> dict[str, NDArray[np.floating]]:
    """Return the values of metrics for an outcome with weights, shape (resamples,).

    Raises:
        ArtbenchError: A metric fails, or returns something else: that of a plugin which takes `counts` for answers.
    """
    found: dict[str, NDArray[np.floating]] = {}
    for metric in metrics:
        with plugin_errors(f"metric {metric.name}, of counts,"):
            values = measure_of(metric)(weighted)
            if np.ndim(values) != 1:
                raise ValueError("it returns no array of a number for each resample")
            # A mean of fractions can leave [0, 1] by a rounding error.
            found[metric.name] = np.clip(values, *metric.bounds)
    return found


def check_images(labels: Labels) -> None:
    """Raise ArtbenchError if there are no images."""
    if not len(labels):
        raise ArtbenchError("there are no test images to score", mend="Check the task's test split")


def measure_all(
    metrics: Sequence[MetricSpec], labels: Labels, outputs: Outputs, *, thresholds: Mapping[str, float]
) -> tuple[Outcome, dict[str, NDArray[np.floating]]]:
    """Return what metrics are computed from, and their values on all images, each of shape (1,).

    Raises:
        ArtbenchError: There are no images, or a metric is undefined because no image has a label.
    """
    check_images(labels)
    outcome = outcome_of(labels, outputs, thresholds)
    values = measured(metrics, outcome.weighted(None))
    undefined = [name for name, value in values.items() if np.isnan(value).any()]
    if undefined:
        raise ArtbenchError(f"{undefined[0]} has no value: no test image has a label", mend="Check the task's labels")
    return outcome, values

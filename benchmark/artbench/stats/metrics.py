"""Every metric by name, and their values for predictions and for resamples of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from artbench.data.answers import Answers
from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.outputs import Answered, Leading, Outputs
from artbench.data.rankings import Rankings
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.plugins.known import known_metrics, target_named
from artbench.protocol import Bootstrap
from artbench.specs import MetricSpec, TargetKind
from artbench.stats import multi_label
from artbench.stats.bootstrap import Sampled, resamples
from artbench.stats.measuring import measure_all, measure_of, measured, outcome_of
from artbench.stats.plain import is_counted, plain_value, resampled


class _Metrics(Mapping[str, MetricSpec]):
    """The metrics of the plugins that are loaded; the installed ones are loaded if none are yet."""

    def __getitem__(self, name: str) -> MetricSpec:
        return known_metrics()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(known_metrics())

    def __len__(self) -> int:
        return len(known_metrics())


METRICS: Mapping[str, MetricSpec] = _Metrics()
"""Every metric that plugins have registered, by the name that a task gives it."""


def ordered_metrics(name: str) -> tuple[int, str]:
    """Return the key by which metrics are ordered in tables: as plugins have registered them, unknown ones last.

    Examples:
        >>> from artbench.stats.metrics import ordered_metrics
        >>> sorted(["unheard_of", "macro_f1", "accuracy"], key=ordered_metrics)
        ['accuracy', 'macro_f1', 'unheard_of']
    """
    return {known: number for number, known in enumerate(METRICS)}.get(name, len(METRICS)), name


def metrics_of(target: TargetKind, more: Sequence[str] = ()) -> list[MetricSpec]:
    """Return the metrics that every task of a kind of target has, and then those named in `more`.

    Raises:
        ArtbenchError: No plugin here registers the kind, or a metric for it.

    Examples:
        >>> from artbench.stats.metrics import metrics_of
        >>> [metric.name for metric in metrics_of("year")]
        ['mean_absolute_error', 'within_50_years']
    """
    return [find_metric(name, target) for name in dict.fromkeys((*target_named(target).metrics, *more))]


def find_metric(name: str, target: TargetKind) -> MetricSpec:
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
        raise ArtbenchError(f"there is no metric {name!r} for {target} targets", mend=f"There are {known or 'none'}")
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
    needing = [metric for metric in metrics_of(target) if metric.needs_threshold]
    if not needing or isinstance(outputs, Leading):
        return {}
    outcome = multi_label.MultiLabelOutcome(labels.astype(bool, copy=False), outputs, {})
    outcome.count(multi_label.THRESHOLDS)

    def value(metric: MetricSpec, threshold: float) -> float:
        return float(measure_of(metric)(outcome.at({metric.name: threshold}).weighted(None))[0])

    return {metric.name: max(multi_label.THRESHOLDS, key=partial(value, metric)) for metric in needing}


def score(
    metric: MetricSpec, labels: Labels, outputs: Answered, *, thresholds: Mapping[str, float] | None = None
) -> float:
    """Compute the value of one metric, without an interval; NaN if it is undefined.

    Args:
        metric: One of `METRICS`.
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), the leading ones of them, years, shape (n, 1), or rankings.
        thresholds: Threshold by metric, for metrics that need one.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.metrics import METRICS, score
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
        >>> score(METRICS["accuracy"], np.array([0, 1, 1, 0]), probabilities)
        0.75
    """
    if isinstance(outputs, Rankings | Neighbourhoods) or not is_counted(metric):
        return plain_value(metric, Answers.of(labels, outputs))
    return float(measured([metric], outcome_of(labels, outputs, thresholds or {}).weighted(None))[metric.name][0])


def sample(
    labels: Labels,
    outputs: Answered,
    *,
    target: TargetKind,
    bootstrap: Bootstrap,
    thresholds: Mapping[str, float] | None = None,
    clusters: Sequence[object] | None = None,
    more: Sequence[str] = (),
) -> dict[str, Sampled]:
    """Compute every metric of a kind of target, on the test images and in each resample of them.

    Args:
        labels: As `Split.labels`.
        outputs: Probabilities, shape (n, classes), the leading ones of them, years, shape (n, 1), or rankings.
        target: Kind of target.
        bootstrap: How to resample.
        thresholds: Threshold by metric; metrics that need one and have none are left out.
        clusters: Cluster of each image, such as its painter, to be resampled as a whole; None for single images.
        more: Names of further metrics. Without resamples of those that have no interval.

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
    metrics = [m for m in metrics_of(target, more) if not m.needs_threshold or m.name in thresholds]
    found: dict[str, Sampled] = {}
    if not isinstance(outputs, Rankings | Neighbourhoods):
        counted = [metric for metric in metrics if is_counted(metric)]
        outcome, values = measure_all(counted, labels, outputs, thresholds=thresholds)
        drawn = [
            measured(counted, outcome.weighted(weights))
            for weights in resamples(len(labels), bootstrap=bootstrap, clusters=clusters)
        ]
        found = {
            name: Sampled(value=float(value[0]), resampled=np.concatenate([resample[name] for resample in drawn]))
            for name, value in values.items()
        }
    plain = [metric for metric in metrics if not is_counted(metric)]
    answers = Answers.of(labels, outputs) if plain else None
    for metric in plain:
        assert answers is not None
        again = resampled(metric, answers, bootstrap=bootstrap, clusters=clusters)
        found[metric.name] = Sampled(value=plain_value(metric, answers, defined=True), resampled=again)
    return found

"""Metrics for any number of labels per image, against scikit-learn or a plain reference."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, fbeta_score, label_ranking_average_precision_score

from artbench.stats.average_precision import average_precision
from artbench.stats.metrics import METRICS, best_thresholds, metrics_of, score
from artbench.stats.multi_label import THRESHOLDS, MultiLabelOutcome

Labels = NDArray[np.bool_]
Probabilities = NDArray[np.float32]


def by_class(labels: Labels, probabilities: Probabilities) -> float:
    there = labels.any(axis=0)
    return float(average_precision_score(labels[:, there], probabilities[:, there], average="macro"))


def by_image(labels: Labels, probabilities: Probabilities) -> float:
    some = labels.any(axis=1)
    return float(label_ranking_average_precision_score(labels[some], probabilities[some]))


def mean_11_point(labels: Labels, probabilities: Probabilities) -> float:
    there = labels.any(axis=1)
    return float(np.mean(average_precision(labels[there], probabilities[there]).interpolated))


REFERENCES: dict[str, Callable[[Labels, Probabilities], float]] = {
    "mean_average_precision": by_class,
    "mean_average_precision_11_point": lambda labels, p: mean_11_point(labels.T, p.T),
    "image_average_precision": by_image,
    "image_average_precision_11_point": mean_11_point,
    "sample_f2": lambda labels, p: fbeta_score(labels, p >= 0.3, beta=2, average="samples", zero_division=0),
    "micro_f1": lambda labels, p: f1_score(labels, p >= 0.3, average="micro", zero_division=0),
}


def predictions(*, n: int = 300, classes: int = 12, seed: int = 0) -> tuple[Labels, Probabilities]:
    """Labels of every frequency, one of them absent; some images without any; ties."""
    random = np.random.default_rng(seed)
    labels = random.random((n, classes)) < np.linspace(0, 0.6, classes)
    labels[::20] = False
    probabilities = np.round(np.clip(labels * 0.3 + random.random((n, classes)) * 0.7, 0, 1), 2)
    return labels, probabilities.astype(np.float32)


def test_every_metric_has_a_reference_here() -> None:
    assert REFERENCES.keys() == {metric.name for metric in metrics_of("multi-label")}


@pytest.mark.parametrize("name", REFERENCES)
def test_agrees_with_the_reference(name: str) -> None:
    labels, probabilities = predictions()
    assert not labels[:, 0].any()
    assert score(METRICS[name], labels, probabilities, thresholds={name: 0.3}) == pytest.approx(
        REFERENCES[name](labels, probabilities)
    )


@pytest.mark.parametrize("name", ["sample_f2", "micro_f1"])
def test_the_threshold_is_the_best_of_those_tried(name: str) -> None:
    labels, probabilities = predictions()
    best = best_thresholds(labels, probabilities, target="multi-label")[name]
    values = {t: score(METRICS[name], labels, probabilities, thresholds={name: t}) for t in THRESHOLDS}
    assert values[best] == max(values.values())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_thresholds_are_counted_in_one_pass_as_one_by_one(dtype: type[np.floating]) -> None:
    labels, probabilities = predictions()
    # Some lie on a threshold, as numbers of either precision.
    probabilities[::3, ::2] = np.float32(THRESHOLDS[7])
    probabilities = probabilities.astype(dtype)
    outcome = MultiLabelOutcome(labels, probabilities, {})
    outcome.count(THRESHOLDS)
    for threshold in THRESHOLDS:
        above = probabilities >= threshold
        for counted, expected in zip(outcome.matches(threshold), (labels, above, above & labels), strict=True):
            np.testing.assert_array_equal(counted, expected.sum(axis=1))


def test_nothing_predicted_is_worth_nothing() -> None:
    labels, probabilities = predictions()
    for name in ("sample_f2", "micro_f1"):
        assert score(METRICS[name], labels, 0 * probabilities, thresholds={name: 0.5}) == 0


def test_thresholds_reach_down_to_where_rare_labels_are_predicted() -> None:
    random = np.random.default_rng(0)
    labels = random.random((400, 5)) < 0.02
    probabilities = (0.002 + 0.01 * labels + 0.001 * random.random(labels.shape)).astype(np.float32)
    best = best_thresholds(labels, probabilities, target="multi-label")["micro_f1"]
    assert score(METRICS["micro_f1"], labels, probabilities, thresholds={"micro_f1": best}) == 1


def test_without_a_label_there_is_no_average_precision() -> None:
    labels = np.zeros((4, 3), bool)
    probabilities = np.full((4, 3), 0.5, np.float32)
    assert np.isnan(score(METRICS["mean_average_precision"], labels, probabilities))

"""Metrics for one class per image, against scikit-learn, or their definition where it has none."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score, top_k_accuracy_score

from artbench.plugins.loading import load_plugins
from artbench.stats.metrics import METRICS, score

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float32]


def calibration_error(labels: Labels, probabilities: Probabilities) -> float:
    """As Guo et al. 2017 write it: bins ((m - 1) / 15, m / 15], and the gap between accuracy and confidence."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    error = 0.0
    for bin_ in range(15):
        inside = (confidence > bin_ / 15) & (confidence <= (bin_ + 1) / 15)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


def top5(labels: Labels, probabilities: Probabilities) -> float:
    return float(top_k_accuracy_score(labels, probabilities, k=5, labels=range(probabilities.shape[1])))


REFERENCES: dict[str, Callable[[Labels, Probabilities], float]] = {
    "accuracy": lambda labels, p: accuracy_score(labels, p.argmax(1)),
    "balanced_accuracy": lambda labels, p: recall_score(
        labels, p.argmax(1), labels=np.unique(labels), average="macro", zero_division=0
    ),
    "mean_class_accuracy": lambda labels, p: recall_score(
        labels, p.argmax(1), labels=range(p.shape[1]), average="macro", zero_division=0
    ),
    "macro_f1": lambda labels, p: f1_score(labels, p.argmax(1), average="macro", zero_division=0),
    "top5_accuracy": top5,
    "expected_calibration_error": calibration_error,
}


def predictions(
    *, n: int = 500, classes: int = 9, absent: tuple[int, ...] = (), seed: int = 0
) -> tuple[Labels, Probabilities]:
    """Unbalanced classes, predicted rightly about half the time."""
    random = np.random.default_rng(seed)
    occurring = [k for k in range(classes) if k not in absent]
    weights = np.arange(1, len(occurring) + 1) / np.arange(1, len(occurring) + 1).sum()
    labels = random.choice(occurring, n, p=weights).astype(np.int64)
    logits = random.normal(size=(n, classes))
    logits[np.arange(n), labels] += 1.5
    return labels, softmax(logits)


def softmax(logits: NDArray[np.float64]) -> Probabilities:
    exponentials = np.exp(logits)
    chances: Probabilities = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)
    return chances


def test_every_metric_has_a_reference_here() -> None:
    specs = [spec for _, spec in load_plugins(only="").metrics.specs()]
    assert REFERENCES.keys() == {spec.name for spec in specs if spec.target == "single-label"}


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("absent", [(), (0,), (3, 8)], ids=["all classes", "first absent", "two absent"])
def test_agrees_with_the_reference(name: str, absent: tuple[int, ...]) -> None:
    labels, probabilities = predictions(absent=absent)
    assert score(METRICS[name], labels, probabilities) == pytest.approx(
        REFERENCES[name](labels, probabilities), abs=1e-6
    )


def test_balanced_accuracy_is_scikit_learns_where_every_predicted_class_occurs() -> None:
    labels, probabilities = predictions()
    expected = balanced_accuracy_score(labels, probabilities.argmax(1))
    assert score(METRICS["balanced_accuracy"], labels, probabilities) == pytest.approx(expected)


def test_a_class_that_is_absent_from_labels_and_predictions_leaves_macro_f1_alone() -> None:
    labels, probabilities = predictions(classes=4)
    wider = np.pad(probabilities, ((0, 0), (0, 3)))
    f1, f1_wider = (score(METRICS["macro_f1"], labels, given) for given in (probabilities, wider))
    assert f1 == f1_wider


def test_mean_class_accuracy_counts_classes_without_test_images_as_nothing() -> None:
    labels = np.array([0, 0, 1])
    probabilities = np.eye(4, dtype=np.float32)[labels]
    assert score(METRICS["mean_class_accuracy"], labels, probabilities) == pytest.approx(0.5)
    assert score(METRICS["balanced_accuracy"], labels, probabilities) == 1


@pytest.mark.parametrize("name", REFERENCES)
def test_of_equal_probabilities_the_first_class_is_the_more_probable(name: str) -> None:
    labels = np.arange(8).repeat(3)
    even = np.full((24, 8), 1 / 8, np.float32)
    values = {
        "accuracy": 1 / 8,
        "balanced_accuracy": 1 / 8,
        "mean_class_accuracy": 1 / 8,
        "macro_f1": (2 * 3 / (24 + 3)) / 8,
        "top5_accuracy": 5 / 8,
        "expected_calibration_error": 0,
    }
    assert score(METRICS[name], labels, even) == pytest.approx(values[name], abs=1e-6)


def test_top_five_of_five_classes_is_always_right() -> None:
    labels, probabilities = predictions(classes=5)
    assert score(METRICS["top5_accuracy"], labels, probabilities) == 1


def test_confidence_that_is_wrong_in_both_directions_is_reported_bin_by_bin() -> None:
    # Where all bins are off in one direction, the error is the same however many bins there are.
    random = np.random.default_rng(0)
    confidence = random.uniform(0.1, 1, 4000)
    predicted = random.integers(0, 20, 4000)
    probabilities = np.repeat((1 - confidence)[:, None] / 19, 20, axis=1)
    probabilities[np.arange(4000), predicted] = confidence
    right = (15 * confidence).astype(int) % 2 == 0
    labels = np.where(right, predicted, (predicted + 1) % 20)
    given = probabilities.astype(np.float32)
    expected = calibration_error(labels, given)
    assert expected > abs(right.mean() - confidence.mean()) + 0.1
    assert score(METRICS["expected_calibration_error"], labels, given) == pytest.approx(expected, abs=1e-6)


def test_a_bin_of_confidence_includes_its_upper_end() -> None:
    # 0.2 is the end of the third bin, 0.21 is in the fourth: the first image is right, the second is not.
    probabilities = np.array([[0.2] * 5, [0.21, 0.2, 0.2, 0.2, 0.19]], np.float32)
    error = score(METRICS["expected_calibration_error"], np.array([0, 1]), probabilities)
    assert error == pytest.approx((0.8 + 0.21) / 2)


def test_certainty_and_none_fall_into_bins_of_confidence() -> None:
    labels = np.array([0, 1])
    probabilities = np.array([[1, 0], [0, 0]], np.float32)
    # The first is certain and right; the second, of confidence 0, is wrong (class 0 comes first).
    assert score(METRICS["expected_calibration_error"], labels, probabilities) == 0


def test_every_metric_names_its_definition_and_its_source() -> None:
    for _, metric in load_plugins(only="").metrics.specs():
        assert len(metric.definition) > 40, metric.name
        assert re.search(r"scikit-learn's |\b(19|20)\d\d\b", metric.definition), metric.name

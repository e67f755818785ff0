"""Tables by class, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_fscore_support

from artbench.stats.per_class import class_table, confusion, ranking_table

RANDOM = np.random.default_rng(0)
CLASSES = ["a", "b", "c", "never"]


def test_single_label_tables_are_scikit_learns() -> None:
    labels, predicted = RANDOM.integers(0, 3, 200), RANDOM.integers(0, 3, 200)
    one_hot = np.eye(4, dtype=bool)
    table = class_table(one_hot[labels], one_hot[predicted], classes=CLASSES)
    expected = precision_recall_fscore_support(labels, predicted, labels=range(4), zero_division=0)
    for name, column in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert table[name] == pytest.approx(column), name
    assert table["class"].tolist() == CLASSES
    assert table["predicted"].tolist() == np.bincount(predicted, minlength=4).tolist()


def test_the_confusion_matrix_is_scikit_learns_without_its_zeros() -> None:
    labels, predicted = RANDOM.integers(0, 3, 20), RANDOM.integers(0, 3, 20)
    table = confusion(labels, predicted, classes=CLASSES)
    matrix = np.zeros((4, 4), int)
    for target, prediction, count in zip(*table.values(), strict=True):
        matrix[CLASSES.index(target), CLASSES.index(prediction)] = count
    np.testing.assert_array_equal(matrix, confusion_matrix(labels, predicted, labels=range(4)))
    assert min(table["count"].tolist()) > 0


def test_average_precision_by_class_is_scikit_learns() -> None:
    labels, scores = RANDOM.random((200, 4)) < [0.1, 0.3, 0.5, 0], RANDOM.random((200, 4))
    table = ranking_table(labels, scores)
    for k in range(3):
        assert table["average_precision"][k] == pytest.approx(average_precision_score(labels[:, k], scores[:, k]))
    assert np.isnan(table["average_precision"][3])
    assert np.isnan(table["average_precision_11_point"][3])

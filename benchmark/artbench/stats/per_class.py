"""Tables of the scores of each class, and the confusion matrix."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.stats.average_precision import average_precision

Columns: TypeAlias = Mapping[str, NDArray[np.generic]]


def class_table(labels: NDArray[np.bool_], predicted: NDArray[np.bool_], *, classes: Sequence[str]) -> Columns:
    """Compute precision, recall and F1 of each class, as scikit-learn's `precision_recall_fscore_support`.

    Args:
        labels: Whether an image has a class, shape (n, classes).
        predicted: Whether the class is predicted, shape (n, classes).
        classes: Names of the classes.

    Returns:
        Columns of length `classes`: `class`, `support` (images with it), `predicted` (images predicted as it),
        `precision`, `recall`, `f1`; each 0 where it would be 0 / 0.
    """
    return _table(labels.sum(axis=0), predicted.sum(axis=0), (labels & predicted).sum(axis=0), classes=classes)


def single_class_table(labels: NDArray[np.int64], predicted: NDArray[np.int64], *, classes: Sequence[str]) -> Columns:
    """Compute `class_table` for one class per image.

    Args:
        labels: Class of each image, shape (n,).
        predicted: Class predicted, shape (n,).
        classes: Names of the classes.
    """
    counts = (np.bincount(some, minlength=len(classes)) for some in (labels, predicted, labels[labels == predicted]))
    return _table(*counts, classes=classes)


def _table(
    support: NDArray[np.int64], assigned: NDArray[np.int64], both: NDArray[np.int64], *, classes: Sequence[str]
) -> Columns:
    return {
        "class": np.array(classes, object),
        "support": support,
        "predicted": assigned,
        "precision": _share(both, assigned),
        "recall": _share(both, support),
        "f1": _share(2 * both, support + assigned),
    }


def ranking_table(labels: NDArray[np.bool_], scores: NDArray[np.floating]) -> Columns:
    """Compute average precision of each class, exact and interpolated at 11 points; NaN for a class without images.

    Args:
        labels: Whether an image has a class, shape (n, classes).
        scores: Shape (n, classes).
    """
    found = average_precision(labels.T, scores.T)
    return {"average_precision": found.exact, "average_precision_11_point": found.interpolated}


def confusion(labels: NDArray[np.int64], predicted: NDArray[np.int64], *, classes: Sequence[str]) -> Columns:
    """Compute the confusion matrix, as a list of the pairs that occur.

    Args:
        labels: Shape (n,).
        predicted: Shape (n,).
        classes: Names of the classes.

    Returns:
        Columns `target`, `prediction` (names) and `count`, sorted by the classes' numbers.
    """
    pairs, counts = np.unique(labels * len(classes) + predicted, return_counts=True)
    names = np.array(classes, object)
    return {"target": names[pairs // len(classes)], "prediction": names[pairs % len(classes)], "count": counts}


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)

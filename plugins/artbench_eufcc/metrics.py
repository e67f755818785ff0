"""How well the labels of an image are in front of all others; an image without any label does not count."""

import numpy as np
from numpy.typing import NDArray

from artbench.data import Answers


def label_r_precision(answers: Answers) -> NDArray[np.float64]:
    """Mean over images of the share of their R labels among the R most probable: that of each, float64, shape (n,)."""
    places, counts = _places(answers)
    return _mean(places <= counts[:, None], answers)


def label_hit_at_1(answers: Answers) -> NDArray[np.float64]:
    """Share of images of which the most probable label is right: 0 or 1 for each, float64, shape (n,)."""
    return _hit(answers, 1)


def label_hit_at_10(answers: Answers) -> NDArray[np.float64]:
    """Share of images of which one of the ten most probable labels is right: 0 or 1 for each, float64, shape (n,)."""
    return _hit(answers, 10)


def mean_label_rank(answers: Answers) -> NDArray[np.float64]:
    """Mean over images of the mean place of their labels, from 1: that of each, float64, shape (n,)."""
    return _mean(_places(answers)[0], answers)


def _hit(answers: Answers, k: int) -> NDArray[np.float64]:
    labels = answers.labels.astype(bool)
    hits = (labels & (_places(answers)[0] <= k)).any(axis=1)
    return np.where(labels.any(axis=1), hits, np.nan)


def _mean(values: NDArray[np.generic], answers: Answers) -> NDArray[np.float64]:
    """Return the mean of the values of each image's labels; NaN without any."""
    labels = answers.labels.astype(bool)
    counts = labels.sum(axis=1)
    sums = np.where(labels, values.astype(np.float64), 0).sum(axis=1)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return means


def _places(answers: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place of every label of every image, of equal ones the last, and how many labels each image has."""
    assert answers.confidence is not None
    places = np.empty(answers.confidence.shape, np.int64)
    for place, confidence in zip(places, answers.confidence, strict=True):
        place[:] = len(confidence) - np.searchsorted(np.sort(confidence), confidence, side="left")
    return places, answers.labels.sum(axis=1).astype(np.int64)

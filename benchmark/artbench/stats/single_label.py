"""Metrics of predictions with one class per image, from weighted counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from artbench.data.outputs import Leading, Outputs

CALIBRATION_BINS = 15
_TOP = 5
# Counts that are in memory at once.
_BLOCK = 1 << 22


class SingleLabelOutcome:
    """Labels and predictions, as a sparse matrix of what the metrics count.

    Args:
        labels: int64, shape (n,), in [0, classes).
        outputs: Probabilities, floats, shape (n, classes), or the leading ones of them. The most probable class is
            predicted, the first on a tie.

    Attributes:
        predicted: Class predicted, shape (n,).
        confidence: Its probability, shape (n,).
        bins: Bin of the confidence, below `CALIBRATION_BINS`, shape (n,).
        gaps: Confidence less 1 where the prediction is right, shape (n,).
    """

    def __init__(self, labels: NDArray[np.int64], outputs: Outputs) -> None:
        leading = outputs if isinstance(outputs, Leading) else Leading.of(outputs)
        n, self.classes = len(leading), leading.count
        self._occurring = len(np.unique(labels))
        predicted = leading.classes[:, 0]
        near = (leading.classes[:, :_TOP] == labels[:, None]).any(axis=1) | (self.classes <= _TOP)
        self.predicted, self.confidence = predicted, leading.probabilities[:, 0]
        confidence, correct = self.confidence, predicted == labels
        # Equal-width bins that are open on the left, as in Guo et al.; a confidence of 0 falls into the first.
        bins = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1, 0, CALIBRATION_BINS - 1)
        self.bins, self.gaps = bins, confidence.astype(np.float64) - correct
        # Blocks of rows: support, hits, predicted, gaps, top.
        starts = self.classes * np.array([0, 1, 2, 3, 3]) + [0, 0, 0, 0, CALIBRATION_BINS]
        rows = np.stack([labels, labels, predicted, bins, np.zeros(n, np.int64)]) + starts[:, None]
        values = np.stack([np.ones(n), correct, np.ones(n), confidence - correct, near]).astype(np.float32)
        columns = np.broadcast_to(np.arange(n), rows.shape)
        shape = 3 * self.classes + CALIBRATION_BINS + 1, n
        self._counter = csr_array((values.ravel(), (rows.ravel(), columns.ravel())), shape=shape)

    def weighted(self, weights: NDArray[np.float32] | None) -> "SingleLabelCounts":
        """Return counts if image i counts `weights[i, b]` times; None: once, in one resample."""
        return self._counts(self._counter @ (np.ones((self._counter.shape[1], 1)) if weights is None else weights))

    def without(self, units: NDArray[np.int64], count: int) -> "Iterator[SingleLabelCounts]":
        """Yield counts without each of `count` units, a column each, some at a time; image i belongs to `units[i]`."""
        counter = self._counter.astype(np.float64)
        members = csr_array((np.ones(len(units)), (np.arange(len(units)), units)), shape=(len(units), count))
        every, removed = counter.sum(axis=1)[:, None], (counter @ members).tocsc()
        step = max(1, _BLOCK // len(every))
        for start in range(0, count, step):
            yield self._counts(every - removed[:, start : start + step].toarray())

    def _counts(self, sums: NDArray[np.floating]) -> "SingleLabelCounts":
        support, hits, predicted, gaps, top = np.split(
            sums, np.cumsum([self.classes, self.classes, self.classes, CALIBRATION_BINS])
        )
        return SingleLabelCounts(
            support=support, hits=hits, predicted=predicted, gaps=gaps, top=top[0], occurring=self._occurring
        )


@dataclass(frozen=True, kw_only=True)
class SingleLabelCounts:
    """Weighted counts, one column per resample.

    Attributes:
        support: Images of each class, (classes, resamples).
        hits: Correctly predicted images of each class, (classes, resamples).
        predicted: Images predicted as each class, (classes, resamples).
        gaps: Sum of confidence minus correctness in each bin of confidence, (bins, resamples).
        top: Images whose class is among the five most probable, (resamples,).
        occurring: Number of classes that occur in the test.
    """

    support: NDArray[np.floating]
    hits: NDArray[np.floating]
    predicted: NDArray[np.floating]
    gaps: NDArray[np.floating]
    top: NDArray[np.floating]
    occurring: int

    @cached_property
    def total(self) -> NDArray[np.floating]:
        """Number of images, (resamples,)."""
        return _sum(self.support)


def accuracy(counts: SingleLabelCounts) -> NDArray[np.floating]:
    """Share of images whose most probable class is theirs. As scikit-learn's `accuracy_score`."""
    return _share(_sum(counts.hits), counts.total)


def top5_accuracy(counts: SingleLabelCounts) -> NDArray[np.floating]:
    """Share of images whose class is among the five most probable; 1 where there are no more than five.

    The measure of ILSVRC (Russakovsky et al. 2015). As scikit-learn's `top_k_accuracy_score(k=5)`, but for equal
    probabilities, of which the class listed first comes first.
    """
    return _share(counts.top, counts.total)


def balanced_accuracy(counts: SingleLabelCounts) -> NDArray[np.floating]:
    """Mean over the classes that occur in the test of the share predicted rightly.

    Brodersen et al. 2010. As scikit-learn's `balanced_accuracy_score`.
    """
    return _mean(_share(counts.hits, counts.support), counts.support > 0)


def mean_class_accuracy(counts: SingleLabelCounts) -> NDArray[np.floating]:
    """Mean over all classes of the task of the share predicted rightly; a class without test images counts as 0.

    Equal to balanced accuracy where every class occurs in the test. As scikit-learn's
    `recall_score(average="macro", labels=range(classes), zero_division=0)`.
    """
    return balanced_accuracy(counts) * counts.occurring / len(counts.support)


def macro_f1(counts: SingleLabelCounts) -> NDArray[np.floating]:
    """Mean of the F1 scores of the classes that occur among labels or predictions.

    The averaged F1 of Opitz and Burst 2019, not the F1 of averages. As scikit-learn's `f1_score(average="macro")`.
    """
    both = counts.support + counts.predicted
    return _mean(_share(2 * counts.hits, both), both > 0)


def expected_calibration_error(counts: SingleLabelCounts) -> NDArray[np.floating]:
    """Mean distance between confidence and accuracy over 15 equal-width bins of confidence (Guo et al. 2017)."""
    return _share(_sum(np.abs(counts.gaps)), counts.total)


def _sum(values: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(values.sum(axis=0))


def _share(part: NDArray[np.floating], whole: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def _mean(values: NDArray[np.floating], present: NDArray[np.bool_]) -> NDArray[np.floating]:
    return _share(_sum(values), np.count_nonzero(present, axis=0).astype(np.float64))

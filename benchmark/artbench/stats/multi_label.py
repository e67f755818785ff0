"""Metrics of predictions with any number of labels per image."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from artbench.stats.average_precision import AveragePrecision, Ranking, average_precision

# Thresholds tried on validation: finely where the probabilities of rare labels lie.
THRESHOLDS = tuple(np.unique(np.concatenate([np.geomspace(0.001, 0.1, 21), np.linspace(0.1, 0.95, 35)])).tolist())
# Units left out whose weights are in memory at once.
_BLOCK = 128


class MultiLabelOutcome:
    """Labels and predictions.

    Args:
        labels: bool, shape (n, classes).
        probabilities: Floats, shape (n, classes).
        thresholds: Probability from which a label counts as predicted, by metric.
    """

    def __init__(
        self, labels: NDArray[np.bool_], probabilities: NDArray[np.floating], thresholds: Mapping[str, float]
    ) -> None:
        self.labels, self.probabilities, self.thresholds = labels, probabilities, thresholds

    @cached_property
    def by_class(self) -> AveragePrecision:
        """Average precision of each class: how high the images with that label rank."""
        return average_precision(self.labels.T, self.probabilities.T)

    @cached_property
    def by_image(self) -> AveragePrecision:
        """Average precision of each image: how high its labels rank."""
        return average_precision(self.labels, self.probabilities)

    @cached_property
    def rankings(self) -> list[Ranking]:
        """Ranking of the images for each class that occurs."""
        occurring = np.flatnonzero(self.labels.any(axis=0))
        return [Ranking(self.labels[:, k], self.probabilities[:, k]) for k in occurring]

    def matches(self, threshold: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Count the labels of each image, those predicted, and those in both; each of shape (n,)."""
        predicted = self.probabilities >= threshold
        return self.labels.sum(axis=1), predicted.sum(axis=1), (predicted & self.labels).sum(axis=1)

    def weighted(self, weights: NDArray[np.float32] | None) -> "WeightedOutcome":
        """Weight the images: image i counts `weights[i, b]` times; None: once, in one resample."""
        return WeightedOutcome(outcome=self, weights=weights)

    def without(self, units: NDArray[np.int64], count: int) -> "Iterator[WeightedOutcome]":
        """Yield the outcome without each of `count` units, some at a time; image i belongs to `units[i]`."""
        for start in range(0, count, _BLOCK):
            yield self.weighted((units[:, None] != np.arange(start, min(start + _BLOCK, count))).astype(np.float32))


@dataclass(frozen=True)
class WeightedOutcome:
    """An outcome with weights on its images: float32, shape (n, resamples), or None for one resample of ones."""

    outcome: MultiLabelOutcome
    weights: NDArray[np.float32] | None

    @cached_property
    def by_class(self) -> AveragePrecision:
        """Means over the classes that occur in a resample, (resamples,)."""
        if self.weights is None:
            each = self.outcome.by_class
            return AveragePrecision(exact=_mean(each.exact[:, None]), interpolated=_mean(each.interpolated[:, None]))
        every = [ranking.weighted(self.weights) for ranking in self.outcome.rankings]
        return AveragePrecision(
            exact=_mean(np.stack([one.exact for one in every])),
            interpolated=_mean(np.stack([one.interpolated for one in every])),
        )

    def mean(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the weighted mean over images of values, shape (n,), ignoring NaN; shape (resamples,)."""
        with np.errstate(invalid="ignore"):
            mean: NDArray[np.floating] = self.sum(np.nan_to_num(values)) / self.sum(~np.isnan(values))
        return mean

    def sum(self, values: NDArray[np.generic]) -> NDArray[np.floating]:
        """Return the weighted sum over images of values, shape (n,); shape (resamples,)."""
        exact = values.astype(np.float64)
        return np.asarray(exact.sum(keepdims=True) if self.weights is None else exact @ self.weights)


def mean_average_precision(weighted: WeightedOutcome) -> NDArray[np.floating]:
    """Mean of the exact average precision over the classes that occur in the test.

    As scikit-learn's `average_precision_score(average="macro")` on those classes.
    """
    return weighted.by_class.exact


def mean_average_precision_11_point(weighted: WeightedOutcome) -> NDArray[np.floating]:
    """Mean of the 11-point interpolated average precision over the classes that occur in the test.

    The measure of the Rijksmuseum Challenge (Mensink and van Gemert 2014).
    """
    return weighted.by_class.interpolated


def image_average_precision(weighted: WeightedOutcome) -> NDArray[np.floating]:
    """Mean over the images with any label of how exactly its labels rank first among all.

    As scikit-learn's `label_ranking_average_precision_score` on those images, which counts ties likewise.
    """
    return weighted.mean(weighted.outcome.by_image.exact)


def image_average_precision_11_point(weighted: WeightedOutcome) -> NDArray[np.floating]:
    """As image_average_precision, with 11-point interpolation (Mensink and van Gemert 2014, "image-wise")."""
    return weighted.mean(weighted.outcome.by_image.interpolated)


def sample_f2(weighted: WeightedOutcome) -> NDArray[np.floating]:
    """Mean over images of F2 at the threshold that was best on validation; 0 where nothing is right.

    The metric of the iMet Collection competitions. As scikit-learn's
    `fbeta_score(beta=2, average="samples", zero_division=0)`.
    """
    return weighted.mean(image_f2(weighted.outcome))


def image_f2(outcome: MultiLabelOutcome) -> NDArray[np.float64]:
    """Return F2 of each image at the threshold for `sample_f2`, (n,)."""
    labels, predicted, both = outcome.matches(outcome.thresholds["sample_f2"])
    whole = 4 * labels + predicted
    return np.asarray(np.divide(5 * both, whole, out=np.zeros(len(whole)), where=whole > 0))


def micro_f1(weighted: WeightedOutcome) -> NDArray[np.floating]:
    """F1 over all pairs of image and label at the threshold that was best on validation.

    As scikit-learn's `f1_score(average="micro")`.
    """
    matches = weighted.outcome.matches(weighted.outcome.thresholds["micro_f1"])
    labels, predicted, both = map(weighted.sum, matches)
    whole = labels + predicted
    return np.asarray(np.divide(2 * both, whole, out=np.zeros(len(both)), where=whole > 0))


def _mean(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the mean over the first axis, ignoring NaN; NaN if all are."""
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.floating] = np.where(present, values, 0).sum(axis=0) / present.sum(axis=0)
    return mean

"""Metrics of predictions with any number of labels per image."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.stats.average_precision import (
    AveragePrecision,
    Ranking,
    average_precision,
    in_blocks,
    precision_without,
)

# Thresholds tried on validation: finely where the probabilities of rare labels lie.
THRESHOLDS = tuple(np.unique(np.concatenate([np.geomspace(0.001, 0.1, 21), np.linspace(0.1, 0.95, 35)])).tolist())
# Labels of each image, those predicted, and those in both; each of shape (n,).
_Matches: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


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
        self._matches: dict[float, _Matches] = {}

    def at(self, thresholds: Mapping[str, float]) -> "MultiLabelOutcome":
        """Return the same with other thresholds; what has been counted is kept."""
        other = copy.copy(self)
        other.thresholds = thresholds
        return other

    @cached_property
    def by_class(self) -> AveragePrecision:
        """Average precision of each class: how high the images with that label rank."""
        return average_precision(self.labels.T, self.probabilities.T)

    @cached_property
    def by_image(self) -> AveragePrecision:
        """Average precision of each image: how high its labels rank."""
        return average_precision(self.labels, self.probabilities)

    @cached_property
    def occurring(self) -> NDArray[np.int64]:
        """Numbers of the classes that occur."""
        return np.flatnonzero(self.labels.any(axis=0))

    @cached_property
    def rankings(self) -> list[Ranking]:
        """Ranking of the images for each class that occurs."""
        ones = np.ones(len(self.labels), np.float32)

        def made(part: slice) -> list[Ranking]:
            classes = self.occurring[part]
            right, scores = self.labels[:, classes].T, self.probabilities[:, classes].T
            return [Ranking(*each, ones) for each in zip(right, scores, strict=True)]

        return [ranking for some in in_blocks(made, len(self.occurring), len(self.labels)) for ranking in some]

    def matches(self, threshold: float) -> _Matches:
        """Count the labels of each image, those predicted, and those in both; each of shape (n,)."""
        if threshold not in self._matches:
            self.count([threshold])
        return self._matches[threshold]

    def count(self, thresholds: Sequence[float]) -> None:
        """Count the matches at rising thresholds, in one pass over the predictions."""
        # As numbers of the predictions' precision, which a comparison with one of them takes them for.
        edges = np.array(thresholds, self.probabilities.dtype)
        columns = len(edges) + 1

        def counted(part: slice) -> tuple[NDArray[np.int32], ...]:
            labels = self.labels[part]
            rows = len(labels)
            # How many thresholds each probability reaches.
            reached = np.searchsorted(edges, self.probabilities[part], side="right")
            reached += columns * np.arange(rows)[:, None]
            every = (np.bincount(some.ravel(), minlength=rows * columns) for some in (reached, reached[labels]))
            above = (_at_least(some.reshape(rows, columns)) for some in every)
            return labels.sum(axis=1, dtype=np.int32), *above

        parts = in_blocks(counted, *self.labels.shape)
        labels, predicted, both = (np.concatenate(some, axis=-1) for some in zip(*parts, strict=True))
        for at, threshold in enumerate(thresholds):
            self._matches[threshold] = labels, predicted[at], both[at]

    def weighted(self, weights: NDArray[np.float32] | None) -> "WeightedOutcome":
        """Weight the images: image i counts `weights[i, b]` times; None: once, in one resample."""
        return WeightedOutcome(outcome=self, weights=weights)

    def without(self, units: NDArray[np.int64], count: int) -> "Iterator[OutcomeWithout]":
        """Yield the outcome without each of `count` units; image i belongs to `units[i]`."""
        yield OutcomeWithout(outcome=self, units=units, count=count)


@dataclass(frozen=True)
class WeightedOutcome:
    """An outcome with weights on its images: float32, shape (n, resamples), or None for one resample of ones."""

    outcome: MultiLabelOutcome
    weights: NDArray[np.float32] | None

    @cached_property
    def by_class(self) -> AveragePrecision:
        """Means over the classes that occur in a resample, (resamples,)."""
        weights = self.weights
        if weights is None:
            each = self.outcome.by_class
            return AveragePrecision(exact=_mean(each.exact[:, None]), interpolated=_mean(each.interpolated[:, None]))
        rankings = self.outcome.rankings

        def weighted(part: slice) -> list[AveragePrecision]:
            return [ranking.weighted(weights) for ranking in rankings[part]]

        every = [one for some in in_blocks(weighted, len(rankings), weights.size) for one in some]
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


@dataclass(frozen=True)
class OutcomeWithout:
    """An outcome without each of `count` units; image i belongs to `units[i]`, int64, shape (n,).

    Attributes:
        outcome: All of it.
    """

    outcome: MultiLabelOutcome
    units: NDArray[np.int64]
    count: int

    @cached_property
    def by_class(self) -> AveragePrecision:
        """Means over the classes that are left, (count,); not interpolated, which nothing needs."""
        outcome = self.outcome
        order = np.argsort(self.units, kind="stable")
        starts = np.searchsorted(self.units[order], np.arange(self.count + 1))

        def left(part: slice) -> list[NDArray[np.float64]]:
            classes = outcome.occurring[part]
            right, scores = outcome.labels[:, classes].T[:, order], outcome.probabilities[:, classes].T[:, order]
            return [precision_without(*each, starts) for each in zip(right, scores, strict=True)]

        sums, present = np.zeros(self.count), np.zeros(self.count)
        for some in in_blocks(left, len(outcome.occurring), len(order)):
            for exact in some:
                present += ~np.isnan(exact)
                sums += np.nan_to_num(exact)
        with np.errstate(invalid="ignore"):
            mean = sums / present
        return AveragePrecision(exact=mean, interpolated=np.full(self.count, np.nan))

    def mean(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the mean over the images that are left of values, shape (n,), ignoring NaN; shape (count,)."""
        known = self.sum(~np.isnan(values))
        whole = self.sum(np.nan_to_num(values))
        return np.asarray(np.divide(whole, known, out=np.full(self.count, np.nan), where=known > 0))

    def sum(self, values: NDArray[np.generic]) -> NDArray[np.floating]:
        """Return the sum over the images that are left of values, shape (n,); shape (count,)."""
        exact = values.astype(np.float64)
        return np.asarray(exact.sum() - np.bincount(self.units, exact, minlength=self.count))


def mean_average_precision(weighted: WeightedOutcome | OutcomeWithout) -> NDArray[np.floating]:
    """Mean of the exact average precision over the classes that occur in the test.

    As scikit-learn's `average_precision_score(average="macro")` on those classes.
    """
    return weighted.by_class.exact


def mean_average_precision_11_point(weighted: WeightedOutcome | OutcomeWithout) -> NDArray[np.floating]:
    """Mean of the 11-point interpolated average precision over the classes that occur in the test.

    The measure of the Rijksmuseum Challenge (Mensink and van Gemert 2014).
    """
    return weighted.by_class.interpolated


def image_average_precision(weighted: WeightedOutcome | OutcomeWithout) -> NDArray[np.floating]:
    """Mean over the images with any label of how exactly its labels rank first among all.

    As scikit-learn's `label_ranking_average_precision_score` on those images, which counts ties likewise.
    """
    return weighted.mean(weighted.outcome.by_image.exact)


def image_average_precision_11_point(weighted: WeightedOutcome | OutcomeWithout) -> NDArray[np.floating]:
    """As image_average_precision, with 11-point interpolation (Mensink and van Gemert 2014, "image-wise")."""
    return weighted.mean(weighted.outcome.by_image.interpolated)


def sample_f2(weighted: WeightedOutcome | OutcomeWithout) -> NDArray[np.floating]:
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


def micro_f1(weighted: WeightedOutcome | OutcomeWithout) -> NDArray[np.floating]:
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


def _at_least(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return how many reach each threshold or more, (thresholds, rows), from how many reach exactly so many."""
    return np.cumsum(counts[:, :0:-1], axis=1)[:, ::-1].T.astype(np.int32, order="C")

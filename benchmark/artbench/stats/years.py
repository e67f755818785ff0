"""Metrics of predicted years."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NEAR = 50


class YearOutcome:
    """Distances between true and predicted years.

    Args:
        years: float64, shape (n,).
        predicted: Floats, shape (n, 1).

    Attributes:
        errors: Distances, shape (n,).
    """

    def __init__(self, years: NDArray[np.float64], predicted: NDArray[np.floating]) -> None:
        self.errors = errors = np.abs(predicted[:, 0].astype(np.float64) - years)
        self._sums = np.stack([errors, errors <= _NEAR, np.ones(len(errors))])

    def weighted(self, weights: NDArray[np.float32] | None) -> "YearErrors":
        """Return sums if image i counts `weights[i, b]` times; None: once, in one resample."""
        error, near, total = self._sums.sum(axis=1, keepdims=True) if weights is None else self._sums @ weights
        return YearErrors(error=error, near=near, total=total)

    def without(self, units: NDArray[np.int64], count: int) -> "Iterator[YearErrors]":
        """Yield sums without each of `count` units, a column each; image i belongs to `units[i]`."""
        rows = [row.sum() - np.bincount(units, row, minlength=count) for row in self._sums]
        yield YearErrors(error=rows[0], near=rows[1], total=rows[2])


@dataclass(frozen=True, kw_only=True)
class YearErrors:
    """Weighted sums, (resamples,), of distances, images within 50 years (`near`) and all images."""

    error: NDArray[np.floating]
    near: NDArray[np.floating]
    total: NDArray[np.floating]


def mean_absolute_error(errors: YearErrors) -> NDArray[np.floating]:
    """Mean distance in years between the predicted and the true year.

    The measure of the Rijksmuseum Challenge (Mensink and van Gemert 2014). As scikit-learn's `mean_absolute_error`.
    """
    return errors.error / errors.total


def within_50_years(errors: YearErrors) -> NDArray[np.floating]:
    """Share of images whose predicted year is at most 50 years from the true one.

    The cumulative score of Geng et al. 2007 (there of ages) at 50 years.
    """
    return errors.near / errors.total

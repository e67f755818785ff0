"""Intervals for a number such as a year: as wide as it takes to hold a share of those that were not fitted on.

Conformal prediction from cross-validated residuals: Vovk, "Cross-conformal predictors", Annals of Mathematics and
Artificial Intelligence 74 (2015); Barber, Candès, Ramdas and Tibshirani, "Predictive inference with the jackknife+",
Annals of Statistics 49 (2021).
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from artbench.probe.out_of_fold import HeldOutFold


def margin_of(folds: Iterable[HeldOutFold], truth: NDArray[np.float64], *, coverage: float) -> float | None:
    """Return how far intervals must reach to either side; None if there are too few images for the coverage.

    It is the ceil((n + 1) * coverage)-th smallest of n out-of-fold errors.

    Args:
        folds: Probes, each with the images that it was not fitted on.
        truth: The number of each image, shape (n,).
        coverage: Share of images whose number should lie in its interval, in (0, 1).
    """
    errors = np.sort(np.concatenate([np.empty(0), *(_errors(fold, truth) for fold in folds)]))
    place = math.ceil((len(errors) + 1) * coverage)
    return float(errors[place - 1]) if place <= len(errors) else None


def _errors(fold: HeldOutFold, truth: NDArray[np.float64]) -> NDArray[np.float64]:
    blocks = [block @ fold.weight + fold.bias for block in fold.rows.blocks()]
    return np.abs(np.concatenate(blocks) - truth[fold.positions])

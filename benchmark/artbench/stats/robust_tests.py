"""Paired tests that hold for encoders whose errors have unlike shapes, from a metric without each unit.

Two encoders may be equally good, one by many small errors and the other by few large ones. Their differences are then
skewed, and Student's t and sign flips find an order too often.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from artbench.stats.intervals import degrees_of_freedom

# The skewness of few differences is underestimated, since the long tail is rarely in the sample: more is tried too.
_MORE_SKEW = 1.5


# Units on which an encoder may fail although none of the test's did: 95 % certain (1 - 3 / n)^n, the rule of three.
_UNSEEN = 3.0


def robust_p(
    values: NDArray[np.float64],
    influence: NDArray[np.float64],
    shares: NDArray[np.float64],
    *,
    fraction: bool,
) -> NDArray[np.float64]:
    """Compute two-sided p values of every pair of encoders.

    The largest of three counts: Student's t, and its cubic transformation that removes the first effect of the
    skewness (Hall 1992), with the skewness as estimated and half more. Degrees of freedom follow from the fourth
    moment of the differences, and are at most those of unequal clusters. No p is below that of the sign test of as many
    units.

    Args:
        values: The metric, shape (rows,).
        influence: What each unit adds to it (`LeftOut.influence`), shape (rows, units).
        shares: Share of each unit in the metric, shape (units,).
        fraction: Whether the metric lies in [0, 1]. Then the variance of a difference is at least that of fractions of
            which a share of 3 / units is correlated wholly within units: twenty painters don't show that an encoder
            does not fail on one in twenty (the rule of three: Hanley and Lippman-Hand 1983).

    Returns:
        Shape (pairs,), in the order of `numpy.triu_indices(rows, 1)`.
    """
    rows, units = influence.shape
    first, _ = np.triu_indices(rows, 1)
    p = np.ones(len(first))
    if units < 3:
        return p
    binomial = values * (1 - values)
    floor = float(np.square(shares).sum()) * min(1.0, _UNSEEN / units)
    most = min(degrees_of_freedom(shares), units - 1.0)
    for row in range(rows - 1):
        pairs = first == row
        difference = influence[row] - influence[row + 1 :]
        least = np.maximum(binomial[row], binomial[row + 1 :]) * floor if fraction else np.zeros(len(difference))
        p[pairs] = _p(values[row] - values[row + 1 :], difference, most, least)
    return np.clip(p, 0.5 ** min(units - 1, 1000), 1)


def _p(
    value: NDArray[np.float64], difference: NDArray[np.float64], most: float, least: NDArray[np.float64]
) -> NDArray[np.float64]:
    units = difference.shape[1]
    squares = np.square(difference)
    seen = squares.sum(axis=1)
    same = np.maximum(seen, value**2) <= 1e-24
    safe = np.maximum(seen, 1e-300)
    error = np.sqrt(np.maximum(safe, least))
    t = np.minimum(np.abs(value) / error, 1e6) * np.sign(value)
    # The variance of a variance, of as many units with this kurtosis, is that of a normal one with so many degrees.
    kurtosis = units * np.square(squares).sum(axis=1) / np.maximum(safe**2, 1e-300)
    df = np.clip(2 * units / np.maximum(kurtosis - 1, 1e-9), 1.0, most)
    centred = difference - difference.mean(axis=1, keepdims=True)
    skew = (centred**3).sum(axis=1) / np.maximum(error, 1e-12) ** 3 * (np.sqrt(units * (units - 1)) / (units - 2))
    found = [2 * stdtr(df, -np.abs(t))]
    found += [2 * stdtr(df, -np.abs(t + s / 3 * t**2 + s**2 / 27 * t**3 + s / 6)) for s in (skew, _MORE_SKEW * skew)]
    largest: NDArray[np.float64] = np.max(found, axis=0)
    return np.where(same, 1.0, largest)

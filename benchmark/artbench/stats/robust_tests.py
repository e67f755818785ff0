"""Paired tests that hold for encoders whose errors have unlike shapes, from a metric without each unit.

Two encoders may be equally good, one by many small errors and the other by few large ones. Their differences are then
skewed, and Student's t and sign flips find an order too often.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from artbench.stats.intervals import degrees_of_freedom, hall
from artbench.stats.paired_tests import Differences

# The skewness of few differences is underestimated, since the long tail is rarely in the sample: half more is tried.
_MORE_SKEW = 1.5
# Units on which an encoder may fail although none of the test's did: (1 - 3 / n)^n is 5 % (the rule of three: Hanley
# and Lippman-Hand 1983).
_UNSEEN = 3.0
# Squares below this are rounding: two encoders with the same predictions.
_ROUNDING = 1e-24


def robust_differences(
    values: NDArray[np.float64],
    influence: NDArray[np.float64],
    shares: NDArray[np.float64],
    *,
    fraction: bool,
    level: float,
) -> Differences:
    """Test every pair of rows.

    The largest of three p counts: Student's t, and its cubic transformation that removes the first effect of the
    skewness (Hall 1992), with the skewness as estimated and half more. Degrees of freedom follow from the fourth
    moment of the differences, and are at most those of unequal clusters. The scatter of the differences between rounds
    adds to their variance, with its own degrees of freedom (Welch and Satterthwaite). No p is below that of the sign
    test of as many units. Intervals are the widest of the same three.

    Args:
        values: The metric in each round, shape (rows, rounds).
        influence: What each unit adds to its mean over rounds (`LeftOut.influence`), shape (rows, units).
        shares: Share of each unit in the metric, shape (units,).
        fraction: Whether the metric lies in [0, 1]. Then the variance of a difference is at least that of fractions of
            which a share of 3 / units is correlated wholly within units: twenty painters don't show that an encoder
            does not fail on one in twenty. Of units of unequal size those count that say as much: 1 / sum of squared
            shares.
        level: Level of the intervals.
    """
    rows, units = influence.shape
    first, second = np.triu_indices(rows, 1)
    means = values.mean(axis=1)
    low, high, p = (np.empty(len(first)) for _ in range(3))
    # At most as many degrees of freedom as units of these sizes have.
    most = min(degrees_of_freedom(shares), units - 1.0)
    # 1 / as many units of equal size as say as much.
    squares = float(np.square(shares).sum())
    # One more right and one more wrong, so that a difference has a variance where all are right.
    smoothed = (means * units + 1) / (units + 2) if fraction else means
    for row in range(rows - 1):
        pairs, others = first == row, slice(row + 1, None)
        by_round = values[row] - values[others]
        if fraction:
            spread = np.maximum(*np.broadcast_arrays(*(v * (1 - v) for v in (smoothed[row], smoothed[others]))))
            least = spread * squares * min(1.0, _UNSEEN * squares)
        else:
            # As for the interval of a mean error: the same errors don't show a difference of exactly 0.
            least = np.square(np.maximum(means[row], means[others]) / units)
        low[pairs], high[pairs], p[pairs] = _test(
            by_round, influence[row] - influence[others], least, most=most, level=level
        )
    return Differences(first=first, second=second, value=means[first] - means[second], low=low, high=high, p=p)


def _test(
    by_round: NDArray[np.float64],
    difference: NDArray[np.float64],
    least: NDArray[np.float64],
    *,
    most: float,
    level: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of the interval and p of one row against several, each of shape (pairs,).

    Args:
        by_round: Difference in each round, shape (pairs, rounds).
        difference: What each unit adds to it, shape (pairs, units); overwritten.
        least: Variance that is not undercut, shape (pairs,).
        most: Degrees of freedom that are not exceeded.
        level: Level of the interval.
    """
    value, (rounds, units) = by_round.mean(axis=1), (by_round.shape[1], difference.shape[1])
    # All pairs times all units are gone through here, so each of these is one pass.
    squares = np.square(difference)
    seen, fourth = squares.sum(axis=1), np.einsum("pu,pu->p", squares, squares)
    within = np.maximum(seen, least)
    between = by_round.var(axis=1, ddof=1) / rounds if rounds > 1 else np.zeros(len(value))
    error = np.sqrt(np.maximum(within + between, _ROUNDING))
    # The variance of a variance, of as many units with this kurtosis, is that of a normal one with so many degrees.
    kurtosis = units * fourth / np.maximum(seen**2, _ROUNDING**2)
    df = np.clip(2 * units / np.maximum(kurtosis - 1, 1e-9), 1, max(most, 1))
    share = between / error**2
    df = 1 / (share**2 / max(rounds - 1, 1) + (1 - share) ** 2 / df)
    centred = np.subtract(difference, difference.mean(axis=1, keepdims=True), out=difference)
    cubes = np.einsum("pu,pu->p", np.square(centred, out=squares), centred)
    # Of few units there is no skewness to correct for.
    correction = np.sqrt(units * (units - 1)) / (units - 2) if units > 2 else 0.0
    skew = cubes / error**3 * correction
    t, quantile = value / error, stdtrit(df, (1 + level) / 2)
    found, ends = [stdtr(df, -np.abs(t))], [(quantile, quantile)]
    for s in (skew, _MORE_SKEW * skew):
        found.append(stdtr(df, -np.abs(t + s / 3 * t**2 + s**2 / 27 * t**3 + s / 6)))
        ends.append((hall(quantile, s), -hall(-quantile, s)))
    down, up = (np.max(side, axis=0) for side in zip(*ends, strict=True))
    same = np.maximum(seen, np.square(by_round).max(axis=1)) <= _ROUNDING
    smallest = 0.5 ** min(units - 1, 1000)
    p = np.clip(np.where(same | (units < 3), 1.0, 2 * np.max(found, axis=0)), smallest, 1)
    return value - error * down, value + error * up, p

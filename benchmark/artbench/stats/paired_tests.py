"""Paired tests of the difference in a metric between encoders, on the same resamples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, erfc, stdtr

from artbench.protocol import Bootstrap
from artbench.stats.bootstrap import over_rounds


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A metric of several encoders on the same test images.

    Attributes:
        values: Value in each round, float64, shape (rows, rounds).
        resampled: Value in each round and resample, the same resamples for all rows, float64, shape (rows, rounds,
            resamples).
        units: Number of images, or of clusters, in the smallest round.
    """

    values: NDArray[np.float64]
    resampled: NDArray[np.float64]
    units: int


@dataclass(frozen=True, kw_only=True)
class Differences:
    """First minus second, for every pair of rows: (0, 1), (0, 2) and so on, then (1, 2) and so on.

    Attributes:
        first: Row numbers, shape (pairs,).
        second: Row numbers, shape (pairs,).
        value: Difference, mean over rounds, shape (pairs,).
        low: Lower end of its percentile interval, shape (pairs,).
        high: Upper end of its percentile interval, shape (pairs,).
        p: Two-sided p, not corrected, shape (pairs,).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]


def differences(scores: Scores, *, bootstrap: Bootstrap) -> Differences:
    """Test every pair of rows.

    p comes from the difference over its bootstrap standard error, by Student's t. Counting resamples beyond zero could
    not give less than 1/1000, while Holm's correction needs 0.05/55 for the 55 pairs of 11 rows. With several rounds a
    resample draws rounds too, as in `over_rounds`.
    """
    count = len(scores.values)
    drawn = over_rounds(scores.resampled, bootstrap=bootstrap)
    # A resample in which no image has a label has no average precision, for any encoder.
    drawn = drawn[:, ~np.isnan(drawn).any(axis=0)]
    first, second = np.triu_indices(count, 1)
    low, high, spread = (np.empty(len(first)) for _ in range(3))
    quantiles = [(1 - bootstrap.level) / 2, (1 + bootstrap.level) / 2]
    for row in range(count - 1):
        pairs = first == row
        difference = drawn[row] - drawn[row + 1 :]
        low[pairs], high[pairs] = np.quantile(difference, quantiles, axis=1)
        spread[pairs] = difference.var(axis=1, ddof=1)
    by_round = scores.values[first] - scores.values[second]
    p = _p(spread, by_round, units=scores.units, resamples=drawn.shape[1])
    return Differences(first=first, second=second, value=by_round.mean(axis=1), low=low, high=high, p=p)


def _p(
    spread: NDArray[np.float64], by_round: NDArray[np.float64], *, units: int, resamples: int
) -> NDArray[np.float64]:
    """Compute two-sided p values.

    A bootstrap of G painters or rounds underestimates the variance by (G - 1) / G, and few of them estimate it badly,
    which the degrees of freedom account for (Welch and Satterthwaite, for the two parts; Cameron, Gelbach and Miller
    2008 for few clusters). No p value is below that of the exact sign test of as many units.
    """
    value, rounds = by_round.mean(axis=1), by_round.shape[1]
    if units < 2 or resamples < 2:
        return np.ones(len(value))
    between = by_round.var(axis=1) / rounds
    within = np.maximum(spread - between, 0) * units / (units - 1)
    between = between * rounds / max(1, rounds - 1)
    variance = within + between
    # A variance of 1e-24 is rounding: two encoders with the same predictions.
    known = variance > 1e-24
    share = np.divide(between, variance, out=np.zeros(len(value)), where=known)
    inverse = share**2 / max(1, rounds - 1) + (1 - share) ** 2 / (units - 1) + 1 / (resamples - 1)
    t = np.divide(np.abs(value), np.sqrt(variance), out=np.where(np.abs(value) > 1e-12, np.inf, 0.0), where=known)
    return np.asarray(np.clip(2 * stdtr(1 / inverse, -t), 0.5 ** min(units - 1, 1000), 1))


def mcnemar(only_first: NDArray[np.int64], only_second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute exact two-sided p values of McNemar's test.

    Args:
        only_first: Numbers of images that only the first gets right, any shape.
        only_second: Numbers of images that only the second gets right, same shape.
    """
    fewer, both = np.minimum(only_first, only_second), only_first + only_second
    return np.asarray(np.minimum(1, 2 * bdtr(fewer.astype(np.float64), both, 0.5)))


def sign_flip(
    added: NDArray[np.float64],
    weights: NDArray[np.float64],
    clusters: NDArray[np.int64] | None = None,
    *,
    values: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Compute two-sided p values for every pair of encoders, by the normal limit of the sign-flip test.

    If every unit's difference is equally likely to have the other sign, their sum over the root of the sum of their
    squares is close to normal, with lighter tails (Efron 1969, Student's t-test under symmetry conditions). Unlike the
    bootstrap's, this variance is not too small for a class with one or two images.

    Args:
        added: What each image adds to a metric, shape (rows, n).
        weights: Weight of each image, shape (n,).
        clusters: Cluster of each image, whose sign flips as a whole, shape (n,); None if each image is a unit.
        values: The metric, shape (rows,), if it is not the sum of contributions (`contributions.parts`); else None.

    Returns:
        Shape (rows, rows), symmetric.
    """
    units = added * weights
    if clusters is not None:
        order = np.argsort(clusters, kind="stable")
        starts = np.flatnonzero(np.diff(clusters[order], prepend=clusters.min() - 1))
        units = np.add.reduceat(units[:, order], starts, axis=1)
    products, sums = units @ units.T, units.sum(axis=1) if values is None else values
    own = np.diag(products)
    squares = own[:, None] + own - 2 * products
    # Two encoders with the same answers differ by rounding only.
    some = squares > 1e-12 * (own[:, None] + own)
    z = np.divide(np.abs(sums[:, None] - sums), np.sqrt(np.maximum(squares, 0)), out=np.zeros_like(squares), where=some)
    return np.asarray(erfc(z / np.sqrt(2)))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct p values by Holm's procedure, which holds however the tests depend on each other.

    Rejecting what is at most 0.05 rejects any true hypothesis with a probability of at most 0.05.

    Args:
        p: Shape (tests,).
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected

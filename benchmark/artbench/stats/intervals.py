"""Confidence intervals that keep their level for few images, few clusters and values near a bound.

They come from a metric without each unit of the test (`stats.left_out`), and all are deterministic.

- Fractions: the interval of Clopper and Pearson (1934) for as many images as a plain share would need to vary as much
  (Korn and Graubard 1998). It lies in [0, 1] and never has zero width. For a plain share of single images it is the
  exact interval itself.
- Errors in years: Student's t, extended by the same with the skewness taken into account (Hall 1992).
- Calibration error: by inverting a test, since its estimate is above the true value.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from artbench.protocol import Intervals
from artbench.stats.left_out import CalibrationGaps, LeftOut, carrying

# A share of hits below this is rounding.
_TINY = 1e-12
# Where all images are right or wrong, the share is taken to be this part of an image away from the bound: its variance
# cancels in the effective number of images, but must not be 0.
_INSIDE = 1e-3
# Correlation within clusters that can't be ruled out, times the number of them that carry the variance: with it the
# intervals cover for 5 to 50 clusters of which none has an error (`tests/performance/interval_coverage.py`).
_UNSEEN_CORRELATION = 0.5
# Simulations of the calibration error for each truth that is tried: the ends scatter by a twentieth of the width.
_TRIALS = 1000
# True gaps that are tried: nearer to 0 than those found by up to 6 standard errors, farther by up to 4, which are
# outside any interval; in steps of a quarter and a fifth, to which the ends are rounded outwards.
_STEPS = np.concatenate([np.linspace(6, 0, 25), np.linspace(-0.2, -4, 20)])


def interval_of(
    found: LeftOut, *, bounds: tuple[float | None, float | None], intervals: Intervals
) -> tuple[float, float]:
    """Return the interval of a metric; it is finite and contains the value.

    With one unit nothing is known of how much others differ, and the interval is all that is possible: fractions from 0
    to 1, errors in years from 0 to `LeftOut.top`.

    Args:
        found: The metric without each unit; with several rounds, averaged.
        bounds: Smallest and largest value that is possible; None where there is none.
        intervals: How intervals are made.
    """
    low, high = bounds
    if len(found.without) < 2 and not found.plain:
        return (found.value if low is None else low), (max(found.value, found.top) if high is None else high)
    if found.calibration is not None:
        return _calibration_interval(found, found.calibration, intervals)
    if low is not None and high is not None:
        return _bounded_interval(found, low, high, intervals.level)
    if low == 0:
        return _positive_interval(found, intervals.level)
    return _open_interval(found, low, high, intervals.level)


def _bounded_interval(found: LeftOut, low: float, high: float, level: float) -> tuple[float, float]:
    """Return the interval of a metric between two bounds, as that of a fraction of the way between them."""
    if (low, high) == (0, 1):
        return _fraction_interval(found, level)
    width = high - low
    fraction = replace(
        found,
        value=(found.value - low) / width,
        without=(found.without - low) / width,
        single=found.single / width**2,
        rounds=(found.rounds - low) / width,
    )
    ends = _fraction_interval(fraction, level)
    # Back and forth, the value may move by a rounding error.
    return min(low + width * ends[0], found.value), max(low + width * ends[1], found.value)


def _open_interval(found: LeftOut, low: float | None, high: float | None, level: float) -> tuple[float, float]:
    """Return Student's t interval of a metric without two bounds; it ends where there is one."""
    error = float(np.sqrt(np.square(found.influence).sum() + found.between))
    reach = _quantile(degrees_of_freedom(found.shares), level) * error
    ends = found.value - found.bias - reach, found.value - found.bias + reach
    least = min(ends[0], found.value) if low is None else max(low, min(ends[0], found.value))
    return least, max(ends[1], found.value) if high is None else min(high, max(ends[1], found.value))


def clopper_pearson(value: float, n: float, *, level: float) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson 1934); `value * n` and `n` need not be whole.

    Examples:
        >>> from artbench.stats.intervals import clopper_pearson
        >>> low, high = clopper_pearson(1.0, 20, level=0.95)
        >>> round(low, 3), high
        (0.832, 1.0)
    """
    tail = (1 - level) / 2
    hits = value * n
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits > _TINY * n else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if n - hits > _TINY * n else 1.0
    return low, high


def _fraction_interval(found: LeftOut, level: float) -> tuple[float, float]:
    """Return the interval of a metric between 0 and 1.

    The effective number of images is that of a plain share with the same variance (Korn and Graubard 1998), reduced for
    the degrees of freedom with which the variance is known, as they do. What the test can't reach (`found.top`), since
    it has no images of some classes, may be anything: all of it is added at the upper end.
    """
    top = found.top
    value = min(max((found.value - found.bias) / top, 0.0), 1.0)
    n = found.images if found.plain else _effective_images(found, value, level)
    low, high = clopper_pearson(value, n, level=level)
    return min(low * top, found.value), min(max(high * top + (1 - top), found.value), 1.0)


def _effective_images(found: LeftOut, value: float, level: float) -> float:
    """Return how many single images of a plain share would say as much.

    Where few units carry the variance it says little, and least if all images are predicted rightly. So the correlation
    within clusters is taken to be at least `_UNSEEN_CORRELATION` / (units that carry the variance).
    """
    images, top = found.images, found.top
    value = min(max(value, _INSIDE / images), 1 - _INSIDE / images)
    binomial = value * (1 - value)
    squares = max(float(np.square(found.shares).sum()), found.image_squares)
    variance, single = float(np.square(found.influence).sum()) / top**2, found.single / top**2
    # Of single images, too, a few may carry the variance.
    single = max(single, binomial * found.image_squares / found.carrying)
    clustering = squares / found.image_squares - 1
    least = _UNSEEN_CORRELATION / carrying(found.influence)
    correlation = min(max((variance / single - 1) / max(clustering, _TINY), least), 1.0)
    t = _quantile(degrees_of_freedom(found.shares, correlation), level)
    normal = _quantile(images - 1, level)
    floor = single * (1 + least * clustering)
    # Each part of the variance with its own t, so that few rounds count as few.
    total = max(max(variance, single) * t**2, floor * normal**2) + _between(found, level) ** 2 / top**2
    return float(binomial * normal**2 / total)


def _between(found: LeftOut, level: float) -> float:
    """Return half the width of the interval that comes from the rounds; 0 for one."""
    rounds = len(found.rounds)
    return float(np.sqrt(found.between)) * _quantile(rounds - 1, level) if rounds > 1 else 0.0


def _quantile(df: float, level: float) -> float:
    return float(stdtrit(max(df, 1), (1 + level) / 2))


def degrees_of_freedom(shares: NDArray[np.float64], correlation: float = 1.0) -> float:
    """Return the degrees of freedom of a variance from unequal units (Satterthwaite 1946, Bell and McCaffrey 2002).

    With equal units it is their number less one; a few large units have those of about as many.

    Args:
        shares: Share of each unit, shape (units,).
        correlation: Correlation of images within a unit, of which the variance of a unit's mean depends.
    """
    part = np.square(shares) * correlation + (1 - correlation) * shares / len(shares)
    return max(1.0, float(part.sum() ** 2 / np.square(part).sum()) - 1)


def _positive_interval(found: LeftOut, level: float) -> tuple[float, float]:
    """Return the interval of a mean of errors, which are positive and skewed.

    It joins Student's t and the same with Hall's (1992) cubic transformation, which removes the first effect of the
    skewness: the upper end is the farther for errors with a long tail, and the lower end no nearer than Student's.
    """
    influence, between = found.influence, _between(found, level)
    t = _quantile(degrees_of_freedom(found.shares), level)
    error = float(np.sqrt(np.square(influence).sum()))
    skew = _skewness(influence)
    low = found.value - float(np.hypot(error * max(t, float(hall(t, skew))), between))
    high = found.value + float(np.hypot(error * max(t, float(-hall(-t, skew))), between))
    # Errors that are all equal say that the mean is near them, but not how near. Years are told by the year.
    least = max(found.value, 1.0) / len(influence)
    return max(0.0, min(low, found.value - least)), max(high, found.value + least)


def _skewness(influence: NDArray[np.float64]) -> float:
    """Return the skewness of the sum of influences: G1 of Joanes and Gill 1998, divided by the root of their number."""
    units = len(influence)
    if units < 3:
        return 0.0
    centred = influence - influence.mean()
    squares = float(np.square(centred).sum())
    cubes = float((centred**3).sum())
    return cubes / squares**1.5 * float(np.sqrt(units * (units - 1))) / (units - 2) if squares > 1e-300 else 0.0


def hall(t: NDArray[np.float64] | float, skew: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return the quantile of the studentised mean where its cubic transformation (Hall 1992) has the quantile `t`.

    Args:
        t: Quantile of Student's t.
        skew: Skewness of the mean, of the same shape.
    """
    some = np.where(np.abs(skew) < 1e-6, 1.0, skew)
    quantile: NDArray[np.float64] = 3 / some * (np.cbrt(1 + some * (t - some / 6)) - 1)
    return np.where(np.abs(skew) < 1e-6, t, quantile)


def _calibration_interval(found: LeftOut, bins: CalibrationGaps, intervals: Intervals) -> tuple[float, float]:
    """Return the interval of the expected calibration error, the sum of distances of bins from zero.

    Its estimate is too large, most of all for a calibrated encoder, whose bins are off by chance alone; so no interval
    around it can cover. Here true gaps are tried that are smaller or larger than those found, in two ways (all by a
    share, or all by as many standard errors), and kept if the sum found is not among the least or greatest 2.5 % of
    those that they would give (inversion of a test by simulation: Casella and Berger 2002, section 9.2.1). The interval
    is extended to the value itself, and to t standard errors above it.
    """
    squares = np.square(bins.scatter).sum(axis=1)
    covariance = bins.scatter @ bins.scatter.T + np.diag(np.maximum(bins.least - squares, 0))
    # Few clusters say little of the variance: as in Student's t.
    level = intervals.level
    wider = _quantile(degrees_of_freedom(found.shares), level) / _quantile(1e9, level)
    values, vectors = np.linalg.eigh(covariance)
    # The symmetric root, which does not depend on the signs of eigenvectors.
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T * wider
    noise = np.random.default_rng(intervals.seed).standard_normal((_TRIALS, len(root))) @ root
    errors = np.sqrt(np.maximum(np.diag(covariance), 0)) * wider
    error = float(np.sqrt(np.square(errors).sum()))
    moved = np.sign(bins.gaps) * np.maximum(np.abs(bins.gaps) - _STEPS[:, None] * errors, 0)
    scaled = bins.gaps * np.maximum(1 - _STEPS[:, None] * error / max(found.value, _TINY), 0)
    ends = [end for family in (moved, scaled) for end in _accepted(family, noise, found.value, level)]
    # Where even a calibrated encoder would be off by more, the standard errors are too large, and all that counts.
    ends = ends or [0.0, found.value + error * _quantile(1e9, level)]
    # Painters may be off together, which the gaps tried are not; but the estimate is above the truth on average.
    t = _quantile(degrees_of_freedom(found.shares), level)
    ends.append(found.value + t * float(np.sqrt(np.square(found.influence).sum())))
    between = _between(found, level)
    return max(0.0, min(*ends, found.value) - between), min(1.0, max(ends) + between)


def _accepted(family: NDArray[np.float64], noise: NDArray[np.float64], found: float, level: float) -> list[float]:
    """Return the smallest and largest sum of true gaps that are not rejected, each with the next one that is; or none.

    Args:
        family: Gaps to try, from small to large, shape (gaps, bins).
        noise: Simulated errors, shape (trials, bins).
        found: Sum of the gaps found.
        level: Confidence level.
    """
    tail = (1 - level) / 2
    truths = np.abs(family).sum(axis=1)
    sums = np.stack([np.abs(gaps + noise).sum(axis=1) for gaps in family])
    kept = np.flatnonzero(((sums >= found).mean(axis=1) > tail) & ((sums <= found).mean(axis=1) > tail))
    if not len(kept):
        return []
    return [float(truths[max(kept[0] - 1, 0)]), float(truths[min(kept[-1] + 1, len(truths) - 1)])]

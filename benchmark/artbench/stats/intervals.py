"""Confidence intervals that keep their level for few images, few clusters and values near a bound.

A metric is computed once on all test images and once without each unit: an image, a cluster such as a painter, or, where
there are more than `MOST_UNITS`, a group of them. These values say how much the metric depends on each unit (the
delete-one jackknife: Quenouille 1956, Tukey 1958; with clusters the variance CV3, MacKinnon, Nielsen and Webb 2023).
Nothing is drawn at random but the groups, whose seed is fixed.

- Fractions: the interval of Clopper and Pearson (1934) for as many images as a plain share would need to vary as much
  (Korn and Graubard 1998). It lies in [0, 1] and never has zero width. For a plain share of single images it is the
  exact interval itself.
- Errors in years: Student's t, extended by the same with the skewness taken into account (Hall 1992).
- Calibration error: by inverting a test, since its estimate is above the true value (`calibration_interval`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

MOST_UNITS = 1000
"""Units that are left out one by one; more of them are first grouped at random into so many."""

_SEED = 0
_TINY = 1e-12
# Simulations of the calibration error for each truth that is tried.
_TRIALS = 1000


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A metric on all test images, and without each unit of them.

    Attributes:
        value: Value on all images.
        without: Value without each unit, float64, shape (units,).
        shares: Share of each unit in the metric, which sum to 1, float64, shape (units,): of accuracy, its share of
            the images; of balanced accuracy, that of images weighted by 1 / images of their class.
        image_squares: Sum of the squared shares of single images; that of `shares` if the units are images.
        single: Variance if all images were independent, which clusters may not undercut.
        carrying: How many single images carry that variance.
        corrected: Whether the jackknife's estimate of bias is taken off, for metrics that are not means.
        between: Variance of the value between rounds (draws, splits), divided by their number; 0 for one.
        rounds: Number of rounds.
        plain: Whether the units are single images and each adds 0 or 1, all with the same weight.
    """

    value: float
    without: NDArray[np.float64]
    shares: NDArray[np.float64]
    image_squares: float
    single: float
    carrying: float
    corrected: bool = False
    plain: bool = False
    between: float = 0.0
    rounds: int = 1

    @property
    def influence(self) -> NDArray[np.float64]:
        """What each unit adds to the value, on its own scale: shape (units,), with a sum near 0."""
        units = len(self.without)
        added: NDArray[np.float64] = np.nan_to_num(self.value - self.without) * np.sqrt(max(units - 1, 1) / units)
        return added

    @property
    def bias(self) -> float:
        """Jackknife estimate of the bias (Quenouille 1956); 0 for means."""
        units = len(self.without)
        return float((units - 1) * (np.nanmean(self.without) - self.value)) if self.corrected else 0.0

    @property
    def variance(self) -> float:
        """Jackknife variance of the value."""
        return float(np.square(self.influence).sum())


def groups_of(clusters: Sequence[object] | int, *, most: int = MOST_UNITS) -> NDArray[np.int64]:
    """Return the number of the unit of each image, shape (n,), below `most`.

    Clusters are numbered in the order in which they appear, so that their names don't matter.

    Args:
        clusters: Cluster of each image, or the number of images if each is a unit.
        most: Largest number of units.
    """
    if isinstance(clusters, int):
        members = np.arange(clusters)
    else:
        numbers: dict[object, int] = {}
        members = np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters], np.int64)
    units = int(members.max()) + 1
    if units <= most:
        return members
    # Each group gets as many units as every other, give or take one.
    order = np.random.default_rng(_SEED).permutation(units)
    grouped: NDArray[np.int64] = (order % most)[members]
    return grouped


def leave_out(
    groups: NDArray[np.int64], *, units: int | None = None, block: int = 128
) -> Iterator[NDArray[np.float32]]:
    """Yield weights of the images that leave out each unit in turn: float32, shape (n, some of the units)."""
    units = int(groups.max()) + 1 if units is None else units
    for start in range(0, units, block):
        yield (groups[:, None] != np.arange(start, min(start + block, units))).astype(np.float32)


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


def fraction_interval(found: LeftOut, *, images: int, level: float, top: float = 1.0) -> tuple[float, float]:
    """Return the interval of a metric between 0 and `top`.

    The effective number of images is that of a plain share with the same variance (Korn and Graubard 1998), reduced for
    the degrees of freedom with which the variance is known, as they do. Where few units carry the variance, it says
    little, and most of all if all images are predicted rightly. Then the intraclass correlation is taken to be at least
    0.5 / (number of units that carry it), which makes clusters without errors count about half as single images.

    Args:
        found: The metric without each unit.
        images: Number of test images.
        level: Confidence level.
        top: Largest possible value.
    """
    if found.plain:
        low, high = clopper_pearson(found.value / top, images, level=level)
        return low * top, high * top
    if len(found.without) < 2:
        return 0.0, top
    value = min(max((found.value - found.bias) / top, 0.0), 1.0)
    n = _effective(found, min(max(value, 1e-3 / images), 1 - 1e-3 / images), images=images, level=level, top=top)
    low, high = clopper_pearson(value, n, level=level)
    return min(low * top, found.value), max(high * top, found.value)


def _effective(found: LeftOut, value: float, *, images: int, level: float, top: float) -> float:
    """Return how many single images of a plain share would say as much."""
    binomial = value * (1 - value)
    squares = max(float(np.square(found.shares).sum()), found.image_squares)
    variance, single = found.variance / top**2, found.single / top**2
    least = 0.5 / carrying(found.influence)
    # Of single images, too, a few may carry the variance.
    single = max(single, binomial * found.image_squares / found.carrying)
    clustering = squares / found.image_squares - 1
    floor = single * (1 + least * clustering)
    correlation = min(max((variance / single - 1) / max(clustering, _TINY), least), 1.0)
    t = stdtrit(degrees_of_freedom(found.shares, correlation), (1 + level) / 2)
    normal = stdtrit(max(images - 1, 1), (1 + level) / 2)
    # Each part of the variance with its own t, so that few rounds count as few.
    rounds = found.between / top**2 * _t_squared(found.rounds, level) if found.rounds > 1 else 0.0
    total = max(max(variance, single) * t**2, floor * normal**2) + rounds
    return float(min(binomial * normal**2 / total, 1e3 * images))


def _t_squared(rounds: int, level: float) -> float:
    return float(stdtrit(rounds - 1, (1 + level) / 2)) ** 2


def averaged(rounds: Sequence[LeftOut]) -> LeftOut:
    """Return the mean of a metric over rounds whose units have the same numbers; an image may be in several rounds.

    Units that a round does not test leave its value as it is. The scatter between rounds adds to that between units;
    for rounds with their own test images it contains some of the latter, which errs on the safe side.
    """
    first = rounds[0]
    if len(rounds) == 1:
        return first
    values = np.array([one.value for one in rounds])
    return LeftOut(
        value=float(values.mean()),
        without=np.mean([np.where(np.isnan(one.without), one.value, one.without) for one in rounds], axis=0),
        shares=np.mean([one.shares for one in rounds], axis=0),
        image_squares=float(np.mean([one.image_squares for one in rounds])),
        single=float(np.mean([one.single for one in rounds])) / len(rounds),
        carrying=float(np.mean([one.carrying for one in rounds])),
        corrected=first.corrected,
        between=float(values.var(ddof=1)) / len(rounds),
        rounds=len(rounds),
    )


def carrying(influence: NDArray[np.float64]) -> float:
    """Return how many units carry a variance: all of them if they add alike, 1 if it comes from one."""
    squared = np.square(influence)
    fourth = float(np.square(squared).sum())
    return max(1.0, float(squared.sum()) ** 2 / fourth) if fourth > 1e-300 else 1.0


def degrees_of_freedom(shares: NDArray[np.float64], correlation: float = 1.0) -> float:
    """Return the degrees of freedom of a variance from unequal units (Satterthwaite 1946, Bell and McCaffrey 2002).

    With equal units it is their number less one; a few large units have those of about as many.

    Args:
        shares: Share of each unit, shape (units,).
        correlation: Correlation of images within a unit, of which the variance of a unit's mean depends.
    """
    part = np.square(shares) * correlation + (1 - correlation) * shares / len(shares)
    return max(1.0, float(part.sum() ** 2 / np.square(part).sum()) - 1)


def positive_interval(found: LeftOut, *, level: float) -> tuple[float, float]:
    """Return the interval of a mean of errors, which are positive and skewed.

    It joins Student's t and the same with Hall's (1992) cubic transformation, which removes the first effect of the
    skewness: the upper end is the farther for errors with a long tail, and the lower end no nearer than Student's.
    """
    units = len(found.without)
    if units < 2:
        return 0.0, float("inf")
    t = float(stdtrit(degrees_of_freedom(found.shares), (1 + level) / 2))
    error = float(np.sqrt(found.variance))
    skew = skewness(found.influence)
    rounds = found.between * _t_squared(found.rounds, level) if found.rounds > 1 else 0.0
    low = found.value - float(np.hypot(error * max(t, hall(t, skew)), np.sqrt(rounds)))
    high = found.value + float(np.hypot(error * max(t, -hall(-t, skew)), np.sqrt(rounds)))
    # Errors that are all equal say that the mean is near them, but not how near.
    least = abs(found.value) / units
    return max(0.0, min(low, found.value - least)), max(high, found.value + least)


def skewness(influence: NDArray[np.float64]) -> float:
    """Return the skewness of the sum of influences, corrected for few units (G1 of Joanes and Gill 1998, over root n)."""
    units = influence.shape[-1]
    if units < 3:
        return 0.0
    centred = influence - influence.mean()
    second = float(np.square(centred).mean())
    if second < 1e-300:
        return 0.0
    plain = float((centred**3).mean()) / second**1.5
    return plain * float(np.sqrt(units * (units - 1)) / (units - 2)) / float(np.sqrt(units))


def hall(t: float, skew: float) -> float:
    """Return the quantile of the studentised mean where its cubic transformation (Hall 1992) has the quantile `t`."""
    if abs(skew) < 1e-6:
        return t
    return float(3 / skew * (np.cbrt(1 + skew * (t - skew / 6)) - 1))


def calibration_interval(
    gaps: NDArray[np.float64], errors: NDArray[np.float64], *, level: float, between: float = 0.0
) -> tuple[float, float]:
    """Return the interval of the expected calibration error, the sum of distances of bins from zero.

    Its estimate is too large, most of all for a calibrated encoder, whose bins are off by chance alone; so no interval
    around it can cover. Here true gaps are tried that are smaller or larger than those found, in two ways (all by a
    share, or all by as many standard errors), and kept if the sum found is not among the least or greatest 2.5 % of
    those that they would give (inversion of a test by simulation: Casella and Berger 2002, section 9.2.1). The interval
    is extended to the value itself where that is outside.

    Args:
        gaps: Mean over all images of confidence less correctness in each bin, shape (bins,).
        errors: Standard errors: shape (bins,) if bins are independent, else a matrix (bins, m) with the covariance
            `errors @ errors.T`.
        level: Confidence level.
        between: Standard error of the mean over rounds due to the rounds.
    """
    spread = errors if errors.ndim == 1 else np.sqrt(np.square(errors).sum(axis=1))
    normal = np.random.default_rng(_SEED).standard_normal((_TRIALS, errors.shape[-1]))
    noise = normal * errors if errors.ndim == 1 else normal @ errors.T
    found = float(np.abs(gaps).sum())
    steps = np.concatenate([np.linspace(6, 0, 25), np.linspace(-0.2, -4, 20)])[:, None]
    moved = np.sign(gaps) * np.maximum(np.abs(gaps) - steps * spread, 0)
    largest = max(1.5, float(np.abs(moved[-1]).sum()) / max(found, _TINY))
    ends = [_accepted(family, noise, found, level) for family in (moved, gaps * np.linspace(0, largest, 45)[:, None])]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return max(0.0, min(low, found) - between), min(1.0, max(high, found) + between)


def _accepted(
    family: NDArray[np.float64], noise: NDArray[np.float64], found: float, level: float
) -> tuple[float, float]:
    """Return the smallest and largest sum of true gaps that are not rejected, each with the next one that is."""
    tail = (1 - level) / 2
    truths = np.abs(family).sum(axis=1)
    sums = np.abs(family[:, None] + noise).sum(axis=2)
    kept = np.flatnonzero(((sums >= found).mean(axis=1) > tail) & ((sums <= found).mean(axis=1) > tail))
    if not len(kept):
        return found, found
    return float(truths[max(kept[0] - 1, 0)]), float(truths[min(kept[-1] + 1, len(truths) - 1)])

"""Percentile intervals from resampled test images, or from resampled clusters of them (Efron and Tibshirani 1993)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from artbench.protocol import Bootstrap

# Resamples whose weights are in memory at once.
_BLOCK = 128


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A metric on the test images, with the lower and upper end of its interval; None for one that has none."""

    value: float
    ci95: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A metric on the test images of one round, and in each resample of them, shape (resamples,)."""

    value: float
    resampled: NDArray[np.floating]


def combine(rounds: Sequence[Mapping[str, Sampled]], *, bootstrap: Bootstrap) -> dict[str, Estimate]:
    """Average metrics over rounds, with intervals that cover the choice of rounds and of test images.

    A resample draws as many rounds as there are, with replacement, each with its own resampled test images (the
    two-stage bootstrap for hierarchical data, Davison and Hinkley 1997). With one round it is the plain bootstrap.
    """
    estimates = {}
    for name in rounds[0]:
        drawn = np.stack([metrics[name].resampled for metrics in rounds])
        estimates[name] = Estimate(
            value=float(np.mean([metrics[name].value for metrics in rounds])),
            ci95=interval(over_rounds(drawn, bootstrap=bootstrap), level=bootstrap.level) if drawn.size else None,
        )
    return estimates


def over_rounds(resampled: NDArray[np.floating], *, bootstrap: Bootstrap) -> NDArray[np.floating]:
    """Average over rounds drawn with replacement, as many as there are, in each resample.

    Args:
        resampled: A metric in each round and resample, shape (..., rounds, resamples).
        bootstrap: Seed of the draws.

    Returns:
        Shape (..., resamples).
    """
    rounds, count = resampled.shape[-2:]
    if rounds > 1:
        # A random stream of its own, so that draws of rounds and of images are independent.
        picks = np.random.default_rng([bootstrap.seed, 1]).integers(0, rounds, (rounds, count))
        resampled = np.take_along_axis(resampled, picks.reshape((1,) * (resampled.ndim - 2) + picks.shape), axis=-2)
    return np.asarray(resampled.mean(axis=-2))


def resamples(
    n: int, *, bootstrap: Bootstrap, clusters: Sequence[object] | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield how often each of `n` images is drawn in each resample.

    With clusters, whole clusters are drawn, as many as there are: images of one painter are not independent.

    Args:
        n: Number of images.
        bootstrap: Number of resamples, and their seed.
        clusters: Cluster of each image, such as its painter; None if each image is a cluster.

    Yields:
        Counts, float32, shape (n, some of the resamples), C-contiguous; together `bootstrap.resamples` columns.
    """
    rng = np.random.default_rng(bootstrap.seed)
    members = None if clusters is None else np.unique([str(cluster) for cluster in clusters], return_inverse=True)[1]
    units = n if members is None else int(members.max()) + 1
    for start in range(0, bootstrap.resamples, _BLOCK):
        counts = np.empty((min(_BLOCK, bootstrap.resamples - start), units), np.float32)
        for row in counts:
            row[:] = np.bincount(rng.integers(0, units, units), minlength=units)
        yield np.ascontiguousarray((counts if members is None else counts[:, members]).T)


def interval(values: ArrayLike, *, level: float) -> tuple[float, float]:
    """Return the percentile interval of values in resamples, ignoring NaN.

    Raises:
        ValueError: All values are NaN.
    """
    defined = np.asarray(values, np.float64)
    defined = defined[~np.isnan(defined)]
    if not len(defined):
        raise ValueError("no resample has a value")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

"""Percentile intervals from resampled test images, or from resampled clusters of them (Efron and Tibshirani 1993)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from artbench.protocol import Bootstrap

# Resamples whose weights are in memory at once.
_BLOCK = 128


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A metric on the test images, with its bootstrap interval.

    Attributes:
        value: On the test images as they are.
        ci95: Lower and upper end of the percentile interval.
    """

    value: float
    ci95: tuple[float, float]


def resamples(
    n: int, *, bootstrap: Bootstrap, clusters: Sequence[object] | None = None
) -> Iterator[NDArray[np.float32]]:
    """How often each of `n` images is drawn, in one resample after the other.

    With clusters, whole clusters are drawn, as many as there are: images of one painter are not independent.

    Args:
        n: Number of images.
        bootstrap: How many resamples, and their seed.
        clusters: The cluster of each image, such as its painter; None: every image is one.

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
    """The percentile interval of a metric's values in the resamples; those without a value don't count.

    Raises:
        ValueError: No resample has a value.
    """
    defined = np.asarray(values, np.float64)
    defined = defined[~np.isnan(defined)]
    if not len(defined):
        raise ValueError("no resample has a value")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
